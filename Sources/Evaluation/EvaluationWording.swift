internal import Calibration
internal import TensorCore

// The words of evaluations: the one place that has them.

extension MeasureSummary {
    /// `29.31 ± 0.05 dB`, or what there is to say where no mean is.
    package var text: String {
        guard let estimate else { return identicalCount > 0 ? "identical" : "not defined" }
        let margin = estimate.margin.map { " ± \($0.fixed(measure.digits))" } ?? ""
        return estimate.mean.fixed(measure.digits) + margin + measure.unit
    }
}

extension PairedDifference {
    /// `fp16 costs 0.02 dB ± 0.01 of PSNR`, or that there is no telling.
    package func text(_ label: String) -> String {
        // As many digits as it takes to see a small difference.
        let digits = shownDigits
        let amount = estimate.mean.magnitude.fixed(digits) + measure.unit
        let margin = estimate.margin.map { " ± \($0.fixed(digits))" } ?? ""
        switch verdict {
        case .equal: return "\(measure.name) is the same for every picture"
        case .worse: return "\(label) costs \(amount)\(margin) of \(measure.name)\(lowIsGood)"
        case .better: return "\(label) gains \(amount)\(margin) of \(measure.name)\(lowIsGood)"
        case .undecided:
            let sign = estimate.mean < 0 ? "-" : ""
            return "\(measure.name) does not differ measurably: \(sign)\(amount)\(margin)"
        }
    }

    private var lowIsGood: String { measure.isBetterHigh ? "" : ", of which less is better" }

    private var shownDigits: Int {
        let size = max(estimate.mean.magnitude, estimate.margin ?? 0)
        var digits = measure.digits
        while digits < 9, size > 0, size.fixed(digits).allSatisfy({ $0 == "0" || $0 == "." }) { digits += 1 }
        return digits
    }
}

extension PublishedComparison {
    /// `PSNR 29.31 ± 0.05 dB, published 29.29 (MJHQ)`.
    package var text: String {
        let margin = margin.map { " ± \($0.fixed(digits))" } ?? ""
        return "\(name) \(measured.fixed(digits))\(margin)\(unit), published \(published.fixed(digits)) (\(data))"
    }
}

extension EvaluationReport {
    /// The pictures and how they were cut, in a line.
    package var head: String {
        let subject = part.subject
        var text = "\(part.records.count.grouped) picture\(part.records.count == 1 ? "" : "s")"
        if let size = subject.size {
            text += " at \(size)x\(size), cut in \(subject.crop.possessive) way"
        }
        if missingCount > 0 { text += ", \(missingCount.grouped) missing" }
        if !part.unreadable.isEmpty { text += ", \(part.unreadable.count) passed over" }
        return text
    }
}
