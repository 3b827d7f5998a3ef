internal import CheckpointIO
internal import CheckpointNetwork
package import DCAENetwork
internal import Kernels
package import ModelZoo
package import Models
package import ReferenceNetwork
package import TensorCore

/// A checkpoint opened for running.
package struct LoadedModel: Sendable {
    /// The checkpoint and what it is.
    package let source: OpenedModel
    /// Its network.
    package private(set) var network: AutoencoderDC
    /// The network's configuration, with its scaling factor where that is settled.
    package var config: AutoencoderDCConfig { source.config ?? network.config }
    /// How long it took to open, in seconds.
    package let seconds: Double
    /// The tiles that large images are run in; nil to run all whole.
    package var tiling: Tiling?
    /// What runs instead of the network, in double precision; nil for the network itself.
    package var reference: ReferenceNetwork?

    /// Opens the network of a checkpoint.
    package init(options: AutoencoderDC.Options, part: NetworkPart = .whole, _ source: () throws -> OpenedModel) throws
    {
        let clock = ContinuousClock()
        let start = clock.now
        let model = try source()
        self.source = model
        network = try AutoencoderDC(model, part: part, options: options)
        seconds = clock.now.seconds(since: start)
    }

    /// A format that weights were rounded to in memory, and what that lost.
    package struct WeightCast: Sendable {
        package let format: String
        package let lost: CastReport
    }

    /// How weights were rounded in memory; nil for those of the files.
    package private(set) var weightCast: WeightCast?

    /// What computes, for notes of what was measured: `f32`, `f32, weights as fp16`, `f64 reference`.
    package var arithmetic: String {
        let products = reference == nil ? network.options.precision.rawValue : "f64 reference"
        return products + (weightCast.map { ", weights as \($0.format)" } ?? "")
    }

    /// The same with its weights rounded in memory, whichever engine computes with them.
    package func rounded(to dtype: DType, scaled: Bool, called name: String) throws -> LoadedModel {
        let (network, losses) = try run(source.checkpoint.path) { network throws(NetworkError) in
            try network.rounded(to: dtype, scaled: scaled)
        }
        var model = self
        let lost = losses.reduce(into: CastReport()) { $0 += $1.report }
        (model.network, model.weightCast) = (network, WeightCast(format: name, lost: lost))
        if reference != nil { model.reference = try ReferenceNetwork(network) }
        return model
    }

    /// Encodes an image.
    ///
    /// - Parameters:
    ///   - place: the file that it is from.
    ///   - latentChannels: how many channels, the first; nil for all.
    package func encode(
        _ image: FloatTensor,
        from place: String,
        latentChannels: Int? = nil,
        progress: AutoencoderDC.Progress? = nil
    ) throws(PlacedRefusal) -> FloatTensor {
        try run(place) { network throws(NetworkError) in
            if let reference {
                return try reference.run(.encode, image, latentChannels: latentChannels, progress: progress).tensor
                    .rounded
            }
            return try network.encode(image, latentChannels: latentChannels, tiling: tiling, progress: progress)
        }
    }

    /// Decodes a latent.
    ///
    /// - Parameter place: the file that it is from.
    package func decode(
        _ latent: FloatTensor,
        from place: String,
        progress: AutoencoderDC.Progress? = nil
    ) throws(PlacedRefusal) -> FloatTensor {
        try run(place) { network throws(NetworkError) in
            if let reference { return try reference.run(.decode, latent, progress: progress).tensor.rounded }
            return try network.decode(latent, tiling: tiling, progress: progress)
        }
    }

    /// Refuses a number of latent channels that the network cannot encode.
    package func check(latentChannels: Int) throws(PlacedRefusal) {
        do throws(NetworkError) {
            try network.check(latentChannels: latentChannels)
        } catch {
            throw PlacedRefusal(place: source.path, cause: error, isFinding: false)
        }
    }

    /// Runs the network, with what goes wrong in it placed in the file that was its input.
    package func run<Result>(
        _ place: String,
        _ body: (AutoencoderDC) throws(NetworkError) -> Result
    ) throws(PlacedRefusal) -> Result {
        do throws(NetworkError) {
            return try body(network)
        } catch {
            let checkpoint = source.checkpoint.path
            switch error {
            case .outOfRange(let value):
                // A parameter is in the checkpoint; a layer's output comes of the input as well.
                let isParameter = if case .parameter = value.place { true } else { false }
                throw PlacedRefusal(place: isParameter ? checkpoint : place, cause: error, isFinding: true)
            case .parameter: throw PlacedRefusal(place: checkpoint, cause: error, isFinding: false)
            case .source(let cause): throw PlacedRefusal(place: nil, cause: cause, isFinding: false)
            default: throw PlacedRefusal(place: place, cause: error, isFinding: false)
            }
        }
    }
}

extension ContinuousClock.Instant {
    /// The seconds since an earlier instant.
    package func seconds(since earlier: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (self - earlier).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
