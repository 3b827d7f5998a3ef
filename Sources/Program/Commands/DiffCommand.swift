internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import Inspection
internal import ModelZoo
internal import Models
internal import Pages
internal import StrictJSON
internal import TensorCore

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Shows how two checkpoints differ, whatever their layout, format and dtype.",
        discussion: """
            Tensors are matched by their place in the network, so an original checkpoint
            and its diffusers copy are the same; those of an unknown network are matched
            by name. Each side can be a file, a folder, shards, a PyTorch file or
            compressed with zstd. You can also compare two config.json files.

              dcae diff sana-1.0/ sana-1.1/ --only 'encoder.*'   the same encoder?
              dcae diff fp32.safetensors bf16.safetensors        a rounded copy?
              dcae diff unknown.safetensors known-mix/ --brief   is it this one?
              dcae diff a/ b/ --html page.html                   a page with a map

            What counts as different: any byte of a tensor, its dtype and its shape;
            tensors that only one side has, or has under another name; the configurations
            beside the files, if both sides have one (not with --only or --ignore-config).
            With --rtol or --atol values are compared as numbers:
            |A - B| <= atol + rtol * |B|, as numpy.isclose does with equal_nan; dtypes and
            signs of zero then do not count. Metadata is shown and never counts.

            Figures are summed in F64 over the values that are finite on both sides. REL
            RMS is the RMS of A - B over that of A; for a module, over its tensors that
            differ. ULP is the largest distance in representable numbers. NaN equals NaN.
            A complex number counts as two values.

            Exit codes: 0 the same, 1 different, 2 could not be compared.
            """
    )

    @Argument(help: "A checkpoint, a shard index, a model folder or a config.json.", completion: .file())
    var a: String

    @Argument(help: "The checkpoint to compare it with.", completion: .file())
    var b: String

    @Option(
        help: ArgumentHelp("The relative tolerance: how far values may differ, relative to B.", valueName: "number")
    )
    var rtol: Double?

    @Option(help: ArgumentHelp("The absolute tolerance: how far values may always differ.", valueName: "number"))
    var atol: Double?

    @Option(
        help: ArgumentHelp(
            "Compare only tensors whose name in either layout matches, for example 'encoder.*'; may be repeated.",
            valueName: "glob"
        )
    )
    var only: [String] = []

    @Option(help: ArgumentHelp("Leave out tensors whose name in either layout matches.", valueName: "glob"))
    var ignore: [String] = []

    @Flag(help: "Do not compare the configurations.")
    var ignoreConfig = false

    @Flag(help: "Print only the answer.")
    var brief = false

    @Option(help: ArgumentHelp("The most tensors to list.", valueName: "number"))
    var limit = 20

    @Flag(help: "List every tensor that differs.")
    var all = false

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var page: PageArguments
    @OptionGroup var afar: AfarArguments
    @OptionGroup var hints: HintArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        for (name, value) in [("--rtol", rtol), ("--atol", atol)] {
            if let value, !value.isFinite || value < 0 {
                throw ValidationError("\(name) must be a number, 0 or more")
            }
        }
        if limit < 0 { throw ValidationError("--limit must be 0 or more") }
    }

    func run() throws {
        let registry = try common.loadRegistry()
        let given = try hints.hints(registry)
        func open(_ path: String, _ given: ModelHints) throws -> PathContent {
            try hints.openAny(path, common, registry, given, fromAfar: !afar.full)
        }
        // A section may be that of one side alone, as where a network among others is compared with a folder of its own.
        var isSectionTaken = false
        func side(_ path: String, isLast: Bool) throws -> PathContent {
            guard given.opening.section != nil else { return try open(path, given) }
            do {
                let content = try open(path, given)
                isSectionTaken = true
                return content
            } catch let error as CheckpointError {
                guard error.fault.kind == .noSuchSection, isSectionTaken || !isLast else { throw error }
                var whole = given
                whole.opening.section = nil
                return try open(path, whole)
            }
        }
        switch (try side(a, isLast: false), try side(b, isLast: true)) {
        case (.config(let x, let registry), .config(let y, _)): try compareConfigs(x, y, registry)
        case (.config, .model): throw CheckpointError(a, .file, DiffFault.configAgainstCheckpoint(b))
        case (.model, .config): throw CheckpointError(b, .file, DiffFault.configAgainstCheckpoint(a))
        case (.model(let left), .model(let right)): try compare(left, right)
        }
    }

    private func compare(_ left: OpenedModel, _ right: OpenedModel) throws {
        // One network is not compared with several: of two files of several, all tensors are.
        let several = [left, right].filter { if case .several? = $0.problem { true } else { false } }
        if several.count == 1, let problem = several[0].problem { throw several[0].error(problem) }
        let document = try page.prepare(sources: left.files + right.files, force: force)
        var request = CheckpointDiff.Request()
        request.selection = TensorSelection(only: only.map(Glob.init), ignored: ignore.map(Glob.init))
        if rtol != nil || atol != nil { request.tolerance = Tolerance(relative: rtol ?? 0, absolute: atol ?? 0) }
        request.comparesConfigs = !ignoreConfig && only.isEmpty
        let progress = Progress(
            "comparing",
            total: left.checkpoint.byteCount + right.checkpoint.byteCount,
            of: .bytes,
            quiet: common.quiet
        )
        defer { progress.finish() }
        let diff = try CheckpointDiff.compare(left, right, request, progress: progress.advance)
        progress.finish()
        try document?.write(diff.page.html)
        if common.json {
            Terminal.print(.object((diff.document.members ?? []) + [.init("outputs", JSONValue(page.outputs))]))
        } else if !common.quiet {
            let rendering = DiffRendering(diff: diff, limit: all ? .max : limit)
            brief ? rendering.printAnswer() : rendering.print()
            page.sayWritten()
        }
        if !diff.isSame { throw Ending.finding(diff.answer.joined(separator: "; ")) }
    }

    private func compareConfigs(_ x: [UInt8], _ y: [UInt8], _ registry: Registry) throws {
        if page.html != nil { throw ValidationError("--html shows tensors: give two checkpoints") }
        let config = ConfigComparison(
            try ConfigComparison.side(of: x, path: a, registry: registry),
            try ConfigComparison.side(of: y, path: b, registry: registry)
        )
        let answer = config.isDifferent ? config.answer : config.isCompared ? "the configs are the same" : config.doubt
        // A model that nobody knows cannot be said to have the other's configuration.
        let isSame = config.isCompared && !config.isDifferent
        if common.json {
            Terminal.print([
                "verdict": isSame ? "same" : "different", "answer": JSONValue([answer]), "config": config.document,
            ])
        } else if !common.quiet {
            Terminal.print(Terminal.bold(answer))
            if !brief { DiffRendering.printFields(of: config) }
        }
        if !isSame { throw Ending.finding(answer) }
    }
}
