internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import Inspection
internal import ModelZoo
internal import Models
internal import Pages
internal import StrictJSON
internal import TensorCore

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what is in a checkpoint.",
        discussion: """
            Shows format, layout, metadata, dtypes and parameters by module. Only --stats
            and --html read the tensor data; without them any file takes a moment. A
            config.json is checked as the configuration of an AutoencoderDC.

              dcae inspect sana/ --tree --depth 3
              dcae inspect sana/ --tensors --filter '*attn*' --sort size
              dcae inspect sana/ --stats                     anything NaN or too large?
              dcae inspect sana/ --stats --sort magnitude --filter 'decoder.*'

            Patterns match whole names: * matches any characters, ? one, [abc] one of
            several. --sort takes name, dtype, shape, file, size or values, and with
            --stats min, max, magnitude, mean, std, rms, nan, inf, zeros or subnormals.
            Texts are sorted from A to Z, numbers from the largest down.

            Statistics are those of the finite values. The histogram is by powers of two:
            the largest magnitudes outside, negative ones left, positive ones right.
            Tables fit the terminal, or COLUMNS if that is set.
            """
    )

    @Argument(help: "A checkpoint, a shard index, a model folder or a config.json.", completion: .file())
    var path: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @Flag(help: "Show the modules as a tree, with their parameters and bytes.")
    var tree = false

    @Flag(help: "Read all values: range, mean, deviation, NaN, Inf, and what fp16 and bf16 cannot hold.")
    var stats = false

    @Option(help: ArgumentHelp("Only tensors whose names match; may be repeated.", valueName: "glob"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("The order of the list; by default as in the file.", valueName: "key"))
    var sort: SortKey?

    @Option(help: ArgumentHelp("The depth of the tree.", valueName: "number"))
    var depth: Int?

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var page: PageArguments
    @OptionGroup var afar: AfarArguments
    @OptionGroup var hints: HintArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let depth, depth < 1 { throw ValidationError("--depth must be at least 1") }
        if let sort, sort.needsStatistics, !stats {
            throw ValidationError("--sort \(sort.rawValue) needs the values: add --stats")
        }
    }

    func run() throws {
        let model: OpenedModel
        switch try hints.openAny(path, common, fromAfar: !afar.full && !stats && page.html == nil) {
        case .config(let text, let registry):
            if page.html != nil { throw ValidationError("--html shows tensors: give a checkpoint") }
            return try inspectConfig(text, registry)
        case .model(let opened): model = opened
        }
        let summary = CheckpointSummary(model)
        let checkpoint = summary.checkpoint
        // A filter or an order says that a list is wanted, and a depth that the tree is.
        let document = try page.prepare(sources: model.files, force: force)
        let wantsTree = tree || depth != nil
        let wantsList = tensors || (!wantsTree && !stats && (!filter.isEmpty || sort != nil))
        let wantsSummary = !common.json && !wantsTree && !wantsList && !stats
        if wantsSummary, document == nil { return InspectRendering.show(summary) }
        var listing = try list(checkpoint)
        try document?.write(InspectPage(summary, listing).page.html)
        defer { if !common.json, !common.quiet { page.sayWritten() } }
        if wantsSummary { return InspectRendering.show(summary) }
        if listing.tensors.isEmpty, !filter.isEmpty, !common.quiet {
            Terminal.say("dcae: note: no tensor name matches")
        }
        if let sort { listing = listing.sorted(by: sort) }
        if common.json {
            var members = summary.members
            if wantsTree { members.append(.init("tree", ModuleTree(listing, depth: depth).document)) }
            if stats { members.append(.init("statistics", StatisticsSummary(listing).document)) }
            if wantsList || stats { members.append(.init("tensors", .array(listing.tensors.map(\.document)))) }
            members.append(.init("outputs", JSONValue(page.outputs)))
            return Terminal.print(.object(members))
        }
        if wantsTree { InspectRendering.show(ModuleTree(listing, depth: depth), of: checkpoint, listing) }
        if wantsTree, wantsList || stats { Terminal.print() }
        if wantsList { InspectRendering.show(listing) }
        if wantsList, stats { Terminal.print() }
        if stats { InspectRendering.showStatistics(listing, quiet: common.quiet) }
    }

    private func list(_ checkpoint: Checkpoint) throws -> TensorListing {
        let filters = filter.map(Glob.init)
        guard stats || page.html != nil else { return TensorListing(checkpoint, matching: filters) }
        let total = TensorListing.byteCount(checkpoint, matching: filters)
        let progress = Progress("reading", total: total, of: .bytes, quiet: common.quiet)
        defer { progress.finish() }
        return try TensorListing(scanning: checkpoint, matching: filters, progress: progress.advance)
    }

    private func inspectConfig(_ text: [UInt8], _ registry: Registry) throws {
        let reading = try AutoencoderDCConfig.read(text, path: path)
        let same = registry.variants.filter { $0.config.means(reading.config) }.map(\.name)
        let network = NetworkDescription(reading.config)
        let recent = AutoencoderDCConfig.recentFields
        let missing = reading.missing.filter { !(reading.isOlderThanRecentFields && recent.contains($0)) }
        defer {
            for field in missing {
                Terminal.warn(.config, "\(field) is missing: diffusers takes its default", isSaid: !common.quiet)
            }
            for field in reading.unknown {
                let name = field.escaped(limit: 40)
                Terminal.warn(.config, "unknown field \"\(name)\": diffusers ignores it", isSaid: !common.quiet)
            }
        }
        if common.json {
            return Terminal.print([
                "format": "config", "config": reading.config.json, "missing": JSONValue(reading.missing),
                "unknown": JSONValue(reading.unknown), "variants": JSONValue(same),
                "parameter_count": .integer(network.parameterCount),
            ])
        }
        let config = reading.config
        Terminal.print("AutoencoderDC configuration, f\(config.spatialCompressionRatio)c\(config.latentChannels)")
        Terminal.print("  parameters      \(network.parameterCount.grouped)")
        Terminal.print("  scaling factor  \(config.scalingFactor.map { "\($0)" } ?? "missing")")
        if config.normalization.isMoreThanFactor {
            Terminal.print("  normalised as   \(config.normalization.formula())")
        }
        Terminal.print("  equal to        \(same.isEmpty ? "no known variant" : same.joined(separator: ", "))")
    }
}

extension SortKey: ExpressibleByArgument {}
