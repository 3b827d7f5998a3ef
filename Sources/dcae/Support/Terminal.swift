internal import CPlatform
internal import Libc
internal import StrictJSON
internal import TensorCore

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

    /// The columns that results should fit into: what COLUMNS says, else those of the terminal; nil where results go elsewhere.
    static let columns: Int? = {
        if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 { return columns }
        let columns = outputIsTerminal ? Int(dcae_terminal_columns(STDOUT_FILENO)) : 0
        return columns > 0 ? columns : nil
    }()

    /// The columns that tables and paragraphs of our own are made for: those of the terminal, else 80.
    static let textWidth = columns ?? 80

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
