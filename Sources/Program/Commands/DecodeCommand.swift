internal import ArgumentParser
internal import Inference
internal import Models

struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decodes latents into pictures or tensors.",
        discussion: """
            An input is a tensor of latents (safetensors or .npy, [N, C, h, w] or [C, h,
            w]) or a folder of such files. Samples are written as PNG, or unrounded in
            float32, called "sample" in safetensors.

              dcae decode sana/ latent.safetensors -o photo.png
              dcae decode sana/ latent.npy -o photo.png --scaled    from a diffusion model
              dcae decode sana/ two.safetensors -o samples.npy      [N, 3, H, W] in -1...1
              dcae decode sana/ latents/ -o photos/                 a PNG each, same names

            A latent that `encode` wrote as .safetensors records how it was scaled. decode
            scales it back without --scaled; options that contradict it are an error. With
            DC-AE 1.5, a latent may have only the first channels.

            Exit codes: 0 all decoded, 1 --check-finite found something, 2 not all
            decoded.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(help: "Tensors of latents, or folders of them.", completion: .file())
    var inputs: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file ending in .png, .safetensors or .npy, or a folder.", valueName: "path")
    )
    var output: String

    @Option(help: ArgumentHelp("What to write into a folder: png, safetensors or npy.", valueName: "kind"))
    var format = OutputDocument.Kind.png

    @Option(help: ArgumentHelp("The tensor to read, if a file has several.", valueName: "name"))
    var tensor: String?

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var scaling: ScalingArguments
    @OptionGroup var tiles: TileArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let target = try RunTarget(output, kinds: [.png, .safetensors, .npy], folderKind: format)
        let files = try RunFile.tensors(at: inputs)
        let loaded = try model.load(path, common, scalingFactor: scaling.scalingFactor, tiles: tiles, part: .decoder)
        let normalization = try scaling.normalization(of: loaded, .decoding, common)
        let run = NetworkRun(
            loaded,
            .decode(tensorName: tensor),
            scaling: normalization,
            target: target,
            force: force,
            durability: writing.durability
        )
        try RunOutput(title: "decoding", what: "sample", model: loaded, scaling: normalization, common: common)
            .run(run, files)
    }
}
