internal import Inspection
internal import TensorCore

extension InspectRendering {
    /// What people ask first, then every tensor.
    static func showStatistics(_ listing: TensorListing, quiet: Bool) {
        if !quiet {
            show(StatisticsSummary(listing))
            Terminal.print()
        }
        let columns = Terminal.columns ?? .max
        let isWide = columns >= 140
        let isNarrow = columns < 100
        var headings = ["TENSOR", "MIN", "MAX"]
        if !isNarrow { headings.append("MEAN") }
        headings.append("STD")
        if isWide { headings += ["RMS", "ZEROS"] }
        let numbers = Set(1..<headings.count)
        var table = Table(headings + ["HISTOGRAM", "REMARKS"], right: numbers, shortened: 0)
        for tensor in listing.tensors {
            guard let statistics = tensor.statistics else { continue }
            var cells = [
                tensor.descriptor.name.escaped(limit: 200), Show.short(statistics.minimum),
                Show.short(statistics.maximum),
            ]
            if !isNarrow { cells.append(Show.short(statistics.mean)) }
            cells.append(Show.short(statistics.standardDeviation))
            if isWide { cells += [Show.short(statistics.rms), Show.grouped(statistics.zeros)] }
            cells.append(statistics.histogram.sparkline(octaves: isNarrow ? 6 : 10))
            cells.append(statistics.remarks.joined(separator: ", "))
            table.add(cells)
        }
        table.print()
    }

    private static func show(_ summary: StatisticsSummary) {
        func line(_ label: String, _ text: String) {
            Terminal.print("  \(label)\(String(repeating: " ", count: max(1, 12 - label.count)))\(text)")
        }
        func places(_ places: [StatisticsSummary.Place]) -> String {
            guard !places.isEmpty else { return "none" }
            let names = places.prefix(3).map { $0.name.escaped(limit: 60) }.joined(separator: ", ")
            let more = places.count > 3 ? ", …" : ""
            let tensors = "\(places.count) tensor\(places.count == 1 ? "" : "s")"
            return "\(Show.grouped(StatisticsSummary.total(places))) in \(tensors): \(names)\(more)"
        }
        func cast(_ overflows: [StatisticsSummary.Place], _ underflows: [StatisticsSummary.Place]) -> String {
            let lost = StatisticsSummary.total(underflows)
            let zeros = lost == 0 ? "" : "; \(Show.grouped(lost)) so small that they would become zero"
            return overflows.isEmpty ? "could hold every value\(zeros)" : "could not hold \(places(overflows))\(zeros)"
        }
        let total = "\(Show.grouped(summary.valueCount)) in \(summary.tensorCount) tensors"
        line("values", total + ", up to \(Show.short(summary.magnitude)) in magnitude")
        line("NaN", places(summary.nan))
        line("Inf", places(summary.infinite))
        line("zeros", "\(Show.grouped(summary.zeroCount)), subnormal \(Show.grouped(summary.subnormalCount))")
        line("fp16", cast(summary.fp16Overflows, summary.fp16Underflows))
        line("bf16", cast(summary.bf16Overflows, summary.bf16Underflows))
    }
}
