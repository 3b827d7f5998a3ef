internal import DCAEKit
package import DCAENetwork
package import ModelZoo
package import Models

/// A checkpoint opened for running.
package struct LoadedModel: Sendable {
    /// The checkpoint and what it is.
    package let source: OpenedModel
    /// Its network.
    package let network: AutoencoderDC
    /// The network's configuration, with its scaling factor where that is settled.
    package var config: AutoencoderDCConfig { source.config ?? network.config }
    /// How long it took to open, in seconds.
    package let seconds: Double

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

    /// Runs the network, with what goes wrong in it placed in the file that was its input.
    package func run<Result>(_ place: String, _ body: (AutoencoderDC) throws -> Result) throws -> Result {
        do {
            return try body(network)
        } catch let error as NetworkError {
            switch error {
            case .outOfRange(let layer, _):
                // A parameter is in the checkpoint; a layer's output comes of the input as well.
                let isParameter = layer.hasSuffix(".weight") || layer.hasSuffix(".bias") || layer.contains(".running_")
                throw PlacedRefusal(place: isParameter ? source.checkpoint.path : place, cause: error, isFinding: true)
            case .parameter: throw PlacedRefusal(place: source.checkpoint.path, cause: error, isFinding: false)
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
