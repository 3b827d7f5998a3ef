package import CheckpointIO
internal import Libc
internal import ModelZoo
internal import Models
internal import TensorCore

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

    /// Checks the weights in a folder against the model that they were made from: what was written is seen in the source's
    /// layout, and compared with the source, which after a cast is rounded in the same way.
    ///
    /// - Throws: `ConversionFault.roundtrip` naming the first tensor that differs.
    package static func check(
        _ plan: ConversionPlan,
        writtenIn folder: String,
        level: CheckLevel,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> Report {
        let name = plan.index?.name ?? plan.files[0].name
        // What was just written may be compressed to any part of its size.
        let written = try Checkpoint.open(
            ModelFolder.join(folder, name),
            options: OpenOptions(maxExpandedSize: .max)
        )
        let report = StructureReport(written, plan.network, plan.target)
        guard report.fits, report.notes.isEmpty else {
            throw CheckpointError(name, .file, ConversionFault.roundtrip(report.summary))
        }
        let source = plan.model.view()
        let back = LayoutView(written, in: plan.target, as: plan.layout, network: plan.network)
        guard source.tensors.count == back.tensors.count else {
            throw CheckpointError(
                name,
                .file,
                ConversionFault.roundtrip("the output has other tensors than the source")
            )
        }
        var pieces: [Piece] = []
        for (original, result) in zip(source.tensors, back.tensors) {
            guard UTF8Name(original.descriptor.name) == UTF8Name(result.descriptor.name),
                original.descriptor.shape == result.descriptor.shape
            else {
                let fault = ConversionFault.roundtrip("it differs from the source")
                throw CheckpointError(name, .tensor(original.descriptor.name), fault)
            }
            pieces += Piece.all(original, result)
        }
        guard level == .content else { return Report(tensorCount: source.tensors.count, byteCount: 0) }
        try Workers.forEach(pieces.count) { [pieces] index throws(CheckpointError) in
            try pieces[index].compare(written: back, source: source)
            try progress?(pieces[index].count)
        }
        return Report(tensorCount: source.tensors.count, byteCount: pieces.reduce(0) { $0 + $1.count })
    }
}

/// A run of elements of a source tensor and of the one that came back, which must be the same.
private struct Piece: Sendable {
    let source: ViewedTensor
    let written: ViewedTensor
    let start: Int
    let elements: Int

    /// How much one thread compares at a time.
    private static let size = 1 << 20

    static func all(_ source: ViewedTensor, _ written: ViewedTensor) -> [Piece] {
        let count = source.descriptor.shape.elementCount ?? 0
        return stride(from: 0, to: count, by: size).map { start in
            Piece(source: source, written: written, start: start, elements: min(size, count - start))
        }
    }

    /// The bytes of the source.
    var count: Int { elements * (source.descriptor.dtype.byteCount ?? 1) }

    private static let step = 32 << 10

    func compare(written back: LayoutView, source origin: LayoutView) throws(CheckpointError) {
        let (from, to) = (source.descriptor.dtype, written.descriptor.dtype)
        guard let size = from.byteCount, let width = to.byteCount else { return }
        let expected = Buffer(count: Self.step * size)
        let rounded = Buffer(count: Self.step * width)
        let found = Buffer(count: Self.step * width)
        var done = start
        while done < start + elements {
            let count = min(Self.step, start + elements - done)
            let original = expected[0..<(count * size)]
            let result = found[0..<(count * width)]
            try origin.read(source, from: done * size, into: original)
            try back.read(written, from: done * width, into: result)
            var wanted = original
            if from != to {
                wanted = rounded[0..<(count * width)]
                NumberFormat.convert(UnsafeRawBufferPointer(original), from: from, into: wanted, to: to)
            }
            if let a = wanted.baseAddress, let b = result.baseAddress, memcmp(a, b, result.count) != 0 {
                let byte = zip(wanted, result).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
                let fault = ConversionFault.roundtrip("element \(done + byte / width) differs from the source")
                throw CheckpointError(back.checkpoint.path, .tensor(written.descriptor.name), fault)
            }
            done += count
        }
    }
}
