internal import ArgumentParser
internal import CheckpointIO
internal import Inspection
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks a checkpoint and its config strictly against its architecture.",
        discussion: """
            Finds what loaders ignore: missing and unexpected tensors, wrong shapes and
            dtypes, NaN and infinite values, missing, wrong or unknown config fields, a
            scaling factor that belongs to another variant. All findings are listed. dcae
            identifies the model, unless you name it with --variant or --config.

            --numerics runs a picture (a generated one if you name none) through the fast
            engine and through the reference in float64, on this machine and with this
            checkpoint, and shows how far apart they are, layer by layer.

              dcae verify sana/ --numerics
              dcae verify sana/ photo.png --numerics --json

            Exit codes: 0 nothing wrong, 1 errors found (warnings alone do not count), 2 it
            could not be verified.
            """
    )

    @Argument(help: "A checkpoint, a shard index, a model folder or a config.json.", completion: .file())
    var path: String

    @Argument(help: "With --numerics: the picture to run.", completion: .file())
    var picture: String?

    @OptionGroup var numerics: NumericsArguments
    @OptionGroup var afar: AfarArguments
    @OptionGroup var hints: HintArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        // Not before the options are known to be options.
        if let picture, !numerics.numerics {
            throw ValidationError(
                "unexpected argument '\(picture)': verify takes one path, and with --numerics a picture"
            )
        }
        if numerics.numerics { return try numerics.run(path, picture, hints, common) }
        let model: OpenedModel
        switch try hints.openAny(path, common, fromAfar: !afar.full) {
        case .config(let text, let registry): return try verifyConfig(text, registry)
        case .model(let opened): model = opened
        }
        let progress = Progress("verifying", total: model.checkpoint.byteCount, of: .bytes, quiet: common.quiet)
        defer { progress.finish() }
        let result = try Verification.verify(model, progress: progress.advance)
        let match = try model.published()
        progress.finish()
        render(result.findings, reference: result.reference, layout: result.layout, published: match)
        if !common.json, !common.quiet {
            if let match { Terminal.print(match.text) }
            let layout = result.layout.rawValue
            let comparison =
                result.reference == Verification.noReference
                ? "not compared with any network (\(layout) layout)"
                : "checked against \(result.reference) in the \(layout) layout"
            Terminal.print("\(result.tensorCount) tensors, \(ByteSize.show(result.byteCount)) read, \(comparison)")
            if model.isElsewhere { Terminal.print("the values were not read: --full fetches the file and reads them") }
            Terminal.print(verdict(result.findings))
        }
        if result.hasFailed { throw Ending.finding(verdict(result.findings)) }
    }

    private func verifyConfig(_ text: [UInt8], _ registry: Registry) throws {
        let expected = try hints.hints(registry).variant
        let reading = try AutoencoderDCConfig.read(text, path: path)
        let findings = Verification.configFindings(reading, expected: expected, registry: registry)
        render(findings, reference: expected?.name ?? "AutoencoderDC", layout: .diffusers)
        if !common.json, !common.quiet { Terminal.print(verdict(findings)) }
        if findings.contains(where: { $0.severity == .error }) { throw Ending.finding(verdict(findings)) }
    }

    private func render(
        _ findings: [Verification.Finding],
        reference: String,
        layout: Layout,
        published: PublishedMatch? = nil
    ) {
        if common.json {
            return Terminal.print([
                "reference": .string(reference), "layout": .string(layout.rawValue),
                "published": JSONValue(published?.variant.name),
                "verdict": findings.contains { $0.severity == .error } ? "failed" : "passed",
                "findings": .array(
                    findings.map {
                        [
                            "severity": .string($0.severity.rawValue), "place": .string($0.place),
                            "message": .string($0.message),
                        ]
                    }
                ),
            ])
        }
        for finding in findings {
            Terminal.print("\(finding.severity.rawValue): \(finding.place.escaped(limit: 120)): \(finding.message)")
        }
    }

    private func verdict(_ findings: [Verification.Finding]) -> String {
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count - errors
        if findings.isEmpty { return "nothing wrong" }
        return "\(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
    }
}
