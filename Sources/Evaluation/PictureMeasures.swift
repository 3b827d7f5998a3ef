internal import CheckpointIO
internal import Images
package import Perception
internal import Synchronization
internal import TensorCore

/// The measures that need no network of ours: how near pictures came back.
package struct PictureMeasures: Sendable {
    /// LPIPS; nil without weights.
    package let lpips: PerceptualDistance?
    /// The network of FID; nil without weights.
    package let inception: InceptionNetwork?
    /// Whether the features of the originals are measured too: not where there is a reference.
    package let needsOriginalFeatures: Bool

    package init(lpips: PerceptualDistance?, inception: InceptionNetwork?, needsOriginalFeatures: Bool) {
        self.lpips = lpips
        self.inception = inception
        self.needsOriginalFeatures = needsOriginalFeatures
    }

    /// The files of weights that it measures with.
    package var weights: [WeightsIdentity] { (lpips?.weights ?? []) + (inception.map { [$0.weights] } ?? []) }

    /// A picture, and what came back of it.
    struct Job: Sendable {
        let key: String
        /// The SHA-256 of the original's file.
        let digest: String
        let original: Picture
        let sides: [Returned]

        /// The pictures that can be measured, each with the side that it is of.
        var pictures: [(side: Int, picture: Picture)] {
            sides.enumerated().compactMap { side, returned in returned.picture.map { (side, $0) } }
        }
    }

    /// What came back of a picture.
    struct Returned: Sendable {
        /// Nil where there is nothing to measure.
        let picture: Picture?
        /// What is known of the latent; nil of a folder.
        let latent: PictureRecord.Latent?
        /// The SHA-256 of its file; empty of a model.
        let digest: String
        /// Why there is no picture.
        let failure: String?
        /// Whether a cast of the first model made it, so that it is held against that model's own picture too.
        let isOfCast: Bool

        init(picture: Picture, latent: PictureRecord.Latent? = nil, digest: String = "", isOfCast: Bool = false) {
            (self.picture, self.latent, self.digest, failure) = (picture, latent, digest, nil)
            self.isOfCast = isOfCast
        }

        init(failure: String) {
            (picture, latent, digest, self.failure, isOfCast) = (nil, nil, "", failure, false)
        }
    }

    /// What one task gives.
    fileprivate enum Outcome: Sendable {
        case quality(PictureQuality, castError: Int?, side: Int)
        case distances([(side: Int, value: Double)])
        case features([Float], side: Int?)
    }

    private enum Task: Sendable {
        case distances(job: Int)
        case features(job: Int, side: Int?)
        case quality(job: Int, side: Int)
    }

    /// Measures pictures, as many at a time as there are threads. What is measured does not depend on which pictures come
    /// together, as each is looked at by itself.
    func measure(_ jobs: [Job], _ pool: ThreadPool) -> [PictureRecord] {
        var tasks: [Task] = []
        // The longest first, so that none begins when the others end.
        for (index, job) in jobs.enumerated() where canCompare(job) { tasks.append(.distances(job: index)) }
        for (index, job) in jobs.enumerated() where inception != nil {
            if needsOriginalFeatures { tasks.append(.features(job: index, side: nil)) }
            tasks += job.pictures.map { .features(job: index, side: $0.side) }
        }
        for (index, job) in jobs.enumerated() {
            tasks += job.pictures.map { .quality(job: index, side: $0.side) }
        }
        let results = Mutex(jobs.map(Self.record))
        pool.run(tasks.count) { index, _ in
            let (job, outcome) = perform(tasks[index], jobs)
            if let outcome { results.withLock { $0[job].set(outcome) } }
        }
        return results.withLock { $0 }
    }

    private static func record(_ job: Job) -> PictureRecord {
        PictureRecord(
            key: job.key,
            digest: job.digest,
            sampleCount: job.original.width * job.original.height * 3,
            sides: job.sides.map { returned in
                PictureRecord.Side(latent: returned.latent, digest: returned.digest, failure: returned.failure)
            }
        )
    }

    private func perform(_ task: Task, _ jobs: [Job]) -> (job: Int, Outcome?) {
        switch task {
        case .distances(let job):
            let pictures = jobs[job].pictures
            let values = lpips?.distances(from: jobs[job].original, of: pictures.map(\.picture)) ?? []
            return (job, .distances(zip(pictures, values).map { ($0.side, $1) }))
        case .features(let job, let side):
            guard let picture = side.map({ jobs[job].sides[$0].picture }) ?? jobs[job].original else {
                return (job, nil)
            }
            return (job, .features(inception?.features(of: picture) ?? [], side: side))
        case .quality(let job, let side):
            guard let picture = jobs[job].sides[side].picture else { return (job, nil) }
            let quality = PictureQuality(of: picture, comparedTo: jobs[job].original, multiscale: true)
            let first = jobs[job].sides[side].isOfCast ? jobs[job].sides[0].picture : nil
            return (job, .quality(quality, castError: first.map { Self.squaredError(picture, $0) }, side: side))
        }
    }

    private static func squaredError(_ a: Picture, _ b: Picture) -> Int {
        zip(a.bytes, b.bytes).reduce(0) { sum, pair in
            let difference = Int(pair.0) - Int(pair.1)
            return sum + difference * difference
        }
    }

    private func canCompare(_ job: Job) -> Bool {
        lpips != nil && !job.pictures.isEmpty
            && min(job.original.width, job.original.height) >= PerceptualDistance.leastSide
    }

    /// Why a picture's measures would take more memory than there is; nil where they do not.
    ///
    /// - Parameter count: how many pictures are held against it.
    func refusal(_ original: Picture, count: Int) -> String? {
        let (width, height) = (original.width, original.height)
        // The bytes of all, and what the smaller scales of MS-SSIM take.
        let plain = width * height * (3 * (count + 1) + 12 * count)
        let perceptual =
            lpips == nil ? 0 : PerceptualDistance.byteCount(width: width, height: height, count: count + 1)
        if let perceptual, MemoryLimit.allows(plain + perceptual) { return nil }
        let gigabytes = (plain + (perceptual ?? 0)) >> 30
        return "its measures take \(gigabytes) GB, more than there is; take smaller pictures"
            + (lpips == nil ? "" : ", or leave LPIPS out")
    }

    /// Refuses more pictures than there is memory for their features.
    func checkRoom(pictures: Int, sides: Int) throws(CheckpointError) {
        guard inception != nil else { return }
        let rows = sides + (needsOriginalFeatures ? 1 : 0)
        let (bytes, overflow) = pictures.multipliedReportingOverflow(by: rows * InceptionNetwork.featureCount * 4)
        guard overflow || !MemoryLimit.allows(bytes) else { return }
        throw CheckpointError("pictures", .file, EvaluationFault.noRoomForFeatures(gigabytes: bytes >> 30))
    }
}

extension PictureRecord {
    fileprivate mutating func set(_ outcome: PictureMeasures.Outcome) {
        switch outcome {
        case .quality(let quality, let castError, let side):
            sides[side].squaredError = quality.squaredError
            sides[side].castError = castError
            sides[side].ssim = quality.ssim
            sides[side].multiscaleSSIM = quality.multiscaleSSIM
        case .distances(let distances):
            for distance in distances { sides[distance.side].lpips = distance.value }
        case .features(let found, side: let side?): sides[side].features = found
        case .features(let found, side: nil): features = found
        }
    }
}
