internal import Calibration
internal import TensorCore

// The words of evaluations: the one place that has them.

extension MeanEstimate {
    /// How far the mean can be trusted: ` ± 0.05` where it lies in the middle of its interval, else ` (29.1 to 29.3)`; nothing
    /// of a single picture.
    ///
    /// - Parameter isApart: whether the interval is said to leave 0 out, or to have it in it, which the words must not deny;
    ///   nil where nothing is said of that.
    package func spread(digits: Int, isApart: Bool? = nil) -> String {
        guard let interval else { return "" }
        let (low, high) = (mean - interval.lowerBound, interval.upperBound - mean)
        let margin = (high + low) / 2
        let isEven = low.fixed(digits) == high.fixed(digits) || max(low, high) <= 1.25 * min(low, high)
        let (shownMean, shownMargin) = (Double(mean.magnitude.fixed(digits)), Double(margin.fixed(digits)))
        let agrees = isApart.map { $0 == ((shownMean ?? 0) > (shownMargin ?? 0)) } ?? true
        if isEven, agrees { return " ± \(margin.fixed(digits))" }
        return " (\(interval.lowerBound.fixed(digits)) to \(interval.upperBound.fixed(digits)))"
    }

    /// The same mean with its sign turned round.
    fileprivate var negated: MeanEstimate {
        MeanEstimate(count: count, mean: -mean, interval: interval.map { -$0.upperBound ... -$0.lowerBound })
    }

    /// So many digits that neither the mean nor what it is uncertain by is shown as 0, and the end of the interval that is
    /// nearest to 0 is not either, where the interval leaves 0 out.
    fileprivate func digits(atLeast least: Int) -> Int {
        var figures = [mean.magnitude]
        if let interval {
            figures.append((interval.upperBound - interval.lowerBound) / 2)
            if interval.lowerBound > 0 || interval.upperBound < 0 {
                figures.append(min(interval.lowerBound.magnitude, interval.upperBound.magnitude))
            }
        }
        var digits = least
        while digits < 9, figures.contains(where: { $0 > 0 && Double($0.fixed(digits)) == 0 }) { digits += 1 }
        return digits
    }
}

extension MeasureSummary {
    /// `29.31 ± 0.05 dB`, or what there is to say where no mean is.
    package var text: String {
        guard let estimate else {
            return identicalCount > 0 ? "identical" : failureCount > 0 ? "not measured" : "not defined"
        }
        return estimate.mean.fixed(measure.digits) + estimate.spread(digits: measure.digits) + measure.unit
    }
}

extension PairedDifference {
    /// `fp16 costs 0.02 dB ± 0.01 of PSNR`, or that there is no telling.
    package func text(_ label: String) -> String {
        let digits = estimate.digits(atLeast: measure.digits)
        let lowIsGood = measure.isBetterHigh ? "" : ", of which less is better"
        switch verdict {
        case .equal: return "\(measure.name) of \(label) is the same for every picture"
        case .worse, .better:
            let amount = estimate.mean < 0 ? estimate.negated : estimate
            let figure = amount.mean.fixed(digits) + measure.unit + amount.spread(digits: digits, isApart: true)
            return "\(label) \(verdict == .worse ? "costs" : "gains") \(figure) of \(measure.name)\(lowIsGood)"
        case .undecided:
            let figure = estimate.mean.fixed(digits) + measure.unit + estimate.spread(digits: digits, isApart: false)
            return "\(measure.name) of \(label) does not differ measurably: \(figure)"
        case .tooFew:
            let figure = estimate.mean.fixed(digits) + measure.unit + estimate.spread(digits: digits)
            return "\(measure.name) of \(label) differs by \(figure): too few pictures to say more, "
                + "which takes at least \(Self.pictureMinimum)"
        }
    }
}

extension PublishedComparison {
    /// `PSNR 29.31 ± 0.05 dB, published 29.29 (MJHQ)`.
    package var text: String {
        "\(name) \(measured.fixed(digits))\(estimate?.spread(digits: digits) ?? "")\(unit), "
            + "published \(published.fixed(digits)) (\(data))"
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
