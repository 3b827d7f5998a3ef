package import CheckpointIO
package import Models
internal import Synchronization
internal import TensorCore

/// Statistics of the tensors of a view: each read once, on all processors.
///
/// A tensor is cut into segments of a fixed number of values, and the segments' statistics are put together in their order, so
/// that the result does not depend on who computed what when.
package enum StatisticsScan {
    /// The values of a segment; a multiple of what the kernels look at together.
    private static let segmentSize = 1 << 20
    /// The values that are read at once, where the data lies as it is wanted.
    private static let windowSize = 1 << 16

    /// The statistics of all tensors, in the view's order.
    ///
    /// - Parameters:
    ///   - tensors: those of the view's that are wanted; nil for all.
    ///   - progress: is told how many bytes were read.
    /// - Throws: where data cannot be read.
    package static func run(
        _ view: LayoutView,
        _ tensors: [ViewedTensor]? = nil,
        threads: Int = Workers.defaultCount,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> [TensorStatistics] {
        let scans = (tensors ?? view.tensors).map { TensorScan($0, segmentSize: segmentSize) }
        var segments: [(scan: Int, segment: Int)] = []
        for (index, scan) in scans.enumerated() {
            for segment in 0..<scan.segmentCount { segments.append((index, segment)) }
        }
        try Workers.forEach(segments.count, threads: threads) { [segments] index throws(CheckpointError) in
            let (scan, segment) = segments[index]
            let partial = try scans[scan].read(segment, of: view, windowSize: windowSize, progress: progress)
            scans[scan].add(partial, at: segment)
        }
        return scans.map(\.result)
    }
}

/// One tensor on its way through a scan.
private final class TensorScan: Sendable {
    private struct State {
        /// The statistics of all segments before `next`.
        var sum = PartialStatistics?.none
        var next = 0
        /// Segments that were finished before one that precedes them.
        var waiting: [Int: PartialStatistics] = [:]
        var result: TensorStatistics?
    }

    private let tensor: ViewedTensor
    private let format: ValueFormat
    private let elementCount: Int
    private let segmentElements: Int
    let segmentCount: Int
    private let state = Mutex(State())

    init(_ tensor: ViewedTensor, segmentSize: Int) {
        self.tensor = tensor
        format = ValueFormat(tensor.descriptor.dtype)
        elementCount = tensor.descriptor.shape.elementCount ?? 0
        segmentElements = segmentSize / format.valuesPerElement
        segmentCount = (elementCount + segmentElements - 1) / segmentElements
    }

    /// Reads a segment.
    func read(
        _ segment: Int,
        of view: LayoutView,
        windowSize: Int,
        progress: ((Int) throws(CheckpointError) -> Void)?
    ) throws(CheckpointError) -> PartialStatistics {
        let bits = tensor.descriptor.dtype.bitCount
        let elements = (segment * segmentElements)..<min(elementCount, (segment + 1) * segmentElements)
        // Gathering looks at all that the elements span with every read, so there it is done once.
        let isPlain = tensor.pieces.allSatisfy(\.tensor.location.isPlain)
        let step = min(elements.count, isPlain ? windowSize / format.valuesPerElement : segmentElements)
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: step * bits / 8 + 8, alignment: 64)
        defer { window.deallocate() }
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: format.scratchSize(values: step * format.valuesPerElement),
            alignment: 64
        )
        defer { scratch.deallocate() }
        var partial = PartialStatistics()
        var start = elements.lowerBound
        while start < elements.upperBound {
            let count = min(step, elements.upperBound - start)
            let bytes = UnsafeMutableRawBufferPointer(rebasing: window[0..<(count * bits / 8)])
            try view.read(tensor, from: start * bits / 8, into: bytes)
            format.add(
                bytes,
                values: count * format.valuesPerElement,
                to: &partial,
                scratch: scratch
            )
            try progress?(bytes.count)
            start += count
        }
        return partial
    }

    /// Takes a finished segment.
    func add(_ partial: PartialStatistics, at segment: Int) {
        state.withLock { state in
            state.waiting[segment] = partial
            while let next = state.waiting.removeValue(forKey: state.next) {
                if state.sum == nil { state.sum = next } else { state.sum?.merge(next) }
                state.next += 1
            }
            guard state.next == segmentCount else { return }
            // The tables are large beside most tensors, and there may be many of those.
            state.result = state.sum?.result
            state.sum = nil
        }
    }

    /// The statistics of the whole tensor.
    var result: TensorStatistics {
        state.withLock { $0.result } ?? PartialStatistics().result
    }
}
