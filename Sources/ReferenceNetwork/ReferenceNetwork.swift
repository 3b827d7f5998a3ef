package import DCAENetwork
internal import Kernels
package import LinearAlgebra
internal import ModelZoo
internal import TensorCore

/// A Deep Compression Autoencoder in double precision, computed as the paper has it: convolutions are products of matrices,
/// and nothing is transformed, fused or rearranged. It is what the fast engine is held against.
///
/// Weights are those that the fast engine reads, so that only arithmetic tells the two apart.
package struct ReferenceNetwork: Sendable {
    /// The network that is computed, and the options that count here: threads, and what values are looked at.
    package let model: AutoencoderDC
    /// The library that multiplies.
    package let algebra: LinearAlgebra

    /// - Throws: `LinearAlgebraError` where there is no OpenBLAS.
    package init(_ model: AutoencoderDC) throws(LinearAlgebraError) {
        self.model = model
        algebra = try LinearAlgebra.load()
    }

    /// Called with a layer's name and what it puts out, in the order of computation.
    package typealias Observer = (_ layer: String, _ output: Planes) throws(NetworkError) -> Void

    /// What a computation made, and what it cost.
    package struct Outcome: Sendable {
        package let tensor: DoubleTensor
        package let report: AutoencoderDC.Report
    }

    /// Encodes or decodes images, one after the other.
    ///
    /// - Parameters:
    ///   - input: [N, channels, H, W], as `AutoencoderDC` takes it.
    ///   - latentChannels: how many channels of the latent are encoded; nil for all.
    ///   - progress: told of what is done.
    ///   - observe: shown what every layer puts out.
    package func run(
        _ direction: AutoencoderDC.Direction,
        _ input: FloatTensor,
        latentChannels: Int? = nil,
        progress: AutoencoderDC.Progress? = nil,
        observe: Observer? = nil
    ) throws(NetworkError) -> Outcome {
        try model.check(direction, input, latentChannels)
        let ratio = model.spatialCompressionRatio
        let dimensions =
            switch direction {
            case .encode:
                [
                    input.batch, latentChannels ?? model.config.latentChannels, input.height / ratio,
                    input.width / ratio,
                ]
            case .decode: [input.batch, model.config.inChannels, input.height * ratio, input.width * ratio]
            }
        guard dimensions.reduce(1, *) <= Machine.memoryBytes / 16 else { throw .outputTooLarge(dimensions) }
        var result = DoubleTensor(dimensions)
        var layers: [LayerProfile] = []
        let ledger = MemoryLedger()
        let pool = ThreadPool(count: model.options.threads)
        let layerCount = Double(ReferenceForward.layerCount(model.network, direction) * input.batch)
        for index in 0..<input.batch {
            let image = try Planes(input.channels, input.height, input.width, ledger)
            input.values[(index * input.imageCount)..<((index + 1) * input.imageCount)].withUnsafeBufferPointer {
                for position in $0.indices { image.base[position] = Double($0[position]) }
            }
            var start = ContinuousClock.now
            let forward = ReferenceForward(algebra: algebra, pool: pool, ledger: ledger, weights: model.weights) {
                layer,
                output,
                operations throws(NetworkError) in
                let now = ContinuousClock.now
                layers.append(Self.profile(layer, output, operations, start.duration(to: now)))
                if model.options.check != .nothing { try check(output, layer) }
                try observe?(layer, output)
                do throws(CancellationError) {
                    try progress?(min(1, Double(layers.count) / layerCount))
                } catch {
                    throw .stopped
                }
                start = .now
            }
            let output =
                switch direction {
                case .encode: try forward.encode(model.network.encoder, image, latentChannels: dimensions[1])
                case .decode: try forward.decode(model.network.decoder, image)
                }
            result.values += UnsafeBufferPointer(start: output.base, count: output.channels * output.pixels)
        }
        let report = AutoencoderDC.Report(layers: layers, peakBufferBytes: ledger.peak)
        return Outcome(tensor: result, report: report)
    }

    private static func profile(
        _ layer: String,
        _ output: Planes,
        _ operations: Double,
        _ duration: Duration
    ) -> LayerProfile {
        LayerProfile(
            name: layer,
            algorithm: "im2col and dgemm",
            seconds: Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds),
            operations: operations,
            bytes: Double(8 * output.channels * output.pixels),
            outputSize: [output.height, output.width, output.channels]
        )
    }

    private func check(_ output: Planes, _ layer: String) throws(NetworkError) {
        let limit = model.options.check == .withinF16 ? 65504.0 : Double.greatestFiniteMagnitude
        let values = UnsafeBufferPointer(start: output.base, count: output.channels * output.pixels)
        guard let index = values.firstIndex(where: { !($0.magnitude <= limit) }) else { return }
        let (channel, pixel) = index.quotientAndRemainder(dividingBy: output.pixels)
        throw .outOfRange(
            ValueOutOfRange(
                Float(values[index]),
                at: .output(layer: layer, channel: channel, row: pixel / output.width, column: pixel % output.width)
            )
        )
    }
}
