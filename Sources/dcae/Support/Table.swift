internal import TensorCore

/// Rows under headings, each column as wide as its widest cell. Numbers are set to the right.
struct Table {
    private var rows: [[String]] = []
    private let headings: [String]
    private let rightAligned: Set<Int>
    private let shortened: Int?

    /// - Parameters:
    ///   - right: the columns that are set to the right.
    ///   - shortened: the column whose cells lose their middle where the terminal is too narrow.
    init(_ headings: [String], right: Set<Int> = [], shortened: Int? = nil) {
        self.headings = headings
        rightAligned = right
        self.shortened = shortened
    }

    /// What a shortened column keeps, however narrow the terminal is.
    private static let leastWidth = 24

    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    func print() {
        var widths = headings.indices.map { column in
            self.rows.reduce(headings[column].unicodeScalars.count) { max($0, $1[column].unicodeScalars.count) }
        }
        var rows = rows
        if let shortened, let columns = Terminal.columns {
            let total = widths.reduce(0) { $0 + $1 + 2 } - 2
            let room = max(Self.leastWidth, widths[shortened] - max(0, total - columns))
            if room < widths[shortened] {
                for index in rows.indices { rows[index][shortened] = rows[index][shortened].middleShortened(to: room) }
                widths[shortened] = room
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
                text += rightAligned.contains(column) ? padding + cell : cell + padding
                text += "  "
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        Terminal.print(Terminal.bold(line(headings)))
        for row in rows { Terminal.print(line(row)) }
    }
}
