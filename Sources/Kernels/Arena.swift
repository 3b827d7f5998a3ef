internal import Libc
internal import TensorCore

/// Buffers for one computation, placed one behind the other in a large range of addresses, and counted.
///
/// Memory comes from the system when it is first touched and stays until `releaseMemory`: giving it back after every
/// layer and having it cleared again for the next took an eighth of the time.
package final class Arena {
    private let base: UnsafeMutableRawPointer?
    private let size: Int
    /// Free ranges, as offsets, in order and never adjacent.
    private var free: [Range<Int>]
    private var top = 0
    /// The most bytes that buffers reached over since the count was started.
    package private(set) var peakBytes = 0

    /// Reserves addresses, and no memory.
    package init() {
        var size = 1 << 38
        var found: UnsafeMutableRawPointer?
        // Less where the process may not have so many addresses, of which others need some too.
        while size >= 1 << 24 {
            let flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE
            if let base = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED {
                if MemoryLimit.hasAddresses(size / 16) {
                    found = base
                    break
                }
                munmap(base, size)
            }
            size -= size >> 4 & ~0xFFFF
        }
        base = found
        self.size = found == nil ? 0 : size
        free = [0..<self.size]
        #if os(Linux)
            // Pages of 2 MB: the loops walk many rows at once, each of which would otherwise be a page of its own.
            if let base { madvise(base, self.size, MADV_HUGEPAGE) }
        #endif
    }

    deinit {
        if let base { munmap(base, size) }
    }

    /// A buffer of floats, aligned to a cache line, of undefined contents; its place falls free with the last reference.
    ///
    /// - Throws: `KernelError.outOfMemory` where no addresses are left.
    package func floats(_ count: Int) throws(KernelError) -> FloatBuffer {
        let bytes = (max(16, count) * 4 + 255) & ~255
        // The lowest place that is large enough: what lies high is what makes the memory grow.
        guard let base, let index = free.firstIndex(where: { $0.count >= bytes }) else {
            throw .outOfMemory(bytes: bytes)
        }
        let start = free[index].lowerBound
        // Addresses cost nothing; what is touched beyond what there is, the system ends the process for.
        guard start + bytes <= max(0, MemoryLimit.bytes - MemoryLimit.reserve) else {
            throw .outOfMemory(bytes: bytes)
        }
        if free[index].count == bytes {
            free.remove(at: index)
        } else {
            free[index] = (start + bytes)..<free[index].upperBound
        }
        top = max(top, start + bytes)
        peakBytes = max(peakBytes, start + bytes)
        let memory = (base + start).assumingMemoryBound(to: Float.self)
        return FloatBuffer(base: memory, count: count, range: start..<(start + bytes), arena: self)
    }

    /// Starts counting anew.
    package func restartPeak() { peakBytes = free.last.map(\.lowerBound) ?? 0 }

    /// Gives memory that no buffer holds back to the system.
    package func releaseMemory() {
        guard let base else { return }
        for range in free where range.lowerBound < top {
            let start = (range.lowerBound + 0xFFFF) & ~0xFFFF
            let end = min(range.upperBound, (top + 0xFFFF) & ~0xFFFF) & ~0xFFFF
            if start < end { madvise(base + start, end - start, MADV_DONTNEED) }
        }
        top = free.last.map(\.lowerBound) ?? 0
    }

    fileprivate func giveBack(_ range: Range<Int>) {
        let index = free.firstIndex { $0.lowerBound > range.lowerBound } ?? free.count
        var merged = range
        var replaced = index..<index
        if index < free.count, free[index].lowerBound == range.upperBound {
            merged = merged.lowerBound..<free[index].upperBound
            replaced = index..<(index + 1)
        }
        if index > 0, free[index - 1].upperBound == range.lowerBound {
            merged = free[index - 1].lowerBound..<merged.upperBound
            replaced = (index - 1)..<replaced.upperBound
        }
        free.replaceSubrange(replaced, with: [merged])
    }
}

/// Floats from an arena.
package final class FloatBuffer {
    private let arena: Arena
    private let range: Range<Int>
    /// The first float.
    package let base: UnsafeMutablePointer<Float>
    /// The number of floats asked for.
    package let count: Int

    fileprivate init(base: UnsafeMutablePointer<Float>, count: Int, range: Range<Int>, arena: Arena) {
        self.base = base
        self.count = count
        self.range = range
        self.arena = arena
    }

    deinit { arena.giveBack(range) }

    /// Sets every float to 0.
    package func clear() { base.update(repeating: 0, count: count) }
}
