internal import CKernels

/// Threads that share out the numbered tasks of one step at a time; the calling thread is one of them.
///
/// The measurements behind it are at the head of `pool.c`.
package final class ThreadPool: @unchecked Sendable {
    // Safe to send, as `run` is only ever called by the pool's one owner; the pool's own state is atomic.
    private let pool: OpaquePointer?
    /// What `begin` was given, for as long as its threads may call it.
    private var begun: UnsafeMutablePointer<(Int) -> Void>?
    /// The number of threads asked for, the caller's included.
    package let count: Int

    /// Starts `count - 1` threads; where the system refuses them, the caller does all the work.
    package init(count: Int) {
        self.count = max(1, count)
        pool = dcae_pool_create(Int32(clamping: self.count))
    }

    deinit {
        dcae_pool_destroy(pool)
        begun?.deinitialize(count: 1)
        begun?.deallocate()
    }

    /// The threads that there are beside the caller's; fewer than asked for where the system gave no more.
    package var helperCount: Int { pool.map { Int(dcae_pool_helpers($0)) } ?? 0 }

    /// Calls `body(task, worker)` once for each task, in any order and on any of the threads, and returns when all are done.
    ///
    /// Tasks of one call must write to disjoint memory, and what they compute must not depend on `worker`.
    package func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        guard let pool, tasks > 1, tasks <= Int32.max else {
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

    /// Calls `body` once on each helper, and returns at once: for work that goes on beside the caller's until the pool ends.
    ///
    /// What has not begun by then is left out; the pool waits for what has. To be called once, and instead of `run`.
    package func begin(_ body: @escaping @Sendable (_ helper: Int) -> Void) {
        guard let pool, helperCount > 0, begun == nil else { return }
        let context = UnsafeMutablePointer<(Int) -> Void>.allocate(capacity: 1)
        context.initialize(to: body)
        begun = context
        dcae_pool_begin(
            pool,
            Int32(helperCount),
            { context, task, _ in context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(task)) },
            context
        )
    }
}
