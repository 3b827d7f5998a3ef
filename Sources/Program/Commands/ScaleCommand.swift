internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import Files
internal import Inference
internal import ModelZoo
internal import Models
internal import StrictJSON

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Measures the scaling factor over pictures, and says which variant it fits.",
        usage: """
            dcae scale [<options>] <path> [<pictures> ...]
            dcae scale merge [<options>] <parts> ...
            """,
        discussion: """
            The factor is the inverse of the root mean square of the latents over the
            training pictures, so an encoder and some pictures are enough to check it.
            Pictures are cut to squares as the networks are evaluated, by ADM's crop.

              dcae scale sana/ photos/
              dcae scale model.safetensors photos/ --write-config config.json

            On several machines, each with a part of the pictures, and together again:

              parallel dcae scale sana/ photos/ --shard {}/8 -o parts/ ::: {1..8}
              sbatch --array=1-8 --wrap "dcae scale sana/ photos/ -o parts/"
              dcae scale merge parts/*.json

            With -o a run that was interrupted goes on where it was: repeat the command.
            The key of a picture is its path below the folder. The result does not depend
            on the number of parts, on threads or on the order of pictures.

            A measurement agrees with a variant if its 95% interval, by resampling over
            pictures, lies within 10% of the published factor (less where variants are
            closer: a third of the way to the next). The 10% are a choice, to allow for
            pictures that differ from the training set; fewer than 10 decide nothing.

            Exit codes: 0 measured, whatever the verdict, 2 pictures were passed over (they
            are named), none could be read, or parts do not belong together. A part is as
            good with such pictures: the merge tells.
            """,
        subcommands: [ScaleMergeCommand.self]
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Argument(
        help: ArgumentHelp(
            "Folders of pictures, .txt lists with a path in each line, pictures.",
            valueName: "pictures"
        ),
        completion: .file()
    )
    var others: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Keep the state in this file, or in a folder under the part's name.", valueName: "path"),
        completion: .file()
    )
    var output: String?

    @Option(help: ArgumentHelp("The seconds between two writes of the state.", valueName: "seconds"))
    var saveEvery = 30

    @Flag(help: "Replace files that exist; start over where there is a saved state.")
    var force = false

    @OptionGroup var result: MeasuredConfigArguments
    @OptionGroup var measure: MeasureArguments
    @OptionGroup var part: ShardArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    /// Where the pictures are.
    private var images: [String] { measure.images + others }

    func validate() throws {
        if images.isEmpty { throw ValidationError("Missing expected argument '<pictures> ...'") }
        if saveEvery < 0 { throw ValidationError("--save-every must not be below 0") }
    }

    func run() throws {
        let registry = try common.loadRegistry()
        // Before hours of work, not after them.
        try result.check(force: force)
        let shard = try part.resolve(common)
        guard shard.isWhole || output != nil else {
            throw ValidationError(
                "--shard needs --output, so that the parts can be merged; --shard 1/1 takes all pictures"
            )
        }
        guard shard.isWhole || result.writeConfig == nil else {
            throw ValidationError("--write-config is for the whole: give it to merge")
        }
        let pictures = try PictureSet(at: images, limit: measure.limit)
        common.say(leftOutOf: images)
        if force { ReadHistory.announce(pictures.entries.map(\.path)) }
        let loaded = try model.load(path, common, part: .encoder)
        try result.check(force: force)
        let run = try MeasurementRun(
            loaded,
            pictures,
            shard: shard,
            side: measure.size,
            crop: measure.cut.crop,
            fingerprint: try EncoderFingerprint.of(loaded.source)
        )
        let store = output.map { output in
            PartialStore(
                output,
                shard: shard,
                interval: .seconds(saveEvery),
                force: force,
                durability: writing.durability
            )
        }
        let total = shard.select(pictures.entries).count
        let measured = try MeasureProgress(common, total: total).run(run, store)
        guard shard.isWhole else { return common.show(part: measured, store?.path ?? "") }
        try result.show(
            measured,
            registry,
            outputs: [output].compactMap(\.self),
            force: force,
            durability: writing.durability,
            common
        )
    }
}
