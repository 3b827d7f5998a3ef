internal import CheckpointIO
package import Images
internal import LinearAlgebra

/// The Inception network that FID is measured with, ready to look at pictures.
package struct InceptionNetwork: Sendable {
    private indirect enum Part: Sendable {
        case convolution(ConvolutionLayer)
        case pool(Pooling)
        case chain([Part])
        case branches([Part])
    }

    /// The numbers that it makes of a picture.
    package static let featureCount = InceptionDescription.featureCount

    private let network: Part
    private let algebra: LinearAlgebra
    /// The file that its weights are from.
    package let weights: WeightsIdentity

    /// Reads the weights of pytorch-fid's network, and folds its normalisations into the convolutions.
    ///
    /// - Throws: `PerceptionFault` for a tensor that is missing or has another shape, and where there is no OpenBLAS.
    package init(_ file: WeightsFile) throws {
        algebra = try LinearAlgebra.load()
        weights = file.identity
        network = try Self.load(InceptionDescription.network, file)
    }

    /// The tensors that the network reads, with their shapes.
    package static var parameters: [(name: String, shape: [Int])] {
        func collect(_ part: InceptionDescription.Part) -> [(name: String, shape: [Int])] {
            switch part {
            case .pool: []
            case .chain(let parts), .branches(let parts): parts.flatMap(collect)
            case .convolution(let spec): [spec.weight] + normNames.map { (spec.name + ".bn." + $0, [spec.outChannels]) }
            }
        }
        return collect(InceptionDescription.network)
    }

    private static let normNames = ["weight", "bias", "running_mean", "running_var"]
    /// What batch normalisation adds to variances.
    private static let epsilon = 0.001

    private static func load(_ part: InceptionDescription.Part, _ file: WeightsFile) throws(CheckpointError) -> Part {
        switch part {
        case .pool(let pooling): return .pool(pooling)
        case .chain(let parts): return .chain(try load(parts, file))
        case .branches(let parts): return .branches(try load(parts, file))
        case .convolution(let spec):
            let (name, shape) = spec.weight
            var weights = try file.values(name, shape)
            var norms: [[Float]] = []
            for name in normNames { norms.append(try file.values(spec.name + ".bn." + name, [spec.outChannels])) }
            var bias = [Float](repeating: 0, count: spec.outChannels)
            for channel in 0..<spec.outChannels {
                let scale = Double(norms[0][channel]) / (Double(norms[3][channel]) + epsilon).squareRoot()
                bias[channel] = Float(Double(norms[1][channel]) - Double(norms[2][channel]) * scale)
                for index in (channel * spec.depth)..<((channel + 1) * spec.depth) {
                    weights[index] = Float(Double(weights[index]) * scale)
                }
            }
            return .convolution(ConvolutionLayer(spec: spec, weights: weights, bias: bias))
        }
    }

    private static func load(
        _ parts: [InceptionDescription.Part],
        _ file: WeightsFile
    ) throws(CheckpointError) -> [Part] {
        var loaded: [Part] = []
        for part in parts { loaded.append(try load(part, file)) }
        return loaded
    }

    /// The features of a picture: 2048 numbers, the mean over the positions of the last layer.
    ///
    /// Samples are brought to -1...1 and the picture to 299x299, as pytorch-fid does. It runs on the calling thread.
    package func features(of picture: Picture) -> [Float] {
        let side = InceptionDescription.side
        let input = Activation(picture) { byte, _ in Float(byte) / 255 }.bilinear(height: side, width: side)
        var scaled = input
        for index in scaled.values.indices { scaled.values[index] = 2 * scaled.values[index] - 1 }
        let last = run(network, scaled)
        return (0..<last.channels).map { channel in
            let plane = last.values[(channel * last.area)..<((channel + 1) * last.area)]
            return Float(plane.reduce(0.0) { $0 + Double($1) } / Double(last.area))
        }
    }

    private func run(_ part: Part, _ input: Activation) -> Activation {
        switch part {
        case .convolution(let layer): layer.apply(input, algebra)
        case .pool(let pooling): pooling.apply(input)
        case .chain(let parts): parts.reduce(input) { run($1, $0) }
        case .branches(let parts): Activation.joined(parts.map { run($0, input) })
        }
    }
}

extension ConvolutionSpec {
    /// The name of its weight in a file with batch normalisation beside it, and its shape.
    fileprivate var weight: (name: String, shape: [Int]) {
        (name + ".conv.weight", [outChannels, inChannels, kernel.height, kernel.width])
    }
}
