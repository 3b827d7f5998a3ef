public import CheckpointIO
internal import TensorCore

/// The variants that are known: those of the project and, where given, the user's own.
public struct Registry: Sendable {
    /// The variants, by compression and then by name.
    public let variants: [Variant]

    /// Reads the registry that is compiled in and, if given, a folder with more.
    ///
    /// The folder holds, like the project, `Registry/NAME.json` and `Configs/NAME/config.json`.
    ///
    /// - Throws: at the first entry that is malformed, has an unknown field, contradicts its configuration or another
    ///   entry, and at a configuration without an entry.
    public init(adding folder: String? = nil) throws(CheckpointError) {
        var sources = try Self.embeddedVariants()
        if let folder { sources += try Self.variants(in: folder) }
        try Self.check(sources)
        variants = sources.map(\.variant).sorted {
            let (a, b) = ($0.config.spatialCompressionRatio, $1.config.spatialCompressionRatio)
            return a == b ? UTF8Name($0.name) < UTF8Name($1.name) : a < b
        }
    }

    /// The largest registry entry or configuration that is read.
    package static let fileLimit = 1_000_000

    /// A variant, and where its entry lies.
    private typealias Source = (variant: Variant, path: String)

    /// The configurations that are compiled in, byte for byte as they were published.
    package static var embeddedConfigs: [[UInt8]] {
        EmbeddedRegistry.files.filter { $0.path.hasPrefix("Configs/") }.map { Array($0.text.utf8) }
    }

    private static func embeddedVariants() throws(CheckpointError) -> [Source] {
        var sources: [Source] = []
        for file in EmbeddedRegistry.files where file.path.hasPrefix("Registry/") {
            let name = String(file.path.dropFirst(9).dropLast(5))
            let configPath = "Configs/\(name)/config.json"
            guard let config = EmbeddedRegistry.files.first(where: { $0.path == configPath }) else {
                throw CheckpointError(file.path, .file, RegistryFault.noConfig(configPath))
            }
            let variant = try Variant(
                name: name,
                entry: Array(file.text.utf8),
                path: file.path,
                config: Array(config.text.utf8),
                configPath: configPath
            )
            sources.append((variant, file.path))
        }
        return sources
    }

    private static func variants(in folder: String) throws(CheckpointError) -> [Source] {
        let registry = ModelFolder.join(folder, "Registry")
        guard ModelFolder.isFolder(registry) else {
            throw CheckpointError(folder, .file, RegistryFault.noRegistryFolder)
        }
        var sources: [Source] = []
        let names = try ModelFolder.fileNames(in: registry).filter { $0.hasSuffix(".json") }
        for name in names {
            let stem = String(name.dropLast(5))
            let path = ModelFolder.join(registry, name)
            let variant = try Variant(
                name: stem,
                entry: try InputFile(opening: path).contents(limit: fileLimit),
                path: path,
                config: try configuration(ModelFolder.join(folder, "Configs/\(stem)/config.json"), of: path),
                configPath: ModelFolder.join(folder, "Configs/\(stem)/config.json")
            )
            sources.append((variant, path))
        }
        // A configuration whose entry has another name would be passed over in silence.
        let configs = ModelFolder.join(folder, "Configs")
        for name in ModelFolder.isFolder(configs) ? try ModelFolder.fileNames(in: configs) : []
        where !names.contains(name + ".json") {
            let path = ModelFolder.join(configs, name + "/config.json")
            guard (try? InputFile(opening: path)) != nil else { continue }
            throw CheckpointError(path, .file, RegistryFault.noEntry(ModelFolder.join(registry, name + ".json")))
        }
        return sources
    }

    private static func configuration(_ path: String, of entry: String) throws(CheckpointError) -> [UInt8] {
        do throws(CheckpointError) {
            return try InputFile(opening: path).contents(limit: fileLimit)
        } catch {
            guard case .missing? = error.fault as? FileFault else { throw error }
            throw CheckpointError(entry, .file, RegistryFault.noConfig(path))
        }
    }

    /// Checks what the entries say of each other: one name and one digest stand for one variant, and what shares an
    /// encoder, a decoder or an origin exists and has the same network there.
    private static func check(_ sources: [Source]) throws(CheckpointError) {
        var owners: [String: Int] = [:]
        var digests: [String: String] = [:]
        for (index, (variant, path)) in sources.enumerated() {
            for name in variant.names {
                if let owner = owners.updateValue(index, forKey: name.lowercased()), owner != index {
                    throw CheckpointError(path, .file, RegistryFault.duplicateVariant(name))
                }
            }
            for file in variant.digests {
                if let owner = digests.updateValue(variant.name, forKey: file.sha256) {
                    throw CheckpointError(path, .file, RegistryFault.duplicateDigest(file.sha256, of: owner))
                }
            }
        }
        let names = sources.map(\.variant.name)
        for (variant, path) in sources {
            func other(_ field: String, _ name: String?) throws(CheckpointError) -> AutoencoderDCConfig? {
                guard let name else { return nil }
                guard let found = sources.first(where: { $0.variant.name == name }), name != variant.name else {
                    let suggestion = nearest(to: name, among: names)
                    let fault = RegistryFault.unknownReference(field: field, name: name, nearest: suggestion)
                    throw CheckpointError(path, .file, fault)
                }
                return found.variant.config
            }
            func check(_ field: String, _ name: String?, _ isSame: (AutoencoderDCConfig) -> Bool)
                throws(CheckpointError)
            {
                guard let name, let config = try other(field, name), !isSame(config) else { return }
                throw CheckpointError(path, .file, RegistryFault.otherNetwork(field: field, name: name))
            }
            try check("encoder_of", variant.encoderOf) { $0.hasEncoder(of: variant.config) }
            try check("decoder_of", variant.decoderOf) { $0.hasDecoder(of: variant.config) }
            try check("derived_from.variant", variant.derivation?.variant) {
                NetworkDescription($0) == NetworkDescription(variant.config)
            }
        }
    }
}

extension AutoencoderDCConfig {
    /// Whether the encoder is the same network.
    fileprivate func hasEncoder(of other: Self) -> Bool {
        encoder == other.encoder && inChannels == other.inChannels && latentChannels == other.latentChannels
            && attentionHeadDim == other.attentionHeadDim && encoderOutShortcut == other.encoderOutShortcut
            && downsamplesByPixelUnshuffle == other.downsamplesByPixelUnshuffle
    }

    /// Whether the decoder is the same network.
    fileprivate func hasDecoder(of other: Self) -> Bool {
        var config = self
        (config.encoder, config.encoderOutShortcut) = (other.encoder, other.encoderOutShortcut)
        config.downsamplesByPixelUnshuffle = other.downsamplesByPixelUnshuffle
        config.normalization = other.normalization
        return config == other
    }
}
