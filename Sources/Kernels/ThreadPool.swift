internal import CKernels
internal import TensorCore

/// Threads that share out the numbered tasks of one step at a time; the calling thread is one of them.
package final class ThreadPool: @unchecked Sendable {
    // Safe to send, as `run` is only ever called by the one owner of an `Engine`; the pool's own state is atomic.
    private let pool: OpaquePointer?
    /// The number of threads, the caller's included.
    package let count: Int

    /// Starts `count - 1` threads; where the system refuses them, the caller does all the work.
    package init(count: Int) {
        self.count = max(1, count)
        pool = dcae_pool_create(Int32(self.count))
    }

    deinit { dcae_pool_destroy(pool) }

    /// Processors that are online and that the process is allowed to run on; at least 1.
    package static var processorCount: Int { Int(dcae_processor_count()) }

    /// The memory of the machine, in bytes.
    package static var memoryBytes: Int { min(Int(dcae_memory_bytes()), MemoryLimit.bytes) }

    /// Calls `body(task, worker)` once for each task, in any order and on any of the threads, and returns when all are done.
    ///
    /// Tasks of one call must write to disjoint memory, and what they compute must not depend on `worker`.
    package func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        guard let pool, tasks > 1, count > 1 else {
            for task in 0..<max(0, tasks) { body(task, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var context = body
            withUnsafeMutablePointer(to: &context) { context in
                dcae_pool_run(
                    pool,
                    Int32(tasks),
                    { context, task, worker in
                        context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(Int(task), Int(worker))
                    },
                    context
                )
            }
        }
    }
}
