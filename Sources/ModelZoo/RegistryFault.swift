internal import CheckpointIO
package import TensorCore

/// What can be wrong with a registry, or with a name that is looked up in it.
package enum RegistryFault: Fault, Equatable {
    case json(String)
    case notObject(found: String)
    case unknownField(String, nearest: String?)
    case missingField(String)
    case wrongType(field: String, expected: String, found: String)
    case malformed(field: String, expected: String, found: String)
    case nothingMeasured(field: String)
    case configuration(ConfigFault)
    case nameDiffers(file: String, found: String)
    case duplicateVariant(String)
    case duplicateDigest(String, of: String)
    case factorDiffers(registry: String, config: String)
    case layoutMissing(field: String, layout: String)
    case unknownReference(field: String, name: String, nearest: String?)
    case otherNetwork(field: String, name: String)
    case unknownModule(String)
    case noConfig(String)
    case noEntry(String)
    case noRegistryFolder
    case unknownVariant(String, nearest: String?)
    case severalVariants(String, [String])
    case unknownFamily(String, known: [String])
    case notPublished(variant: String, layout: String, layouts: [String])

    /// Whether a user's word is wrong rather than a file.
    package var isWrongUsage: Bool {
        switch self {
        case .unknownVariant, .severalVariants, .unknownFamily, .notPublished: true
        default: false
        }
    }

    package var kind: RefusalKind {
        switch self {
        case .unknownVariant: .unknownVariant
        case .severalVariants: .ambiguousVariant
        case .unknownFamily: .unknownFamily
        case .notPublished: .layoutNotPublished
        default: .badRegistry
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        switch self {
        case .unknownVariant(_, let near), .unknownField(_, let near), .unknownReference(_, _, let near):
            near.map { [.name($0)] } ?? []
        case .severalVariants(_, let names): names.map { .name($0) }
        case .unknownFamily(_, let known): known.map { .name($0) }
        case .notPublished(_, _, let layouts): layouts.map { .name($0) }
        default: []
        }
    }

    package var message: String {
        switch self {
        case .json(let message): "not valid JSON: \(message)"
        case .notObject(let found): "a registry entry is a JSON object, not \(found)"
        case .unknownField(let name, let nearest):
            "unknown field \"\(name.escaped(limit: 60))\"" + (nearest.map { " (did you mean \"\($0)\"?)" } ?? "")
        case .missingField(let name): "the field \"\(name)\" is missing"
        case .wrongType(let field, let expected, let found): "\(field) is \(found), but \(expected) is needed"
        case .malformed(let field, let expected, let found):
            "\(field) is \"\(found.escaped(limit: 70))\", but \(expected) is needed"
        case .nothingMeasured(let field): "\(field) has no figures"
        case .configuration(let fault): fault.message
        case .nameDiffers(let file, let found):
            "the file is called \(file.escaped()) but its \"name\" is \"\(found.escaped())\""
        case .duplicateVariant(let name): "the variant \"\(name.escaped())\" exists already"
        case .duplicateDigest(let digest, let name):
            "the digest \(digest.prefix(12))… is that of a file of \(name.escaped())"
        case .factorDiffers(let registry, let config):
            "scaling_factor is \(registry) here and \(config) in its config.json"
        case .layoutMissing(let field, let layout):
            "\(field) is of the \(layout) layout, which is not in \"layouts\""
        case .unknownReference(let field, let name, let nearest):
            "\(field) names \"\(name.escaped())\", which is unknown" + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .otherNetwork(let field, let name):
            "\(field) names \(name.escaped()), but that is another network"
        case .unknownModule(let name):
            "derived_from.changed names \"\(name.escaped())\", which is not a module of the diffusers layout"
        case .noConfig(let path): "its configuration \(path.escaped(limit: 100)) is missing"
        case .noEntry(let path): "this configuration has no entry \(path.escaped(limit: 100))"
        case .noRegistryFolder: "there is no folder Registry in it"
        case .unknownVariant(let name, let nearest):
            "unknown variant \"\(name.escaped())\"" + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .severalVariants(let name, let candidates):
            "\"\(name.escaped(limit: 40))\" can mean \(Self.list(candidates))"
        case .unknownFamily(let name, let known):
            "unknown family \"\(name.escaped())\"; known families are \(known.joined(separator: ", "))"
        case .notPublished(let variant, let layout, let layouts):
            "\(variant.escaped()) has no \(layout) layout; it exists in \(layouts.joined(separator: " and "))"
        }
    }

    package var remedy: Words? {
        switch self {
        case .unknownVariant: "`dcae list` shows all"
        case .severalVariants: "name one of them"
        case .nameDiffers: "rename one of them"
        case .duplicateVariant: "choose another name"
        case .noRegistryFolder: "a registry holds Registry/NAME.json and Configs/NAME/config.json"
        case .configuration(let fault): fault.remedy
        default: nil
        }
    }

    /// `a, b or c`; of many names the first, and how many more there are.
    private static func list(_ names: [String]) -> String {
        let limit = 8
        var shown = names.prefix(limit).map { $0.escaped(limit: 40) }
        if names.count > limit { return shown.joined(separator: ", ") + " and \(names.count - limit) more" }
        guard let last = shown.popLast(), !shown.isEmpty else { return names.first ?? "nothing" }
        return shown.joined(separator: ", ") + " or " + last
    }
}
