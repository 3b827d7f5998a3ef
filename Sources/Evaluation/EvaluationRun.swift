package import Calibration
internal import CheckpointIO
internal import CheckpointNetwork
internal import DCAENetwork
package import Images
package import Inference
internal import ModelZoo
internal import Models
internal import Perception
internal import TensorCore

/// Pictures and what comes back of them, measured: by models that run, or in folders that somebody else filled.
package struct EvaluationRun: Sendable {
    /// Where reconstructions come from.
    package enum Source: Sendable {
        /// Networks, each of which encodes and decodes every picture.
        case models([LoadedModel])
        /// For each folder, the file that belongs to a picture, by the picture's key.
        case folders([PictureFolderPairs])
    }

    /// A picture and what came back of it.
    package struct Images: Sendable {
        package let original: Picture
        /// Of each model; nil where that failed.
        package var pictures: [Picture?] { sides.map(\.picture) }
        let digest: String
        let sides: [PictureMeasures.Returned]
    }

    /// What is read of a picture before any network runs.
    private struct Input: Sendable {
        let original: Picture
        let digest: String
        let returned: [PictureMeasures.Returned]
    }

    private let source: Source
    private let entries: [PictureSet.Entry]
    private let measures: PictureMeasures
    private let threads: Int
    /// What is measured, and with what.
    package var subject: EvaluationSubject { empty.subject }
    private let empty: EvaluationPart

    /// Describes a run.
    ///
    /// - Parameters:
    ///   - source: the models or folders.
    ///   - labels: what they are called.
    ///   - pictures: all pictures of the measurement.
    ///   - shard: which of them this run measures.
    ///   - size: the side of the squares that pictures are made into; nil for folders whose pictures stay as they are.
    ///   - crop: how they are made into squares.
    ///   - measures: the measures.
    ///   - referenceDigest: that of the statistics that FID is taken against, where they are given.
    ///   - threads: how many threads measure.
    ///   - program: the program's name and version.
    /// - Throws: where a network takes no squares of that side, or no pictures at all.
    package init(
        _ source: Source,
        labels: [String],
        _ pictures: PictureSet,
        shard: Shard,
        size: Int?,
        crop: SquareCrop,
        measures: PictureMeasures,
        referenceDigest: String?,
        threads: Int,
        program: String
    ) throws {
        self.source = source
        self.measures = measures
        self.threads = threads
        entries = shard.select(pictures.entries)
        try measures.checkRoom(pictures: entries.count, sides: labels.count)
        let sides: [EvaluationSubject.Side]
        switch source {
        case .models(let models):
            for model in models {
                guard let size else { preconditionFailure("a network sees squares of a size") }
                try model.checkSquares(size)
            }
            sides = try zip(models, labels).map { model, label in
                EvaluationSubject.Side(
                    label: label,
                    variant: model.source.variant?.name,
                    fingerprint: try EncoderFingerprint.of(model.source, whole: true),
                    precision: model.arithmetic,
                    cast: model.weightCast.map { cast in
                        EvaluationSubject.Cast(
                            format: cast.format,
                            overflows: cast.lost.overflows,
                            underflows: cast.lost.underflows
                        )
                    }
                )
            }
        case .folders:
            sides = labels.map { EvaluationSubject.Side(label: $0, variant: nil, fingerprint: "", precision: "") }
        }
        empty = EvaluationPart(
            subject: EvaluationSubject(
                sides: sides,
                size: size,
                crop: crop,
                pictureCount: pictures.entries.count,
                pictureDigest: pictures.digest,
                weights: measures.weights,
                referenceDigest: referenceDigest,
                program: program
            ),
            shard: shard
        )
    }

    /// Pictures wait for their measures until there are enough for all threads, but no longer than this.
    private static let patience = Duration.seconds(10)
    /// Nor for so many pixels, which take a gigabyte while they are measured.
    private static let pixelPatience = 16 << 20

    /// Measures what is left to measure, as `PictureRun` does.
    ///
    /// - Parameter store: where the state is kept, so that the run can be continued; nil for nowhere.
    /// - Throws: what ends the run: the store keeps what was done before.
    package func run(_ store: PartialStore?, _ observer: PictureRunObserver) throws -> EvaluationPart {
        let pool = ThreadPool(count: threads)
        var waiting: [PictureMeasures.Job] = []
        var since = ContinuousClock.now
        func settle(_ part: inout EvaluationPart) {
            part.records += measures.measure(waiting, pool)
            waiting = []
        }
        var run = PictureRun(entries, empty, threads: threads) { entry in
            try load(entry)
        } measure: { entry, input, part in
            if let reason = measures.refusal(input.original, count: part.subject.sides.count) { return reason }
            let (images, reason) = try images(entry, input)
            guard let images else { return reason }
            if waiting.isEmpty { since = .now }
            waiting.append(
                PictureMeasures.Job(
                    key: entry.key,
                    digest: images.digest,
                    original: images.original,
                    sides: images.sides
                )
            )
            let pixels = waiting.reduce(0) { $0 + $1.original.width * $1.original.height }
            if waiting.count >= max(2, threads) || pixels >= Self.pixelPatience
                || ContinuousClock.now - since > Self.patience
            {
                settle(&part)
            }
            return nil
        }
        run.settle = settle
        run.files = { entry in try files(of: entry) }
        return try run.run(store, observer)
    }

    /// A picture of the run and what comes back of it, once more, to be shown; nil where it cannot be measured.
    package func images(of key: String) throws -> Images? {
        guard let entry = entries.first(where: { $0.key.utf8.elementsEqual(key.utf8) }) else { return nil }
        return try images(entry, try load(entry)).images
    }

    /// The files that a picture is measured from: itself, and what others made of it.
    private func files(of entry: PictureSet.Entry) throws(ImageRefusal) -> [String] {
        guard case .folders(let folders) = source else { return [entry.path] }
        return [entry.path] + (try folders.map { folder throws(ImageRefusal) in try folder.path(for: entry) })
    }

    private func load(_ entry: PictureSet.Entry) throws -> Input {
        let (size, crop) = (empty.subject.size, empty.subject.crop)
        func read(_ path: String) throws(ImageRefusal) -> (picture: Picture, digest: String) {
            // The protocol is one of bytes: PIL's RGB.
            let contents = try PictureContents(file: path)
            guard let size else { return (contents.picture.inBytes, contents.digest) }
            let square = try contents.picture.inBytes.centreSquare(side: size, crop: crop, name: path)
            return (square, contents.digest)
        }
        let original = try read(entry.path)
        let returned = try files(of: entry).dropFirst().map { path throws(ImageRefusal) in
            let found = try read(path)
            guard found.picture.size == original.picture.size else {
                throw ImageRefusal(
                    entry.path,
                    .otherSize(original.picture.size, reconstruction: found.picture.size)
                )
            }
            return PictureMeasures.Returned(picture: found.picture, digest: found.digest)
        }
        return Input(original: original.picture, digest: original.digest, returned: returned)
    }

    private func images(_ entry: PictureSet.Entry, _ input: Input) throws -> (images: Images?, reason: String?) {
        guard case .models(let models) = source else {
            return (Images(original: input.original, digest: input.digest, sides: input.returned), nil)
        }
        let tensor = try FloatTensor(
            batch: 1,
            channels: 3,
            height: input.original.height,
            width: input.original.width,
            values: input.original.planes()
        )
        let sides = try models.map { try returned(tensor, by: $0, entry) }
        let failures = sides.compactMap(\.failure)
        // What one model fails on is a figure of that model; what all fail on is no picture to measure with.
        if let failure = failures.first, failures.count == sides.count {
            return (nil, sides.count > 1 ? "\(failure), by every model" : failure)
        }
        return (Images(original: input.original, digest: input.digest, sides: sides), nil)
    }

    /// What a model makes of a picture.
    private func returned(
        _ image: FloatTensor,
        by model: LoadedModel,
        _ entry: PictureSet.Entry
    ) throws -> PictureMeasures.Returned {
        func failure(_ tensor: FloatTensor, _ name: String) -> PictureMeasures.Returned? {
            let oddCount = tensor.values.count { !$0.isFinite }
            guard oddCount > 0 else { return nil }
            return PictureMeasures.Returned(failure: "\(oddCount) values of its \(name) are NaN or infinite")
        }
        let latent = try model.encode(image, from: entry.path)
        if let failure = failure(latent, "latent") { return failure }
        let sample = try model.decode(latent, from: entry.path)
        if let failure = failure(sample, "reconstruction") { return failure }
        var (sum, squares) = (0.0, 0.0)
        for value in latent.values {
            sum += Double(value)
            squares += Double(value) * Double(value)
        }
        return PictureMeasures.Returned(
            picture: Picture(planes: sample.values, width: sample.width, height: sample.height),
            latent: .init(count: latent.values.count, sum: sum, squares: squares),
            isOfCast: model.weightCast != nil
        )
    }
}
