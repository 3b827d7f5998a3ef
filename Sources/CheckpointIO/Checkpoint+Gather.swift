internal import TensorCore

extension Checkpoint {
    /// The part of a storage that is read at once while a tensor's elements are collected from it.
    private static var windowSize: Int { 16 << 20 }

    /// Collects the elements of a tensor whose data is not contiguous, or not in this machine's byte order.
    ///
    /// The part of the file that the elements span is read once from front to back, through a window of bounded size; where
    /// they lie far apart, each run is read by itself.
    func gather(
        _ tensor: StoredTensor,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        guard let size = tensor.descriptor.dtype.byteCount, !buffer.isEmpty else { return }
        precondition(start % size == 0 && buffer.count % size == 0, "whole elements are gathered")
        let location = tensor.location
        let file = files[location.file]
        if let strides = location.strides {
            let walk = StridedWalk(shape: tensor.descriptor.shape.dimensions, strides: strides)
            let elements = (start / size)..<((start + buffer.count) / size)
            let span = walk.span(of: elements)
            if span.count / 1024 > elements.count {
                try readRuns(walk, elements, size: size, from: file, at: location.offset, into: buffer)
            } else {
                try readWindows(walk, elements, span: span, size: size, from: file, at: location.offset, into: buffer)
            }
        } else {
            try file.read(into: buffer, at: location.offset + start)
        }
        if location.isByteSwapped { swapBytes(of: buffer, tensor.descriptor.dtype) }
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

/// The elements of a strided tensor in row-major order, as rows along its innermost dimension.
private struct StridedWalk {
    /// Elements that are equally far apart.
    struct Row {
        /// The first element's number in row-major order.
        let element: Int
        /// Its place, counted from the tensor's first element.
        let position: Int
        let count: Int
        let stride: Int

        /// Which of the row's elements lie in a part of the storage.
        func indices(within part: Range<Int>) -> Range<Int>? {
            let last = position + (count - 1) * stride
            guard position < part.upperBound, last >= part.lowerBound else { return nil }
            guard stride > 0 else { return 0..<count }
            let first = position >= part.lowerBound ? 0 : (part.lowerBound - position + stride - 1) / stride
            let end = min(count, (part.upperBound - 1 - position) / stride + 1)
            return first < end ? first..<end : nil
        }
    }

    /// Outermost first, none of size 1, neighbours that lie as one dimension joined; at least one.
    private var dimensions: [(size: Int, stride: Int)] = []

    init(shape: [Int], strides: [Int]) {
        for (size, stride) in zip(shape, strides) where size != 1 {
            if let last = dimensions.last, last.stride == size * stride {
                dimensions[dimensions.count - 1] = (last.size * size, stride)
            } else {
                dimensions.append((size, stride))
            }
        }
        if dimensions.isEmpty { dimensions = [(1, 1)] }
    }

    /// The place of an element.
    private func position(of element: Int) -> Int {
        var (rest, position) = (element, 0)
        for (size, stride) in dimensions.reversed() {
            position += rest % size * stride
            rest /= size
        }
        return position
    }

    /// The part of the storage that some elements lie in.
    func span(of elements: Range<Int>) -> Range<Int> {
        // Along each dimension either a range of indices occurs, or, once an outer one advances, all of them do.
        var (low, high) = (0, 0)
        var (first, last) = (elements.lowerBound, elements.upperBound - 1)
        var inner: [(Int, Int, Int)] = []
        for (size, stride) in dimensions.reversed() {
            inner.append((first % size, last % size, stride))
            first /= size
            last /= size
        }
        var isWhole = false
        for ((from, to, stride), (size, _)) in zip(inner.reversed(), dimensions) {
            if isWhole {
                high += (size - 1) * stride
            } else {
                low += from * stride
                high += to * stride
                isWhole = from != to
            }
        }
        return low..<(high + 1)
    }

    func rows(_ elements: Range<Int>) -> Rows {
        Rows(walk: self, element: elements.lowerBound, end: elements.upperBound)
    }

    struct Rows {
        let walk: StridedWalk
        var element: Int
        let end: Int

        mutating func next() -> Row? {
            guard element < end else { return nil }
            let inner = walk.dimensions[walk.dimensions.count - 1]
            let count = min(inner.size - element % inner.size, end - element)
            defer { element += count }
            return Row(element: element, position: walk.position(of: element), count: count, stride: inner.stride)
        }
    }
}
