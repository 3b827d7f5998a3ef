internal import Dispatch
internal import Synchronization

/// Makes values in other threads, a few ahead of the one that is asked for, and hands them out in order.
///
/// So pictures are read and decoded while the network computes. No more than `depth` values exist at a time, however
/// many there are in all.
package final class ReadAhead<Value: Sendable>: Sendable {
    private struct State {
        var values: [Int: Value] = [:]
        var started = 0
        var isCancelled = false
    }

    private let count: Int
    private let make: @Sendable (Int) -> Value
    private let state = Mutex(State())
    /// A place for each value that may exist and has not been taken.
    private let room: DispatchSemaphore
    /// One for each place of the ring, so that the reader waits for its own value and no other.
    private let ready: [DispatchSemaphore]
    private let cursor = Atomic(0)

    /// Begins with the first values.
    ///
    /// - Parameters:
    ///   - count: how many values there are.
    ///   - threads: how many are made at a time, at least 1.
    ///   - make: makes the value of an index; called once for each, on any thread.
    package init(count: Int, threads: Int, _ make: @escaping @Sendable (Int) -> Value) {
        self.count = count
        self.make = make
        let depth = max(1, threads) + 1
        // A semaphore must not be freed below the value it was made with, so it starts at 0.
        room = DispatchSemaphore(value: 0)
        ready = (0..<depth).map { _ in DispatchSemaphore(value: 0) }
        for _ in 0..<depth { room.signal() }
        for _ in 0..<min(max(1, threads), count) {
            DispatchQueue.global().async { self.work() }
        }
    }

    /// How many pictures are worth reading at a time beside a network on so many threads.
    package static func threads(beside networkThreads: Int) -> Int {
        max(1, min(4, networkThreads / 4))
    }

    private func work() {
        while true {
            room.wait()
            let index = state.withLock { state -> Int? in
                guard !state.isCancelled, state.started < count else { return nil }
                state.started += 1
                return state.started - 1
            }
            guard let index else {
                // The next worker that waits is to see it too.
                room.signal()
                return
            }
            let value = make(index)
            state.withLock { $0.values[index] = value }
            ready[index % ready.count].signal()
        }
    }

    /// The next value, once it is there; nil after the last. For one thread.
    package func next() -> Value? {
        let index = cursor.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return nil }
        ready[index % ready.count].wait()
        let value = state.withLock { $0.values.removeValue(forKey: index) }
        room.signal()
        return value
    }

    /// Makes no more values; those under way are thrown away.
    package func cancel() {
        state.withLock { $0.isCancelled = true }
        room.signal()
    }
}
