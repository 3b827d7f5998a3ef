internal import Images

/// What flows between the layers of a network: planes of one picture, in single precision.
struct Activation {
    let channels: Int
    let height: Int
    let width: Int
    /// channels × height × width values.
    var values: [Float]

    var area: Int { height * width }

    /// The planes one behind the other, all of one size.
    static func joined(_ parts: [Activation]) -> Activation {
        guard let first = parts.first, parts.count > 1 else { return parts[0] }
        var values: [Float] = []
        values.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
        for part in parts { values += part.values }
        let channels = parts.reduce(0) { $0 + $1.channels }
        return Activation(channels: channels, height: first.height, width: first.width, values: values)
    }

    /// A picture's planes, each sample as `value` has it for its channel.
    init(_ picture: Picture, _ value: (UInt8, Int) -> Float) {
        let bytes = picture.bytes
        let area = picture.width * picture.height
        let tables = (0..<3).map { channel in (0...255).map { value(UInt8($0), channel) } }
        self.init(
            channels: 3,
            height: picture.height,
            width: picture.width,
            values: [Float](unsafeUninitializedCapacity: 3 * area) { target, count in
                for channel in 0..<3 {
                    for pixel in 0..<area {
                        target[channel * area + pixel] = tables[channel][Int(bytes[3 * pixel + channel])]
                    }
                }
                count = 3 * area
            }
        )
    }

    init(channels: Int, height: Int, width: Int, values: [Float]) {
        (self.channels, self.height, self.width, self.values) = (channels, height, width, values)
    }

    /// Resized by weights of the two nearest pixels to either side, without widening the filter where it shrinks: PyTorch's
    /// `interpolate(mode="bilinear", align_corners=False)`.
    func bilinear(height newHeight: Int, width newWidth: Int) -> Activation {
        if newHeight == height && newWidth == width { return self }
        let (rows, columns) = (Self.neighbours(height, newHeight), Self.neighbours(width, newWidth))
        let count = channels * newHeight * newWidth
        let resized = [Float](unsafeUninitializedCapacity: count) { target, initialized in
            values.withUnsafeBufferPointer { from in
                var position = 0
                for channel in 0..<channels {
                    for row in rows {
                        let top = (channel * height + row.first) * width
                        let bottom = (channel * height + row.second) * width
                        for column in columns {
                            let upper =
                                from[top + column.first] * column.rest + from[top + column.second] * column.weight
                            let lower =
                                from[bottom + column.first] * column.rest + from[bottom + column.second] * column.weight
                            target[position] = upper * row.rest + lower * row.weight
                            position += 1
                        }
                    }
                }
            }
            initialized = count
        }
        return Activation(channels: channels, height: newHeight, width: newWidth, values: resized)
    }

    /// The two samples that each new one lies between, and the weights of the first and the second.
    private static func neighbours(
        _ size: Int,
        _ newSize: Int
    ) -> [(first: Int, second: Int, rest: Float, weight: Float)] {
        let scale = Float(size) / Float(newSize)
        return (0..<newSize).map { index in
            let position = max(0, (Float(index) + 0.5) * scale - 0.5)
            let first = min(size - 1, Int(position))
            let weight = position - Float(first)
            return (first, min(size - 1, first + 1), 1 - weight, weight)
        }
    }
}
