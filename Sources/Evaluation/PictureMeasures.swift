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
        let original: Picture
        let pictures: [Picture]
        /// For each of these, what is known of the latent.
        let latents: [PictureRecord.Latent?]
    }

    /// What one task gives.
    fileprivate enum Outcome: Sendable {
        case quality(PictureQuality, side: Int)
        case distances([Double])
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
            tasks += job.pictures.indices.map { .features(job: index, side: $0) }
        }
        for (index, job) in jobs.enumerated() {
            tasks += job.pictures.indices.map { .quality(job: index, side: $0) }
        }
        let results = Mutex(jobs.map(Self.record))
        pool.run(tasks.count) { index, _ in
            let (job, outcome) = perform(tasks[index], jobs)
            results.withLock { $0[job].set(outcome) }
        }
        return results.withLock { $0 }
    }

    private static func record(_ job: Job) -> PictureRecord {
        PictureRecord(
            key: job.key,
            sampleCount: job.original.width * job.original.height * 3,
            sides: job.latents.map { PictureRecord.Side(latent: $0) }
        )
    }

    private func perform(_ task: Task, _ jobs: [Job]) -> (job: Int, Outcome) {
        switch task {
        case .distances(let job):
            (job, .distances(lpips?.distances(from: jobs[job].original, of: jobs[job].pictures) ?? []))
        case .features(let job, let side):
            (
                job,
                .features(
                    inception?.features(of: side.map { jobs[job].pictures[$0] } ?? jobs[job].original) ?? [],
                    side: side
                )
            )
        case .quality(let job, let side):
            (
                job,
                .quality(
                    PictureQuality(of: jobs[job].pictures[side], comparedTo: jobs[job].original, multiscale: true),
                    side: side
                )
            )
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
        case .quality(let quality, let side):
            sides[side].squaredError = quality.squaredError
            sides[side].ssim = quality.ssim
            sides[side].multiscaleSSIM = quality.multiscaleSSIM
        case .distances(let distances):
            for (side, distance) in distances.enumerated() { sides[side].lpips = distance }
        case .features(let found, side: let side?): sides[side].features = found
        case .features(let found, side: nil): features = found
        }
    }
}
