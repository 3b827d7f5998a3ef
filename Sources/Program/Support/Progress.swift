internal import Synchronization
internal import TensorCore

/// A bar on standard error, on a terminal alone; elsewhere nothing.
final class Progress: Sendable {
    private let isShown: Bool
    private let title: String
    private let total: Int
    private let done = Atomic(0)
    private let shown = Mutex(-1)

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
        shown.withLock { last in
            guard percent > last else { return }
            last = percent
            let filled = percent * 30 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            Terminal.write("\r\(title) \(bar) \(percent)%", to: 2)
        }
    }

    /// Takes the bar away.
    func finish() {
        guard isShown else { return }
        shown.withLock { _ in Terminal.write("\r\u{1B}[K", to: 2) }
    }
}
