/// How a window of 3x3 pixels becomes one.
enum Pooling: Sendable {
    /// The largest, at every second pixel, of whole windows alone.
    case maximumHalving
    /// The largest, at every pixel.
    case maximum
    /// The mean of those that lie in the picture, at every pixel, as TensorFlow averages.
    case mean

    func apply(_ input: Activation) -> Activation {
        switch self {
        case .maximumHalving:
            let (height, width) = ((input.height - 3) / 2 + 1, (input.width - 3) / 2 + 1)
            return each(input, height, width, stride: 2, offset: 0) { max($0, $1) }
        case .maximum:
            return each(input, input.height, input.width, stride: 1, offset: -1) { max($0, $1) }
        case .mean:
            var sums = each(input, input.height, input.width, stride: 1, offset: -1) { $0 + $1 }
            func covered(_ position: Int, _ size: Int) -> Int { min(size, position + 2) - max(0, position - 1) }
            let widths = (0..<input.width).map { covered($0, input.width) }
            for channel in 0..<input.channels {
                for y in 0..<input.height {
                    let height = covered(y, input.height)
                    let start = channel * input.area + y * input.width
                    for x in 0..<input.width { sums.values[start + x] /= Float(height * widths[x]) }
                }
            }
            return sums
        }
    }

    /// Combines three rows into one, a vector at a time, and then every three columns of it.
    @inline(__always)
    private func each(
        _ input: Activation,
        _ height: Int,
        _ width: Int,
        stride: Int,
        offset: Int,
        _ combine: (Float, Float) -> Float
    ) -> Activation {
        let (count, columns) = (input.channels * height * width, input.width)
        let values = [Float](unsafeUninitializedCapacity: count) { target, initialized in
            initialized = count
            guard let output = target.baseAddress else { return }
            input.values.withUnsafeBufferPointer { from in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { line in
                    for channel in 0..<input.channels {
                        for y in 0..<height {
                            let top = y * stride + offset
                            let rows = max(0, top)..<min(input.height, top + 3)
                            let first = (channel * input.height + rows.lowerBound) * columns
                            for x in 0..<columns { line[x] = from[first + x] }
                            for row in rows.dropFirst() {
                                let start = (channel * input.height + row) * columns
                                for x in 0..<columns { line[x] = combine(line[x], from[start + x]) }
                            }
                            let result = output + (channel * height + y) * width
                            for x in 0..<width {
                                let left = x * stride + offset
                                // Windows reach beyond the picture by one column at the most.
                                let (start, end) = (max(0, left), min(columns, left + 3))
                                var value = combine(line[start], line[end - 1])
                                if end - start == 3 { value = combine(value, line[start + 1]) }
                                result[x] = end - start == 1 ? line[start] : value
                            }
                        }
                    }
                }
            }
        }
        return Activation(channels: input.channels, height: height, width: width, values: values)
    }
}
