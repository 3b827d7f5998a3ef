internal import TensorCore

extension Checkpoint {
    /// The elements that are converted at once.
    private static var step: Int { 1 << 16 }

    /// Reads elements that become something else on the way.
    func decode(
        _ tensor: StoredTensor,
        _ encoding: StoredEncoding,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        if case .joined(let parts) = encoding { return try join(parts, from: start, into: buffer) }
        guard let size = tensor.storedDType.byteCount, let width = tensor.descriptor.dtype.byteCount else { return }
        precondition(start % width == 0 && buffer.count % width == 0, "whole elements are converted")
        let (first, count) = (start / width, buffer.count / width)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, Self.step) * size, alignment: 64)
        defer { memory.deallocate() }
        for done in stride(from: 0, to: count, by: Self.step) {
            let part = min(Self.step, count - done)
            let stored = UnsafeMutableRawBufferPointer(rebasing: memory[0..<(part * size)])
            try gather(tensor, from: (first + done) * size, into: stored)
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[(done * width)..<((done + part) * width)])
            guard case .scaled(let dtype, let scales) = encoding else { continue }
            NumberFormat.convert(UnsafeRawBufferPointer(stored), from: dtype, into: target, to: .f32)
            scale(target, from: first + done, scales, tensor)
        }
    }

    /// How many of the elements are NaN or infinite as they are stored, before a scale multiplies them.
    ///
    /// - Parameters:
    ///   - start: the first byte, of what the elements become.
    ///   - byteCount: the bytes of what they become.
    package func countNonFiniteAsStored(
        _ tensor: StoredTensor,
        from start: Int,
        byteCount: Int
    ) throws(CheckpointError) -> Int {
        guard case .scaled(let dtype, _)? = tensor.location.encoding, let size = dtype.byteCount,
            let width = tensor.descriptor.dtype.byteCount
        else { return 0 }
        let memory = Buffer(count: byteCount / width * size)
        let stored = memory[0..<(byteCount / width * size)]
        try gather(tensor, from: start / width * size, into: stored)
        let count = NumberFormat.countNonFinite(UnsafeRawBufferPointer(stored), of: dtype)
        return count.nan + count.infinite
    }

    private func join(
        _ parts: [TensorLocation],
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        var begin = 0
        for part in parts {
            let common = (begin..<(begin + part.byteCount)).clamped(to: start..<(start + buffer.count))
            if !common.isEmpty {
                let target = buffer[(common.lowerBound - start)..<(common.upperBound - start)]
                try files[part.file].read(
                    into: UnsafeMutableRawBufferPointer(rebasing: target),
                    at: part.offset + common.lowerBound - begin
                )
            }
            begin += part.byteCount
        }
    }

    private func scale(
        _ values: UnsafeMutableRawBufferPointer,
        from first: Int,
        _ scales: [Float],
        _ tensor: StoredTensor
    ) {
        let total = tensor.descriptor.shape.elementCount ?? 0
        let perScale = max(1, total / max(1, scales.count))
        for index in 0..<(values.count / 4) {
            let value = values.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            let scale = scales[(first + index) / perScale]
            values.storeBytes(of: value * scale, toByteOffset: 4 * index, as: Float.self)
        }
    }
}
