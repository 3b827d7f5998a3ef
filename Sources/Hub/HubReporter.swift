package import CheckpointIO

/// Who is told what the Hub's work is doing.
package struct HubReporter: Sendable {
    /// A sentence for the user: what is fetched, what is waited for, what was wrong.
    package var note: @Sendable (String) -> Void
    /// How many bytes of how many are there.
    package var progress: @Sendable (_ done: Int, _ total: Int, _ name: String) -> Void
    /// Asked now and then while bytes are fetched: what ends the work, or nil. What has come is kept for the next time.
    package var stopped: @Sendable () -> CheckpointError? = { nil }

    /// Makes a reporter.
    package init(
        note: @escaping @Sendable (String) -> Void = { _ in },
        progress: @escaping @Sendable (_ done: Int, _ total: Int, _ name: String) -> Void = { _, _, _ in }
    ) {
        self.note = note
        self.progress = progress
    }

    /// Tells nobody.
    package static let silent = HubReporter()
}
