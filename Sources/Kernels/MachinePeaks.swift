internal import CKernels
internal import Libc
package import TensorCore

/// What this machine does at best, measured in this process: what no kernel can beat.
package struct MachinePeaks: Sendable, Equatable {
    /// The threads that it was measured with.
    package let threads: Int
    /// Floating-point operations in a second by products and sums of floats in registers, of all threads and of one.
    package let f32: Double
    package let f32OfOne: Double
    /// The same of pairs of bf16; nil where the processor has no such products.
    package let bf16: Double?
    /// Bytes in a second that all threads read from memory, and move from one place in it to another (read and written).
    package let read: Double
    package let move: Double
    /// Bytes in a second that all threads read from what the steps of the network leave in the caches.
    package let cache: Double

    /// Measures for about half a second.
    package init(threads: Int, _ set: InstructionSet) {
        let pool = ThreadPool(count: threads)
        let count = pool.count
        /// The best of some runs: what disturbs makes them slower, and nothing makes them faster.
        func best(_ workers: Int, _ body: (Int) -> Double) -> Double {
            var best = 0.0
            for _ in 0..<6 {
                let units = UnsafeMutablePointer<Double>.allocate(capacity: workers)
                units.initialize(repeating: 0, count: workers)
                defer { units.deallocate() }
                let clock = ContinuousClock()
                let start = clock.now
                pool.run(workers) { task, _ in units[task] = body(task) }
                let seconds = (clock.now - start) / .seconds(1)
                let done = (0..<workers).reduce(0) { $0 + units[$1] }
                best = max(best, done / max(seconds, 1e-9))
            }
            return best
        }
        self.threads = count
        let code = set.code
        f32 = best(count) { _ in Double(dcae_peak_f32(code, 2_000_000)) }
        f32OfOne = best(1) { _ in Double(dcae_peak_f32(code, 2_000_000)) }
        let pairs = set == .avx512 ? best(count) { _ in Double(dcae_peak_bf16(2_000_000)) } : 0
        bf16 = pairs > 0 ? pairs : nil
        let size = 64 << 20
        let memory = Buffer(count: size * count)
        if let base = memory.bytes.baseAddress { memset(base, 1, size * count) }
        // Kept by the compiler, since the sums decide what is returned.
        func sum(_ start: Int, _ bytes: Int) -> Double {
            let part = UnsafeRawBufferPointer(memory[start..<(start + bytes)])
            let floats = part.bindMemory(to: Float.self)
            return dcae_peak_read(floats.baseAddress, floats.count) == 0 ? 0 : Double(bytes)
        }
        read = best(count) { task in sum(task * size, size) }
        move = best(count) { task in
            let (from, to) = (
                memory[(task * size)..<(task * size + size / 2)], memory[(task * size + size / 2)..<((task + 1) * size)]
            )
            to.copyMemory(from: UnsafeRawBufferPointer(from))
            return Double(size)
        }
        let step = (4 << 20) / count & ~0xFFFF
        cache = best(count) { task in (0..<64).reduce(0.0) { done, _ in done + sum(task * size, max(step, 1 << 16)) } }
    }
}
