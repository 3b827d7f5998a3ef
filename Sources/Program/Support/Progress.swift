internal import Dispatch
internal import Synchronization
internal import TensorCore

/// A bar on standard error, on a terminal alone; elsewhere nothing.
final class Progress: Sendable {
    /// What is counted.
    enum Unit {
        /// Steps that say nothing to people.
        case steps
        case bytes
        /// Pictures or latents, each of so many steps.
        case inputs(steps: Int)
    }

    private let isShown: Bool
    private let unit: Unit
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
    init(_ title: String, total: Int, of unit: Unit = .steps, quiet: Bool) {
        self.unit = unit
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
            let filled = percent * 20 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
            let rest = words(now, before: state.before, nanoseconds: time - (state.started ?? time))
            let text = ["\(title) \(bar) \(percent)%", rest].filter { !$0.isEmpty }.joined(separator: "  ")
            Terminal.write("\r\(text)\u{1B}[K", to: 2)
        }
    }

    /// The count, and once enough has been done to tell the rate and the time that is left: `540 MB of 1.25 GB  1.1 GB/s  0:06 left`.
    private func words(_ now: Int, before: Int, nanoseconds: UInt64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        let rate = seconds > 2 && now > before ? Double(now - before) / seconds : nil
        var parts: [String] = []
        switch unit {
        case .steps: break
        case .bytes:
            parts.append("\(ByteSize.show(now)) of \(ByteSize.show(total))")
            if let rate { parts.append("\(ByteSize.show(Int(rate)))/s") }
        case .inputs(let steps):
            parts.append("\(now / steps) of \(total / steps)")
            if let rate { parts.append("\((rate / Double(steps)).fixed(1))/s") }
        }
        if let rate, now < total {
            parts.append("\(TransferProgress.clock(Int(min(Double(total - now) / rate, 1e6).rounded(.up)))) left")
        }
        return parts.joined(separator: "  ")
    }

    /// Takes the bar away.
    func finish() {
        guard isShown else { return }
        shown.withLock { _ in Terminal.write("\r\u{1B}[K", to: 2) }
    }
}
