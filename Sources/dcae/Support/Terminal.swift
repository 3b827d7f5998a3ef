internal import StrictJSON
internal import TensorCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Where the program's words go: results to standard output, everything else to standard error.
enum Terminal {
    static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Whether results may carry colour: on a terminal that has it, unless NO_COLOR says otherwise.
    static let hasColour: Bool = {
        let refused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let dumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        return outputIsTerminal && !refused && !dumb
    }()

    /// Writes a line of the result.
    static func print(_ line: String = "") {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes a JSON document as the result.
    static func print(_ json: JSONValue) {
        print(JSONWriter.pretty(json))
    }

    /// Writes a line to standard error: a warning, a note, an error.
    static func say(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    static func warn(_ line: String) {
        say("dcae: warning: " + line)
    }

    /// A text in bold, where the terminal can show it.
    static func bold(_ text: String) -> String {
        hasColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }

    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let put = writeBytes(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if put < 0 && errno == EINTR { continue }
                if put <= 0 {
                    // Nobody hears what standard error says; the exit code still tells. A result that cannot be
                    // written is a failure: as by SIGPIPE where the reader has gone away.
                    if descriptor == STDOUT_FILENO { exit(errno == EPIPE ? 128 + SIGPIPE : 2) }
                    return
                }
                done += put
            }
        }
    }
}

/// `write` by a name that does not hide behind Terminal's own.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Rows under headings, each column as wide as its widest cell. Numbers are set to the right.
struct Table {
    private var rows: [[String]] = []
    private let headings: [String]
    private let rightAligned: Set<Int>

    init(_ headings: [String], right: Set<Int> = []) {
        self.headings = headings
        rightAligned = right
    }

    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    func print() {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0
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

/// Numbers for people.
enum Show {
    /// `323,356,460`.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + text
    }

    /// `323.4 M`.
    static func millions(_ number: Int) -> String {
        let tenths = (Double(number) / 100_000).rounded() / 10
        return "\(tenths) M"
    }

    /// `0.4552`, or a dash where there is none.
    static func factor(_ factor: Double?) -> String {
        factor.map { "\($0)" } ?? "not published"
    }
}
