package import TensorCore

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
        if case .constant(let bytes) = encoding {
            buffer.copyBytes(from: bytes[start..<(start + buffer.count)])
            return
        }
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
            switch encoding {
            case .scaled(let dtype, let scales):
                NumberFormat.convert(UnsafeRawBufferPointer(stored), from: dtype, into: target, to: .f32)
                scale(target, from: first + done, scales, tensor)
            case .counter(let dtype):
                for index in 0..<part {
                    let element = UnsafeRawBufferPointer(rebasing: stored[(index * size)..<((index + 1) * size)])
                    let number = NumberFormat.wholeNumber(element, of: dtype) ?? 0
                    target.storeBytes(of: number, toByteOffset: 8 * index, as: Int.self)
                }
            case .constant, .joined: break
            }
        }
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

    /// A tensor of one of this checkpoint's numbers as I64, whatever type it is stored in: nil unless all of them are whole numbers.
    ///
    /// Somebody who casts all that a state dict holds casts the counters of its batch norms too.
    ///
    /// - Throws: where the data cannot be read.
    package func asCounter(_ tensor: StoredTensor) throws(CheckpointError) -> StoredTensor? {
        let dtype = tensor.descriptor.dtype
        if dtype == .i64 { return tensor }
        guard tensor.location.encoding == nil, let size = dtype.byteCount,
            let count = tensor.descriptor.shape.elementCount, count <= 1024
        else { return nil }
        let bytes = try bytes(of: tensor)
        let areWhole = bytes.withUnsafeBytes { bytes in
            (0..<count).allSatisfy { index in
                let element = UnsafeRawBufferPointer(rebasing: bytes[(index * size)..<((index + 1) * size)])
                return NumberFormat.wholeNumber(element, of: dtype) != nil
            }
        }
        guard areWhole else { return nil }
        let name = tensor.descriptor.name
        return StoredTensor(
            descriptor: TensorDescriptor(name: name, dtype: .i64, shape: tensor.descriptor.shape),
            location: tensor.location.encoded(.counter(dtype), byteCount: 8 * count)
        )
    }
}

extension StoredTensor {
    /// A tensor that no file holds, as a counter that was left out and is 0.
    package init(constant bytes: [UInt8], _ descriptor: TensorDescriptor) {
        precondition(descriptor.shape.byteCount(of: descriptor.dtype) == bytes.count, "as many bytes as the shape says")
        let location = TensorLocation(file: 0, offset: 0, byteCount: bytes.count, encoding: .constant(bytes))
        self.init(descriptor: descriptor, location: location)
    }
}
