public import CheckpointIO
internal import StrictJSON
internal import TensorCore

/// A published model: what is known of it, and its configuration.
public struct Variant: Sendable {
    /// The name of the original repository, as `dc-ae-f32c32-sana-1.0`.
    public let name: String
    /// What `dcae list --family` groups by: `f32c32`, `f64c128`, `f128c512`, `sana`, `lite`.
    public let family: String
    /// Other names that are taken for it.
    public let aliases: [String]
    /// The repositories with the original layout.
    public let originalRepositories: [String]
    /// The repositories with the diffusers layout.
    public let diffusersRepositories: [String]
    /// What it was trained on.
    public let trainingData: String
    /// Where the scaling factor comes from, or why there is none.
    public let scalingFactorSource: String
    /// What else is worth knowing, a sentence each.
    public let notes: [String]
    /// The exact configuration.
    public let config: AutoencoderDCConfig

    /// The factor between pixels and latents, and the latent's channels, as `f32c32`.
    public var geometry: String { "f\(config.spatialCompressionRatio)c\(config.latentChannels)" }

    /// Every name that is taken for this variant.
    package var names: [String] {
        let repositories = originalRepositories + diffusersRepositories
        return [name] + aliases + repositories + repositories.map(ModelFolder.name(of:))
    }
}

/// The variants that are known: those of the project and, where given, the user's own.
public struct Registry: Sendable {
    /// The variants, by compression and then by name.
    public let variants: [Variant]

    /// Reads the registry that is compiled in and, if given, a folder with more.
    ///
    /// The folder holds, like the project, `Registry/NAME.json` and `Configs/NAME/config.json`.
    ///
    /// - Throws: at the first entry that is malformed, has an unknown field, or contradicts its configuration.
    public init(adding folder: String? = nil) throws(CheckpointError) {
        var variants = try Self.embeddedVariants()
        if let folder {
            let registry = ModelFolder.join(folder, "Registry")
            for name in try ModelFolder.fileNames(in: registry) where name.hasSuffix(".json") {
                let stem = String(name.dropLast(5))
                let path = ModelFolder.join(registry, name)
                let configPath = ModelFolder.join(folder, "Configs/\(stem)/config.json")
                guard let config = try? InputFile(opening: configPath) else {
                    throw CheckpointError(path, .file, ConfigFault.noConfig(configPath))
                }
                let variant = try Variant(
                    name: stem,
                    entry: try InputFile(opening: path).contents(limit: Self.fileLimit),
                    path: path,
                    config: try config.contents(limit: Self.fileLimit),
                    configPath: configPath
                )
                let known = Set(variants.flatMap(\.names))
                if let twice = ([variant.name] + variant.aliases).first(where: known.contains) {
                    throw CheckpointError(path, .file, ConfigFault.duplicateVariant(twice))
                }
                variants.append(variant)
            }
        }
        self.variants = variants.sorted {
            let (a, b) = ($0.config.spatialCompressionRatio, $1.config.spatialCompressionRatio)
            return a == b ? UTF8Name($0.name) < UTF8Name($1.name) : a < b
        }
    }

    /// The largest registry entry or configuration that is read.
    package static let fileLimit = 1_000_000

    private static func embeddedVariants() throws(CheckpointError) -> [Variant] {
        var variants: [Variant] = []
        for file in EmbeddedRegistry.files where file.path.hasPrefix("Registry/") {
            let name = String(file.path.dropFirst(9).dropLast(5))
            let configPath = "Configs/\(name)/config.json"
            guard let config = EmbeddedRegistry.files.first(where: { $0.path == configPath }) else {
                throw CheckpointError(file.path, .file, ConfigFault.noConfig(configPath))
            }
            variants.append(
                try Variant(
                    name: name,
                    entry: Array(file.text.utf8),
                    path: file.path,
                    config: Array(config.text.utf8),
                    configPath: configPath
                )
            )
        }
        return variants
    }

    /// The variant that a name, an alias or a repository stands for.
    ///
    /// - Parameter place: where the name was given, for the error.
    /// - Throws: `ConfigFault.unknownVariant` with the nearest name.
    public func variant(named name: String, in place: String = "--variant") throws(CheckpointError) -> Variant {
        let wanted = name.lowercased()
        if let found = variants.first(where: { $0.names.contains { $0.lowercased() == wanted } }) { return found }
        let suggestion = nearest(to: name, among: variants.flatMap { [$0.name] + $0.aliases })
        throw CheckpointError(place, .file, ConfigFault.unknownVariant(name, nearest: suggestion))
    }
}

extension Variant {
    private static let fields = [
        "name", "family", "aliases", "repositories", "training_data", "scaling_factor", "scaling_factor_source",
        "notes",
    ]

    init(
        name: String,
        entry: [UInt8],
        path: String,
        config: [UInt8],
        configPath: String
    ) throws(CheckpointError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(entry)
        } catch {
            throw CheckpointError(path, .byte(error.offset), ConfigFault.json(error.message))
        }
        let reading = try AutoencoderDCConfig.read(config, path: configPath)
        do throws(ConfigFault) {
            try self.init(name: name, value, config: reading.config)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    private init(name: String, _ value: JSONValue, config: AutoencoderDCConfig) throws(ConfigFault) {
        guard let members = value.members else { throw .notObject(found: value.kind) }
        if let unknown = members.first(where: { !Self.fields.contains($0.key) })?.key {
            throw .unknownField(unknown, nearest: nearest(to: unknown, among: Self.fields))
        }
        func text(_ field: String, default standard: String?) throws(ConfigFault) -> String {
            switch value[field] {
            case .string(let text): return text
            case .none:
                guard let standard else { throw .missingField(field) }
                return standard
            case .some(let other): throw .wrongType(field: field, expected: "a string", found: other.kind)
            }
        }
        func texts(_ found: JSONValue?, _ field: String) throws(ConfigFault) -> [String] {
            guard let found else { return [] }
            let strings = found.array?.compactMap(\.string)
            guard let strings, strings.count == found.array?.count else {
                throw .wrongType(field: field, expected: "a list of strings", found: found.kind)
            }
            return strings
        }
        self.name = try text("name", default: nil)
        guard self.name == name else { throw .nameDiffers(file: name + ".json", found: self.name) }
        family = try text("family", default: "f\(config.spatialCompressionRatio)c\(config.latentChannels)")
        aliases = try texts(value["aliases"], "aliases")
        let repositories = value["repositories"]
        for member in repositories?.members ?? [] where !["original", "diffusers"].contains(member.key) {
            throw .unknownField("repositories." + member.key, nearest: nil)
        }
        if let repositories, repositories.members == nil {
            throw .wrongType(field: "repositories", expected: "an object", found: repositories.kind)
        }
        originalRepositories = try texts(repositories?["original"], "repositories.original")
        diffusersRepositories = try texts(repositories?["diffusers"], "repositories.diffusers")
        trainingData = try text("training_data", default: "not stated")
        scalingFactorSource = try text("scaling_factor_source", default: "its config.json")
        notes = try texts(value["notes"], "notes")
        self.config = config
        // The factor stands in both files, so that each can be read alone; they must agree.
        if let stated = value["scaling_factor"], stated.number != config.scalingFactor {
            throw .factorDiffers(
                registry: stated.number.map { "\($0)" } ?? stated.kind,
                config: config.scalingFactor.map { "\($0)" } ?? "missing"
            )
        }
    }
}
