package import Calibration
internal import CheckpointIO
package import ModelZoo
package import Perception
package import TensorCore

/// A finished evaluation: figures for each model, differences between models, and what was published.
package struct EvaluationReport: Sendable {
    /// The latents of a model.
    package struct LatentFigures: Sendable, Equatable {
        package let count: Int
        package let mean: Double
        package let rms: Double
        /// The standard deviation, which divides by the number of values, as that of `LatentStatistics` does.
        package let std: Double
    }

    /// A model.
    package struct Side: Sendable {
        package let label: String
        package let variant: String?
        /// The pictures of which it made nothing that can be measured.
        package let failures: [Unreadable]
        /// One for each measure that was taken.
        package let measures: [MeasureSummary]
        /// The PSNR of a cast against what the first model made without any; nil of others.
        package let againstUncast: MeasureSummary?
        package let latent: LatentFigures?
        /// The Fréchet distance of what came back from the reference; nil without features.
        package let rfid: Double?
        /// What was published for the variant.
        package let published: [PublishedComparison]

        package subscript(measure: QualityMeasure) -> MeasureSummary? { measures.first { $0.measure == measure } }
    }

    /// A model held against the first one.
    package struct Comparison: Sendable {
        package let label: String
        package let differences: [PairedDifference]
    }

    /// What was measured.
    package let part: EvaluationPart
    package let sides: [Side]
    /// One for each model but the first.
    package let comparisons: [Comparison]
    /// What is worth knowing of the figures, a sentence each.
    package let notes: [Words]

    /// The pictures that are missing, as their parts are.
    package var missingCount: Int { part.pictureCount - part.doneCount }

    /// Draws the conclusions.
    ///
    /// - Parameters:
    ///   - part: all that was measured, in the order of keys.
    ///   - reference: the statistics that FID is taken against; nil to take the originals'.
    ///   - registry: the variants that are known, and what was published for them.
    ///   - worstCount: how many of the worst pictures are named.
    /// - Throws: where nothing was measured, and where FID cannot be computed.
    package init(
        _ part: EvaluationPart,
        reference: FeatureStatistics?,
        registry: Registry,
        worstCount: Int
    ) throws {
        let records = part.records
        guard !records.isEmpty else {
            let fault = CalibrationFault.nothingMeasured(unreadable: part.unreadable.count)
            throw CheckpointError("pictures", .file, fault)
        }
        self.part = part
        let subject = part.subject
        let measures = QualityMeasure.allCases.filter { $0 != .lpips || subject.hasLPIPS }
        let target = try Self.target(part, reference)
        var sides: [Side] = []
        for (index, side) in subject.sides.enumerated() {
            let summaries = measures.map { MeasureSummary($0, records, side: index, worstCount: worstCount) }
            var rfid: Double?
            let failures = records.compactMap { record in
                record.sides[index].failure.map { Unreadable(key: record.key, reason: $0) }
            }
            // A distance of some of the pictures would be another figure than that of the other models.
            if let target, failures.isEmpty {
                let features = FeatureMatrix(
                    records.map { $0.sides[index].features },
                    featureCount: InceptionNetwork.featureCount
                )
                rfid = try FrechetDistance.between(target, .features(features))
            }
            let latent = Self.latent(records.compactMap { $0.sides[index].latent })
            sides.append(
                Side(
                    label: side.label,
                    variant: side.variant,
                    failures: failures,
                    measures: summaries,
                    againstUncast: MeasureSummary(ofCast: index, records, worstCount: worstCount),
                    latent: latent,
                    rfid: rfid,
                    published: PublishedComparison.all(side, subject, summaries, latent, rfid, registry)
                )
            )
        }
        self.sides = sides
        comparisons = subject.sides.indices.dropFirst().map { index in
            Comparison(
                label: subject.sides[index].label,
                differences: measures.compactMap { PairedDifference($0, records, side: index) }
            )
        }
        notes = Self.notes(part, sides, registry)
    }

    /// What FID is taken against; nil where it is not measured.
    private static func target(_ part: EvaluationPart, _ reference: FeatureStatistics?) throws -> FrechetDistance.Side?
    {
        guard part.subject.hasFeatures, part.records.count > 1 else { return nil }
        if let expected = part.subject.referenceDigest {
            guard let reference, reference.digest == expected else {
                throw CheckpointError(.fidReference, EvaluationFault.otherReference(given: reference != nil))
            }
            return .statistics(reference)
        }
        return .features(part.originalFeatures)
    }

    private static func latent(_ latents: [PictureRecord.Latent]) -> LatentFigures? {
        guard !latents.isEmpty else { return nil }
        var (sum, squares, count) = (ExactSum(), ExactSum(), 0)
        for latent in latents {
            sum.add(latent.sum)
            squares.add(latent.squares)
            count += latent.count
        }
        let mean = sum.value / Double(count)
        let meanSquare = squares.value / Double(count)
        let variance = max(0, meanSquare - mean * mean)
        return LatentFigures(count: count, mean: mean, rms: meanSquare.squareRoot(), std: variance.squareRoot())
    }

    private static func notes(_ part: EvaluationPart, _ sides: [Side], _ registry: Registry) -> [Words] {
        let subject = part.subject
        var notes: [Words] = subject.sides.compactMap { side in
            side.cast.map { cast -> Words in
                "in \(side.label), \(cast.overflows.grouped) \(cast.overflows == 1 ? "weight becomes" : "weights become") infinite "
                    + "and \(cast.underflows.grouped) zero"
            }
        }
        for (side, described) in zip(sides, subject.sides) {
            let owner = sides.count > 1 ? " of \(side.label)" : ""
            if let first = side.failures.first {
                notes.append(
                    "\(side.label) could not be measured on \(side.failures.count) of \(pictures(part.records.count)): "
                        + "of \(first.key.escaped(limit: 80)), \(first.reason)"
                )
            }
            if let count = side[.psnr]?.identicalCount, count > 0 {
                notes.append("\(pictures(count))\(owner) came back identical; no mean PSNR has them in it")
            }
            for measure in side.measures where measure.undefinedCount > 0 {
                notes.append(Words(undefined(measure, owner)))
            }
            if let other = PublishedComparison.otherSizes(described, subject, registry).first, let size = subject.size {
                notes.append(
                    "figures of \(described.variant ?? side.label) were published at \(other) pixels, not at \(size): "
                        + "\(.size, other) measures there"
                )
            }
        }
        let count = part.records.count
        if part.subject.hasFeatures, count < InceptionNetwork.featureCount {
            let text =
                count > 1
                ? "rFID of \(count) pictures is no figure to compare: below some ten thousand it grows as they get fewer"
                : "rFID takes more than one picture"
            notes.append(Words(text))
        }
        let foreign = part.subject.weights.filter { $0.published == nil }
        if !foreign.isEmpty {
            notes.append(
                "the weights of \(foreign.map(\.network).joined(separator: ", ")) are not those that were published"
            )
        }
        return notes
    }

    private static func undefined(_ measure: MeasureSummary, _ owner: String) -> String {
        let least =
            switch measure.measure {
            case .multiscaleSSIM: 176
            case .lpips: PerceptualDistance.leastSide
            case .psnr, .ssim: 6
            }
        return "\(measure.measure.name) is not defined for \(pictures(measure.undefinedCount))\(owner) "
            + "with a side below \(least) pixels"
    }

    static func pictures(_ count: Int) -> String { count == 1 ? "1 picture" : "\(count) pictures" }
}

extension EvaluationPart {
    /// The features of the originals, a row for each picture.
    package var originalFeatures: FeatureMatrix {
        FeatureMatrix(records.map(\.features), featureCount: InceptionNetwork.featureCount)
    }
}
