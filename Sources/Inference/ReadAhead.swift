internal import Dispatch
internal import Synchronization
internal import TensorCore

/// Makes values in other threads, a few ahead of the one that is asked for, and hands them out in order.
///
/// So pictures are read and decoded while the network computes. No more than `depth` values exist at a time, however
/// many there are in all. Where the system gives no other thread, each value is made when it is asked for.
package final class ReadAhead<Value: Sendable>: Sendable {
    /// What the threads work on; they hold this and not the reader, whose end they would otherwise put off for ever.
    private final class Work: Sendable {
        struct State {
            var values: [Int: Value] = [:]
            var started = 0
            var isCancelled = false
        }

        let count: Int
        let make: @Sendable (Int) -> Value
        let state = Mutex(State())
        /// A place for each value that may exist and has not been taken.
        let room = DispatchSemaphore(value: 0)
        /// One for each place of the ring, so that the reader waits for its own value and no other.
        let ready: [DispatchSemaphore]

        init(count: Int, depth: Int, make: @escaping @Sendable (Int) -> Value) {
            self.count = count
            self.make = make
            // A semaphore must not be freed below the value it was made with, so all start at 0.
            ready = (0..<depth).map { _ in DispatchSemaphore(value: 0) }
            for _ in 0..<depth { room.signal() }
        }

        func run() {
            while true {
                room.wait()
                let index = state.withLock { state -> Int? in
                    guard !state.isCancelled, state.started < count else { return nil }
                    state.started += 1
                    return state.started - 1
                }
                guard let index else {
                    // The next thread that waits is to see it too.
                    room.signal()
                    return
                }
                let value = make(index)
                state.withLock { $0.values[index] = value }
                ready[index % ready.count].signal()
            }
        }
    }

    private let work: Work
    private let pool: ThreadPool
    private let cursor = Atomic(0)

    /// Begins with the first values.
    ///
    /// - Parameters:
    ///   - count: how many values there are.
    ///   - threads: how many are made at a time, at least 1.
    ///   - make: makes the value of an index; called once for each, on any thread.
    package init(count: Int, threads: Int, _ make: @escaping @Sendable (Int) -> Value) {
        let threads = max(1, threads)
        let work = Work(count: count, depth: threads + 1, make: make)
        self.work = work
        // The thread that asks for the values is the pool's too, and has other things to do.
        pool = ThreadPool(count: min(threads, count) + 1)
        pool.begin { _ in work.run() }
    }

    deinit { cancel() }

    /// How many pictures are worth reading at a time beside a network on so many threads.
    package static func threads(beside networkThreads: Int) -> Int {
        max(1, min(4, networkThreads / 4))
    }

    /// The next value, once it is there; nil after the last. For one thread.
    package func next() -> Value? {
        let index = cursor.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < work.count else { return nil }
        guard pool.helperCount > 0 else { return work.make(index) }
        work.ready[index % work.ready.count].wait()
        let value = work.state.withLock { $0.values.removeValue(forKey: index) }
        work.room.signal()
        return value
    }

    /// Makes no more values; those under way are thrown away.
    package func cancel() {
        work.state.withLock { $0.isCancelled = true }
        work.room.signal()
    }
}
