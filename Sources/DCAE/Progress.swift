internal import CheckpointIO
internal import Synchronization

extension Model {
    /// The progress of an operation.
    public struct Progress: Sendable, Equatable {
        /// The current phase of the work.
        public enum Phase: String, Sendable, CaseIterable {
            /// Fetching files from the Hugging Face Hub; counted in bytes of one file.
            case fetching
            /// Reading tensors; counted in bytes.
            case reading
            /// Writing files; counted in bytes.
            case writing
            /// Comparing the output with its source; counted in bytes of the source.
            case checking
            /// Running the network; counted in thousandths of a picture or latent.
            case computing
        }

        /// The current phase of the work.
        public let phase: Phase
        /// How much of `total` is done, in the unit of the phase.
        public let done: Int
        /// The amount of work, in the unit of the phase.
        public let total: Int

        /// The part that is done, from 0 to 1.
        public var fraction: Double { total > 0 ? min(1, Double(done) / Double(total)) : 1 }
    }

    /// Called with the progress of an operation, from any thread and from several at a time. It should return quickly.
    public typealias ProgressHandler = @Sendable (Progress) -> Void
}

/// Adds up what several threads have done, and stops them when the task is cancelled.
final class ProgressCount: Sendable {
    private let phase: Model.Progress.Phase
    private let total: Int
    private let done = Mutex(0)
    private let mark: StopMark
    private let handler: Model.ProgressHandler?

    init(_ phase: Model.Progress.Phase, of total: Int, _ mark: StopMark, _ handler: Model.ProgressHandler?) {
        (self.phase, self.total, self.mark, self.handler) = (phase, total, mark, handler)
    }

    /// Adds what was done since the last call.
    ///
    /// - Throws: where the task was cancelled.
    func add(_ count: Int) throws(CheckpointError) {
        try mark.check()
        guard let handler else { return }
        // Told in the lock, so that nobody sees a count after a greater one.
        done.withLock { done in
            done += count
            handler(Model.Progress(phase: phase, done: min(done, total), total: total))
        }
    }
}
