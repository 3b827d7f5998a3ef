internal import Dispatch
internal import Hub
internal import ModelZoo
internal import Synchronization
internal import TensorCore

/// A bar with the rate and the time that is left, on a terminal alone.
final class TransferProgress: Sendable {
    private struct State {
        var name = ""
        var started: UInt64 = 0
        /// What was there when it began: it was not fetched, and does not count for the rate.
        var before = 0
        var shown: UInt64 = 0
        var isShown = false
    }

    private let isEnabled: Bool
    private let state = Mutex(State())

    init(quiet: Bool) {
        let refused = ["1", "ON", "YES", "TRUE"].contains(
            Environment.value("HF_HUB_DISABLE_PROGRESS_BARS")?.uppercased()
        )
        isEnabled = Terminal.errorIsTerminal && !quiet && !refused
    }

    /// Shows how much of a file is there.
    func show(_ done: Int, of total: Int, _ name: String) {
        guard isEnabled, total > 0 else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        state.withLock { state in
            if state.name != name {
                state = State(name: name, started: now, before: done)
            }
            // Ten times a second is as often as anybody looks.
            guard now - state.shown > 100_000_000 || done == total else { return }
            state.shown = now
            state.isShown = true
            Terminal.write(
                "\r" + Self.line(state.name, done, total, rate: Self.rate(state, done, now)) + "\u{1B}[K",
                to: 2
            )
        }
    }

    /// Takes the bar away, so that a line can be written.
    func clear() {
        state.withLock { state in
            if state.isShown { Terminal.write("\r\u{1B}[K", to: 2) }
            state.isShown = false
        }
    }

    private static func rate(_ state: State, _ done: Int, _ now: UInt64) -> Double? {
        let seconds = Double(now - state.started) / 1e9
        return seconds > 0.3 ? Double(done - state.before) / seconds : nil
    }

    /// `model.safetensors ████░░░░  43%  540 MB of 1.25 GB  112 MB/s  0:06 left`
    static func line(_ name: String, _ done: Int, _ total: Int, rate: Double?, columns: Int = 20) -> String {
        let filled = done * columns / max(1, total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: max(0, columns - filled))
        let percent = String(done * 100 / max(1, total))
        let shortName = name.escaped().middleShortened(to: 30)
        var text = "\(shortName) \(bar) \(String(repeating: " ", count: max(0, 3 - percent.count)))\(percent)%  "
        text += "\(ByteSize.show(done)) of \(ByteSize.show(total))"
        if let rate, rate >= 1 {
            text += "  \(ByteSize.show(Int(rate)))/s"
            let left = Int((Double(total - done) / rate).rounded(.up))
            if done < total { text += "  \(clock(left)) left" }
        }
        return text
    }

    /// `0:06`, or with hours `1:02:03`.
    static func clock(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds >= 360_000 { return "days" }
        return seconds >= 3600
            ? "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
            : "\(seconds / 60):\(two(seconds % 60))"
    }
}
