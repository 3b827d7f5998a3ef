internal import ArgumentParser
internal import Inference

struct EncodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Encodes pictures and tensors of images into latents.",
        discussion: """
            An input is a picture (PNG, JPEG or WebP), a tensor of images in -1...1
            (safetensors or .npy, [N, 3, H, W] or [3, H, W]), or a folder of pictures.
            Latents are [N, C, H/F, W/F] in float32, called "latent" in safetensors.

              dcae encode sana/ photo.jpg -o latent.safetensors --fit crop
              dcae encode sana/ photo.jpg -o latent.npy --scaled    for a diffusion model
              dcae encode sana/ a.png b.png -o two.safetensors      one batch of two
              dcae encode sana/ photos/ -o latents/                 a file each, names kept

            Exit codes: 0 all encoded, 1 --check-finite found something, 2 not all
            encoded.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(help: "Pictures, tensors of images, folders of pictures.", completion: .file())
    var inputs: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file ending in .safetensors or .npy, or a folder.", valueName: "path")
    )
    var output: String

    @Option(help: ArgumentHelp("What is written into a folder: safetensors or npy.", valueName: "kind"))
    var format = LatentFormat.safetensors

    @Flag(help: "Replace files that exist.")
    var force = false

    @OptionGroup var scaling: ScalingArguments
    @OptionGroup var pictures: PictureArguments
    @OptionGroup var tiles: TileArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let target = try RunTarget(output, kinds: [.safetensors, .npy], folderKind: format.kind)
        let files = try RunFile.images(at: inputs)
        try target.check(files, force: force)
        let loaded = try model.load(path, common, scalingFactor: scaling.scalingFactor, tiles: tiles)
        let factor = try scaling.factor(of: loaded)
        if let factor, !common.quiet {
            Terminal.say("dcae: note: latents are multiplied by the scaling factor \(factor)")
        }
        let run = NetworkRun(loaded, .encode(pictures.loader), factor: factor, target: target, force: force)
        try RunOutput(title: "encoding", what: "latent", model: loaded, factor: factor, common: common).run(run, files)
    }
}

/// What a latent, which is no picture, can be written as.
enum LatentFormat: String, ExpressibleByArgument, CaseIterable {
    case safetensors, npy

    var kind: OutputDocument.Kind { self == .npy ? .npy : .safetensors }
}

extension OutputDocument.Kind: ExpressibleByArgument {}
