package import CheckpointIO
package import ModelZoo
package import Models

/// A finished measurement: statistics, verdict, and what there is to warn of.
package struct ScaleReport: Sendable {
    /// What was measured of what.
    package let result: PartialResult
    /// The figures.
    package let statistics: LatentStatistics
    /// What they say about which variant it is.
    package let verdict: FactorVerdict
    /// What seems to be wrong, a sentence each.
    package let warnings: [String]

    /// Draws the conclusions from totals.
    ///
    /// - Throws: where nothing was measured, or everything is 0.
    package init(_ result: PartialResult, registry: Registry) throws(CheckpointError) {
        self.result = result
        statistics = try LatentStatistics(result)
        verdict = FactorVerdict(statistics, config: result.subject.config, registry: registry)
        warnings = Self.warnings(statistics, verdict, stated: Self.stated(result))
    }

    /// The factor that the checkpoint is taken to have, by its config or by what it is known to be; nil where a shift or means
    /// come before it, for it is not the inverse of the latents' root mean square then.
    package var statedFactor: Double? { Self.stated(result) }

    private static func stated(_ result: PartialResult) -> Double? {
        let normalization = result.subject.config.normalization
        return normalization.isMoreThanFactor ? nil : normalization.scalingFactor
    }

    /// The pictures that are missing from the totals, as their parts are.
    package var missingCount: Int { result.subject.pictureCount - result.doneCount }

    private static func warnings(
        _ statistics: LatentStatistics,
        _ verdict: FactorVerdict,
        stated: Double?
    ) -> [String] {
        let measured = statistics.factor
        if verdict.outcome == .agrees {
            guard let stated, let own = verdict.candidates.first(where: { $0.names == verdict.variants }),
                !own.band.contains(stated)
            else { return [] }
            let others = verdict.candidates.first { $0.factor == stated }
            let whose = others.map { ", that of \(FactorWording.list($0.names))" } ?? ""
            return ["the checkpoint says its factor is \(stated)\(whose), but the latents are those of \(own.factor)"]
        }
        // A handful of pictures is too few to call anything a mistake.
        guard statistics.pictureCount >= FactorVerdict.pictureMinimum else { return [] }
        if let stated {
            if let symptom = FactorSymptom(stated: stated, measured: measured) {
                return [symptom.text(stated: stated, of: "the checkpoint", measured: measured)]
            }
            let ratio = max(stated / measured, measured / stated)
            guard ratio > FactorVerdict.tolerance else { return [] }
            return ["the checkpoint says its factor is \(stated), but \(FactorWording.show(measured)) was measured"]
        }
        for candidate in verdict.candidates {
            guard let symptom = FactorSymptom(stated: candidate.factor, measured: measured) else { continue }
            return [symptom.text(stated: candidate.factor, of: FactorWording.list(candidate.names), measured: measured)]
        }
        return []
    }

    /// The verdict as one line.
    package var verdictLine: String {
        switch verdict.outcome {
        case .agrees: "agrees with \(FactorWording.list(verdict.variants)): \(verdict.reason)"
        case .agreesWithNone: "agrees with no variant: \(verdict.reason)"
        case .undecided: "the pictures do not decide: \(verdict.reason)"
        case .noReference: verdict.reason
        }
    }

    private var evidenceText: String {
        switch verdict.outcome {
        case .agrees:
            verdict.unpublished.isEmpty
                ? verdict.reason
                : "\(verdict.reason) (\(FactorWording.list(verdict.unpublished)) has no published factor to compare with)"
        case .agreesWithNone: "its latents agree with no variant: \(verdict.reason)"
        case .undecided, .noReference: verdictLine
        }
    }

    /// The verdict as evidence of what a checkpoint is.
    package var evidence: FactorMeasurement {
        FactorMeasurement(
            factor: statistics.factor,
            text: evidenceText,
            isDecided: verdict.isDecided,
            variants: verdict.outcome == .agrees ? verdict.variants : nil
        )
    }
}
