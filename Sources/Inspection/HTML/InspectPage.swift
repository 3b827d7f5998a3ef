internal import CheckpointIO
internal import ModelZoo
internal import Models
package import Pages
internal import StrictJSON
internal import TensorCore

/// What is in a checkpoint, as a page: the headers, and what the values are like.
package struct InspectPage {
    private let summary: CheckpointSummary
    private let listing: TensorListing
    private let statistics: StatisticsSummary

    /// - Parameter listing: with statistics.
    package init(_ summary: CheckpointSummary, _ listing: TensorListing) {
        self.summary = summary
        self.listing = listing
        statistics = StatisticsSummary(listing)
    }

    /// The most tensors that a page has rows for.
    private static let rowLimit = 5000

    package var page: Page {
        let checkpoint = summary.checkpoint
        var page = Page(
            command: "dcae inspect",
            title: "inspect: " + ModelFolder.name(of: checkpoint.path),
            answer: [what, health, casts]
        )
        page.facts = [("file", "\(checkpoint.path)"), ("format", "\(format)")]
        let dtypes = summary.dtypes.map { "\($0.dtype.rawValue) \(ByteSize.show($0.bytes)) in \($0.tensors)" }
        page.facts.append(("dtypes", "\(dtypes.joined(separator: ", "))"))
        if summary.model.structural.isEmpty, let mismatch = summary.model.mismatch {
            page.facts.append(("variant", "unknown; \(mismatch)"))
        }
        for member in checkpoint.metadata.prefix(8) {
            page.facts.append(
                ("metadata " + member.key.escaped(limit: 40), "\((member.value.string ?? "").escaped(limit: 200))")
            )
        }
        page.add("map", "The network", map)
        page.add("values", "The values", histogram)
        page.add("modules", "By module", modules)
        page.add("tensors", "By tensor", tensors)
        page.add("reading", "How to read this", Self.reading)
        return page
    }

    private var what: String {
        let size = "\(listing.tensors.count) tensors, \(ByteSize.show(listing.tensors.reduce(0) { $0 + $1.byteCount }))"
        guard let layout = summary.model.layout else { return "\(size), not a DC-AE" }
        let names = summary.model.structural.map(\.name)
        return "\(size): a DC-AE in the \(layout.rawValue) layout"
            + (names.isEmpty ? ", of no known variant" : " that fits " + names.joined(separator: " or "))
    }

    private var health: String {
        let (nan, infinite) = (StatisticsSummary.total(statistics.nan), StatisticsSummary.total(statistics.infinite))
        if nan + infinite == 0 { return "Every value is finite." }
        let tensors = Set((statistics.nan + statistics.infinite).map(\.name)).count
        return "\(nan) NaN and \(infinite) infinite values in \(tensors) tensor\(tensors == 1 ? "" : "s")."
    }

    private var casts: String {
        let found = [("fp16", statistics.fp16Overflows), ("bf16", statistics.bf16Overflows)].filter { !$0.1.isEmpty }
        if found.isEmpty { return "All finite values fit fp16 and bf16." }
        return found.map { name, places in
            "\(StatisticsSummary.total(places).grouped) values in \(places.count) tensor\(places.count == 1 ? "" : "s") "
                + "do not fit \(name)."
        }.joined(separator: " ")
    }

    private var format: String {
        let checkpoint = summary.checkpoint
        let isSharded = checkpoint.files.count > 1 || checkpoint.indexPath != nil
        return checkpoint.format.rawValue + (isSharded ? ", \(checkpoint.files.count) shards" : "")
            + (checkpoint.isCompressed ? ", compressed with zstd" : "")
    }

    private var map: Markup {
        let scale = NetworkMap.Scale(listing.tensors.compactMap { $0.statistics?.rms })
        let cells = listing.tensors.enumerated().prefix(20_000).map { number, tensor in
            NetworkMap.Cell(
                name: tensor.descriptor.name,
                mark: tensor.mark(on: scale),
                words: tensor.sentence,
                row: number < Self.rowLimit ? "t-\(number)" : nil
            )
        }
        return NetworkMap(cells, isKnown: summary.model.layout != nil, legend: ListedTensor.legend(scale)).markup
    }

    private var histogram: Markup {
        var counts: [Int: Int] = [:]
        for histogram in listing.tensors.compactMap(\.statistics?.histogram) {
            for (index, pair) in zip(histogram.negative, histogram.positive).enumerated() {
                // Counts from a file stay far from overflow, but a sum of clamped ones need not.
                let sum = (counts[histogram.lowestExponent + index] ?? 0).addingReportingOverflow(pair.0)
                counts[histogram.lowestExponent + index] = sum.partialValue.addingReportingOverflow(pair.1).partialValue
            }
        }
        let used = counts.filter { $0.value > 0 }.keys
        guard let first = used.min(), let last = used.max() else { return "<p>All values are zero.</p>" }
        return PageHistogram(
            caption: "Values by magnitude",
            axis: "exponent e of 2^e ≤ |x| < 2^(e+1); zeros are left out",
            bins: (first...last).map { PageHistogram.Bin("\($0)", counts[$0] ?? 0) }
        ).markup
    }

    private var modules: Markup {
        var table = PageTable(
            id: "table-modules",
            caption: "Modules",
            columns: [("Module", .text), ("Tensors", .number), ("Values", .number), ("Bytes", .number)]
        )
        func place(_ name: String) -> (Int, Int, Int) {
            let (kind, stage) = ModulePath.place(of: name)
            return (name.hasPrefix("encoder.") ? 0 : 1, kind, stage)
        }
        // In module order where the names are a network's; otherwise as they are, by name.
        let isKnown = summary.model.layout != nil
        let ordered = isKnown ? summary.modules.sorted { place($0.name) < place($1.name) } : summary.modules
        for module in ordered.prefix(Self.rowLimit) {
            table.add([.text(module.name), .count(module.tensors), .count(module.elements), .count(module.bytes)])
        }
        return table.markup
    }

    private var tensors: Markup {
        var table = PageTable(
            id: "table-tensors",
            caption: listing.tensors.count > Self.rowLimit
                ? "\(Self.rowLimit) of \(listing.tensors.count) tensors" : "All \(listing.tensors.count) tensors",
            columns: [
                ("Tensor", .text), ("Dtype", .text), ("Shape", .text), ("Values", .number), ("Min", .number),
                ("Max", .number), ("Mean", .number), ("Std", .number), ("RMS", .number), ("Zeros", .number),
                ("Magnitudes", .text), ("Remarks", .text),
            ],
            hasFilter: true
        )
        func cell(_ number: Double?) -> PageTable.Cell { .number(number, number?.brief ?? "") }
        for (number, tensor) in listing.tensors.prefix(Self.rowLimit).enumerated() {
            let statistics = tensor.statistics
            let line = statistics?.histogram.sparkline() ?? ""
            table.add(
                id: "t-\(number)",
                [
                    .text(tensor.descriptor.name), .text(tensor.descriptor.dtype.rawValue),
                    .text(tensor.descriptor.shape.description), .count(tensor.elementCount), cell(statistics?.minimum),
                    cell(statistics?.maximum), cell(statistics?.mean), cell(statistics?.standardDeviation),
                    cell(statistics?.rms),
                    .number(statistics.map { Double($0.zeros) }, (statistics?.zeros ?? 0).grouped),
                    .markup("<span class=\"spark\" aria-hidden=\"true\">\(line)</span>", key: line),
                    .text(tensor.remarks.joined(separator: ", ")),
                ]
            )
        }
        return table.markup
    }

    private static let reading: Markup = """
        <p class="note">Minimum, maximum, mean, standard deviation and RMS are those of the finite values, in F64. Magnitudes are \
        counted by powers of two: negative values to the left, positive ones to the right, the largest outside. A cell of the map \
        shows the RMS of a tensor's values.</p>
        """
}

extension ListedTensor {
    fileprivate func mark(on scale: NetworkMap.Scale) -> NetworkMap.Mark {
        guard let statistics, statistics.nonFinite == 0 else { return .init(sign: "!", style: "lb") }
        guard let rms = statistics.rms, rms > 0 else { return .init(sign: "0", style: "l0") }
        return scale.mark(rms)
    }

    fileprivate var sentence: String {
        let remarks = remarks.joined(separator: ", ")
        let shape = "\(descriptor.dtype.rawValue) \(descriptor.shape.description.escaped(limit: 60))"
        guard let rms = statistics?.rms else { return remarks.isEmpty ? shape : "\(shape), \(remarks)" }
        return "\(shape), RMS \(rms.brief)" + (remarks.isEmpty ? "" : ", \(remarks)")
    }

    fileprivate static func legend(_ scale: NetworkMap.Scale) -> [(mark: NetworkMap.Mark, words: String)] {
        [(.init(sign: "0", style: "l0"), "zero or empty")] + scale.legend("RMS")
            + [(.init(sign: "!", style: "lb"), "has NaN or infinite values")]
    }
}
