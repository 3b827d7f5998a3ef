internal import CheckpointIO
internal import ModelZoo
package import Pages
internal import TensorCore

extension CheckpointDiff {
    /// The most tensors that a page has rows for.
    private static let rowLimit = 5000

    /// All that was found as a page.
    package var page: Page {
        var page = Page(
            command: "dcae diff",
            title: "diff: " + ModelFolder.name(of: a.path) + " and " + ModelFolder.name(of: b.path),
            answer: answer
        )
        page.facts = [("A", "\(Self.words(a))"), ("B", "\(Self.words(b))")]
        if let tolerance {
            page.facts.append(("tolerance", "atol \("\(tolerance.absolute)") + rtol \("\(tolerance.relative)") × |B|"))
        }
        if ignoredCount > 0 { page.facts.append(("left out", "\(ignoredCount) tensors")) }
        if let oddity = config?.oddity { page.facts.append(("configs", "\(oddity)")) }
        // The largest first, so that of too many the smallest are left out.
        let listed = Array(
            tensors.enumerated().map { Numbered(number: $0, tensor: $1) }.largestFirst.prefix(Self.rowLimit)
        )
        page.add("map", "The network", map(listed))
        if tensors.contains(where: { $0.values != nil }) { page.add("spread", "How much they differ", spread) }
        page.add("modules", "By module", modulesTable)
        page.add("tensors", "By tensor", tensorsTable(listed))
        if let config, !config.fields.isEmpty { page.add("config", "Configuration", Self.table(config)) }
        if !metadata.isEmpty { page.add("metadata", "Metadata", metadataTable) }
        page.add("reading", "How to read this", Self.reading)
        return page
    }

    fileprivate struct Numbered {
        let number: Int
        let tensor: TensorComparison
        var row: String { "t-\(number)" }
    }

    private static func words(_ side: Side) -> String {
        let layout = side.layout.map { ", \($0.rawValue) layout" } ?? ""
        let dtypes = side.dtypes.prefix(6).map(\.rawValue).joined(separator: " ")
        return "\(side.path) (\(side.format.rawValue)\(layout), \(side.tensorCount) tensors, \(dtypes) "
            + "\(ByteSize.show(side.byteCount)))"
    }

    private func map(_ listed: [Numbered]) -> Markup {
        let hasRow = Set(listed.map(\.number))
        let scale = NetworkMap.Scale(tensors.compactMap { $0.values?.relativeRMS })
        let cells = tensors.enumerated().prefix(20_000).map { number, tensor in
            NetworkMap.Cell(
                name: tensor.name,
                mark: tensor.mark(on: scale),
                words: tensor.sentence,
                row: hasRow.contains(number) ? "t-\(number)" : nil
            )
        }
        return NetworkMap(cells, isKnown: layout != nil, legend: TensorComparison.legend(scale)).markup
    }

    private var spread: Markup {
        var counts = [Int](repeating: 0, count: 10)
        for tensor in tensors where tensor.values != nil || tensor.relation == .identical {
            let ratio = tensor.values?.relativeRMS ?? 0
            let bin =
                ratio == 0
                ? 0 : [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].firstIndex { ratio <= $0 }.map { $0 + 1 }
            counts[bin ?? 9] += 1
        }
        let labels = ["0", "≤1e-7", "≤1e-6", "≤1e-5", "≤1e-4", "≤1e-3", "≤0.01", "≤0.1", "≤1", ">1"]
        return PageHistogram(
            caption: "Tensors by how far B is from A",
            axis: "relative RMS of the difference",
            bins: zip(labels, counts).map { PageHistogram.Bin($0, $1) }
        ).markup
    }

    private var modulesTable: Markup {
        var table = PageTable(
            id: "table-modules",
            caption: "Parts of the network",
            columns: [
                ("Module", .text), ("Tensors", .number), ("Differ", .number), ("Relative RMS", .number),
                ("RMS", .number), ("Max abs", .number),
            ]
        )
        for module in modules.prefix(Self.rowLimit) {
            let name: Markup = module.depth > 1 ? "<span class=\"part\">\(module.name)</span>" : "\(module.name)"
            table.add([
                .markup(name, key: module.name), .count(module.tensorCount), .count(module.differingCount),
                Self.cell(module.values?.relativeRMS), Self.cell(module.values?.rms), Self.cell(module.values?.largest),
            ])
        }
        return table.markup
    }

