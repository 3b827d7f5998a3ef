internal import Calibration
package import Images
internal import Inference
package import Pages
internal import Perception
package import TensorCore

extension EvaluationReport {
    /// A picture of the page: what was read, and what came back of it by each model.
    package struct Shown: Sendable {
        let key: String
        let images: EvaluationRun.Images

        package init(key: String, images: EvaluationRun.Images) {
            (self.key, self.images) = (key, images)
        }
    }

    /// The keys of the pictures that a page shows: the worst by the first model's PSNR, and by LPIPS where it was measured.
    package var shownKeys: [String] {
        guard let first = sides.first else { return [] }
        var keys: [String] = []
        for summary in [first[.psnr], first[.lpips]].compactMap(\.self) {
            for picture in summary.worst where !keys.contains(where: { $0.utf8.elementsEqual(picture.key.utf8) }) {
                keys.append(picture.key)
            }
        }
        return keys
    }

    /// The most pictures that the table of a page has.
    private static let rowLimit = 2000

    /// The report as a page that carries its pictures in itself. The same figures and pictures give the same bytes.
    ///
    /// - Parameters:
    ///   - shown: the worst pictures, side by side with what came back of them.
    ///   - spelling: how options are spelled in notes.
    /// - Throws: where a picture cannot be encoded as PNG.
    package func page(
        _ shown: [Shown],
        spelling: (Words.Option, String?) -> String = Words.label
    ) throws(ImageRefusal) -> Page {
        let names = sides.map(\.label).joined(separator: ", ")
        var page = Page(command: "dcae eval", title: "eval: " + names, answer: answer)
        page.facts = [("pictures", "\(head)")]
        for side in sides { page.facts.append(("model", "\(side.label)")) }
        for file in part.subject.weights { page.facts.append(("weights", "\(file.text)")) }
        page.facts.append(("measured by", "\(part.subject.program)"))
        page.add("summary", "In numbers", summaryTable)
        let figures = sides.flatMap(\.published)
        if !figures.isEmpty {
            page.add("published", "Beside what was published", Self.list(figures.map(\.text)))
        }
        for (index, comparison) in comparisons.enumerated() {
            page.add(
                "against-\(index + 1)",
                "\(comparison.label) against \(sides[0].label)",
                Self.list(comparison.differences.map { $0.text(comparison.label) })
            )
        }
        if !notes.isEmpty { page.add("notes", "Worth knowing", Self.list(notes.map { $0.text(spelling) })) }
        for (index, picture) in shown.enumerated() {
            page.add("picture-\(index + 1)", picture.key, try markup(picture))
        }
        page.add("pictures", "Picture by picture", pictureTable)
        if !part.unreadable.isEmpty {
            page.add(
                "unreadable",
                "Passed over",
                Self.list(part.unreadable.map { "\($0.key): \($0.reason)" })
            )
        }
        return page
    }

    private var answer: [String] {
        sides.map { side in
            let figures = side.measures.compactMap { $0.estimate == nil ? nil : "\($0.measure.name) \($0.text)" }
            let rfid = side.rfid.map { ["rFID \($0.fixed(3))"] } ?? []
            return "\(side.label): " + (figures + rfid).joined(separator: ", ")
        }
            + comparisons.compactMap { comparison in
                comparison.differences.first.map { $0.text(comparison.label) }
            }
    }

    private static func list(_ lines: [String]) -> Markup {
        let items = lines.map { line -> Markup in "<li>\(line)</li>\n" }
        return "<ul>\n\(items)</ul>"
    }

    private var summaryTable: Markup {
        var table = PageTable(
            id: "table-summary",
            caption: "Measures",
            columns: [
                ("Model", .text), ("Measure", .text), ("Mean", .number), ("95% interval", .text), ("Median", .number),
                ("Worst", .number), ("Worst picture", .text),
            ]
        )
        for side in sides {
            for summary in side.measures {
                let digits = summary.measure.digits
                let interval = summary.estimate?.interval.map {
                    "\($0.lowerBound.fixed(digits)) to \($0.upperBound.fixed(digits))"
                }
                table.add([
                    .text(side.label), .text(summary.measure.title),
                    .number(summary.estimate?.mean, summary.estimate?.mean.fixed(digits) ?? summary.text),
                    .text(interval ?? ""), .number(summary.median, summary.median?.fixed(digits) ?? ""),
                    .number(summary.worst.first?.value, summary.worst.first?.value.fixed(digits) ?? ""),
                    .text(summary.worst.first?.key ?? ""),
                ])
            }
            func add(_ name: String, _ value: Double?, _ digits: Int) {
                guard let value else { return }
                table.add([
                    .text(side.label), .text(name), .number(value, value.fixed(digits)), .text(""), .number(nil, ""),
                    .number(nil, ""), .text(""),
                ])
            }
            add("rFID", side.rfid, 4)
            add("Latent mean", side.latent?.mean, 4)
            add("Latent RMS", side.latent?.rms, 4)
            add("Latent std", side.latent?.std, 4)
        }
        return table.markup
    }

    private var pictureTable: Markup {
        let measures = sides.first?.measures.map(\.measure) ?? []
        var table = PageTable(
            id: "table-pictures",
            caption: part.records.count > Self.rowLimit ? "The \(Self.rowLimit) worst pictures" : "Pictures",
            columns: [("Picture", .text)] + (sides.count > 1 ? [("Model", .text)] : [])
                + measures.map { ($0.title, .number) },
            hasFilter: true
        )
        for record in order.prefix(Self.rowLimit) {
            for (index, side) in sides.enumerated() {
                let values = measures.map { measure -> PageTable.Cell in
                    guard let value = measure.value(record, index) else { return .number(nil, "") }
                    return .number(value, value.isFinite ? value.fixed(measure.digits) : "identical")
                }
                table.add([.text(record.key)] + (sides.count > 1 ? [.text(side.label)] : []) + values)
            }
        }
        return table.markup
    }

    private func markup(_ shown: Shown) throws(ImageRefusal) -> Markup {
        let original = shown.images.original
        let record = part.records.first { $0.key.utf8.elementsEqual(shown.key.utf8) }
        var figures = try PictureRoundtrip.figure(original, "Original", "\(original.size)", shown.key)
        for (index, picture) in shown.images.pictures.enumerated() {
            guard let picture else {
                figures += "<p>\(sides[index].label): nothing that can be measured came back</p>"
                continue
            }
            let words = sides[index].measures.compactMap { summary -> String? in
                guard let record, let value = summary.measure.value(record, index) else { return nil }
                return value.isFinite
                    ? "\(summary.measure.name) \(value.fixed(summary.measure.digits))\(summary.measure.unit)"
                    : "identical"
            }
            let difference = ComparisonSheet.difference(of: picture, and: original)
            let title = sides.count > 1 ? sides[index].label : "Reconstruction"
            figures += try PictureRoundtrip.figure(picture, title, words.joined(separator: ", "), shown.key)
            figures += try PictureRoundtrip.figure(
                difference.picture,
                difference.title,
                difference.detail,
                shown.key
            )
        }
        return "<div class=\"pictures\">\(figures)</div>"
    }
}
