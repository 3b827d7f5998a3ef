internal import Libc
internal import Synchronization

/// Work shared among threads, for what moves or compares bytes. (The network has its own in Kernels.)
package enum Workers {
    /// The threads that are worth having for memory-bound work: one for each processor, but two at least, so that one can
    /// read while the other waits for a file's lock, and four at most.
    package static let defaultCount = min(4, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

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
        let helpers = Helpers(count: min(threads, count) - 1) {
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
        helpers.work()
        helpers.join()
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

/// Threads that all do one piece of work, each as far as the others have left some.
private final class Helpers: Sendable {
    #if canImport(Glibc)
        private typealias Thread = pthread_t
    #else
        private typealias Thread = pthread_t?
    #endif

    let work: @Sendable () -> Void
    private let threads = Mutex<[Thread]>([])

    /// Starts threads: as many as are wanted, or as the system gives.
    init(count: Int, _ work: @escaping @Sendable () -> Void) {
        self.work = work
        for _ in 0..<max(0, count) {
            #if canImport(Glibc)
                var thread = pthread_t()
            #else
                var thread: pthread_t?
            #endif
            let held = Unmanaged.passRetained(self)
            let code = pthread_create(&thread, nil, Self.main, held.toOpaque())
            guard code == 0 else {
                held.release()
                break
            }
            threads.withLock { $0.append(thread) }
        }
    }

    #if canImport(Darwin)
        private static let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { held in
            Unmanaged<Helpers>.fromOpaque(held).takeRetainedValue().work()
            return nil
        }
    #else
        private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { held in
            if let held { Unmanaged<Helpers>.fromOpaque(held).takeRetainedValue().work() }
            return nil
        }
    #endif

    /// Waits until all threads have ended.
    func join() {
        for thread in threads.withLock({ $0 }) {
            #if canImport(Glibc)
                pthread_join(thread, nil)
            #else
                if let thread { pthread_join(thread, nil) }
            #endif
        }
    }
}
