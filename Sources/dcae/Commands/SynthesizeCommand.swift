internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Writes a valid checkpoint with seeded weights, to try things without a download.",
        discussion: """
            The weights have the published names, shapes and dtypes and are scaled so that activations stay in range; they are
            noise, not a trained model. The same seed gives the same bytes everywhere, and the same weights in either
            layout.

              dcae synthesize sana-1.0 -o /tmp/sana
            """
    )

    @Argument(help: "The variant.")
    var variant: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"), completion: .directory)
    var output: String

    @Option(help: "The layout: original or diffusers.")
    var layout = Layout.original

    @Option(help: ArgumentHelp("The seed of the weights.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: "The dtype of the weights: fp32, fp16 or bf16.")
    var dtype = WeightDType.fp32

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let variant = try common.loadRegistry().variant(named: variant, in: "synthesize")
        let synthesis = Synthesis(variant: variant, layout: layout, seed: seed, dtype: dtype.dtype)
        let total = NetworkDescription(variant.config).valueCount * (dtype.dtype.byteCount ?? 4)
        let progress = Progress("writing", total: total, quiet: common.quiet)
        defer { progress.finish() }
        let size = try synthesis.write(to: output, force: force, progress: progress.advance)
        progress.finish()
        let path = ModelFolder.join(output, synthesis.fileName)
        if common.json {
            return Terminal.print([
                "variant": .string(variant.name), "layout": .string(layout.rawValue),
                "seed": .integer(Int(clamping: seed)),
                "dtype": .string(dtype.dtype.rawValue), "file": .string(path), "bytes": .integer(size),
            ])
        }
        if common.quiet { return Terminal.print(path) }
        Terminal.print(
            "wrote \(path) (\(variant.name), \(layout.rawValue) layout, seed \(seed), \(ByteSize.show(size)))"
        )
    }
}
