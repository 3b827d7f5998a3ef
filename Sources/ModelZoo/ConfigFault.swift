public import CheckpointIO
public import TensorCore

/// What can be wrong with a configuration.
public enum ConfigFault: Fault, Equatable {
    case json(String)
    case notObject(found: String)
    case otherClass(String)
    case notAutoencoderDC
    case originalConfig(String)
    case wrongType(field: String, expected: String, found: String)
    case outOfRange(field: String, found: Int, allowed: String)
    case unknownName(field: String, found: String, allowed: [String])
    case lengths(field: String, found: Int, expected: Int)
    case stagesDiffer(encoder: Int, decoder: Int)
    case scalingFactor(Double)
    case emptyStage(field: String, stage: Int)
    case noHead(coder: String, stage: Int, channels: Int, headDim: Int)
    case evenKernel(field: String, size: Int)
    case tooManyScales(field: String, stage: Int, found: Int, limit: Int)
    case tooManyParameters(limit: Int)
    case unshuffledChannels(stage: Int, channels: Int)
    case unevenShortcut(coder: String, stage: Int, high: Int, low: Int)
    case unevenLatent(field: String, channels: Int, latentChannels: Int)
    case notFinite(field: String, Double)
    case perChannel(field: String, found: Int, channels: Int)
    case standardDeviation(Double)
    case meansWithoutDeviations
    case shiftBesideMeans

    /// A configuration that cannot be used.
    public var kind: RefusalKind { .badConfig }

    /// The names that are known.
    public var candidates: [RefusalDetails.Candidate] {
        if case .unknownName(_, _, let allowed) = self { allowed.map { .name($0) } } else { [] }
    }

    /// What is wrong, in the words of the configuration's fields.
    public var message: String {
        switch self {
        case .json(let message): "not valid JSON: \(message)"
        case .notObject(let found): "a configuration is a JSON object, not \(found)"
        case .otherClass(let name): "this is the configuration of \"\(name.escaped(limit: 60))\", not of AutoencoderDC"
        case .notAutoencoderDC: "it has no field of an AutoencoderDC configuration"
        case .originalConfig(let name):
            "this is an original repository's config.json, which only names the model: \(name.escaped())"
        case .wrongType(let field, let expected, let found): "\(field) is \(found), but \(expected) is needed"
        case .outOfRange(let field, let found, let allowed): "\(field) is \(found); \(allowed) is allowed"
        case .unknownName(let field, let found, let allowed):
            "\(field) is \"\(found.escaped(limit: 40))\"; known values are \(allowed.joined(separator: ", "))"
        case .lengths(let field, let found, let expected): "\(field) has \(found) entries for \(expected) stages"
        case .stagesDiffer(let encoder, let decoder): "the encoder has \(encoder) stages and the decoder \(decoder)"
        case .scalingFactor(let factor):
            factor > 0 && factor.isFinite
                ? "scaling_factor is \(factor), which 32-bit floats cannot multiply and divide by"
                : "scaling_factor is \(factor); a finite number above 0 is needed"
        case .emptyStage(let field, let stage):
            "\(field) is 0 for stage \(stage); only the first or last stage may have none"
        case .noHead(let coder, let stage, let channels, let headDim):
            "stage \(stage) of the \(coder) has \(channels) channels, fewer than attention_head_dim, \(headDim)"
        case .evenKernel(let field, let size):
            "\(field) has the even kernel size \(size), which changes the image's size"
        case .tooManyScales(let field, let stage, let found, let limit):
            "\(field) has \(found) kernels for stage \(stage); at most \(limit) are allowed"
        case .tooManyParameters(let limit):
            "its blocks and scales give more than \(limit) parameters, more than any network of this kind has"
        case .unshuffledChannels(let stage, let channels):
            "pixel_unshuffle needs the \(channels) channels of encoder stage \(stage) to be a multiple of 4"
        case .unevenShortcut(let coder, let stage, let high, let low):
            coder == "encoder"
                ? "the shortcut from \(high) to \(low) channels after encoder stage \(stage) needs 4 x \(high) to be a multiple of \(low)"
                : "the shortcut from \(low) to \(high) channels before decoder stage \(stage) needs 4 x \(high) to be a multiple of \(low)"
        case .unevenLatent(let field, let channels, let latentChannels):
            "\(field) needs the last stage's \(channels) channels to be a multiple of latent_channels, \(latentChannels)"
        case .notFinite(let field, let number): "\(field) holds \(number), but finite numbers are needed"
        case .perChannel(let field, let found, let channels):
            "\(field) has \(found) entries for \(channels) latent channels"
        case .standardDeviation(let least):
            "latents_std holds \(least); only numbers above 0 can be divided by"
        case .meansWithoutDeviations: "latents_mean and latents_std belong together; one of them is missing"
        case .shiftBesideMeans: "shift_factor and latents_mean both define what is subtracted from a latent"
        }
    }

    /// What to do about it, where the message does not say it.
    public var remedy: Words? {
        switch self {
        case .originalConfig: "give the checkpoint beside it, or `dcae show` that model"
        case .otherClass, .notAutoencoderDC: "give the config.json of the autoencoder"
        default: nil
        }
    }
}
