internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Converts a checkpoint between the original and the diffusers layout, and proves it.",
        discussion: """
            Source and target layout are found from the content. The output is a model
            folder: config.json and the weights, byte for byte as diffusers'
            save_pretrained writes them (or as the original repositories hold them).
            Before it takes its name it is opened again, mapped back to the source's
            layout and compared with the source.

              dcae convert model.safetensors -o sana-diffusers/
              dcae convert sana-diffusers/ -o back/                  and back, to the same bytes
              dcae convert model.safetensors -o out/ --variant f32c32-mix-1.0
              dcae convert model.safetensors -o out/ --images photos/     measures which it is
              dcae convert model.safetensors -o out/ --dtype bf16 --max-shard-size 500MB
              dcae convert model.safetensors -o out/ --dry-run

            With --dtype fp16 or bf16 the file is named as diffusers' variant: load it
            with variant="fp16".

            Exit codes: 0 converted, 2 not: the reason in one line, and nothing left
            behind.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"), completion: .directory)
    var output: String?

    @Option(help: "The layout to convert to: diffusers or original; the other one by default.")
    var to: Layout?

    @Option(help: ArgumentHelp("What the checkpoint is, where it does not say so itself.", valueName: "variant"))
    var variant: String?

    @Option(
        help: ArgumentHelp("A diffusers config.json that describes it, for models of your own.", valueName: "file"),
        completion: .file()
    )
    var config: String?

    @Option(help: ArgumentHelp("The factor for config.json; settles in against mix.", valueName: "number"))
    var scalingFactor: Double?

    @Option(help: "The dtype of the weights: fp32, fp16 or bf16; by default they stay as they are.")
    var dtype: WeightDType?

    @Option(help: ArgumentHelp("The most that one file may hold, as 5GB; one file by default.", valueName: "size"))
    var maxShardSize: String?

    @Option(
        help: ArgumentHelp(
            "Compress the weight files: zstd, or zstd:LEVEL with a level from 1 to 22.",
            valueName: "method"
        )
    )
    var compress: String?

    @Option(help: "How far the roundtrip check goes: content or structure.")
    var check = CheckLevel.content

    @Flag(help: "Print the whole plan and write nothing.")
    var dryRun = false

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var measure: MeasureArguments
    @OptionGroup var open: OpenArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if output == nil, !dryRun { throw ValidationError("Missing expected argument '--output <dir>'") }
        if variant != nil, config != nil { throw ValidationError("--variant and --config exclude each other") }
        if let compress, Self.level(compress) == nil {
            throw ValidationError("--compress takes zstd or zstd:LEVEL with a level from 1 to 22")
        }
        if let scalingFactor, !scalingFactor.isFinite || scalingFactor <= 0 {
            throw ValidationError("--scaling-factor must be a number above 0")
        }
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
        let registry = try common.loadRegistry()
        var request = ConversionRequest()
        request.target = to
        request.variant = try variant.map { name throws(CheckpointError) in try registry.variant(named: name) }
        if let config { request.config = try AutoencoderDCConfig.read(file: config) }
        request.scalingFactor = scalingFactor
        request.dtype = dtype?.dtype
        if let maxShardSize { request.maxShardSize = try size(maxShardSize, option: "--max-shard-size") }
        request.compression = compress.flatMap(Self.level)
        let checkpoint = try open.open(path)
        common.say(notesOf: checkpoint)
        request.measurement = try measure.measure(checkpoint, request, common)?.evidence
        let plan = try ConversionPlan(checkpoint, request, registry: registry)
        if !common.quiet { plan.model.warnings.forEach { Terminal.warn($0) } }
        if dryRun { return render(plan) }
        try execute(plan, checkpoint, output ?? "")
    }

    private func execute(_ plan: ConversionPlan, _ checkpoint: Checkpoint, _ output: String) throws {
        let sourceBytes = plan.tensors.reduce(0) { sum, tensor in
            sum + tensor.runs.reduce(0) { $0 + $1.elementCount } * (tensor.sourceDType.byteCount ?? 0)
        }
        let writing = Progress("converting", total: plan.byteCount, quiet: common.quiet)
        let checking = Progress("checking  ", total: sourceBytes, quiet: common.quiet)
        defer { checking.finish() }
        let report = try Conversion.run(
            plan,
            from: checkpoint,
            into: output,
            level: check,
            force: force,
            durability: self.writing.durability
        ) { phase, count in
            (phase == .writing ? writing : checking).advance(count)
        }
        checking.finish()
        for (name, lost) in report.losses.prefix(10) where !common.quiet {
            Terminal.warn(
                "\(name): \(lost.overflows) values became infinite and \(lost.underflows) became zero in \(dtype?.rawValue ?? "")"
            )
        }
        if report.losses.count > 10, !common.quiet {
            Terminal.warn("and \(report.losses.count - 10) more tensors lost values")
        }
        if common.json { return Terminal.print(document(plan, report, output)) }
        if common.quiet { return Terminal.print(output) }
        let model = plan.model
        Terminal.print(
            "\(model.layout.rawValue) -> \(plan.target.rawValue): \(model.variant?.name ?? "by configuration")"
        )
        for reason in model.reasons { Terminal.print("  because \(reason)") }
        if plan.target == .diffusers, let factor = model.config.scalingFactor {
            Terminal.print("  scaling factor \(factor)")
        }
        for file in plan.files {
            Terminal.print(
                "  wrote \(ModelFolder.join(output, file.name)) (\(file.tensors.count) tensors, \(ByteSize.show(file.size))\(plan.compression == nil ? "" : " before compression"))"
            )
        }
        for name in plan.names.dropFirst(plan.files.count) {
            Terminal.print("  wrote \(ModelFolder.join(output, name))")
        }
        Terminal.print(
            check == .content
                ? "  checked: opened again, mapped back, \(report.check.tensorCount) tensors and \(ByteSize.show(report.check.byteCount)) equal the source\(plan.isCast ? "'s rounding" : "")"
                : "  checked: the structure of \(report.check.tensorCount) tensors; the content was not compared"
        )
    }

    private func document(_ plan: ConversionPlan, _ report: Conversion.Report, _ output: String) -> JSONValue {
        var members = plan.document.members ?? []
        members.append(.init("output", .string(output)))
        members.append(
            .init(
                "check",
                [
                    "level": .string(check.rawValue), "tensors": .integer(report.check.tensorCount),
                    "bytes": .integer(report.check.byteCount), "equal": true,
                ]
            )
        )
        members.append(
            .init(
                "losses",
                .array(
                    report.losses.map {
                        [
                            "tensor": .string($0.name), "overflows": .integer($0.report.overflows),
                            "underflows": .integer($0.report.underflows),
                        ]
                    }
                )
            )
        )
        return .object(members)
    }

    private func render(_ plan: ConversionPlan) {
        if common.json { return Terminal.print(plan.document) }
        let model = plan.model
        Terminal.print(
            "\(model.layout.rawValue) -> \(plan.target.rawValue): \(model.variant?.name ?? "by configuration")"
        )
        for reason in model.reasons { Terminal.print("  because \(reason)") }
        Terminal.print()
        var table = Table(["SOURCE", "", "TARGET", "DTYPE", "SHAPE", "FILE"])
        var files: [UTF8Name: String] = [:]
        for file in plan.files {
            for (tensor, _) in file.tensors { files[UTF8Name(tensor.descriptor.name)] = file.name }
        }
        for tensor in plan.tensors {
            let operation = tensor.operation + (tensor.isCast ? ", \(tensor.sourceDType.rawValue) to" : "")
            let sources = tensor.runs.map { run in
                let isWhole = run.elementCount == run.source.descriptor.shape.elementCount
                return run.source.descriptor.name
                    + (isWhole ? "" : "[\(run.firstElement)..<\(run.firstElement + run.elementCount)]")
            }
            table.add([
                sources.joined(separator: " + "), operation, tensor.descriptor.name, tensor.descriptor.dtype.rawValue,
                tensor.descriptor.shape.description, files[UTF8Name(tensor.descriptor.name)] ?? "",
            ])
        }
        table.print()
        Terminal.print()
        for name in plan.names {
            let size = plan.files.first { $0.name == name }.map { " (\(ByteSize.show($0.size)))" } ?? ""
            Terminal.print("would write \(ModelFolder.join(output ?? ".", name))\(size)")
        }
    }
}

extension ConversionPlan {
    /// Whether any tensor changes its dtype.
    var isCast: Bool { tensors.contains(where: \.isCast) }

    /// The plan for `--json`.
    var document: JSONValue {
        [
            "source_layout": .string(model.layout.rawValue),
            "target_layout": .string(target.rawValue),
            "variant": JSONValue(model.variant?.name),
            "scaling_factor": JSONValue(model.config.scalingFactor),
            "reasons": JSONValue(model.reasons),
            "warnings": JSONValue(model.warnings),
            "files": .array(
                files.map {
                    ["name": .string($0.name), "bytes": .integer($0.size), "tensors": .integer($0.tensors.count)]
                }
            ),
            "index": JSONValue(index?.name),
            "config": JSONValue(config == nil ? nil : "config.json"),
            "tensors": .array(
                tensors.map { tensor in
                    [
                        "name": .string(tensor.descriptor.name), "dtype": .string(tensor.descriptor.dtype.rawValue),
                        "shape": JSONValue(tensor.descriptor.shape.dimensions), "operation": .string(tensor.operation),
                        "source_dtype": .string(tensor.sourceDType.rawValue),
                        "sources": .array(
                            tensor.runs.map { run in
                                [
                                    "name": .string(run.source.descriptor.name), "first": .integer(run.firstElement),
                                    "count": .integer(run.elementCount),
                                ]
                            }
                        ),
                    ]
                }
            ),
        ]
    }
}
