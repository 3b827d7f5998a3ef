internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import DCAE
internal import DCAENetwork
internal import Images
internal import Inference
internal import ModelZoo
internal import Models
internal import StrictJSON

/// The part of a run over many pictures.
struct ShardArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The part of the pictures to run: 3/8 is part 3 of 8.",
            discussion:
                "In a Slurm array, SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT give the part; 1/1 takes all pictures even there.",
            valueName: "i/n"
        )
    )
    var shard: ShardOption?

    /// The part to run: as the user says, or as Slurm does.
    func resolve(_ common: CommonOptions) throws -> Shard {
        if let shard { return shard.shard }
        guard let task = try Shard.ofSlurmTask() else { return .whole }
        if !task.isWhole { common.say(["part \(task) of the pictures, by Slurm's array"]) }
        return task
    }
}

/// A part as it is written on the command line.
struct ShardOption: ExpressibleByArgument {
    let shard: Shard

    init?(argument: String) {
        guard let shard = Shard(argument) else { return nil }
        self.shard = shard
    }
}

/// The pictures of a measurement.
struct MeasureArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Pictures to measure: folders, .txt lists, files. identify and scale also take pictures as arguments.",
            valueName: "dir|list|file"
        ),
        completion: .file()
    )
    var images: [String] = []

    @Option(help: ArgumentHelp("Resize and crop pictures to squares of this side.", valueName: "pixels"))
    var size = 512

    @Option(
        help: ArgumentHelp("Measure at most this many pictures, evenly spread over those found.", valueName: "number")
    )
    var limit: Int?

    @OptionGroup var cut: SquareArguments

    func validate() throws {
        guard (1...16384).contains(size) else { throw ValidationError("--size must be from 1 to 16384") }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    /// Measures a model as a whole, for evidence of what it is; nil where no pictures are given.
    ///
    /// - Parameter others: pictures that were named as arguments.
    func measure(_ source: OpenedModel, _ common: CommonOptions, _ others: [String] = []) throws -> ScaleReport? {
        let images = images + others
        guard !images.isEmpty else { return nil }
        let pictures = try PictureSet(at: images, limit: limit ?? Self.evidenceLimit)
        let model = try LoadedModel(options: AutoencoderDC.Options(), part: .encoder) { source }
        let run = try MeasurementRun(model, pictures, shard: .whole, side: size, crop: cut.crop, fingerprint: nil)
        return try ScaleReport(
            try MeasureProgress(common, total: pictures.entries.count).run(run, nil),
            registry: source.registry
        )
    }

    /// Telling two factors apart that are 1.35 times apart takes no more; `dcae scale` measures them all.
    private static let evidenceLimit = 64
}

/// How pictures are made into squares.
struct SquareArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How to crop pictures. By default ADM's crop, as in the paper; crop uses torchvision's Resize and CenterCrop.",
            discussion: "ADM's crop halves, resizes, and cuts in the middle.",
            valueName: "way"
        )
    )
    var fit: SquareFit?

    var crop: SquareCrop { fit == nil ? .adm : .torchvision }
}

/// The ways to make squares that can be asked for by name.
enum SquareFit: String, ExpressibleByArgument, CaseIterable {
    case crop
}

/// What is shown while pictures are measured.
struct MeasureProgress {
    private let common: CommonOptions
    private let total: Int

    init(_ common: CommonOptions, total: Int) {
        self.common = common
        self.total = total
    }

    func run(_ run: MeasurementRun, _ store: PartialStore?) throws -> PartialResult {
        try self.run { observer in try run.run(store, observer) }
    }

    /// Runs a measurement that tells what becomes of its pictures.
    func run<Part>(_ measure: (PictureRunObserver) throws -> Part) throws -> Part {
        let bar = Progress("measuring", total: total, of: .inputs(steps: 1), quiet: common.quiet)
        defer { bar.finish() }
        var shown = 0
        var observer = PictureRunObserver()
        observer.progress = { done, _ in
            bar.advance(done - shown)
            shown = done
        }
        observer.resumed = { count in
            common.say(["\(count) of \(total) pictures were measured before"])
        }
        observer.changed = { keys, count in
            let names = keys.prefix(3).map { $0.escaped(limit: 80) }.joined(separator: ", ")
            let more = keys.count > 3 ? " and \(keys.count - 3) more" : ""
            common.say([
                "\(names)\(more) changed since \(keys.count == 1 ? "it was" : "they were") measured: "
                    + "\(count) of \(total) pictures \(count == 1 ? "is" : "are") measured again"
            ])
        }
        observer.unreadable = { picture in
            bar.finish()
            Terminal.warn(.input, "\(picture.key.escaped(limit: 300)): \(picture.reason)", isSaid: !common.quiet)
        }
        return try measure(observer)
    }
}

extension CommonOptions {
    /// Ends a run that is whole, and in which pictures had to be passed over.
    func end(passedOver count: Int, of total: Int) throws {
        guard count > 0 else { return }
        let message = "\(count) of \(total) pictures \(count == 1 ? "was" : "were") skipped"
        if !quiet { Terminal.say("dcae: \(message)") }
        throw Ending.someFailed(message)
    }

    /// Shows what became of one part of a measurement.
    ///
    /// - Parameter path: where it is kept.
    func show(part result: some MeasuredPart, _ path: String) {
        let (count, odd) = (result.pictureKeys.count, result.unreadable)
        if json {
            return Terminal.print([
                "outputs": JSONValue([path]), "part": .integer(result.shard.index),
                "part_count": .integer(result.shard.count), "picture_count": .integer(count),
                "errors": .array(odd.map(\.document)),
            ])
        }
        if quiet { return Terminal.print(path) }
        let missed = odd.isEmpty ? "" : ", \(odd.count) could not be read"
        Terminal.print("wrote \(path) (part \(result.shard), \(count) pictures\(missed))")
    }
}
