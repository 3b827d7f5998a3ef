internal import CheckpointIO
package import TensorCore

/// Why weights cannot be made up.
package enum SynthesisFault: Fault, Equatable {
    /// The network has no room for a codec: what it lacks.
    case noCodec(Shortage)

    /// What a network lacks to hold a codec.
    package enum Shortage: Sendable, Equatable {
        /// The latent has fewer channels than the picture.
        case latent(channels: Int, picture: Int)
        /// A stage of a coder has fewer channels than the codec's values take.
        case channels(coder: String, stage: Int, found: Int, needed: Int)
        /// The decoder's shortcut between two widths takes parts of a channel's positions from different channels.
        case scatteredShortcut(from: Int, to: Int)
    }

    package var kind: RefusalKind { .unsupported }

    package var message: String {
        switch self {
        case .noCodec(let shortage): "no picture codec fits into this network: \(shortage.message)"
        }
    }

    package var remedy: Words? { "\(.weights, "seeded") works for every network" }
}

extension SynthesisFault.Shortage {
    fileprivate var message: String {
        switch self {
        case .latent(let channels, let picture):
            "its latent has \(channels) channels for \(picture) of the picture"
        case .channels(let coder, let stage, let found, let needed):
            "stage \(stage) of the \(coder) has \(found) channels but \(needed) are needed"
        case .scatteredShortcut(let from, let to):
            "the shortcut from \(from) to \(to) channels of the decoder takes parts of a channel's positions from "
                + "different channels"
        }
    }
}
