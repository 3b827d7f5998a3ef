internal import Inspection
internal import TensorCore

extension InspectRendering {
    /// What people ask first, then every tensor.
    static func showStatistics(_ listing: TensorListing, quiet: Bool) {
        let columns = statisticsColumns(width: Terminal.columns ?? .max)
        var table = Table(
            ["TENSOR"] + columns.map(\.heading),
            right: Set(columns.indices.filter { columns[$0].isNumber }.map { $0 + 1 }),
            shortened: 0
        )
        for tensor in listing.tensors {
            guard let statistics = tensor.statistics else { continue }
            table.add([tensor.descriptor.name.escaped(limit: 200)] + columns.map { $0.cell(tensor, statistics) })
        }
        table.print()
        // The answer comes last: on a terminal the list has scrolled by.
        guard !quiet else { return }
        Terminal.print()
        show(StatisticsSummary(listing))
    }

    private struct Column {
        let heading: String
        var isNumber = true
        let cell: (ListedTensor, TensorStatistics) -> String
    }

    /// The columns that leave room for names; magnitudes stand for both ends of the range where there is little.
    private static func statisticsColumns(width: Int) -> [Column] {
        func number(_ heading: String, _ value: @escaping (TensorStatistics) -> Double?) -> Column {
            Column(heading: heading) { Show.short(value($1)) }
        }
        var columns: [Column] = []
        if width >= 100 {
            columns = [number("MIN", \.minimum), number("MAX", \.maximum), number("MEAN", \.mean)]
        } else {
            columns = [number("MAX |X|", \.magnitude)]
        }
        columns.append(number("STD", \.standardDeviation))
        if width >= 140 {
            columns += [number("RMS", \.rms), Column(heading: "ZEROS") { $1.zeros.grouped }]
        }
        let octaves = width >= 100 ? 10 : 6
        columns.append(Column(heading: "HISTOGRAM", isNumber: false) { $1.histogram.sparkline(octaves: octaves) })
        columns.append(
            Column(heading: "REMARKS", isNumber: false) { tensor, _ in tensor.remarks.joined(separator: ", ") }
        )
        return columns
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
            return "\(StatisticsSummary.total(places).grouped) in \(tensors): \(names)\(more)"
        }
        func cast(_ overflows: [StatisticsSummary.Place], _ underflows: [StatisticsSummary.Place]) -> String {
            let lost = StatisticsSummary.total(underflows)
            let zeros = lost == 0 ? "" : "; \(lost.grouped) so small that they would become zero"
            return overflows.isEmpty ? "can hold every value\(zeros)" : "cannot hold \(places(overflows))\(zeros)"
        }
        let total = "\(summary.valueCount.grouped) in \(summary.tensorCount) tensors"
        line("values", total + ", up to \(Show.short(summary.magnitude)) in magnitude")
        line("NaN", places(summary.nan))
        line("Inf", places(summary.infinite))
        line("zeros", "\(summary.zeroCount.grouped), subnormal \(summary.subnormalCount.grouped)")
        line("fp16", cast(summary.fp16Overflows, summary.fp16Underflows))
        line("bf16", cast(summary.bf16Overflows, summary.bf16Underflows))
    }
}
