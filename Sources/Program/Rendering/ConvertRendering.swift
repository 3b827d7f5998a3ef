internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

/// What `convert` shows.
struct ConvertRendering {
    let plan: ConversionPlan
    let output: String?
    let check: CheckLevel
    let common: CommonOptions

    private var model: OpenedModel { plan.model }

    /// Where a file of the output lies.
    private func path(of name: String) -> String {
        if case .file = plan.output { return output ?? name }
        return ModelFolder.join(output ?? ".", name)
    }

    /// What was done.
    func print(_ report: Conversion.Report) {
        printLosses(report.losses, became: "became")
        common.say(report.notes)
        if let warning = report.warning(of: output ?? ".", written: plan.index?.name ?? plan.files[0].name) {
            Terminal.warn(.model, warning)
        }
        if common.json { return Terminal.print(document(report)) }
        if common.quiet { return Terminal.print(output ?? "") }
        printAnswer()
        if plan.target != .original, let factor = model.scalingText {
            Terminal.print("  scaling factor \(factor)")
        }
        for file in plan.files {
            let before = plan.compression == nil ? "" : " before compression"
            Terminal.print(
                "  wrote \(path(of: file.name)) (\(file.tensors.count) tensors, \(ByteSize.show(file.size))\(before))"
            )
        }
        for name in plan.names.dropFirst(plan.files.count) { Terminal.print("  wrote \(path(of: name))") }
        let count = report.check.tensorCount
        Terminal.print(
            check == .content
                ? "  checked: opened again, mapped back, \(count) tensors and \(ByteSize.show(report.check.byteCount)) equal the \(plan.isCast ? "rounded " : "")source"
                : "  checked: the structure of \(count) tensors; the content was not compared"
        )
    }

    /// What one file cannot hold, since there is no config.json beside it: said whatever is silent where it is the model's own.
    func warnOfOneFile() {
        guard case .file = plan.output, let config = model.config else { return }
        let factor = config.scalingFactor.map { "the scaling factor \($0)" } ?? "no scaling factor"
        if model.variant != nil {
            common.say(["one file has no config.json beside it: the model has \(factor)"])
        } else if model.spelledConfig != nil || model.hints.scalingFactor != nil {
            Terminal.warn(
                .config,
                "one file has no config.json beside it, so \(factor) is not saved; keep the model's config.json and give it with --config"
            )
        }
    }

    private func printAnswer() {
        Terminal.print(
            "\(plan.layout.rawValue) -> \(plan.target.rawValue): \(model.variant?.name ?? "a network described by its config.json")"
        )
        for reason in model.reasons { Terminal.print("  because \(reason)") }
    }

    /// What casts lost: said in a line, whatever is silent.
    func printLosses(_ losses: [(name: String, report: CastReport)], became verb: String) {
        func line(_ count: KeyPath<CastReport, Int>, _ became: String) {
            let lost = losses.filter { $0.report[keyPath: count] > 0 }
            guard let first = lost.first else { return }
            let total = lost.reduce(0) { $0 + $1.report[keyPath: count] }
            let tensors = lost.count == 1 ? "" : " and \(lost.count - 1) more tensors"
            let dtype = plan.tensors.first { $0.isCast }?.descriptor.dtype.rawValue ?? DType.f32.rawValue
            Terminal.warn(
                .castLoss,
                "\(total.grouped) value\(total == 1 ? "" : "s") \(verb) \(became) in \(dtype), in \(first.name.escaped(limit: 80))\(tensors)"
            )
        }
        line(\.overflows, DType.overflowWord(plan.tensors.first { $0.isCast }?.descriptor.dtype.rawValue ?? ""))
        line(\.underflows, "zero")
    }

    private func document(_ report: Conversion.Report) -> JSONValue {
        document(
            outputs: plan.names.map(path),
            check: [
                "level": .string(check.rawValue), "verdict": check == .content ? "same" : "not_compared",
                "tensor_count": .integer(report.check.tensorCount), "bytes": .integer(report.check.byteCount),
            ],
            losses: report.losses.map(Self.document)
        )
    }

    private static func document(_ loss: (name: String, report: CastReport)) -> JSONValue {
        [
            "tensor": .string(loss.name), "overflows": .integer(loss.report.overflows),
            "underflows": .integer(loss.report.underflows),
        ]
    }

    // MARK: The plan

    /// What would be done.
    ///
    /// - Parameter losses: what the cast would lose.
    func printPlan(_ losses: [(name: String, report: CastReport)]) {
        if common.json {
            return Terminal.print(document(outputs: [], check: .null, losses: losses.map(Self.document)))
        }
        printAnswer()
        Terminal.print()
        var table = Table(
            ["SOURCE", "", "TARGET", "DTYPE", "SHAPE", "FILE"],
            shortened: 0,
            other: 2,
            optional: [5, 4]
        )
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
            Terminal.print("would write \(path(of: name))\(size)")
        }
        for name in output.map(plan.removed) ?? [] { Terminal.print("would remove \(path(of: name))") }
    }

    /// The plan for `--json`, and what came of it.
    private func document(outputs: [String], check: JSONValue, losses: [JSONValue]) -> JSONValue {
        [
            "source_layout": .string(plan.layout.rawValue),
            "target_layout": .string(plan.target.rawValue),
            "variant": JSONValue(model.variant?.name),
            "scaling_factor": JSONValue(model.config?.scalingFactor),
            "reasons": JSONValue(model.reasons),
            "files": .array(
                plan.files.map {
                    [
                        "path": .string(path(of: $0.name)), "bytes": .integer($0.size),
                        "tensor_count": .integer($0.tensors.count),
                    ]
                }
            ),
            "index": JSONValue(plan.index.map { path(of: $0.name) }),
            "config": JSONValue(plan.config == nil ? nil : path(of: "config.json")),
            "outputs": JSONValue(outputs),
            "check": check,
            "losses": .array(losses),
            "tensor_count": .integer(plan.tensors.count),
            "tensors": .array(plan.tensors.map(document)),
        ]
    }

    private func document(_ tensor: ConversionPlan.Tensor) -> JSONValue {
        [
            "name": .string(tensor.descriptor.name), "dtype": .string(tensor.descriptor.dtype.rawValue),
            "shape": JSONValue(tensor.descriptor.shape.dimensions), "operation": .string(tensor.operation),
            "source_dtype": .string(tensor.sourceDType.rawValue),
            "sources": .array(
                tensor.runs.map { run in
                    [
                        "name": .string(run.source.descriptor.name), "first": .integer(run.firstElement),
                        "value_count": .integer(run.elementCount),
                    ]
                }
            ),
        ]
    }
}
