internal import TensorCore

extension Checkpoint {
    /// The part of a storage that is read at once while a tensor's elements are collected from it.
    private static var windowSize: Int { 16 << 20 }

    /// Collects the elements of a tensor whose data is not contiguous, or not in this machine's byte order.
    ///
    /// The part of the file that the elements span is read once from front to back, through a window of bounded size; where
    /// they lie far apart, each run is read by itself. A tensor of which every part spans nearly all of the storage, as one that was
    /// transposed, is collected once and kept while its parts are asked for.
    func gather(
        _ tensor: StoredTensor,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        let location = tensor.location
        guard let size = tensor.storedDType.byteCount, !buffer.isEmpty else { return }
        precondition(start % size == 0 && buffer.count % size == 0, "whole elements are gathered")
        guard let strides = location.strides else {
            try files[location.file].read(into: buffer, at: location.offset + start)
            if location.isByteSwapped { swapBytes(of: buffer, tensor.storedDType) }
            return
        }
        let walk = StridedWalk(shape: tensor.descriptor.shape.dimensions, strides: strides)
        let elements = (start / size)..<((start + buffer.count) / size)
        let total = (tensor.descriptor.shape.elementCount ?? 0)
        if elements.count < total, total * size <= GatherCache.capacity {
            let once = StridedWalk.reach(of: total, span: walk.span(of: 0..<total).count)
            let part = StridedWalk.reach(of: elements.count, span: walk.span(of: elements).count)
            // As many parts as there are, against the whole.
            if part / 4 > once / max(1, total / elements.count) {
                return try gathered.withWhole(location, byteCount: total * size) { whole throws(CheckpointError) in
                    try collect(walk, 0..<total, size: size, tensor, into: whole)
                } use: { whole in
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: whole[start..<(start + buffer.count)]))
                }
            }
        }
        try collect(walk, elements, size: size, tensor, into: buffer)
    }

    private func collect(
        _ walk: StridedWalk,
        _ elements: Range<Int>,
        size: Int,
        _ tensor: StoredTensor,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        let location = tensor.location
        let file = files[location.file]
        let span = walk.span(of: elements)
        if span.count / StridedWalk.distance > elements.count {
            try readRuns(walk, elements, size: size, from: file, at: location.offset, into: buffer)
        } else {
            try readWindows(walk, elements, span: span, size: size, from: file, at: location.offset, into: buffer)
        }
        if location.isByteSwapped { swapBytes(of: buffer, tensor.storedDType) }
    }

    private func readRuns(
        _ walk: StridedWalk,
        _ elements: Range<Int>,
        size: Int,
        from file: InputFile,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        var rows = walk.rows(elements)
        while let row = rows.next() {
            let step = row.stride == 1 ? row.count : 1
            for index in stride(from: 0, to: row.count, by: step) {
                let target = (row.element - elements.lowerBound + index) * size
                try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[target..<(target + step * size)]),
                    at: offset + (row.position + index * row.stride) * size
                )
            }
        }
    }

    private func readWindows(
        _ walk: StridedWalk,
        _ elements: Range<Int>,
        span: Range<Int>,
        size: Int,
        from file: InputFile,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        let capacity = min(Self.windowSize / size, span.count)
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity * size, alignment: 64)
        defer { window.deallocate() }
        var begin = span.lowerBound
        while begin < span.upperBound {
            let end = min(begin + capacity, span.upperBound)
            let part = UnsafeMutableRawBufferPointer(rebasing: window[0..<((end - begin) * size)])
            try file.read(into: part, at: offset + begin * size)
            if end - begin == span.count, size == 2 || size == 4 {
                collectBlocks(walk, elements, from: UnsafeRawBufferPointer(part), at: begin, size: size, into: buffer)
                return
            }
            var rows = walk.rows(elements)
            while let row = rows.next() {
                guard let indices = row.indices(within: begin..<end) else { continue }
                copy(
                    indices.count,
                    from: UnsafeRawBufferPointer(part),
                    at: (row.position + indices.lowerBound * row.stride - begin) * size,
                    step: row.stride * size,
                    to: buffer,
                    at: (row.element - elements.lowerBound + indices.lowerBound) * size,
                    size: size
                )
            }
            begin = end
        }
    }

    /// Collects elements that lie in one window.
    private func collectBlocks(
        _ walk: StridedWalk,
        _ elements: Range<Int>,
        from window: UnsafeRawBufferPointer,
        at begin: Int,
        size: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) {
        guard let source = window.baseAddress, let target = buffer.baseAddress else { return }
        func each<T: BitwiseCopyable>(_ type: T.Type) {
            let width = MemoryLayout<T>.size
            walk.forEachBlock(elements) { block in
                var to = target + (block.element - elements.lowerBound) * width
                var from = source + (block.position - begin) * width
                let step = block.stride * width
                for _ in 0..<block.rows {
                    var place = from
                    for _ in 0..<block.count {
                        to.storeBytes(of: place.loadUnaligned(as: type), as: type)
                        to += width
                        place += step
                    }
                    from += block.rowStride * width
                }
            }
        }
        if size == 4 { each(UInt32.self) } else { each(UInt16.self) }
    }

    /// Copies elements that are `step` bytes apart to where they follow each other.
    private func copy(
        _ count: Int,
        from source: UnsafeRawBufferPointer,
        at start: Int,
        step: Int,
        to target: UnsafeMutableRawBufferPointer,
        at position: Int,
        size: Int
    ) {
        if step == size {
            let run = UnsafeRawBufferPointer(rebasing: source[start..<(start + count * size)])
            UnsafeMutableRawBufferPointer(rebasing: target[position..<(position + run.count)]).copyMemory(from: run)
            return
        }
        func each<T: BitwiseCopyable>(_ type: T.Type) {
            for index in 0..<count {
                let value = source.loadUnaligned(fromByteOffset: start + index * step, as: type)
                target.storeBytes(of: value, toByteOffset: position + index * size, as: type)
            }
        }
        switch size {
        case 1: each(UInt8.self)
        case 2: each(UInt16.self)
        case 4: each(UInt32.self)
        case 8: each(UInt64.self)
        default:
            for index in 0..<count {
                let element = source[(start + index * step)..<(start + index * step + size)]
                UnsafeMutableRawBufferPointer(rebasing: target[(position + index * size)...].prefix(size))
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: element))
            }
        }
    }

    private func swapBytes(of buffer: UnsafeMutableRawBufferPointer, _ dtype: DType) {
        func each<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) {
            for offset in stride(from: 0, to: buffer.count, by: MemoryLayout<T>.size) {
                let value = buffer.loadUnaligned(fromByteOffset: offset, as: type).byteSwapped
                buffer.storeBytes(of: value, toByteOffset: offset, as: type)
            }
        }
        // A complex number is two numbers, each swapped by itself.
        switch dtype {
        case .c32: each(UInt16.self)
        case .c64: each(UInt32.self)
        case .c128: each(UInt64.self)
        default:
            switch dtype.byteCount {
            case 2: each(UInt16.self)
            case 4: each(UInt32.self)
            case 8: each(UInt64.self)
            default: break
            }
        }
    }
}
