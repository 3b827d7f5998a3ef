package import CheckpointIO
internal import ModelZoo
internal import TensorCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// How far the check at the end of a conversion goes.
package enum CheckLevel: String, Sendable, CaseIterable {
    /// Names, shapes and dtypes of what was written, and that the inverse plan leads every byte back to its place.
    case structure
    /// Also the content, byte by byte.
    case content
}

/// The reference roundtrip check: what was written is opened again by the ordinary reader, mapped back to the source's
/// layout by the inverse plan, and compared with the source.
package enum RoundtripCheck {
    /// What was compared.
    package struct Report: Sendable {
        /// Tensors of the source's layout that were compared.
        package let tensorCount: Int
        /// Bytes of them; 0 where the structure alone was checked.
        package let byteCount: Int
    }

    /// Checks the weights in a folder against the checkpoint that they were made from.
    ///
    /// After a cast, the source is rounded in the same way before it is compared.
    ///
    /// - Throws: `ConversionFault.roundtrip` naming the first tensor that differs.
    package static func check(
        _ plan: ConversionPlan,
        writtenIn folder: String,
        against source: Checkpoint,
        level: CheckLevel,
        progress: (@Sendable (Int) -> Void)? = nil
    ) throws(CheckpointError) -> Report {
        let name = plan.index?.name ?? plan.files[0].name
        // What was just written may be compressed to any part of its size.
        let written = try Checkpoint.open(
            ModelFolder.join(folder, name),
            options: OpenOptions(maxExpandedSize: .max)
        )
        let report = StructureReport(written, plan.network, plan.target)
        guard report.faults.isEmpty else {
            throw CheckpointError(name, .file, ConversionFault.roundtrip(report.summary))
        }
        var pieces: [Piece] = []
        var count = 0
        for parameter in plan.network.parameters {
            let inverse = Inverse(parameter, plan: plan, written: written, source: source)
            pieces += try inverse.pieces()
            count += inverse.sources.count
        }
        guard level == .content else { return Report(tensorCount: count, byteCount: 0) }
        try Workers.forEach(pieces.count) { [pieces] index throws(CheckpointError) in
            try pieces[index].compare(written: written, source: source)
            progress?(pieces[index].count)
        }
        return Report(tensorCount: count, byteCount: pieces.reduce(0) { $0 + $1.count })
    }
}

/// One parameter of the written checkpoint mapped back to the source's layout.
private struct Inverse {
    let sources: [Parameter.Tensor]
    let results: [Parameter.Tensor]
    let written: Checkpoint
    let source: Checkpoint

    init(_ parameter: Parameter, plan: ConversionPlan, written: Checkpoint, source: Checkpoint) {
        sources = plan.target == .diffusers ? [parameter.original] : parameter.diffusers
        results = plan.target == .diffusers ? parameter.diffusers : [parameter.original]
        self.written = written
        self.source = source
    }

    /// How much one thread compares at a time.
    private static let pieceSize = 4 << 20

    /// The runs of the written tensors that make up each source tensor again, cut into pieces.
    ///
    /// Both sides of a parameter are the same elements in the same order, so the inverse walks along both at once.
    func pieces() throws(CheckpointError) -> [Piece] {
        var pieces: [Piece] = []
        var (sourceIndex, sourceDone, resultIndex, resultDone) = (0, 0, 0, 0)
        while sourceIndex < sources.count, resultIndex < results.count {
            guard let from = source[sources[sourceIndex].name], let to = written[results[resultIndex].name] else {
                break
            }
            let left = (from.descriptor.shape.elementCount ?? 0) - sourceDone
            let room = (to.descriptor.shape.elementCount ?? 0) - resultDone
            let size = from.descriptor.dtype.byteCount ?? 1
            let count = min(left, room, Self.pieceSize / size)
            pieces.append(
                Piece(source: from, sourceStart: sourceDone, written: to, writtenStart: resultDone, elements: count)
            )
            sourceDone += count
            resultDone += count
            if count == left { (sourceIndex, sourceDone) = (sourceIndex + 1, 0) }
            if count == room { (resultIndex, resultDone) = (resultIndex + 1, 0) }
        }
        guard sourceIndex == sources.count, resultIndex == results.count else {
            let fault = ConversionFault.roundtrip("the inverse plan does not cover the tensor")
            throw CheckpointError(source.path, .tensor(sources[0].name), fault)
        }
        return pieces
    }
}

/// As many elements of a source tensor and of a written one, which must be the same.
private struct Piece: Sendable {
    let source: StoredTensor
    let sourceStart: Int
    let written: StoredTensor
    let writtenStart: Int
    let elements: Int

    /// The bytes of the source.
    var count: Int { elements * (source.descriptor.dtype.byteCount ?? 1) }

    private static let step = 32 << 10

    func compare(written checkpoint: Checkpoint, source origin: Checkpoint) throws(CheckpointError) {
        let (from, to) = (source.descriptor.dtype, written.descriptor.dtype)
        guard let size = from.byteCount, let width = to.byteCount else { return }
        let expected = Buffer(count: Self.step * size)
        let rounded = Buffer(count: Self.step * width)
        let found = Buffer(count: Self.step * width)
        var done = 0
        while done < elements {
            let count = min(Self.step, elements - done)
            let original = expected[0..<(count * size)]
            let result = found[0..<(count * width)]
            try origin.read(source, from: (sourceStart + done) * size, into: original)
            try checkpoint.read(written, from: (writtenStart + done) * width, into: result)
            var wanted = original
            if from != to {
                wanted = rounded[0..<(count * width)]
                NumberFormat.convert(UnsafeRawBufferPointer(original), from: from, into: wanted, to: to)
            }
            if let a = wanted.baseAddress, let b = result.baseAddress, memcmp(a, b, result.count) != 0 {
                let byte = zip(wanted, result).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
                let element = sourceStart + done + byte / width
                let fault = ConversionFault.roundtrip("element \(element) is not what the source holds")
                throw CheckpointError(checkpoint.path, .tensor(written.descriptor.name), fault)
            }
            done += count
        }
    }
}
