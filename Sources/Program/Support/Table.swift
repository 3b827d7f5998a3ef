internal import TensorCore

/// Rows under headings, each column as wide as its widest cell. Numbers are set to the right.
struct Table {
    private var rows: [[String]] = []
    private let headings: [String]
    private let rightAligned: Set<Int>
    private let shortened: [Int]
    private let optional: [Int]
    private let columns: Int?

    /// - Parameters:
    ///   - right: the columns that are set to the right.
    ///   - shortened: the column whose cells are shortened where the terminal is too narrow.
    ///   - other: a second one, which is shortened as far.
    ///   - optional: the columns that are left out where it is too narrow, the first of them first.
    ///   - columns: the width to fit into; nil for any.
    init(
        _ headings: [String],
        right: Set<Int> = [],
        shortened: Int? = nil,
        other: Int? = nil,
        optional: [Int] = [],
        columns: Int? = Terminal.columns
    ) {
        self.headings = headings
        rightAligned = right
        self.shortened = [shortened, other].compactMap { $0 }
        self.optional = optional
        self.columns = columns
    }

    /// What a shortened column keeps, however narrow the terminal is.
    private static let leastWidth = 24

    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    func print() { _ = printed() }

    /// Prints it.
    ///
    /// - Returns: the headings of the columns that there was room for, for who explains them.
    func printed() -> [String] {
        var widths = headings.indices.map { column in
            self.rows.reduce(headings[column].unicodeScalars.count) { max($0, $1[column].unicodeScalars.count) }
        }
        var rows = rows
        var shown = Array(headings.indices)
        if let columns {
            func total() -> Int { shown.reduce(0) { $0 + widths[$1] + 2 } - 2 }
            for column in optional where total() > columns { shown.removeAll { $0 == column } }
            let room = columns - total() + shortened.reduce(0) { $0 + widths[$1] }
            for (position, column) in shortened.enumerated() where total() > columns {
                let width = max(
                    Self.leastWidth,
                    (room - shortened[..<position].reduce(0) { $0 + widths[$1] }) / (shortened.count - position)
                )
                guard width < widths[column] else { continue }
                for index in rows.indices { rows[index][column] = rows[index][column].nameShortened(to: width) }
                widths[column] = width
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for column in shown {
                let cell = cells[column]
                let padding = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
                text += rightAligned.contains(column) ? padding + cell : cell + padding
                text += "  "
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        Terminal.print(Terminal.bold(line(headings)))
        for row in rows { Terminal.print(line(row)) }
        return shown.map { headings[$0] }
    }
}
