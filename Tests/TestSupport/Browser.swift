import Foundation
package import Testing

/// A real browser without a window, for pages: Chromium, where it is installed.
package enum Browser {
    /// The program, or nil: then the tests that need it are reported as skipped.
    package static let path: String? = {
        let names = ["chromium", "chromium-browser", "google-chrome"]
        let folders = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/homebrew/bin"]
        let own = ProcessInfo.processInfo.environment["CHROMIUM"].map { [$0] } ?? []
        let candidates = own + folders.flatMap { folder in names.map { folder + "/" + $0 } }
        return candidates.first(where: FileManager.default.isExecutableFile)
    }()

    /// Why the tests are skipped.
    package static let missing: Comment = "no Chromium here: install it, or set CHROMIUM to its path"

    /// What came of opening a page.
    package struct Visit {
        /// The document after its script has run.
        package let dom: String
        /// What was written to the console: errors, refusals of the security policy.
        package let messages: [String]
        /// What was asked for besides the page itself.
        package let requests: [String]

        /// What failed and what was fetched: nothing, of a page that is as it should be.
        package var trouble: [String] { messages + requests }

        /// The first group of every match of a pattern in the document.
        package func matches(_ pattern: String) -> [String] {
            guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
            let text = dom as NSString
            return expression.matches(in: dom, range: NSRange(location: 0, length: text.length))
                .map { text.substring(with: $0.range(at: 1)) }
        }
    }

    /// Opens a file, lets its script run, and notes what happened. No name resolves, so nothing could be fetched.
    package static func visit(_ file: String, fragment: String? = nil) throws -> Visit {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: path ?? "chromium")
        let url = URL(filePath: file).absoluteString + (fragment.map { "#" + $0 } ?? "")
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
            "--user-data-dir=" + folder("profile"), "--host-resolver-rules=MAP * ~NOTFOUND",
            "--log-net-log=" + folder("net.json"), "--enable-logging=stderr", "--virtual-time-budget=2000",
            "--dump-dom", url,
        ]
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        try process.run()
        nonisolated(unsafe) var errorData = Data()
        let reading = DispatchQueue(label: "standard error")
        reading.async { errorData = error.fileHandleForReading.readDataToEndOfFile() }
        let dom = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        reading.sync {}
        process.waitUntilExit()
        let lines = String(decoding: errorData, as: UTF8.self).split(separator: "\n").map(String.init)
        return Visit(
            dom: dom,
            messages: lines.filter { $0.contains("CONSOLE") },
            requests: try requests(folder("net.json"))
        )
    }

    /// The addresses in a log of the network that the page asked for: Chromium's own services say that no page began them.
    private static func requests(_ log: String) throws -> [String] {
        try Fixtures.text(log).split(separator: "\n").compactMap { event in
            guard event.contains(#""initiator":""#), !event.contains(#""initiator":"not an origin""#),
                let start = event.range(of: #""url":""#)
            else { return nil }
            return String(event[start.upperBound...].prefix { $0 != "\"" })
        }
    }
}
