internal import TensorCore

/// A table whose columns can be sorted by the buttons in its head, in a box of its own that scrolls on small screens.
package struct PageTable: Sendable {
    /// What a column holds.
    package enum Kind: Sendable {
        case text, number
    }

    /// What is shown, and what it is sorted by where that is something else.
    package struct Cell: Sendable {
        let content: Markup
        let key: String?

        /// A text, sorted as it is.
        package static func text(_ text: String) -> Cell { Cell(content: "\(text)", key: nil) }

        /// Markup, sorted by a text.
        package static func markup(_ content: Markup, key: String) -> Cell { Cell(content: content, key: key) }

        /// A number and how it is shown; the cell of nil is empty and sorted below all numbers.
        package static func number(_ number: Double?, _ shown: String) -> Cell {
            Cell(content: "\(number == nil ? "" : shown)", key: number.map { "\($0)" } ?? "")
        }

        /// A whole number.
        package static func count(_ number: Int) -> Cell { Cell(content: "\(number.grouped)", key: "\(number)") }
    }

    private let id: String
    private let caption: String
    private let columns: [(title: String, kind: Kind)]
    private let sortedColumn: Int?
    private let hasFilter: Bool
    private var rows: [Markup] = []

    /// Makes a table without rows.
    ///
    /// - Parameters:
    ///   - id: its name in the page.
    ///   - caption: what it shows.
    ///   - sortedColumn: the column by which its rows are given, largest first.
    ///   - hasFilter: whether there is a field to search it.
    package init(
        id: String,
        caption: String,
        columns: [(title: String, kind: Kind)],
        sortedColumn: Int? = nil,
        hasFilter: Bool = false
    ) {
        self.id = id
        self.caption = caption
        self.columns = columns
        self.sortedColumn = sortedColumn
        self.hasFilter = hasFilter
    }

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - id: what links lead to.
    ///   - cells: one for each column; the first is the row's heading.
    package mutating func add(id: String? = nil, _ cells: [Cell]) {
        var row: Markup = id.map { "<tr id=\"\($0)\" tabindex=\"-1\">" } ?? "<tr>"
        for (index, cell) in cells.enumerated() {
            let isNumber = columns[index].kind == .number
            let key: Markup = cell.key.map { " data-v=\"\($0)\"" } ?? ""
            let style: Markup = isNumber ? " class=\"n\"" : ""
            row +=
                index == 0
                ? "<th scope=\"row\"\(key)\(style)>\(cell.content)</th>" : "<td\(key)\(style)>\(cell.content)</td>"
        }
        row += "</tr>\n"
        rows.append(row)
    }

    package var markup: Markup {
        let heads = columns.enumerated().map { index, column -> Markup in
            let order: Markup = sortedColumn == index ? "descending" : "none"
            let style: Markup = column.kind == .number ? " class=\"n\"" : ""
            return
                "<th scope=\"col\" aria-sort=\"\(order)\"\(style)><button type=\"button\">\(column.title)</button></th>"
        }
        let filter: Markup =
            hasFilter
            ? """
            <p class="filter" hidden><label for="\(id)-filter">Show rows with</label> \
            <input id="\(id)-filter" type="search" data-table="\(id)" autocomplete="off" spellcheck="false"> \
            <output for="\(id)-filter"></output></p>

            """ : ""
        return """
            \(filter)<div class="scroll" role="region" aria-label="\(caption)" tabindex="0">
            <table id="\(id)">
            <caption>\(caption)</caption>
            <thead><tr>\(heads)</tr></thead>
            <tbody>
            \(rows)</tbody>
            </table>
            </div>
            """
    }
}
