internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import Models

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
              dcae encode 1.5/ photo.jpg -o l.safetensors --latent-channels 16
              dcae encode sana/ a.png b.png -o two.safetensors      one batch of two
              dcae encode sana/ photos/ -o latents/                 a file each, same names
              dcae encode sana/ photos/ -o latents/ --size 512      squares, for training
              dcae encode sana/ photos/ -o latents/ --resume        skips what exists
              dcae encode sana/ photos/ -o latents/ --shard 3/8     part 3 of 8

            A .safetensors file records what its latents are: model, scaling, pictures.
            `decode` reads that, so you need not repeat it.

            Pictures are read while the network runs. If one cannot be read, an error
            names it, and the others are encoded.

            Exit codes: 0 all encoded, 1 values came out NaN or infinite, 2 not all
            encoded.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(help: "Pictures, tensors of images, or folders of pictures.", completion: .file())
    var inputs: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file ending in .safetensors or .npy, or a folder.", valueName: "path")
    )
    var output: String

    @Option(help: ArgumentHelp("What to write into a folder: safetensors or npy.", valueName: "kind"))
    var format = LatentFormat.safetensors

    @Option(
        help: ArgumentHelp(
            "Resize and crop pictures to squares of this side, by ADM's crop as the networks are evaluated; with --fit crop, torchvision's.",
            valueName: "pixels"
        )
    )
    var size: Int?

    @Flag(help: "Replace files that exist.")
    var force = false

    @Flag(help: "Skip inputs whose output exists already.")
    var resume = false

    @OptionGroup var scaling: ScalingArguments
    @OptionGroup var channels: LatentChannelArguments
    @OptionGroup var pictures: PictureArguments
    @OptionGroup var tiles: TileArguments
    @OptionGroup var part: ShardArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if resume, force { throw ValidationError("--resume and --force exclude each other") }
        if let size, !(1...16384).contains(size) { throw ValidationError("--size must be from 1 to 16384") }
    }

    func run() throws {
        let target = try RunTarget(output, kinds: [.safetensors, .npy], folderKind: format.kind)
        let isFolder = if case .folder = target { true } else { false }
        // A task of a Slurm array that encodes files of its own is no part of anything: only folders are shared out.
        let isShared = isFolder && inputs.contains(where: ModelFolder.isFolder)
        let shard = isShared || part.shard != nil ? try part.resolve(common) : .whole
        guard isFolder || (!resume && shard.isWhole) else {
            throw ValidationError("--resume and --shard are for runs into a folder")
        }
        let all = try RunFile.images(at: inputs)
        common.say(leftOutOf: inputs)
        try target.refuseCollisions(all)
        let own = shard.select(all)
        let files = resume ? target.remaining(own) : own
        if files.count < own.count { common.say(["\(own.count - files.count) of \(own.count) exist already"]) }
        let loaded = try model.load(path, common, scalingFactor: scaling.scalingFactor, tiles: tiles, part: .encoder)
        try pictures.check(side: size, for: loaded)
        let channels = try channels.count(for: loaded)
        let normalization = try scaling.normalization(of: loaded, .encoding, common)
        let run = NetworkRun(
            loaded,
            .encode(pictures.loader(side: size), latentChannels: channels),
            scaling: normalization,
            target: target,
            force: force,
            isPart: all.count > 1,
            durability: writing.durability
        )
        try RunOutput(
            title: "encoding",
            what: "latent",
            model: loaded,
            scaling: normalization,
            common: common,
            fitting: pictures.fitting(side: size)
        ).run(run, files)
    }
}

/// What a latent, which is no picture, can be written as.
enum LatentFormat: String, ExpressibleByArgument, CaseIterable {
    case safetensors, npy

    var kind: OutputDocument.Kind { self == .npy ? .npy : .safetensors }
}

extension OutputDocument.Kind: ExpressibleByArgument {}
