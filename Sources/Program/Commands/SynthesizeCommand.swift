internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import Synthesis
internal import TensorCore

struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Writes a valid checkpoint with made-up weights, to try things without a download.",
        discussion: """
            The weights have the published names, shapes and dtypes; they are not a
            trained model. There are two kinds:

              seeded         noise, scaled so that activations stay in range
              interpretable  a codec built by hand: decoding gives back the low
                             frequencies of the picture that was encoded

            The same options give the same bytes on every machine, and the same weights in
            every layout.

              dcae synthesize sana-1.0 -o /tmp/sana
              dcae synthesize lite --weights interpretable -o /tmp/lite
            """
    )

    @Argument(help: "The variant.", completion: .variants)
    var variant: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"), completion: .directory)
    var output: String

    @Option(help: "The layout: original, diffusers, comfyui or mlx; by default original, if the variant has it.")
    var layout: Layout?

    @Option(help: "The kind of weights: seeded or interpretable.")
    var weights = WeightsKind.seeded

    @Option(help: ArgumentHelp("The seed of seeded weights; 0 by default.", valueName: "number"))
    var seed: UInt64?

    @Option(help: "The dtype of the weights: fp32, fp16, bf16 or fp8-e4m3.")
    var dtype = WeightDType.fp32

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if weights == .interpretable, seed != nil { throw ValidationError("--seed is for --weights seeded") }
    }

    /// The layout to write: the one asked for, which the variant must have, else its first.
    private func layout(of variant: Variant) throws -> Layout {
        guard let layout else { return variant.layouts.first ?? .original }
        guard variant.layouts.contains(layout) else {
            let layouts = variant.layouts.map(\.rawValue)
            let fault = RegistryFault.notPublished(variant: variant.name, layout: layout.rawValue, layouts: layouts)
            throw CheckpointError("--layout", .file, fault)
        }
        return layout
    }

    func run() throws {
        let variant = try common.loadRegistry().variant(named: variant, in: "synthesize")
        let layout = try layout(of: variant)
        let seed = seed ?? 0
        let synthesis = SynthesizedModel(
            variant: variant,
            layout: layout,
            weights: weights == .seeded ? .seeded(seed) : .interpretable,
            dtype: dtype.dtype
        )
        let total = NetworkDescription(variant.config).valueCount * (dtype.dtype.byteCount ?? 4)
        let progress = Progress("writing", total: total, of: .bytes, quiet: common.quiet)
        defer { progress.finish() }
        let size = try synthesis.write(
            to: output,
            force: force,
            durability: writing.durability,
            progress: progress.advance
        )
        progress.finish()
        let path = ModelFolder.join(output, synthesis.fileName)
        if common.json {
            return Terminal.print([
                "variant": .string(variant.name), "layout": .string(layout.rawValue),
                "weights": .string(weights.rawValue),
                "seed": weights == .seeded ? .integer(Int(clamping: seed)) : .null,
                "dtype": .string(dtype.dtype.rawValue),
                "outputs": JSONValue([path, ModelFolder.join(output, "config.json")]), "bytes": .integer(size),
            ])
        }
        if common.quiet { return Terminal.print(path) }
        let kind = weights == .seeded ? "seed \(seed)" : "interpretable weights"
        Terminal.print("wrote \(path) (\(variant.name), \(layout.rawValue) layout, \(kind), \(ByteSize.show(size)))")
    }
}

/// What `synthesize --weights` takes.
enum WeightsKind: String, ExpressibleByArgument, CaseIterable {
    case seeded, interpretable
}
