internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Conversion
internal import DCAE
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Converts a checkpoint to another layout, dtype or file format, and checks the result.",
        discussion: """
            The output is a model folder in the layout of diffusers: config.json and the
            weights, byte for byte as save_pretrained writes them. --to original converts
            back. The source can have any layout and format, even the target's: to change
            its dtype, to merge or split shards, to make safetensors of a .pt or .bin file,
            to take a vae/ out of a pipeline. The model's own config.json is kept, and
            comes before what is known of published models. Before the output takes its
            name it is opened again, mapped back to the source's layout and compared with
            the source.

              dcae convert model.safetensors -o sana-diffusers/
              dcae convert sana-diffusers/ -o back/ --to original    the same bytes again
              dcae convert sana-diffusers/ -o sana.safetensors --dtype bf16     one file
              dcae convert model.safetensors -o out/ --variant f32c32-mix-1.0
              dcae convert model.safetensors -o out/ --images photos/  measures which
              dcae convert model.safetensors -o out/ --max-shard-size 500MB
              dcae convert model.safetensors -o out/ --dry-run

            With --dtype fp16 or bf16 the file is named as diffusers' variant: load it
            with variant="fp16". fp8-e4m3 is float8_e4m3fn: every value is rounded once,
            without scales. dcae refuses a cast that would make finite values infinite, or
            NaN in fp8.

            Exit codes: 0 converted; 2 not converted: one line says why, and no files are
            left.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write, or one file whose name ends in .safetensors.", valueName: "path"),
        completion: .file()
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "The layout to convert to: \(Layout.allValueStrings.joined(separator: ", ")).",
            valueName: "layout"
        ),
        completion: .list(Layout.allValueStrings)
    )
    var to = Layout.diffusers

    @Option(help: ArgumentHelp("The factor for config.json; it decides between in and mix.", valueName: "number"))
    var scalingFactor: Double?

    @Option(help: "The dtype of the weights: fp32, fp16, bf16 or fp8-e4m3; by default they stay as they are.")
    var dtype: WeightDType?

    @Option(
        help: ArgumentHelp(
            "The largest size of one file, for example 5GB; by default there is one file.",
            valueName: "size"
        )
    )
    var maxShardSize: String?

    @Option(
        help: ArgumentHelp(
            "Compress the weight files: zstd, or zstd:LEVEL with a level from 1 to 22.",
            valueName: "method"
        )
    )
    var compress: String?

    @Option(help: "What the roundtrip check compares: content or structure.")
    var check = CheckLevel.content

    @Flag(help: "Convert even if values become infinite, or NaN in fp8.")
    var allowInfinite = false

    @Flag(help: "Print the whole plan and write nothing.")
    var dryRun = false

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var measure: MeasureArguments
    @OptionGroup var hints: HintArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if output == nil, !dryRun { throw ValidationError("Missing expected argument '--output <path>'") }
        if let output, let ending = [".pt", ".pth", ".ckpt", ".bin"].first(where: output.lowercased().hasSuffix) {
            throw ValidationError(
                "--output \(output): dcae writes safetensors, not \(ending); name a folder or a .safetensors file"
            )
        }
        if let compress, Self.level(compress) == nil {
            throw ValidationError("--compress takes zstd or zstd:LEVEL with a level from 1 to 22")
        }
        try checkFactor(scalingFactor)
    }

    /// The level in `zstd` or `zstd:19`.
    private static func level(_ method: String) -> Int? {
        if method == "zstd" { return ZstdWriter.defaultLevel }
        guard method.hasPrefix("zstd:"), let level = Int(method.dropFirst(5)), (1...22).contains(level) else {
            return nil
        }
        return level
    }

    func run() throws {
        // Before any work, and whatever the source is.
        if let output { try OutputTarget.checkName(output) }
        var options = ConversionOptions()
        options.target = to
        options.dtype = dtype?.dtype
        if let maxShardSize { options.maxShardSize = try size(maxShardSize, option: "--max-shard-size") }
        options.compression = compress.flatMap(Self.level)
        options.allowsInfinite = allowInfinite
        if let output { options.output = ConversionOptions.Output(path: output, isCompressed: compress != nil) }
        let opened = try hints.open(path, common, scalingFactor: scalingFactor)
        var model = opened.adding(try measure.measure(opened, common)?.evidence)
        // A digest takes longer than the conversion: it is asked where nothing else says which model this is.
        model = try model.settledByDigest()
        for warning in model.warnings where !opened.warnings.contains(warning) { Terminal.warn(.model, warning) }
        let plan = try ConversionPlan(model, options)
        common.say(plan.notes)
        let rendering = ConvertRendering(plan: plan, output: output, check: check, common: common)
        rendering.warnOfOneFile()
        if dryRun {
            // What the real run would lose or refuse is said here, too: a cast is tried, which reads the weights.
            let losses = plan.canLose ? try plan.foreseeLosses() : []
            rendering.printLosses(losses, became: "would become")
            return rendering.printPlan(losses)
        }
        try execute(plan, rendering)
    }

    private func execute(_ plan: ConversionPlan, _ rendering: ConvertRendering) throws {
        let output = output ?? ""
        let writing = Progress("converting", total: plan.byteCount, of: .bytes, quiet: common.quiet)
        let checking = Progress("checking  ", total: plan.sourceByteCount, of: .bytes, quiet: common.quiet)
        defer { checking.finish() }
        let report = try Conversion.run(
            plan,
            into: plan.output.folder(of: output),
            level: check,
            force: force,
            durability: self.writing.durability
        ) { phase, count in
            (phase == .writing ? writing : checking).advance(count)
        }
        checking.finish()
        rendering.print(report)
    }
}
