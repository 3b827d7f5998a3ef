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
        package let pictures: [Picture]
        let latents: [PictureRecord.Latent?]
    }

    /// What is read of a picture before any network runs.
    private struct Input: Sendable {
        let original: Picture
        let pictures: [Picture]
    }

    private let source: Source
    private let entries: [PictureSet.Entry]
    private let measures: PictureMeasures
    private let threads: Int
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
                    precision: model.arithmetic
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
                    original: images.original,
                    pictures: images.pictures,
                    latents: images.latents
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
        return try run.run(store, observer)
    }

    /// A picture of the run and what comes back of it, once more, to be shown; nil where it cannot be measured.
    package func images(of key: String) throws -> Images? {
        guard let entry = entries.first(where: { $0.key.utf8.elementsEqual(key.utf8) }) else { return nil }
        return try images(entry, try load(entry)).images
    }

    private func load(_ entry: PictureSet.Entry) throws -> Input {
        let (size, crop) = (empty.subject.size, empty.subject.crop)
        func read(_ path: String) throws(ImageRefusal) -> Picture {
            // The protocol is one of bytes: PIL's RGB.
            let picture = try Picture(file: path).inBytes
            guard let size else { return picture }
            return try picture.centreSquare(side: size, crop: crop, name: path)
        }
        let original = try read(entry.path)
        guard case .folders(let folders) = source else { return Input(original: original, pictures: []) }
        let pictures = try folders.map { folder in try read(try folder.path(for: entry)) }
        for picture in pictures where picture.size != original.size {
            throw ImageRefusal(entry.path, .otherSize(original.size, reconstruction: picture.size))
        }
        return Input(original: original, pictures: pictures)
    }

    private func images(_ entry: PictureSet.Entry, _ input: Input) throws -> (images: Images?, reason: String?) {
        guard case .models(let models) = source else {
            let latents = [PictureRecord.Latent?](repeating: nil, count: input.pictures.count)
            return (Images(original: input.original, pictures: input.pictures, latents: latents), nil)
        }
        let tensor = try FloatTensor(
            batch: 1,
            channels: 3,
            height: input.original.height,
            width: input.original.width,
            values: input.original.planes()
        )
        var (pictures, latents): ([Picture], [PictureRecord.Latent?]) = ([], [])
        for model in models {
            let latent = try model.encode(tensor, from: entry.path)
            let sample = try model.decode(latent, from: entry.path)
            for (values, name) in [(latent.values, "latent"), (sample.values, "reconstruction")] {
                let oddCount = values.count { !$0.isFinite }
                if oddCount > 0 { return (nil, "\(oddCount) values of its \(name) are NaN or infinite") }
            }
            var (sum, squares) = (0.0, 0.0)
            for value in latent.values {
                sum += Double(value)
                squares += Double(value) * Double(value)
            }
            latents.append(.init(count: latent.values.count, sum: sum, squares: squares))
            pictures.append(Picture(planes: sample.values, width: sample.width, height: sample.height))
        }
        return (Images(original: input.original, pictures: pictures, latents: latents), nil)
    }
}
