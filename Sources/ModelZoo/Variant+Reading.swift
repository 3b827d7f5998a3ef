internal import CheckpointIO
internal import StrictJSON
internal import TensorCore

extension Variant {
    private static let fields = [
        "name", "family", "aliases", "layouts", "repositories", "training_data", "scaling_factor",
        "scaling_factor_source", "normalization", "encoder_of", "decoder_of", "derived_from", "digests", "quality",
        "notes",
    ]

    /// Reads a registry's entry and its configuration.
    ///
    /// - Parameters:
    ///   - name: what the files are called.
    ///   - entry: the text of the entry.
    ///   - path: where it lies, for errors.
    ///   - config: the text of the configuration.
    ///   - configPath: where it lies, for errors.
    init(
        name: String,
        entry: [UInt8],
        path: String,
        config: [UInt8],
        configPath: String
    ) throws(CheckpointError) {
        let value = try Self.json(entry, path)
        let configValue = try Self.json(config, configPath)
        let reading: AutoencoderDCConfig.Reading
        do throws(ConfigFault) {
            reading = try AutoencoderDCConfig.read(configValue)
        } catch {
            throw CheckpointError(configPath, .file, error)
        }
        // diffusers passes over what it does not know; here a typo would be another network.
        if let unknown = reading.unknown.first {
            let known = AutoencoderDCConfig.fieldNames + LatentNormalization.fieldNamesBesideFactor
            let suggestion = nearest(to: unknown, among: known)
            throw CheckpointError(configPath, .file, RegistryFault.unknownField(unknown, nearest: suggestion))
        }
        do throws(RegistryFault) {
            try self.init(name: name, value, config: reading.config)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    private static func json(_ text: [UInt8], _ path: String) throws(CheckpointError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.read(text)
        } catch {
            throw CheckpointError(path, .byte(error.offset), RegistryFault.json(error.message))
        }
    }

    private init(
        name: String,
        _ value: JSONValue,
        config: AutoencoderDCConfig
    ) throws(RegistryFault) {
        let entry = try RegistryFields(value, known: Self.fields)
        self.name = try entry.text("name")
        guard self.name == name else { throw .nameDiffers(file: name + ".json", found: self.name) }
        family = try entry.optionalText("family") ?? "f\(config.spatialCompressionRatio)c\(config.latentChannels)"
        aliases = try entry.texts("aliases")
        // They are typed, and `list` shows the first in the place of the name.
        guard aliases.allSatisfy({ !$0.isEmpty }) else {
            throw .malformed(field: "aliases", expected: "a name", found: "")
        }
        layouts = try Self.layouts(entry)
        repositories = try Self.repositories(entry, layouts)
        trainingData = try entry.optionalText("training_data") ?? "not stated"
        scalingFactorSource = try entry.optionalText("scaling_factor_source") ?? "its config.json"
        (normalization, normalizationReason) = try Self.normalization(entry, config)
        encoderOf = try entry.optionalText("encoder_of")
        decoderOf = try entry.optionalText("decoder_of")
        derivation = try Self.derivation(entry, config)
        digests = try Self.digests(entry, layouts, repositories)
        quality = try Self.quality(entry)
        notes = try entry.texts("notes")
        self.config = config
        // The configuration has the factor; an entry may repeat it, and then they must agree.
        if let stated = entry["scaling_factor"], stated.number != config.scalingFactor {
            throw .factorDiffers(
                registry: stated.number.map { "\($0)" } ?? stated.kind,
                config: config.scalingFactor.map { "\($0)" } ?? "missing"
            )
        }
    }

    private static func layouts(_ entry: RegistryFields) throws(RegistryFault) -> [Layout] {
        guard entry["layouts"] != nil else { return [.original, .diffusers] }
        var layouts: [Layout] = []
        for text in try entry.texts("layouts") { layouts.append(try entry.layout(text, "layouts")) }
        guard !layouts.isEmpty else { throw .missingField("layouts") }
        return layouts
    }

    private static func repositories(
        _ entry: RegistryFields,
        _ layouts: [Layout]
    ) throws(RegistryFault) -> [Repository] {
        let kinds: [(field: String, layout: Layout, isPipeline: Bool)] = [
            ("original", .original, false), ("diffusers", .diffusers, false), ("pipelines", .diffusers, true),
        ]
        guard let fields = try entry.object("repositories", known: kinds.map(\.field)) else { return [] }
        var repositories: [Repository] = []
        for kind in kinds {
            for path in try fields.texts(kind.field) {
                let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
                guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else {
                    let field = fields.path(kind.field)
                    throw .malformed(field: field, expected: "owner/repository or owner/repository/folder", found: path)
                }
                guard layouts.contains(kind.layout) else {
                    throw .layoutMissing(field: fields.path(kind.field), layout: kind.layout.rawValue)
                }
                repositories.append(
                    Repository(
                        id: parts[0] + "/" + parts[1],
                        folder: parts.count == 3 ? String(parts[2]) : nil,
                        layout: kind.layout,
                        isPipeline: kind.isPipeline
                    )
                )
            }
        }
        return repositories
    }

    private static func normalization(
        _ entry: RegistryFields,
        _ config: AutoencoderDCConfig
    ) throws(RegistryFault) -> (LatentNormalization?, reason: String?) {
        let known = LatentNormalization.fieldNames + ["reason"]
        guard let fields = try entry.object("normalization", known: known), let value = entry["normalization"] else {
            return (config.normalization.isMoreThanFactor ? config.normalization : nil, nil)
        }
        let reason = try fields.text("reason")
        do throws(ConfigFault) {
            let normalization = try LatentNormalization(reading: value)
            try normalization.check(channels: config.latentChannels)
            return (normalization, reason)
        } catch {
            throw .configuration(error)
        }
    }

    private static func derivation(
        _ entry: RegistryFields,
        _ config: AutoencoderDCConfig
    ) throws(RegistryFault) -> Derivation? {
        guard let fields = try entry.object("derived_from", known: ["variant", "changed", "source"]) else { return nil }
        let derivation = Derivation(
            variant: try fields.text("variant"),
            changed: try fields.texts("changed"),
            source: try fields.text("source")
        )
        let tensors = NetworkDescription(config).tensors(in: .diffusers).map(\.tensor.name)
        if let unknown = derivation.changed.first(where: { module in !tensors.contains { $0.hasPrefix(module + ".") } })
        {
            throw .unknownModule(unknown)
        }
        return derivation
    }

    private static func digests(
        _ entry: RegistryFields,
        _ layouts: [Layout],
        _ repositories: [Repository]
    ) throws(RegistryFault) -> [PublishedFile] {
        var files: [PublishedFile] = []
        let known = ["file", "layout", "bytes", "sha256", "published_in", "source"]
        for fields in try entry.objects("digests", known: known) {
            let layout = try fields.layout(try fields.text("layout"), "layout")
            guard layouts.contains(layout) else {
                throw .layoutMissing(field: fields.path("layout"), layout: layout.rawValue)
            }
            var publications: [PublishedFile.Publication] = []
            for place in try fields.objects("published_in", known: ["repository", "revision"]) {
                let repository = try place.text("repository")
                let paths = repositories.map(\.path)
                guard paths.contains(repository) else {
                    throw .unknownReference(
                        field: place.path("repository"),
                        name: repository,
                        nearest: nearest(to: repository, among: paths)
                    )
                }
                let revision = try place.hexadecimal("revision", digits: 40)
                publications.append(.init(repository: repository, revision: revision))
            }
            guard let digest = try fields.hexadecimal("sha256", digits: 64) else {
                throw .missingField(fields.path("sha256"))
            }
            files.append(
                PublishedFile(
                    name: try fields.text("file"),
                    layout: layout,
                    byteCount: try fields.count("bytes"),
                    sha256: digest,
                    publications: publications,
                    source: try fields.text("source")
                )
            )
        }
        return files
    }

    private static func quality(_ entry: RegistryFields) throws(RegistryFault) -> [Quality] {
        let measures = ["rfid", "psnr", "ssim", "lpips", "latent_mean", "latent_rms", "latent_std"]
        var figures: [Quality] = []
        for fields in try entry.objects("quality", known: ["data", "pixels"] + measures + ["source"]) {
            guard let pixels = try fields.count("pixels") else { throw .missingField(fields.path("pixels")) }
            guard measures.contains(where: { fields[$0] != nil }) else {
                throw .nothingMeasured(field: String(fields.path("").dropLast()))
            }
            figures.append(
                Quality(
                    data: try fields.text("data"),
                    pixels: pixels,
                    rFID: try fields.number("rfid"),
                    psnr: try fields.number("psnr"),
                    ssim: try fields.number("ssim"),
                    lpips: try fields.number("lpips"),
                    latentMean: try fields.number("latent_mean", isSigned: true),
                    latentRMS: try fields.number("latent_rms"),
                    latentStandardDeviation: try fields.number("latent_std"),
                    source: try fields.text("source")
                )
            )
        }
        return figures
    }
}
