internal import Evaluation
internal import TensorCore

extension EvaluationReport {
    /// The report for people.
    func render() {
        Terminal.print(head)
        for side in sides {
            if sides.count > 1 { Terminal.print(Terminal.bold(side.label)) }
            var table = Table(["", "MEAN", "95% OF RESAMPLES", "MEDIAN", "WORST", ""], right: [1, 3, 4], shortened: 5)
            for summary in side.measures { table.add(row(summary)) }
            if let own = side.againstUncast { table.add(row(own, "PSNR, uncast")) }
            if let rfid = side.rfid { table.add(["rFID", rfid.fixed(4), "", "", "", ""]) }
            if let latent = side.latent {
                for (name, value) in [("mean", latent.mean), ("rms", latent.rms), ("std", latent.std)] {
                    table.add(["latent \(name)", value.fixed(4), "", "", "", ""])
                }
            }
            table.print()
            for figure in side.published { Terminal.print("  " + figure.text) }
            renderWorst(side)
        }
        for comparison in comparisons {
            for difference in comparison.differences { Terminal.print("  " + difference.text(comparison.label)) }
        }
    }

    private func row(_ summary: MeasureSummary, _ title: String? = nil) -> [String] {
        let digits = summary.measure.digits
        let interval = summary.estimate?.interval.map {
            "\($0.lowerBound.fixed(digits)) to \($0.upperBound.fixed(digits))"
        }
        return [
            title ?? summary.measure.title,
            summary.estimate?.mean.fixed(digits) ?? summary.text, interval ?? "",
            summary.median?.fixed(digits) ?? "", summary.worst.first?.value.fixed(digits) ?? "",
            summary.worst.first?.key.escaped(limit: 200) ?? "",
        ]
    }

    private func renderWorst(_ side: Side) {
        guard let summary = side[.psnr], summary.worst.count > 1 else { return }
        let words = summary.worst.map { "\($0.key.escaped(limit: 80)) (\($0.value.fixed(summary.measure.digits)))" }
        LabelledLines.print("worst PSNR", words.joined(separator: ", "))
    }

    /// The figures alone: a line for each model.
    func renderBriefly() {
        for side in sides {
            let figures = side.measures.map { "\($0.measure.rawValue) \($0.estimate.map { "\($0.mean)" } ?? "-")" }
            let rfid = side.rfid.map { ["rfid \($0)"] } ?? []
            Terminal.print((figures + rfid).joined(separator: " "))
        }
    }
}
