internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Files
internal import ModelZoo
internal import StrictJSON

struct ScaleMergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        _superCommandName: "dcae scale",
        abstract: "Merges the parts of a measurement into its result.",
        usage: "dcae scale merge [<options>] <parts> ...",
        discussion: """
            The parts are files that `dcae scale` wrote with --output, in any order and by
            any machine. The result is that of one run, to the byte.

              dcae scale merge parts/*.json

            A model in a folder that is called merge is ./merge.

            Exit codes: 0 measured, 2 pictures were passed over, or parts are missing or do
            not belong together.
            """
    )

    @Argument(help: "The parts, as --output wrote them.", completion: .file())
    var parts: [String]

    @Flag(help: "Merge what there is, though parts are missing or unfinished.")
    var allowMissing = false

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var result: MeasuredConfigArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        try result.check(force: force)
        try result.show(
            try PartialResult.merge(parts, allowsMissing: allowMissing),
            registry,
            outputs: [],
            force: force,
            durability: writing.durability,
            common
        )
    }
}

/// What is made of a measurement once it is whole.
struct MeasuredConfigArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write a diffusers config.json with the measured factor.", valueName: "file"),
        completion: .file()
    )
    var writeConfig: String?

    @Flag(help: "Put latents_mean and latents_std into it, and with them the factor 1.")
    var withMeanStd = false

    func validate() throws {
        if withMeanStd, writeConfig == nil { throw ValidationError("--with-mean-std needs --write-config") }
    }

    /// Whether the file can be written: looked at before hours of work, not after them.
    func check(force: Bool) throws {
        if let writeConfig { try OutputTarget.check(writeConfig, force: force) }
    }

    /// Shows a result and writes what is asked for.
    func show(
        _ result: PartialResult,
        _ registry: Registry,
        outputs: [String],
        force: Bool,
        durability: Durability,
        _ common: CommonOptions
    ) throws {
        let report = try ScaleReport(result, registry: registry)
        // What was measured is shown though it cannot be written.
        let written = Result {
            guard let writeConfig else { return }
            let text = try MeasuredConfig.text(result.subject.config, report.statistics, withMeanStd: withMeanStd)
            try WholeFile.write(writeConfig, text, force: force, durability: durability)
        }
        report.warnings.forEach { Terminal.warn(.measurement, $0, isSaid: !common.quiet) }
        if common.json {
            let all = outputs + [writeConfig].compactMap(\.self)
            Terminal.print(["measurement": report.document, "outputs": JSONValue(all)])
        } else if common.quiet {
            Terminal.print("\(report.statistics.factor)")
        } else {
            report.render()
        }
        try written.get()
        if let writeConfig, !common.json, !common.quiet { Terminal.print("wrote \(writeConfig)") }
        try common.end(passedOver: result.unreadable.count, of: result.doneCount)
    }
}
