internal import CPlatform
internal import Files
internal import Libc
internal import StrictJSON
internal import Synchronization
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

    /// Writes a line of the result. Whatever is in it stays in it: names come from strangers.
    ///
    /// With `--json` the object is the whole result.
    static func print(_ line: String = "") {
        guard !Report.isAsked else { return }
        write(shown(line) + "\n", to: STDOUT_FILENO)
    }

    /// Takes a JSON value as the result of a run with `--json`; it is written when the run ends.
    static func print(_ json: JSONValue) {
        Report.keep(json)
    }

    /// Writes a JSON document to standard output.
    static func writeJSON(_ json: JSONValue) {
        write(JSONWriter.pretty(json).escapedJSON + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line to standard error: a warning, a note, an error.
    static func say(_ line: String) {
        write(shown(line) + "\n", to: STDERR_FILENO)
    }

    /// A line as a terminal may have it: nothing but what can be seen, and what is bold.
    private static func shown(_ line: String) -> String {
        if line.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return line }
        guard hasColour else { return line.escaped(limit: .max) }
        let parts = line.split(separator: boldStart, omittingEmptySubsequences: false).map { part in
            part.split(separator: boldEnd, omittingEmptySubsequences: false)
                .map { String($0).escaped(limit: .max) }.joined(separator: boldEnd)
        }
        return parts.joined(separator: boldStart)
    }

    /// Says why something was not done, with options as the program's flags.
    static func fail(_ error: any Refusal) {
        let line = error.line(Flags.spelling)
        held.withLock { $0.removeAll { line.contains($0) } }
        say("dcae: error: " + line)
    }

    /// Warnings that are said with whatever is said next, unless that is an error that says the same.
    private static let held = Mutex<[String]>([])

    /// Says the warnings that are held.
    static func release() {
        let lines = held.withLock { lines in
            defer { lines.removeAll() }
            return lines
        }
        for line in lines { writeAll(shown("dcae: warning: " + line) + "\n", to: STDERR_FILENO) }
    }

    /// Warns of something that is odd about the data.
    ///
    /// - Parameter isSaid: whether it is printed too, or for `--json` alone.
    static func warn(_ kind: Report.Warning, _ line: String, isSaid: Bool = true) {
        Report.keep(kind, line)
        if isSaid { held.withLock { $0.append(line) } }
    }

    /// Says what was decided.
    static func note(_ line: String, isSaid: Bool = true) {
        Report.keep(.note, line)
        if isSaid { say("dcae: note: " + line) }
    }

    /// A text in bold, where the terminal can show it.
    static func bold(_ text: String) -> String {
        hasColour ? boldStart + text + boldEnd : text
    }

    private static let boldStart = "\u{1B}[1m"
    private static let boldEnd = "\u{1B}[0m"

    /// Writes text as it is.
    static func write(_ text: String, to descriptor: Int32) {
        release()
        writeAll(text, to: descriptor)
    }

    private static func writeAll(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let put = writeBytes(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if put > 0 {
                    done += put
                } else if put == 0 || !waits(descriptor, errno) {
                    return failed(descriptor, put == 0 ? EIO : errno)
                }
            }
        }
    }

    /// Whether writing that failed is to be tried again: after a signal, or once a descriptor that does not block has room.
    private static func waits(_ descriptor: Int32, _ code: Int32) -> Bool {
        if code == EINTR { return true }
        guard code == EAGAIN || code == EWOULDBLOCK else { return false }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, -1) >= 0 || errno == EINTR
    }

    /// Nobody hears what standard error says; the exit code still tells. A result that cannot be written is a failure: as by
    /// SIGPIPE where the reader has gone away.
    private static func failed(_ descriptor: Int32, _ code: Int32) {
        guard descriptor == STDOUT_FILENO else { return }
        abandonOutputs()
        if code == EPIPE { exit(128 + SIGPIPE) }
        say("dcae: error: standard output: \(FileFault.system(call: "write", code: code).message)")
        exit(2)
    }
}

extension String {
    /// JSON with escapes for what a terminal would obey, which only strings can hold.
    fileprivate var escapedJSON: String {
        if utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A }) { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar == "\n": result.unicodeScalars.append(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// `write` by a name that does not hide behind Terminal's own.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
