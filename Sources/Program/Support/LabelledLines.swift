internal import TensorCore

/// Lines of a label and a text, the texts below each other and broken at spaces where the terminal ends.
enum LabelledLines {
    private static let indent = 18

    /// Prints a text under its label, or nothing where there is no text.
    ///
    /// A user's registry may come from a stranger: what a terminal would obey is escaped.
    static func print(_ label: String, _ text: String) {
        guard !text.isEmpty else { return }
        let text = text.escaped(limit: .max)
        let start = "  " + label + String(repeating: " ", count: max(1, indent - 2 - label.count))
        for (index, line) in broken(text, to: max(20, Terminal.textWidth - indent)).enumerated() {
            Terminal.print((index == 0 ? start : String(repeating: " ", count: indent)) + line)
        }
    }

    /// Prints several texts under one label.
    static func print(_ label: String, _ texts: [String]) {
        for (index, text) in texts.enumerated() { print(index == 0 ? label : "", text) }
    }

    /// A text as lines of so many characters; a word that is longer has a line of its own.
    static func broken(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.unicodeScalars.count + 1 + word.unicodeScalars.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
