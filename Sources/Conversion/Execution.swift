package import CheckpointIO
internal import Models
internal import Synchronization
package import TensorCore

extension ConversionPlan {
    /// What writing did.
    package struct Outcome: Sendable {
        /// What the casts lost, by tensor, in module order; tensors that lost nothing are left out.
        package var losses: [(name: String, report: CastReport)] = []
    }

    /// What the casts would lose: everything is read and cast as for writing, and nothing is written.
    ///
    /// - Throws: what reading throws, and `ConversionFault.becomesInfinite` where the conversion would be refused.
    package func foreseeLosses(
        progress: (@Sendable (Int) -> Void)? = nil
    ) throws(CheckpointError) -> [(name: String, report: CastReport)] {
        var losses: [(name: String, report: CastReport)] = []
        for file in files {
            let writer = WindowWriter(file, from: model.checkpoint)
            let lost = LossCount()
            try Workers.forEach(writer.windowCount) { index throws(CheckpointError) in
                try writer.withWindow(index, lost: lost.note) { bytes, _ throws(CheckpointError) in
                    progress?(bytes.count)
                }
            }
            losses += lost.byTensor(writer)
        }
        try refuseInfinite(losses)
        return losses
    }

    /// Writes the weight files into a folder that is not yet in place.
    ///
    /// A file is written in windows that begin on a page of the page cache: each is filled in a thread's own buffer, from as
    /// many tensors as it covers, and written at once. On ext4 that takes a third of the time of copy_file_range, which
    /// has to cut every page in two where source and target are not aligned alike, and half that of `cp`.
    ///
    /// - Parameters:
    ///   - checkpoint: the source of the plan.
    ///   - folder: where the files go.
    ///   - progress: called with the number of bytes that were written since the last call, from any thread; to throw ends the work.
    package func write(
        from checkpoint: Checkpoint,
        into folder: OutputFolder,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> Outcome {
        var outcome = Outcome()
        for file in files {
            let writer = WindowWriter(file, from: checkpoint)
            let lost = LossCount()
            if let compression {
                // A stream, so one window after another; the room that it will take is not known beforehand.
                let output = try folder.create(file.name, size: 0)
                let zstd = try ZstdWriter(path: output.path, level: compression, size: file.size)
                var end = 0
                let append = { (bytes: UnsafeRawBufferPointer) throws(CheckpointError) in
                    try output.write(bytes, at: end)
                    end += bytes.count
                }
                for index in 0..<writer.windowCount {
                    try writer.withWindow(index, lost: lost.note) { bytes, _ throws(CheckpointError) in
                        try zstd.write(bytes, to: append)
                        try progress?(bytes.count)
                    }
                }
                try zstd.finish(to: append)
            } else {
                let output = try folder.create(file.name, size: file.size)
                try Workers.forEach(writer.windowCount) { index throws(CheckpointError) in
                    try writer.withWindow(index, lost: lost.note) { bytes, offset throws(CheckpointError) in
                        try output.write(bytes, at: offset)
                        try progress?(bytes.count)
                    }
                }
            }
            outcome.losses += lost.byTensor(writer)
        }
        return outcome
    }
}

/// What the casts of a file lose, counted from several threads.
private final class LossCount: Sendable {
    private let bySegment = Mutex<[Int: CastReport]>([:])

    func note(_ segment: Int, _ lost: CastReport) {
        bySegment.withLock { $0[segment, default: CastReport()] += lost }
    }

    /// The losses by tensor, in module order; tensors that lost nothing are left out.
    func byTensor(_ writer: WindowWriter) -> [(name: String, report: CastReport)] {
        var sums: [Int: CastReport] = [:]
        for (segment, lost) in bySegment.withLock({ $0 }) {
            sums[writer.segments[segment].tensor, default: CastReport()] += lost
        }
        return sums.sorted { $0.key < $1.key }.compactMap { tensor, lost in
            lost == CastReport() ? nil : (writer.file.tensors[tensor].tensor.descriptor.name, lost)
        }
    }
}

/// A file of a plan, written window by window.
private struct WindowWriter: Sendable {
    /// Elements of a source tensor and the place in the file that they fill.
    struct Segment: Sendable {
        /// The target tensor, as an index into the file's.
        let tensor: Int
        /// The source, or nil for bytes that no source has.
        let source: StoredTensor?
        let literal: [UInt8]
        /// The first byte of the source tensor's data.
        let start: Int
        /// The bytes of the file.
        let target: Range<Int>
        let dtype: DType
    }

