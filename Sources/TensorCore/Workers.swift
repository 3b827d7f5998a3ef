internal import Synchronization

/// Work shared among threads of a pool of its own, for what moves or compares bytes.
package enum Workers {
    /// The threads that are worth having for memory-bound work: one for each processor, but two at least, so that one can
    /// read while the other waits for a file's lock, and four at most.
    package static let defaultCount = min(4, max(2, Machine.processorCount))

    /// Calls `work` once for every index below `count`, on up to `threads` threads; each takes the next index that is left.
    ///
    /// The caller's own thread is one of them: where the system gives no other, as under a limit on processes, it does all
    /// the work. (Dispatch would ask for threads once a second for ever.)
    ///
    /// - Throws: the first error that any call threw; the calls not yet begun are then left out.
    package static func forEach<Failure: Error & Sendable>(
        _ count: Int,
        threads: Int = defaultCount,
        _ work: @escaping @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        let next = Atomic(0)
        let failure = Mutex<Failure?>(nil)
        let pool = ThreadPool(count: min(threads, count))
        // Each thread takes indices until none are left, so that one that comes late, or never, holds up nobody.
        pool.run(pool.count) { _, _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                do throws(Failure) {
                    try work(index)
                } catch {
                    failure.withLock { if $0 == nil { $0 = error } }
                    next.store(count, ordering: .relaxed)
                    return
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// What `work` makes of every index, in the order of the indices' values rather than of the list: the list says which are
    /// begun first, and holds each from 0 to its count once.
    ///
    /// - Throws: as `forEach`.
    package static func map<Result: Sendable, Failure: Error & Sendable>(
        _ order: [Int],
        threads: Int = defaultCount,
        _ work: @escaping @Sendable (Int) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: order.count))
        try forEach(order.count, threads: threads) { position throws(Failure) in
            let index = order[position]
            let result = try work(index)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
