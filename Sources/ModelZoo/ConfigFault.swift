internal import CheckpointIO
internal import TensorCore

/// What can be wrong with a configuration.
package enum ConfigFault: Fault, Equatable {
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
    case impossible(String)

    package var message: String {
        switch self {
        case .json(let message): "not valid JSON: \(message)"
        case .notObject(let found): "a configuration is a JSON object, not \(found)"
        case .otherClass(let name): "this is the configuration of \"\(name.escaped(limit: 60))\", not of AutoencoderDC"
        case .notAutoencoderDC: "no field of an AutoencoderDC configuration is in it"
        case .originalConfig(let name):
            "this is an original repository's config.json, which only names the model: \(name.escaped())"
        case .wrongType(let field, let expected, let found): "\(field) is \(found) where \(expected) is needed"
        case .outOfRange(let field, let found, let allowed): "\(field) is \(found); \(allowed) is allowed"
        case .unknownName(let field, let found, let allowed):
            "\(field) is \"\(found.escaped(limit: 40))\"; known are \(allowed.joined(separator: ", "))"
        case .lengths(let field, let found, let expected): "\(field) has \(found) entries for \(expected) stages"
        case .stagesDiffer(let encoder, let decoder): "the encoder has \(encoder) stages and the decoder \(decoder)"
        case .impossible(let what): what
        }
    }

    package var remedy: String? {
        switch self {
        case .originalConfig: "give the checkpoint beside it, or `dcae show` that model"
        case .otherClass, .notAutoencoderDC: "give the config.json of the autoencoder"
        default: nil
        }
    }
}
