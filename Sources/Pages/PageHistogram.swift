internal import TensorCore

/// A histogram as a drawing: a bar for each bin with its label below, and the count above it.
package struct PageHistogram: Sendable {
    /// A bar.
    package struct Bin: Sendable {
        package let label: String
        package let count: Int

        package init(_ label: String, _ count: Int) {
            self.label = label
            self.count = count
        }
    }

    private let caption: String
    private let axis: String
    private let bins: [Bin]

    /// - Parameters:
    ///   - caption: what is counted.
    ///   - axis: what the labels are.
    ///   - bins: from left to right.
    package init(caption: String, axis: String, bins: [Bin]) {
        self.caption = caption
        self.axis = axis
        self.bins = bins
    }

    private static let height = 120
    /// Room for a label that is wider than its bar.
    private static let margin = 12

    package var markup: Markup {
        // Few bins are wide enough for their labels; of many, only some are labelled.
        let width = bins.count <= 16 ? 56 : max(6, 900 / max(1, bins.count))
        let every = bins.count <= 16 ? 1 : max(1, bins.count / 12)
        let largest = max(1, bins.map(\.count).max() ?? 1)
        var bars: Markup = ""
        for (index, bin) in bins.enumerated() {
            let tall = bin.count == 0 ? 0 : max(1, bin.count * Self.height / largest)
            let (x, middle) = (index * width + Self.margin, index * width + width / 2 + Self.margin)
            let gap = width > 10 ? 2 : 0
            bars += """
                <g><title>\(bin.label): \(bin.count)</title>\
                <rect x="\(x + gap)" y="\(Self.height - tall + 18)" width="\(width - 2 * gap)" height="\(tall)"></rect>
                """
            if width >= 40 {
                bars += "<text x=\"\(middle)\" y=\"\(Self.height - tall + 13)\">\(Self.short(bin.count))</text>"
            }
            if index % every == 0 { bars += "<text x=\"\(middle)\" y=\"\(Self.height + 34)\">\(bin.label)</text>" }
            bars += "</g>"
        }
        let (w, h) = (max(1, bins.count) * width + 2 * Self.margin, Self.height + 42)
        let words = bins.filter { $0.count > 0 }.prefix(40).map { "\($0.label): \($0.count)" }.joined(separator: ", ")
        return """
            <figure class="histogram"><figcaption>\(caption)</figcaption>
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0">\
            <svg viewBox="0 0 \(w) \(h)" width="\(w)" height="\(h)" role="img" aria-label="\(caption), by \(axis): \(words)">\
            \(bars)</svg></div>
            <p class="axis">\(axis)</p></figure>
            """
    }

    /// A count in at most five characters: `1234`, `12k`, `3.4M`.
    private static func short(_ count: Int) -> String {
        switch count {
        case ..<10_000: String(count)
        case ..<1_000_000: "\(count / 1000)k"
        case ..<10_000_000: (Double(count) / 1e6).fixed(1) + "M"
        case ..<1_000_000_000: "\(count / 1_000_000)M"
        default: (Double(count) / 1e9).fixed(1) + "G"
        }
    }
}
