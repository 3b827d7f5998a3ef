internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Work shared among threads, for what moves or compares bytes. (The network has its own in Kernels.)
package enum Workers {
    /// The threads that are worth having for memory-bound work: one for each processor, but two at least, so that one can
    /// read while the other waits for a file's lock, and four at most.
    package static let defaultCount = min(4, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Calls `work` once for every index below `count`, on up to `threads` threads; each takes the next index that is left.
    ///
    /// - Throws: the first error that any call threw; the calls not yet begun are then left out.
    package static func forEach<Failure: Error & Sendable>(
        _ count: Int,
        threads: Int = defaultCount,
        _ work: @escaping @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        let next = Atomic(0)
        let failure = Mutex<Failure?>(nil)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
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
}
