internal import ArgumentParser
internal import CheckpointIO
internal import ModelZoo
internal import StrictJSON

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows the variants that are known.",
        discussion: """
            F is the spatial compression (an image of 32 x 32 pixels becomes one latent
            pixel at F 32), C the channels of the latent. The scaling factor is what a
            latent is multiplied by before a diffusion model sees it.
            """
    )

    @Option(
        help: ArgumentHelp("Only the variants of a family: f32c32, f64c128, f128c512, sana, lite.", valueName: "family")
    )
    var family: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        var variants = registry.variants
        if let family {
            variants = variants.filter { $0.family == family || $0.geometry == family }
            if variants.isEmpty {
                let known = Set(registry.variants.map(\.family)).sorted()
                throw CheckpointError("--family", .file, ConfigFault.unknownFamily(family, known: known))
            }
        }
        if common.json {
            return Terminal.print(.array(variants.map(\.summary)))
        }
        if common.quiet {
            return variants.forEach { Terminal.print($0.name) }
        }
        var table = Table(
            ["VARIANT", "F", "C", "PARAMETERS", "LATENT OF 1024x1024", "SCALING FACTOR", "TRAINED ON", "REPOSITORIES"],
            right: [1, 2, 3, 5]
        )
        for variant in variants {
            let config = variant.config
            let side = 1024 / config.spatialCompressionRatio
            table.add([
                variant.name, String(config.spatialCompressionRatio), String(config.latentChannels),
                Show.millions(NetworkDescription(config).parameterCount),
                "\(config.latentChannels) x \(side) x \(side)", Show.factor(config.scalingFactor), variant.trainingData,
                (variant.originalRepositories + variant.diffusersRepositories).joined(separator: " "),
            ])
        }
        table.print()
    }
}

extension Variant {
    /// All that is known of a variant, for `--json`.
    var summary: JSONValue {
        let network = NetworkDescription(config)
        let ratio = config.spatialCompressionRatio
        return [
            "name": .string(name),
            "family": .string(family),
            "aliases": JSONValue(aliases),
            "spatial_compression_ratio": .integer(ratio),
            "latent_channels": .integer(config.latentChannels),
            "parameters": .integer(network.parameterCount),
            "encoder_parameters": .integer(network.encoderParameterCount),
            "latent_shape_1024": .array([config.latentChannels, 1024 / ratio, 1024 / ratio].map { .integer($0) }),
            "scaling_factor": JSONValue(config.scalingFactor),
            "scaling_factor_source": .string(scalingFactorSource),
            "training_data": .string(trainingData),
            "repositories": [
                "original": JSONValue(originalRepositories), "diffusers": JSONValue(diffusersRepositories),
            ],
            "notes": JSONValue(notes),
        ]
    }
}
