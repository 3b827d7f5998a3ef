internal import Dispatch
internal import Synchronization
internal import TensorCore

/// A bar on standard error, on a terminal alone; elsewhere nothing.
final class Progress: Sendable {
    private let isShown: Bool
    private let title: String
    private let total: Int
    private let done = Atomic(0)
    private let shown = Mutex(State())

    private struct State {
        var percent = -1
        /// When work began in this run, and what had been done before, as where a run is resumed.
        var started: UInt64?
        var before = 0
    }

    /// - Parameter total: the amount of work, in the units of `advance`.
    init(_ title: String, total: Int, quiet: Bool) {
        isShown = Terminal.errorIsTerminal && !quiet && total > 0
        self.title = title
        self.total = total
    }

    /// Adds work that is done; from any thread.
    func advance(_ amount: Int) {
        guard isShown else { return }
        let now = done.wrappingAdd(amount, ordering: .relaxed).newValue
        let percent = min(100, now * 100 / total)
        shown.withLock { state in
            let time = DispatchTime.now().uptimeNanoseconds
            if state.started == nil || time - (state.started ?? 0) < 200_000_000 {
                state.started = state.started ?? time
                state.before = now
            }
            guard percent > state.percent else { return }
            state.percent = percent
            let filled = percent * 30 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            let left = Self.left(
                now - state.before,
                of: total - state.before,
                nanoseconds: time - (state.started ?? time)
            )
            Terminal.write("\r\(title) \(bar) \(percent)%\(left.map { "  \($0) left" } ?? "")\u{1B}[K", to: 2)
        }
    }

    /// The time that is left at the rate so far; nil while too little has been done to tell.
    private static func left(_ done: Int, of total: Int, nanoseconds: UInt64) -> String? {
        guard nanoseconds > 2_000_000_000, done > 0, done < total else { return nil }
        let seconds = Double(nanoseconds) / 1e9 * Double(total - done) / Double(done)
        return TransferProgress.clock(Int(min(seconds, 1e6).rounded(.up)))
    }

    /// Takes the bar away.
    func finish() {
        guard isShown else { return }
        shown.withLock { _ in Terminal.write("\r\u{1B}[K", to: 2) }
    }
}
