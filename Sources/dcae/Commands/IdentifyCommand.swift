internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct IdentifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identify",
        abstract: "Says which variant a checkpoint is, and on what evidence.",
        discussion: """
            Evidence: names, shapes and dtypes of the tensors; model_name or
            scaling_factor in a config.json beside the file; the repository in the path of
            a Hugging Face cache; the note that dcae leaves when it writes a checkpoint.
            Nothing is guessed: where in and mix both remain, both are named. With --images
            the scaling factor is measured over pictures, 64 of them unless --limit says
            otherwise, which tells in from mix.

            Exit codes: 0 one variant, 2 several or none.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @OptionGroup var measure: MeasureArguments
    @OptionGroup var open: OpenArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        let checkpoint = try open.open(path)
        common.say(notesOf: checkpoint)
        let report = try measure.measure(checkpoint, ConversionRequest(), common)
        let found = try Identification.identify(checkpoint, registry: registry, measurement: report?.evidence)
        if !common.quiet { report?.warnings.forEach { Terminal.warn($0) } }
        if common.json {
            var document = found.document.members ?? []
            if let report { document.append(.init("measurement", report.document)) }
            Terminal.print(.object(document))
        } else if common.quiet {
            found.candidates.forEach { Terminal.print($0.name) }
        } else {
            render(found)
        }
        if found.variant == nil { throw couldNot }
    }

    private func render(_ found: Identification) {
        for fact in found.evidence {
            Terminal.print("  \(fact.source.rawValue): \(fact.text)")
            Terminal.print("    speaks for \(fact.variants.joined(separator: ", "))")
        }
        if let mismatch = found.mismatch {
            Terminal.say("dcae: error: \(CheckpointError(path, .file, ConversionFault.notDCAE(mismatch)))")
        } else if found.isContradictory {
            Terminal.say("dcae: error: \(CheckpointError(path, .file, ConversionFault.contradiction(found.evidence)))")
        } else if let variant = found.variant {
            let factor = Show.factor(variant.config.scalingFactor)
            Terminal.print(
                "\(Terminal.bold(variant.name)): \(found.layout?.rawValue ?? "") layout, scaling factor \(factor)"
            )
        } else {
            let fault = ConversionFault.ambiguous(found.candidates, needsName: found.config != nil)
            Terminal.say("dcae: error: \(CheckpointError(path, .file, fault))")
        }
    }
}

extension Identification {
    /// The outcome for `--json`.
    var document: JSONValue {
        let verdict =
            variant != nil
            ? "identified" : isContradictory ? "contradictory" : candidates.isEmpty ? "unknown" : "ambiguous"
        return [
            "verdict": .string(verdict),
            "variant": JSONValue(variant?.name),
            "layout": JSONValue(layout?.rawValue),
            "candidates": .array(
                candidates.map { ["name": .string($0.name), "scaling_factor": JSONValue($0.config.scalingFactor)] }
            ),
            "evidence": .array(
                evidence.map { fact in
                    [
                        "source": .string(fact.source.rawValue), "text": .string(fact.text),
                        "variants": JSONValue(fact.variants),
                    ]
                }
            ),
            "mismatch": JSONValue(mismatch),
        ]
    }
}
