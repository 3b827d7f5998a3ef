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

    var isAsked: Bool { formats != nil || activations != nil }

    func run(
        _ path: String,
        _ files: [RunFile],
        _ model: ModelArguments,
        _ pictures: PictureArguments,
        _ common: CommonOptions
    ) throws {
        guard model.engine == .fast else { throw ValidationError("--as works only with the fast engine") }
        let loaded = try model.load(path, common)
        let formats = formats?.formats ?? []
        let bar = Progress("running", total: files.count * (formats.count + 1), quiet: common.quiet)
        defer { bar.finish() }
        var damage: [(name: String, damage: [CastDamage])] = []
        var layers: [[ActivationRange]] = []
        for file in files {
            let image = try pictures.loader.load(file.path, for: loaded.network).tensor.image(0)
            if !formats.isEmpty {
                let measured = try CastDamage.measure(loaded, image, as: formats, from: file.path) { bar.advance(1) }
                damage.append((file.path, measured))
            }
            if let activations {
                layers.append(try ActivationRange.measure(loaded, image, in: activations.dtype, from: file.path))
            }
        }
        bar.finish()
        if common.json {
            return Terminal.print([
                "pictures": .array(
                    files.indices.map { index in
                        [
                            "input": .string(files[index].path),
                            "formats": .array(damage.isEmpty ? [] : damage[index].damage.map(\.document)),
                            "activations": .array(layers.isEmpty ? [] : layers[index].map(\.document)),
                        ]
                    }
                )
            ])
        }
        if !damage.isEmpty { CastDamage.render(damage) }
        for (file, found) in zip(files, layers) {
            if files.count > 1 { Terminal.print(file.path.escaped(limit: 200)) }
            if let activations { ActivationRange.render(found, in: activations) }
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
