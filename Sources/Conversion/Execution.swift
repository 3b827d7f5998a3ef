package import CheckpointIO
internal import Synchronization
package import TensorCore

extension ConversionPlan {
    /// How much of a file one thread takes at a time.
    static let pieceSize = 8 << 20

    /// What writing did.
    package struct Outcome: Sendable {
        /// What the casts lost, by tensor, in module order; tensors that lost nothing are left out.
        package var losses: [(name: String, report: CastReport)] = []
    }

    /// Writes the weight files into a folder that is not yet in place.
    ///
    /// Without a cast whole ranges move from file to file inside the kernel; with one, a thread holds a few hundred
    /// kilobytes.
    ///
    /// - Parameter progress: called with the number of source bytes that were moved since the last call, from any thread.
    package func write(
        from checkpoint: Checkpoint,
        into folder: OutputFolder,
        progress: (@Sendable (Int) -> Void)? = nil
    ) throws(CheckpointError) -> Outcome {
        var outcome = Outcome()
        for file in files {
            let output = try folder.create(file.name, size: file.size)
            try output.write(file.header, at: 0)
            let moves = Self.pieces(file.tensors.flatMap { Self.moves($0.tensor, at: $0.offset) })
            let losses = Mutex<[UTF8Name: CastReport]>([:])
            try Workers.forEach(moves.count) { [moves] index throws(CheckpointError) in
                let move = moves[index]
                if let cast = move.cast {
                    let report = try Self.cast(move, to: cast, from: checkpoint, into: output)
                    losses.withLock { $0[UTF8Name(move.source.descriptor.name), default: CastReport()] += report }
                } else if move.source.location.isPlain {
                    let location = move.source.location
                    let source = checkpoint.files[location.file]
                    let start = location.offset + move.start
                    try output.copy(from: source, at: start, count: move.count, to: move.target)
                } else {
                    try Self.gather(move, from: checkpoint, into: output)
                }
                progress?(move.count)
            }
            for (tensor, _) in file.tensors {
                let lost = losses.withLock { reports in
                    tensor.runs.reduce(into: CastReport()) { sum, run in
                        if let report = reports.removeValue(forKey: UTF8Name(run.source.descriptor.name)) {
                            sum += report
                        }
                    }
                }
                if lost != CastReport() { outcome.losses.append((tensor.descriptor.name, lost)) }
            }
        }
        return outcome
    }

    /// Bytes to be moved from a source tensor to a place in a file.
    struct Move: Sendable {
        let source: StoredTensor
        /// The first byte of the source tensor's data; the bytes may run on into the tensors that follow it in its file.
        let start: Int
        var count: Int
        let target: Int
        /// The dtype to convert to, or nil to move the bytes as they are.
        let cast: DType?
    }

    private static func moves(_ tensor: Tensor, at offset: Int) -> [Move] {
        guard let size = tensor.sourceDType.byteCount, let width = tensor.descriptor.dtype.byteCount else { return [] }
        var target = offset
        var result: [Move] = []
        for run in tensor.runs {
            result.append(
                Move(
                    source: run.source,
                    start: run.firstElement * size,
                    count: run.elementCount * size,
                    target: target,
                    cast: tensor.isCast ? tensor.descriptor.dtype : nil
                )
            )
            target += run.elementCount * width
        }
        return result
    }

    /// Cuts what is long into pieces that threads can share.
    private static func pieces(_ moves: [Move]) -> [Move] {
        var result: [Move] = []
        for move in moves where move.count > 0 {
            let size = move.source.descriptor.dtype.byteCount ?? 1
            let width = move.cast?.byteCount ?? size
            var done = 0
            while done < move.count {
                let count = min(pieceSize, move.count - done)
                result.append(
                    Move(
                        source: move.source,
                        start: move.start + done,
                        count: count,
                        target: move.target + done / size * width,
                        cast: move.cast
                    )
                )
                done += count
            }
        }
        return result
    }

    /// The bytes that a thread holds while it converts or gathers.
    private static let bufferSize = 256 << 10

    private static func gather(
        _ move: Move,
        from checkpoint: Checkpoint,
        into output: OutputFile
    ) throws(CheckpointError) {
        let buffer = Buffer(count: bufferSize)
        var done = 0
        while done < move.count {
            let part = buffer[0..<min(bufferSize, move.count - done)]
            try checkpoint.read(move.source, from: move.start + done, into: part)
            try output.write(UnsafeRawBufferPointer(part), at: move.target + done)
            done += part.count
        }
    }

    private static func cast(
        _ move: Move,
        to dtype: DType,
        from checkpoint: Checkpoint,
        into output: OutputFile
    ) throws(CheckpointError) -> CastReport {
        let source = move.source.descriptor.dtype
        guard let size = source.byteCount, let width = dtype.byteCount else { return CastReport() }
        let input = Buffer(count: bufferSize)
        let converted = Buffer(count: bufferSize / size * width)
        var report = CastReport()
        var done = 0
        while done < move.count {
            let part = input[0..<min(bufferSize, move.count - done)]
            try checkpoint.read(move.source, from: move.start + done, into: part)
            let result = converted[0..<(part.count / size * width)]
            if let lost = NumberFormat.convert(UnsafeRawBufferPointer(part), from: source, into: result, to: dtype) {
                report += lost
            }
            try output.write(UnsafeRawBufferPointer(result), at: move.target + done / size * width)
            done += part.count
        }
        return report
    }
}

/// A piece of memory that is freed with its owner.
final class Buffer {
    private let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 64)
    }

    deinit {
        bytes.deallocate()
    }

    subscript(range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    }
}

extension OutputFile {
    /// Writes an array of bytes at a position.
    func write(_ bytes: [UInt8], at offset: Int) throws(CheckpointError) {
        let result: Result<Void, CheckpointError> = bytes.withUnsafeBytes { buffer in
            do throws(CheckpointError) {
                return .success(try write(buffer, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
