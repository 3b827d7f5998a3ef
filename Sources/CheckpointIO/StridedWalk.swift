internal import TensorCore

/// The elements of a strided tensor in row-major order, as rows along its innermost dimension.
struct StridedWalk {
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

    /// The elements that must be looked at to collect some that lie in so wide a part of the storage: all of it, or where they
    /// are far apart each by itself, which takes as long as to pass over so many.
    static func reach(of count: Int, span: Int) -> Int {
        min(span, count.multipliedReportingOverflow(by: distance).overflow ? .max : count * distance)
    }

    /// What collecting a whole tensor costs, in elements that are looked at; a large one is collected in parts, each of which may
    /// span nearly all of it.
    static func readingCost(shape: [Int], strides: [Int]) -> Int {
        let walk = StridedWalk(shape: shape, strides: strides)
        let count = shape.reduce(1, *)
        guard count > 0 else { return 0 }
        let whole = reach(of: count, span: walk.span(of: 0..<count).count)
        guard count > GatherCache.capacity / 8 else { return whole }
        let part = min(count, 32 << 10)
        let once = reach(of: part, span: walk.span(of: 0..<part).count)
        let (parts, overflow) = once.multipliedReportingOverflow(by: count / part)
        return max(whole, overflow ? .max >> 8 : parts)
    }

    /// Reading one element by itself takes as long as passing over so many.
    static let distance = 1024

    /// Rows that follow each other in row-major order, each as far from the one before it.
    struct Block {
        /// The first element's number in row-major order.
        let element: Int
        /// Its place, counted from the tensor's first element.
        let position: Int
        let rows: Int
        let rowStride: Int
        let count: Int
        let stride: Int
    }

    /// Goes through some elements in blocks of the two innermost dimensions, so that short rows, as the nine elements of a
    /// kernel, cost no more than long ones.
    func forEachBlock(_ elements: Range<Int>, _ body: (Block) -> Void) {
        let inner = dimensions[dimensions.count - 1]
        let outer = dimensions.count > 1 ? dimensions[dimensions.count - 2] : (size: 1, stride: 0)
        var element = elements.lowerBound
        while element < elements.upperBound {
            let (row, column) = (element / inner.size % outer.size, element % inner.size)
            let left = elements.upperBound - element
            let isPart = column > 0 || left < inner.size
            let rows = isPart ? 1 : min(outer.size - row, left / inner.size)
            let count = isPart ? min(inner.size - column, left) : inner.size
            body(
                Block(
                    element: element,
                    position: position(of: element),
                    rows: rows,
                    rowStride: outer.stride,
                    count: count,
                    stride: inner.stride
                )
            )
            element += rows * count
        }
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