    /// Small enough that what was read is still in the processor's cache when it is written.
    private static let windowSize = 256 << 10

    let file: ConversionPlan.File
    let checkpoint: Checkpoint
    /// In the order of the file, without gaps after the header.
    let segments: [Segment]

    init(_ file: ConversionPlan.File, from checkpoint: Checkpoint) {
        self.file = file
        self.checkpoint = checkpoint
        var segments: [Segment] = []
        for (number, (tensor, offset)) in file.tensors.enumerated() {
            let dtype = tensor.descriptor.dtype
            guard let width = dtype.byteCount else { continue }
            if let literal = tensor.literal {
                let target = offset..<(offset + literal.count)
                segments.append(
                    Segment(tensor: number, source: nil, literal: literal, start: 0, target: target, dtype: dtype)
                )
            }
            var position = offset
            for run in tensor.runs where run.elementCount > 0 {
                let end = position + run.elementCount * width
                segments.append(
                    Segment(
                        tensor: number,
                        source: run.source,
                        literal: [],
                        start: run.firstElement * (run.source.descriptor.dtype.byteCount ?? 1),
                        target: position..<end,
                        dtype: dtype
                    )
                )
                position = end
            }
        }
        self.segments = segments
    }

    var windowCount: Int { (file.size + Self.windowSize - 1) / Self.windowSize }

    /// Fills one window and hands its bytes and its place in the file to `use`.
    func withWindow(
        _ index: Int,
        lost: (Int, CastReport) -> Void,
        _ use: (UnsafeRawBufferPointer, Int) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let start = index * Self.windowSize
        let window = start..<min(start + Self.windowSize, file.size)
        let memory = Buffer(count: window.count)
        if window.lowerBound < file.header.count {
            let part = window.lowerBound..<min(window.upperBound, file.header.count)
            memory[0..<part.count].copyBytes(from: file.header[part])
        }
        var number = firstSegment(endingAfter: window.lowerBound)
        while number < segments.count, segments[number].target.lowerBound < window.upperBound {
            let segment = segments[number]
            let part = segment.target.clamped(to: window)
            let place = memory[(part.lowerBound - start)..<(part.upperBound - start)]
            let report = try fill(place, from: segment, at: part.lowerBound - segment.target.lowerBound)
            if report != CastReport() { lost(number, report) }
            number += 1
        }
        try use(UnsafeRawBufferPointer(memory[0..<window.count]), start)
    }

    private func firstSegment(endingAfter position: Int) -> Int {
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].target.upperBound > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Reads what belongs at a place of the file, in the dtype of the file. Windows never cut an element in two, since both the
    /// header and the wider dtypes before it are multiples of its size.
    private func fill(
        _ place: UnsafeMutableRawBufferPointer,
        from segment: Segment,
        at offset: Int
    ) throws(CheckpointError) -> CastReport {
        guard let tensor = segment.source else {
            place.copyBytes(from: segment.literal[offset..<(offset + place.count)])
            return CastReport()
        }
        let stored = tensor.descriptor.dtype
        guard stored != segment.dtype, let size = stored.byteCount, let width = segment.dtype.byteCount else {
            try checkpoint.read(tensor, from: segment.start + offset, into: place)
            return try overflows(of: tensor, from: segment.start + offset, UnsafeRawBufferPointer(place))
        }
        let memory = Buffer(count: place.count / width * size)
        let source = memory[0..<(place.count / width * size)]
        try checkpoint.read(tensor, from: segment.start + offset / width * size, into: source)
        let report = NumberFormat.convert(UnsafeRawBufferPointer(source), from: stored, into: place, to: segment.dtype)
        var lost = report ?? CastReport()
        let start = segment.start + offset / width * size
        lost += try overflows(of: tensor, from: start, UnsafeRawBufferPointer(source))
        return lost
    }

    /// What became infinite or NaN when weights of 8 bits were multiplied by their scales.
    private func overflows(
        of tensor: StoredTensor,
        from start: Int,
        _ values: UnsafeRawBufferPointer
    ) throws(CheckpointError) -> CastReport {
        var report = CastReport()
        guard tensor.location.canOverflow else { return report }
        let count = NumberFormat.countNonFinite(values, of: .f32)
        // What was NaN before is no loss of this conversion.
        let before = try checkpoint.countNonFiniteAsStored(tensor, from: start, byteCount: values.count)
        report.overflows = max(0, count.infinite + count.nan - before)
        return report
    }
}
