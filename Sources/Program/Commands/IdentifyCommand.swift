internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import ModelZoo
internal import Models
internal import StrictJSON

struct IdentifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identify",
        abstract: "Says what a checkpoint is, and on what evidence.",
        discussion: """
            Evidence: names, shapes and dtypes of the tensors; the config.json beside the
            file (the network that it describes, model_name, scaling_factor,
            _name_or_path); the repository in the path of a Hugging Face cache; the note
            that dcae leaves when it writes a checkpoint; the SHA-256 of published files.
            dcae does not guess: if both in and mix are possible, it names both. With
            pictures it measures the scaling factor over 64 of them (--limit), which
            distinguishes `in` from `mix`:

              dcae identify model.safetensors photos/

            Exit codes: 0 identified: one variant, or a network that its own config.json
            describes; 2 several variants, or none.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(
        help: ArgumentHelp(
            "Folders of pictures, .txt lists with a path in each line, or pictures.",
            valueName: "pictures"
        ),
        completion: .file()
    )
    var pictures: [String] = []

    @Option(help: ArgumentHelp("The scaling factor, if you know it.", valueName: "number"))
    var scalingFactor: Double?

    @OptionGroup var measure: MeasureArguments
    @OptionGroup var afar: AfarArguments
    @OptionGroup var hints: HintArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try checkFactor(scalingFactor)
    }

    func run() throws {
        let opened = try hints.open(
            path,
            common,
            scalingFactor: scalingFactor,
            fromAfar: !afar.full && measure.images.isEmpty && pictures.isEmpty
        )
        let report = opened.config == nil ? nil : try measure.measure(opened, common, pictures)
        let match = try published(opened)
        let model = opened.adding(match).adding(report?.evidence)
        report?.warnings.forEach { Terminal.warn(.measurement, $0) }
        for warning in model.warnings where !opened.warnings.contains(warning) { Terminal.warn(.model, warning) }
        let rendering = IdentifyRendering(model: model)
        if common.json {
            var document = rendering.document
            if let report { document.append(.init("measurement", report.document)) }
            Terminal.print(.object(document))
        } else if common.quiet {
            model.candidates.forEach { Terminal.print($0.name) }
        } else {
            rendering.print()
        }
        if let refusal = rendering.refusal { throw refusal }
    }

    /// The published file that it is, where its size is that of one.
    private func published(_ model: OpenedModel) throws -> PublishedMatch? {
        guard model.mayBePublished else { return nil }
        let progress = Progress("reading", total: model.file.files[0].size, of: .bytes, quiet: common.quiet)
        defer { progress.finish() }
        return try model.published(progress: progress.advance)
    }
}
