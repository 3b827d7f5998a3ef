internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows the known variants.",
        discussion: """
            F is the spatial compression (an image of 32 x 32 pixels becomes one latent
            pixel at F 32), C the channels of the latent. A latent is multiplied by the
            factor before a diffusion model sees it. A wider terminal shows more columns.
            """
    )

    @Option(
        help: ArgumentHelp("Only the variants of a family, such as sana or f64c128.", valueName: "family"),
        completion: .families
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
                throw CheckpointError("--family", .file, RegistryFault.unknownFamily(family, known: known))
            }
        }
        if common.json {
            return Terminal.print(["variants": .array(variants.map { $0.document(in: registry) })])
        }
        if common.quiet {
            return variants.forEach { Terminal.print($0.name.escaped(limit: .max)) }
        }
        var table = Table(
            [
                "VARIANT", "ALIAS", "F", "C", "PARAMETERS", "IN FP32", "LATENT AT 1024", "FACTOR", "TRAINED ON",
                "LAYOUTS", "REPOSITORY",
            ],
            right: [2, 3, 4, 5, 7],
            shortened: 0,
            // What each is worth: the repository least, as `show` names them all.
            optional: [10, 9, 5, 8, 6, 4],
            columns: Terminal.textWidth
        )
        for variant in variants {
            let config = variant.config
            let network = NetworkDescription(config)
            let side = 1024 / config.spatialCompressionRatio
            let cells = [
                variant.name, variant.aliases.isEmpty ? "" : variant.shortName,
                String(config.spatialCompressionRatio), String(config.latentChannels),
                Show.millions(network.parameterCount), ByteSize.show(4 * network.valueCount),
                "\(config.latentChannels) x \(side) x \(side)", config.scalingFactor.map { "\($0)" } ?? "-",
                variant.trainingData, variant.layouts.map(\.rawValue).joined(separator: ", "),
                variant.repositories.first?.path ?? "",
            ]
            table.add(cells.map { $0.escaped(limit: .max) })
        }
        table.print()
    }
}
