internal import CheckpointIO
internal import Dispatch
internal import Synchronization
internal import TensorCore

/// Whether the task that asked for some work has been cancelled; looked at by the threads that do it.
final class StopMark: Sendable {
    private let isSetAtomic = Atomic(false)

    var isSet: Bool { isSetAtomic.load(ordering: .relaxed) }

    func set() { isSetAtomic.store(true, ordering: .relaxed) }

    /// What ends work on files; nil where it goes on.
    var stopped: CheckpointError? { isSet ? CheckpointError("", .file, LibraryFault.stopped) : nil }

    /// Ends work on files.
    func check() throws(CheckpointError) {
        if let stopped { throw stopped }
    }

    /// Ends a computation.
    func checkComputation() throws(CancellationError) {
        if isSet { throw CancellationError() }
    }
}

/// Work that waits for files, networks and processors, on threads that Swift's own tasks do not need.
enum Background {
    /// Work of one task does not wait for that of another.
    private static let queue = DispatchQueue(label: "dcae.model", attributes: .concurrent)

    /// Runs `body` on a thread of its own.
    ///
    /// - Throws: what `body` throws, or `CancellationError` where the task was cancelled before it ended.
    static func run<Value: Sendable>(_ body: @escaping @Sendable (StopMark) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let mark = StopMark()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    do {
                        continuation.resume(returning: try body(mark))
                    } catch {
                        continuation.resume(throwing: mark.isSet ? CancellationError() : error)
                    }
                }
            }
        } onCancel: {
            mark.set()
        }
    }
}
