internal import CheckpointIO
internal import Libc
internal import Models
internal import Synchronization
internal import TensorCore

/// What the data of two tensors gave.
struct PairFinding: Sendable {
    /// Whether every byte is the same.
    var isIdentical = true
    /// How the values differ; nil where they are identical, or have no values that could be compared.
    var values: ValueDifference?
    /// Where the dtypes differ and both are weight formats.
    var casts: CastFinding?
}

/// Reads pairs of tensors once, in parallel, and compares them.
///
/// Tensors are cut into blocks that threads take one by one. A block of equal dtypes is compared as bytes first; only where it
/// differs is it measured. What the blocks gave is put together in their order, so the result does not depend on the threads.
struct DifferencePass: Sendable {
    let a: LayoutView
    let b: LayoutView
    let pairs: [TensorPair]
    var tolerance: Tolerance?
    var threads = Workers.defaultCount
    /// The instruction set of the loops: every one gives the same bits.
    var instructionSet = InstructionSet.best

    /// The most elements of a block.
    private static let blockElements = 1 << 21
    /// How many elements of a tensor are read at once whose elements must be gathered: each reading goes over all the part
    /// of the file that they lie in.
    private static let gatheredElements = 1 << 20

    private struct Block {
        let pair: Int
        let start: Int
        let count: Int
    }

    private enum BlockFinding {
        case identical
        case different(ValueDifference?, CastFinding?)
    }

    /// What each pair gave.
    func run(progress: (@Sendable (Int) throws(CheckpointError) -> Void)?) throws(CheckpointError) -> [PairFinding] {
        var blocks: [Block] = []
        for (index, pair) in pairs.enumerated() {
            for start in stride(from: 0, to: pair.count, by: Self.blockElements) {
                blocks.append(Block(pair: index, start: start, count: min(Self.blockElements, pair.count - start)))
            }
        }
        let findings = Mutex([BlockFinding](repeating: .identical, count: blocks.count))
        try Workers.forEach(blocks.count, threads: threads) { [blocks] index throws(CheckpointError) in
            let block = blocks[index]
            let found = try compare(block)
            if case .different = found { findings.withLock { $0[index] = found } }
            try progress?(block.count * (pairs[block.pair].sizes.a + pairs[block.pair].sizes.b))
        }
        let first = findings.withLock { $0 }
        // A tensor's RMS and cosine are over all of it: what was equal is measured too, once it is known that it matters.
        var isChanged = [Bool](repeating: false, count: pairs.count)
        for (block, finding) in zip(blocks, first) {
            if case .different = finding { isChanged[block.pair] = true }
        }
        let rest = blocks.indices.filter { index in
            if case .identical = first[index] { isChanged[blocks[index].pair] } else { false }
        }
        try Workers.forEach(rest.count, threads: threads) { [blocks, rest] position throws(CheckpointError) in
            let found = try measure(blocks[rest[position]], isEqual: true)
            findings.withLock { $0[rest[position]] = found }
        }
        return combine(blocks, findings.withLock { $0 })
    }

    private func combine(_ blocks: [Block], _ findings: [BlockFinding]) -> [PairFinding] {
        var results = [PairFinding](repeating: PairFinding(), count: pairs.count)
        for (block, finding) in zip(blocks, findings) {
            guard case .different(let values, let casts) = finding else { continue }
            results[block.pair].isIdentical = false
            if let values {
                var total = results[block.pair].values ?? ValueDifference()
                total += values
                results[block.pair].values = total
            }
            if let casts {
                var total = results[block.pair].casts ?? CastFinding()
                total += casts
                results[block.pair].casts = total
            }
        }
        // A tensor without elements has no blocks; its dtype may differ all the same.
        for (index, pair) in pairs.enumerated() where pair.count == 0 && !pair.hasOneDType {
            results[index] = PairFinding(
                isIdentical: false,
                values: ValueDifference(),
                casts: pair.hasCasts ? CastFinding() : nil
            )
        }
        return results
    }

    private func compare(_ block: Block) throws(CheckpointError) -> BlockFinding {
        if pairs[block.pair].hasOneDType, try isEqual(block) { return .identical }
        return try measure(block, isEqual: false)
    }

    private func readCount(_ pair: TensorPair) -> Int {
        let isPlain = (pair.a.pieces + pair.b.pieces).allSatisfy(\.tensor.location.isPlain)
        return isPlain ? DifferenceWindow.elements : Self.gatheredElements
    }

    private func isEqual(_ block: Block) throws(CheckpointError) -> Bool {
        let pair = pairs[block.pair]
        let step = min(readCount(pair), block.count)
        let (left, right) = (Buffer(count: step * pair.sizes.a), Buffer(count: step * pair.sizes.b))
        for start in stride(from: block.start, to: block.start + block.count, by: step) {
            let bytes = min(step, block.start + block.count - start) * pair.sizes.a
            try a.read(pair.a, from: start * pair.sizes.a, into: left[0..<bytes])
            try b.read(pair.b, from: start * pair.sizes.a, into: right[0..<bytes])
            if let x = left.start, let y = right.start, memcmp(x, y, bytes) != 0 { return false }
        }
        return true
    }

    /// - Parameter isEqual: whether b is known to hold what a holds, and need not be read.
    private func measure(_ block: Block, isEqual: Bool) throws(CheckpointError) -> BlockFinding {
        let pair = pairs[block.pair]
        let step = min(readCount(pair), block.count)
        let left = Buffer(count: step * pair.sizes.a)
        let right = isEqual ? left : Buffer(count: step * pair.sizes.b)
        let window = DifferenceWindow(pair, tolerance: tolerance, on: instructionSet)
        var total: ValueDifference?
        var casts: CastFinding?
        for start in stride(from: block.start, to: block.start + block.count, by: step) {
            let count = min(step, block.start + block.count - start)
            try a.read(pair.a, from: start * pair.sizes.a, into: left[0..<(count * pair.sizes.a)])
            if !isEqual { try b.read(pair.b, from: start * pair.sizes.b, into: right[0..<(count * pair.sizes.b)]) }
            guard let x = left.start, let y = right.start else { continue }
            for offset in stride(from: 0, to: count, by: DifferenceWindow.elements) {
                let part = min(DifferenceWindow.elements, count - offset)
                let (p, q) = (x + offset * pair.sizes.a, y + offset * pair.sizes.b)
                if pair.hasCasts { casts = (casts ?? CastFinding()) + window.castFinding(p, q, count: part) }
                guard let values = window.measure(p, q, start: start + offset, count: part) else { continue }
                total = (total ?? ValueDifference()) + values
            }
        }
        return .different(total, casts)
    }
}

private func + (a: CastFinding, b: CastFinding) -> CastFinding {
    var sum = a
    sum += b
    return sum
}

private func + (a: ValueDifference, b: ValueDifference) -> ValueDifference {
    var sum = a
    sum += b
    return sum
}
