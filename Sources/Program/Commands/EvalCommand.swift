internal import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import DCAENetwork
internal import Evaluation
internal import Files
internal import Images
internal import Inference
internal import ModelZoo
internal import Models
internal import Numerics
internal import Pages
internal import Perception
internal import StrictJSON
internal import TensorCore

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measures how well pictures come back, by DC-AE's own protocol, and compares models.",
        discussion: """
            Latent mean, rms and std; PSNR, SSIM and MS-SSIM; LPIPS and rFID where their
            weights are there. Pictures are folders, .txt lists with a path in each line,
            or files, cut to squares by ADM's crop.

              dcae eval sana/ photos/                     the figures, the worst by name
              dcae eval fp32/ fp16/ photos/               what fp16 costs, if anything
              dcae eval sana/ photos/ --as fp16,fp8-e4m3  what a cast would cost
              dcae eval sana/ photos/ --html page.html    the worst pictures side by side
              dcae eval --pairs originals/ made/          two folders, made by anyone

            You bring the weights: --lpips-weights takes AlexNet and the heads of LPIPS
            (give it twice, or name a folder), --fid-weights takes pytorch-fid's Inception.
            Both are also found in torch's hub cache. --fid-reference names an .npz with mu
            and sigma: it is read if it exists, and made of the originals if not.

            On several machines, each with a part of the pictures, and together again:

              parallel dcae eval sana/ photos/ --shard {}/8 -o parts/ ::: {1..8}
              sbatch --array=1-8 --wrap "dcae eval sana/ photos/ -o parts/"
              dcae eval merge parts/*.json
              dcae eval compare one.json other.json       what -o wrote of two runs

            With -o a run that was interrupted goes on where it was: repeat the command.
            The result does not depend on the number of parts or of threads.

            Exit codes: 0 measured, 2 pictures were passed over (they are named) or have no
            partner, nothing could be measured, or parts do not belong together. A part is
            as good with such pictures: the merge tells.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Models, then pictures; with --pairs the folder of originals, then those of reconstructions; or the word merge or compare, then results.",
            valueName: "paths"
        ),
        completion: .file()
    )
    var paths: [String]

    @Flag(help: "Measure folders of pictures against one of originals, paired by name, without a model.")
    var pairs = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Keep the state in this file, or in a folder under the part's name.", valueName: "path"),
        completion: .file()
    )
    var output: String?

    @Flag(help: "Resume from the state in --output, which must be named. A run does so without this flag too.")
    var resume = false

    @Option(help: ArgumentHelp("The seconds between two writes of the state.", valueName: "seconds"))
    var saveEvery = 30

    @Option(
        help: ArgumentHelp(
            "The side of the squares that pictures are made into; by default 512, and with --pairs as they are.",
            valueName: "pixels"
        )
    )
    var size: Int?

    @Option(
        help: ArgumentHelp("Measure at most this many pictures, evenly spread over those found.", valueName: "number")
    )
    var limit: Int?

    @Option(help: ArgumentHelp("Name so many of the worst pictures, and show them in the page.", valueName: "number"))
    var worst = 5

    @Flag(help: "Merge what there is, though parts are missing or unfinished.")
    var allowMissing = false

    @Flag(help: "Replace files that exist; start over where there is a saved state.")
    var force = false

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Also measure the first model with its weights cast in memory: fp16, bf16, fp8-e4m3, fp8-e4m3-scaled.",
            discussion: "Several have commas between them. What a cast loses is said.",
            valueName: "formats"
        )
    )
    var formats: FormatList?

    /// For who looks for it here: it is of single pictures.
    @Option(help: .hidden)
    var activations: String?

    @OptionGroup var cut: SquareArguments
    @OptionGroup var foreign: ForeignWeightsArguments
    @OptionGroup var page: PageArguments
    @OptionGroup var part: ShardArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var common: CommonOptions

    var isMerge: Bool { !pairs && paths.first == "merge" }
    var isComparison: Bool { !pairs && paths.first == "compare" }

    func validate() throws {
        if activations != nil {
            throw ValidationError("--activations looks at single pictures: it is an option of `dcae roundtrip`")
        }
        if isMerge || isComparison {
            if paths.count < 2 { throw ValidationError("Missing expected argument '<results> ...'") }
            if isComparison, paths.count < 3 { throw ValidationError("compare takes two results or more") }
            if part.shard != nil || resume || size != nil || limit != nil || formats != nil || cut.fit != nil
                || foreign.areGiven
            {
                throw ValidationError("\(paths[0]) takes results, and nothing that says how to measure")
            }
            if isComparison, output != nil { throw ValidationError("compare takes finished results, and writes none") }
        } else if pairs, paths.count < 2 {
            throw ValidationError("--pairs takes a folder of originals and one of reconstructions")
        }
        if pairs, let option = model.givenBesideThreads {
            throw ValidationError("\(option) is for a model, and --pairs has none")
        }
        if pairs, size == nil, cut.fit != nil {
            throw ValidationError("--fit cuts pictures to the squares of --size: add it")
        }
        if pairs, formats != nil { throw ValidationError("--as casts the weights of a model, and --pairs has none") }
        if allowMissing, !isMerge { throw ValidationError("--allow-missing is for merge") }
        if resume, output == nil { throw ValidationError("--resume goes on from the state that --output names") }
        if resume, force { throw ValidationError("--resume and --force exclude each other") }
        if saveEvery < 0 { throw ValidationError("--save-every must not be below 0") }
        if let size, !(1...16384).contains(size) { throw ValidationError("--size must be from 1 to 16384") }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if !(0...1000).contains(worst) { throw ValidationError("--worst must be from 0 to 1000") }
    }

    func run() throws {
        if let html = page.html { try OutputTarget.check(html, force: force) }
        if isMerge || isComparison { return try join() }
        let shard = try part.resolve(common)
        guard shard.isWhole || output != nil else {
            throw ValidationError(
                "--shard needs --output, so that the parts can be merged; --shard 1/1 takes all pictures"
            )
        }
        guard shard.isWhole || page.html == nil else {
            throw ValidationError("--html is for the whole: give it to merge")
        }
        let arguments = pairs ? try EvalPaths(pairs: paths) : try EvalPaths(paths)
        let pictures = try PictureSet(at: arguments.pictures, limit: limit, option: .pictures)
        common.say(leftOutOf: arguments.pictures + arguments.folders)
        if force { ReadHistory.announce(pictures.entries.map(\.path)) }
        // Before hours of work, not after them.
        let weights = try foreign.load(common)
        let reference = try foreign.reference(weights, hasModels: !arguments.models.isEmpty || pairs, force: force)
        let source = try load(arguments)
        let run = try EvaluationRun(
            source.runs,
            labels: source.labels,
            pictures,
            shard: shard,
            size: size ?? (pairs ? nil : 512),
            crop: cut.crop,
            measures: PictureMeasures(
                lpips: weights.lpips,
                inception: weights.inception,
                needsOriginalFeatures: reference.statistics == nil
            ),
            referenceDigest: reference.statistics?.digest,
            threads: model.threadCount,
            program: "dcae \(Program.version)"
        )
        reference.warn(run.subject, foreign.fidReference, common)
        let store = output.map { output in
            PartialStore(
                output,
                shard: shard,
                interval: .seconds(saveEvery),
                force: force,
                durability: page.writing.durability
            )
        }
        let total = shard.select(pictures.entries).count
        let result = try MeasureProgress(common, total: total).run { observer in try run.run(store, observer) }
        if case .folders(let folders) = source.runs { sayLeftOver(folders, pictures) }
        if shard.isWhole {
            try show(result, reference) { key in try run.images(of: key) }
        } else {
            common.show(part: result, store?.path ?? "")
        }
    }

    private func load(_ arguments: EvalPaths) throws -> (runs: EvaluationRun.Source, labels: [String]) {
        guard !pairs else {
            return (.folders(try arguments.folders.map { try PictureFolderPairs($0) }), arguments.folders)
        }
        let models = try arguments.models.enumerated().map { index, path in
            try model.load(path, common, isOther: index > 0)
        }
        let names = models.map(\.source.name)
        // By their variants, or by their files where these are the same.
        let labels = Set(names).count == names.count ? names : models.map(\.source.checkpoint.path)
        let cast = try (formats?.formats ?? []).map { format in
            try models[0].rounded(to: format.dtype, scaled: format.isScaled, called: format.rawValue)
        }
        return (.models(models + cast), labels + cast.compactMap(\.weightCast).map { "\(labels[0]) as \($0.format)" })
    }

    private func sayLeftOver(_ folders: [PictureFolderPairs], _ pictures: PictureSet) {
        guard limit == nil, part.shard == nil else { return }
        for folder in folders {
            let left = folder.leftOver(pictures.entries)
            guard let first = left.first else { continue }
            let more = left.count > 1 ? " and \(left.count - 1) more" : ""
            common.say(["\(first.escaped(limit: 200))\(more) belong\(left.count > 1 ? "" : "s") to no original"])
        }
    }

    /// Puts results of earlier runs together: the parts of one, or finished ones of several models.
    private func join() throws {
        let files = Array(paths.dropFirst())
        let result =
            isMerge
            ? try EvaluationPart.merge(files, allowsMissing: allowMissing) : try EvaluationPart.compare(files)
        let reference = try foreign.reference(for: result, force: force)
        reference.warn(result.subject, foreign.fidReference, common)
        if let output {
            try result.write(to: output, force: force, durability: page.writing.durability)
        }
        if page.html != nil {
            common.say(["the page has no pictures, which results do not hold: --html of the run itself shows the worst"]
            )
        }
        try show(result, reference) { _ in nil }
    }

    private func document(_ report: EvaluationReport, _ reference: ForeignWeightsArguments.Reference) -> JSONValue {
        let outputs = [output, reference.toMake].compactMap(\.self) + page.outputs
        return ["evaluation": report.document, "outputs": JSONValue(outputs)]
    }

    private func show(
        _ result: EvaluationPart,
        _ reference: ForeignWeightsArguments.Reference,
        _ images: (String) throws -> EvaluationRun.Images?
    ) throws {
        let document = try page.prepare(sources: [], force: force)
        if let path = reference.toMake {
            try foreign.write(result, to: path, force: force, durability: page.writing.durability)
        }
        let registry = try common.loadRegistry()
        let report = try EvaluationReport(
            result,
            reference: reference.statistics,
            registry: registry,
            worstCount: worst
        )
        if let document {
            let shown = try report.shownKeys.compactMap { key in
                try images(key).map { EvaluationReport.Shown(key: key, images: $0) }
            }
            try document.write(try report.page(shown, spelling: Flags.spelling).html)
        }
        common.say(report.notes.map(\.forProgram))
        if common.json {
            Terminal.print(self.document(report, reference))
        } else if common.quiet {
            report.renderBriefly()
        } else {
            report.render()
            if let path = reference.toMake { Terminal.print("wrote \(path.escaped(limit: 400))") }
            page.sayWritten()
        }
        try common.end(passedOver: result.unreadable.count, of: result.doneCount)
        try end(report)
    }

    /// Ends a run in which models failed on pictures that others could do.
    private func end(_ report: EvaluationReport) throws {
        let failed = report.sides.filter { !$0.failures.isEmpty }
        guard !failed.isEmpty else { return }
        let message = failed.map {
            "\($0.label) could not be measured on \($0.failures.count) of \(report.part.records.count) pictures"
        }.joined(separator: "; ")
        if !common.quiet { Terminal.say("dcae: \(message)") }
        throw Ending.someFailed(message)
    }
}

/// What the paths of a command line are: models first, then pictures.
private struct EvalPaths {
    var models: [String] = []
    var pictures: [String] = []
    var folders: [String] = []

    /// - Throws: where a file is named in place of a folder: its picture would have no partner.
    init(pairs paths: [String]) throws(CheckpointError) {
        for path in paths where !Folder.exists(path) && !Path.hasEnding(path, ".txt") {
            _ = try InputFile(lookingAt: path)
            throw CheckpointError(path, .file, EvaluationFault.notFolder)
        }
        pictures = [paths[0]]
        folders = Array(paths.dropFirst())
    }

    /// - Throws: where no pictures are named.
    init(_ paths: [String]) throws(CheckpointError) {
        let first = paths.firstIndex(where: Self.isPictures) ?? paths.count
        models = Array(paths[..<first])
        pictures = Array(paths[first...])
        if pictures.isEmpty, let last = paths.last {
            // A name that was mistyped is said to be missing, whatever else it may have been meant to be.
            if paths.count > 1, !Folder.exists(last) { _ = try InputFile(lookingAt: last) }
            throw CheckpointError(last, .file, EvaluationFault.noPictures)
        }
    }

    private static func isPictures(_ path: String) -> Bool {
        guard Folder.exists(path) else {
            return ([".txt"] + PictureFolder.endings).contains { Path.hasEnding(path, $0) }
        }
        // A folder with weights or a config.json is a model, whatever pictures lie beside them.
        let names = (try? Folder.names(in: path)) ?? []
        if names.contains(where: { $0 == "config.json" || ModelFolder.isWeights($0) }) { return false }
        return (try? ModelFolder.weights(at: path)) == nil
    }
}
