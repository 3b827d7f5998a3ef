internal import CheckpointIO
package import Images
internal import LinearAlgebra

/// How far pictures are apart to the eye: LPIPS over AlexNet (Zhang et al. 2018), as torchmetrics computes it.
package struct PerceptualDistance: Sendable {
    private let layers: [ConvolutionLayer]
    private let heads: [[Float]]
    private let algebra: LinearAlgebra
    /// The files that its weights are from: AlexNet's, and that of the heads.
    package let weights: [WeightsIdentity]

    /// Nothing is left of a smaller picture after two pools.
    package static let leastSide = 31

    private static let specs: [ConvolutionSpec] = [
        spec(0, 3, 64, 11, stride: 4, padding: 2), spec(3, 64, 192, 5, stride: 1, padding: 2),
        spec(6, 192, 384, 3, stride: 1, padding: 1), spec(8, 384, 256, 3, stride: 1, padding: 1),
        spec(10, 256, 256, 3, stride: 1, padding: 1),
    ]
    /// The layers before which a pool halves the planes.
    private static let pooledLayers: Set = [1, 2]
    /// ImageNet's mean and standard deviation in -1...1, as LPIPS rounds them.
    private static let shift: [Float] = [-0.030, -0.088, -0.188]
    private static let scale: [Float] = [0.458, 0.448, 0.450]

    private static func spec(
        _ index: Int,
        _ inChannels: Int,
        _ outChannels: Int,
        _ kernel: Int,
        stride: Int,
        padding: Int
    ) -> ConvolutionSpec {
        ConvolutionSpec(
            name: "features.\(index)",
            inChannels: inChannels,
            outChannels: outChannels,
            kernel: (kernel, kernel),
            stride: stride,
            padding: (padding, padding)
        )
    }

    /// The tensors of torchvision's AlexNet that are read, with their shapes.
    package static var networkParameters: [(name: String, shape: [Int])] {
        specs.flatMap { spec in
            [
                (spec.name + ".weight", [spec.outChannels, spec.inChannels, spec.kernel.height, spec.kernel.width]),
                (spec.name + ".bias", [spec.outChannels]),
            ]
        }
    }

    /// The tensors of the heads, with their shapes.
    package static var headParameters: [(name: String, shape: [Int])] {
        specs.enumerated().map { ("lin\($0).model.1.weight", [1, $1.outChannels, 1, 1]) }
    }

    /// Reads the weights.
    ///
    /// - Throws: `PerceptionFault` for a tensor that is missing or has another shape, and where there is no OpenBLAS.
    package init(network: WeightsFile, heads: WeightsFile) throws {
        algebra = try LinearAlgebra.load()
        weights = [network.identity, heads.identity]
        let parameters = Self.networkParameters
        layers = try Self.specs.enumerated().map { index, spec in
            let (weight, bias) = (parameters[2 * index], parameters[2 * index + 1])
            return ConvolutionLayer(
                spec: spec,
                weights: try network.values(weight.name, weight.shape),
                bias: try network.values(bias.name, bias.shape)
            )
        }
        self.heads = try Self.headParameters.map { try heads.values($0.name, $0.shape) }
    }

    /// The distance of each picture from the original; all have one size, of at least `leastSide`.
    ///
    /// It runs on the calling thread.
    package func distances(from original: Picture, of pictures: [Picture]) -> [Double] {
        var states = ([original] + pictures).map { picture in
            Activation(picture) { byte, channel in
                (2 * (Float(byte) / 255) - 1 - Self.shift[channel]) / Self.scale[channel]
            }
        }
        var results = [Double](repeating: 0, count: pictures.count)
        for (index, layer) in layers.enumerated() {
            for position in states.indices {
                if Self.pooledLayers.contains(index) {
                    states[position] = Pooling.maximumHalving.apply(states[position])
                }
                states[position] = layer.apply(states[position], algebra)
            }
            let norms = states.map(Self.norms)
            for position in results.indices {
                results[position] += difference(states[0], norms[0], states[position + 1], norms[position + 1], index)
            }
        }
        return results
    }

    /// The bytes that `distances` takes for pictures of a size; nil where they are beyond all numbers.
    package static func byteCount(width: Int, height: Int, count: Int) -> Int? {
        // The input and the first layer's output, twice while the pool reads it, and bounded room besides.
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels < 1 << 40 else { return nil }
        return pixels * (12 + 64 * 4 / 16 * 2) * count + (64 << 20)
    }

    /// The length of the vector of channels at every position.
    private static func norms(_ state: Activation) -> [Float] {
        var sums = [Float](repeating: 1e-8, count: state.area)
        state.values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for channel in 0..<state.channels {
                    let start = channel * state.area
                    for pixel in 0..<state.area { sums[pixel] += values[start + pixel] * values[start + pixel] }
                }
            }
        }
        return sums.map { $0.squareRoot() }
    }

    private func difference(
        _ a: Activation,
        _ aNorms: [Float],
        _ b: Activation,
        _ bNorms: [Float],
        _ index: Int
    ) -> Double {
        var total = 0.0
        for channel in 0..<a.channels {
            let start = channel * a.area
            var sum: Float = 0
            for pixel in 0..<a.area {
                let difference = a.values[start + pixel] / aNorms[pixel] - b.values[start + pixel] / bNorms[pixel]
                sum += difference * difference
            }
            total += Double(sum) * Double(heads[index][channel])
        }
        return total / Double(a.area)
    }
}
