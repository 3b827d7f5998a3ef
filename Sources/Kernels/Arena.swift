#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Memory that the system gave and that is given back to it.
final class MemoryBlock {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init?(byteCount: Int) {
        let isLarge = byteCount >= 0x10_0000
        let size = isLarge ? (byteCount + 0x1F_FFFF) & ~0x1F_FFFF : (byteCount + 0xFFF) & ~0xFFF
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), base != MAP_FAILED
        else {
            return nil
        }
        #if canImport(Glibc)
            // Pages of 2 MB: the loops walk many rows at once, each of which would otherwise be a page of its own.
            if isLarge { madvise(base, size, MADV_HUGEPAGE) }
        #endif
        self.base = base
        self.byteCount = size
    }

    deinit { munmap(base, byteCount) }
}

/// Buffers for one computation, reused as they fall free, and counted.
package final class Arena {
    private var free: [MemoryBlock] = []
    /// Bytes now handed out.
    package private(set) var usedBytes = 0
    /// The most bytes that the arena ever held, those waiting to be reused included.
    package private(set) var peakBytes = 0
    private var heldBytes = 0

    /// An arena that holds nothing yet.
    package init() {}

    /// Forgets the peak, and gives what nobody uses back to the system.
    package func reset() {
        for block in free { heldBytes -= block.byteCount }
        free.removeAll()
        peakBytes = heldBytes
    }

    /// Starts counting anew from what is held.
    package func restartPeak() { peakBytes = heldBytes }

    /// A buffer of floats, aligned to a page, of undefined contents; it falls free with the last reference.
    ///
    /// - Throws: `KernelError.outOfMemory`.
    package func floats(_ count: Int) throws(KernelError) -> FloatBuffer {
        let bytes = max(64, count) * 4
        var best: Int?
        for (index, block) in free.enumerated()
        where block.byteCount >= bytes && block.byteCount <= bytes * 2 + 0x40_0000 {
            if let found = best, free[found].byteCount <= block.byteCount { continue }
            best = index
        }
        if let best {
            let block = free.remove(at: best)
            usedBytes += block.byteCount
            return FloatBuffer(block: block, count: count, arena: self)
        }
        // What waits and did not fit goes back first: a larger layer follows smaller ones.
        while let block = free.popLast() { heldBytes -= block.byteCount }
        guard let block = MemoryBlock(byteCount: bytes) else { throw .outOfMemory(bytes: bytes) }
        heldBytes += block.byteCount
        usedBytes += block.byteCount
        peakBytes = max(peakBytes, heldBytes)
        return FloatBuffer(block: block, count: count, arena: self)
    }

    fileprivate func giveBack(_ block: MemoryBlock) {
        usedBytes -= block.byteCount
        free.append(block)
    }
}

/// Floats from an arena.
package final class FloatBuffer {
    private let block: MemoryBlock
    private let arena: Arena
    /// The number of floats asked for.
    package let count: Int

    fileprivate init(block: MemoryBlock, count: Int, arena: Arena) {
        self.block = block
        self.count = count
        self.arena = arena
    }

    deinit { arena.giveBack(block) }

    /// The first float.
    package var base: UnsafeMutablePointer<Float> { block.base.assumingMemoryBound(to: Float.self) }

    /// Sets every float to 0.
    package func clear() { base.update(repeating: 0, count: count) }
}
