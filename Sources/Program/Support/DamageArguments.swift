internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import Numerics
internal import StrictJSON
internal import TensorCore

/// What weights and activations of a lower precision cost, measured on pictures.
struct DamageArguments: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Measure the model with its weights cast in memory: fp16, bf16, fp8-e4m3, fp8-e4m3-scaled; several with commas.",
            valueName: "formats"
        )
    )
    var formats: FormatList?

    @Option(
        help: ArgumentHelp(
            "Look for values between layers that a format cannot hold, for example fp16.",
            valueName: "format"
        )
    )
    var activations: CastDamage.Format?

    /// The option that was typed, the first of both; nil where none was.
    var asked: String? { formats != nil ? "--as" : activations != nil ? "--activations" : nil }

    func run(_ model: LoadedModel, _ files: [RunFile], _ loader: ImageLoader, _ common: CommonOptions) throws {
        let formats = formats?.formats ?? []
        let runCount = (formats.isEmpty ? 0 : formats.count + 1) + (activations == nil ? 0 : 1)
        let bar = Progress("running", total: files.count * runCount, quiet: common.quiet)
        defer { bar.finish() }
        var found: [Found] = []
        var skipped: [any Refusal] = []
        for file in files {
            do {
                let image = try loader.load(file.path, for: model.network).tensor.image(0)
                var one = Found(file: file)
                if !formats.isEmpty {
                    one.damage = try CastDamage.measure(model, image, as: formats, from: file.path) { bar.advance(1) }
                }
                if let activations {
                    one.layers = try ActivationRange.measure(model, image, in: activations.dtype, from: file.path)
                    bar.advance(1)
                }
                found.append(one)
            } catch let error as any Refusal where files.count > 1 && error.details.place.path == file.path {
                bar.finish()
                Terminal.fail(error)
                skipped.append(error)
            }
        }
        bar.finish()
        if common.json {
            Terminal.print([
                "pictures": .array(found.map(\.document)), "errors": .array(skipped.map(\.details.document)),
            ])
        } else {
            show(found)
        }
        try common.end(passedOver: skipped.count, of: files.count)
    }

    private func show(_ found: [Found]) {
        if formats != nil, !found.isEmpty { CastDamage.render(found.map { ($0.file.path, $0.damage) }) }
        guard let activations else { return }
        for one in found {
            if found.count > 1 { Terminal.print(one.file.path.escaped(limit: 200)) }
            ActivationRange.render(one.layers, in: activations)
        }
    }

    /// What was found of a picture.
    private struct Found {
        let file: RunFile
        var damage: [CastDamage] = []
        var layers: [ActivationRange] = []

        var document: JSONValue {
            [
                "input": .string(file.path), "formats": .array(damage.map(\.document)),
                "activations": .array(layers.map(\.document)),
            ]
        }
    }
}

extension CastDamage.Format: ExpressibleByArgument {}

/// Formats with commas between them.
struct FormatList: ExpressibleByArgument {
    let formats: [CastDamage.Format]

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        formats = names.compactMap { CastDamage.Format(rawValue: String($0)) }
        guard !names.isEmpty, formats.count == names.count else { return nil }
    }
}