    private func tensorsTable(_ listed: [Numbered]) -> Markup {
        var table = PageTable(
            id: "table-tensors",
            caption: listed.count < tensors.count
                ? "\(listed.count) of \(tensors.count) tensors" : "All \(tensors.count) tensors",
            columns: [
                ("Tensor", .text), ("What", .text), ("Relative RMS", .number), ("RMS", .number), ("Max abs", .number),
                ("Cosine", .number), ("ULP", .number), ("Differ", .number), ("Values", .number), ("Shape", .text),
                ("Dtype", .text), ("First", .text),
            ],
            sortedColumn: 2,
            hasFilter: true
        )
        for entry in listed {
            let tensor = entry.tensor
            let values = tensor.values
            // What is equal to the byte differs by nothing; what cannot be compared has no number, and
            // is sorted above all that have one.
            let isEqual = tensor.hasSameBytes
            let number = isEqual ? 0 : values?.relativeRMS
            let ratio = number.map { PageTable.Cell.number($0, $0.brief) } ?? .number(.infinity, "")
            table.add(
                id: entry.row,
                [
                    .text(tensor.name), .text(tensor.words), ratio,
                    Self.cell(isEqual ? 0 : values?.rms), Self.cell(isEqual ? 0 : values?.largest),
                    .number(values?.cosine, values?.cosine?.fixed(6) ?? ""),
                    .number(
                        values?.ulps.map(Double.init),
                        values?.ulps.map { Int(exactly: $0)?.grouped ?? Double($0).brief } ?? ""
                    ),
                    isEqual
                        ? .count(0)
                        : .number(values.map { Double($0.differingCount) }, (values?.differingCount ?? 0).grouped),
                    .count(tensor.elementCount), .text((tensor.a ?? tensor.b)?.shape.description ?? ""),
                    .text((tensor.a ?? tensor.b)?.dtype.rawValue ?? ""),
                    .text(tensor.firstIndex.map { Shape($0).description } ?? ""),
                ]
            )
        }
        return table.markup
    }

    private static func cell(_ number: Double?) -> PageTable.Cell { .number(number, number?.brief ?? "") }

    private static func table(_ config: ConfigComparison) -> Markup {
        var table = PageTable(
            id: "table-config",
            caption: "Fields that differ",
            columns: [("Field", .text), ("A", .text), ("B", .text)]
        )
        for field in config.fields {
            table.add([
                .text(field.name), .text(ConfigComparison.show(field.a)), .text(ConfigComparison.show(field.b)),
            ])
        }
        return table.markup
    }

    private var metadataTable: Markup {
        var table = PageTable(
            id: "table-metadata",
            caption: "Metadata texts that differ; they do not count",
            columns: [("Key", .text), ("A", .text), ("B", .text)]
        )
        for field in metadata.prefix(200) {
            table.add([
                .text(field.key), .text(ConfigComparison.show(field.a)), .text(ConfigComparison.show(field.b)),
            ])
        }
        return table.markup
    }

    private static let reading: Markup = """
        <p class="note">Numbers are sums in F64 over the values that are finite on both sides. Relative RMS is the root mean \
        square of A − B over that of A; of a module, over its tensors that differ. ULP is the most steps from number to number \
        in the tensors' own format. NaN against NaN is equal. Tensors are matched by what they are in the network, whatever the \
        layout, format and sharding.</p>
        """
}

extension Array where Element == CheckpointDiff.Numbered {
    /// As `[TensorComparison].largestFirst`.
    fileprivate var largestFirst: [Element] { sorted { ($0.tensor.rank, $1.number) > ($1.tensor.rank, $0.number) } }
}

extension TensorComparison {
    /// What it is in a sentence, for its cell of the map.
    fileprivate var sentence: String {
        guard let values, !values.isEqualInValue else { return words }
        return "\(words), relative RMS \(values.relativeRMS.brief)"
    }

    fileprivate func mark(on scale: NetworkMap.Scale) -> NetworkMap.Mark {
        switch relation {
        case .identical: return .init(sign: "=", style: "l0")
        case .unread: return .init(sign: "?", style: "lx")
        case .added: return .init(sign: "+", style: "lx")
        case .removed: return .init(sign: "−", style: "lx")
        case .renamed: return .init(sign: "~", style: "lx")
        case .shape: return .init(sign: "#", style: "lx")
        case .changed, .dtype:
            guard let values else { return .init(sign: "?", style: "lx") }
            if values.nanMismatchCount + values.infinityMismatchCount > 0 { return .init(sign: "!", style: "lb") }
            if values.isEqualInValue { return .init(sign: "0", style: "l0") }
            return scale.mark(values.relativeRMS)
        }
    }

    fileprivate static func legend(_ scale: NetworkMap.Scale) -> [(mark: NetworkMap.Mark, words: String)] {
        [
            (.init(sign: "=", style: "l0"), "identical"), (.init(sign: "0", style: "l0"), "equal values"),
        ] + scale.legend("relative RMS") + [
            (.init(sign: "!", style: "lb"), "NaN or infinite on one side"),
            (.init(sign: "+", style: "lx"), "only in B"), (.init(sign: "−", style: "lx"), "only in A"),
            (.init(sign: "~", style: "lx"), "renamed"), (.init(sign: "#", style: "lx"), "another shape"),
            (.init(sign: "?", style: "lx"), "cannot be compared by value"),
        ]
    }
}
