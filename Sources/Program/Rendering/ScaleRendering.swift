internal import Calibration
internal import TensorCore

extension ScaleReport {
    /// The report for people.
    func render() {
        let figures = statistics
        var head = "\(figures.pictureCount.grouped) pictures at \(result.subject.side)x\(result.subject.side)"
        if missingCount > 0 { head += ", \(missingCount.grouped) missing" }
        if !result.totals.unreadable.isEmpty { head += ", \(result.totals.unreadable.count) could not be read" }
        Terminal.print(
            head + ", \(figures.valuesPerChannel.grouped) values in each of \(figures.channels.count) channels"
        )
        var table = Table(["", "VALUE", "95% OF RESAMPLES"], right: [1])
        table.add(["mean", figures.mean.fixed(4), ""])
        table.add(["std", figures.std.fixed(4), ""])
        table.add(["rms", figures.rms.fixed(4), interval(figures.rmsInterval)])
        table.add(["scaling factor, 1/rms", figures.factor.fixed(4), interval(figures.factorInterval)])
        if let inverse = figures.inverseStd { table.add(["1/std", inverse.fixed(4), ""]) }
        table.add(["min, max", "\(figures.minimum.fixed(4)), \(figures.maximum.fixed(4))", ""])
        table.print()
        for candidate in verdict.candidates {
            let distance = max(candidate.ratio, 1 / candidate.ratio)
            let far =
                distance < 1.2 ? "\((100 * (candidate.ratio - 1).magnitude).fixed(1))%" : "\(distance.fixed(2)) times"
            let names = candidate.names.joined(separator: ", ")
            Terminal.print("  \(far) \(candidate.ratio < 1 ? "below" : "above") the \(candidate.factor) of \(names)")
        }
        for name in verdict.unpublished { Terminal.print("  \(name) has no published factor to compare with") }
        Terminal.print(Terminal.bold(verdictLine))
    }

    private func interval(_ range: ClosedRange<Double>?) -> String {
        range.map { "\($0.lowerBound.fixed(4)) to \($0.upperBound.fixed(4))" } ?? ""
    }
}
