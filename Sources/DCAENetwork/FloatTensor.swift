/// A batch of images, latents or samples: single precision, NCHW, contiguous.
public struct FloatTensor: Sendable, Equatable {
    /// The number of images.
    public let batch: Int
    /// The number of channels.
    public let channels: Int
    /// The number of rows.
    public let height: Int
    /// The number of columns.
    public let width: Int
    /// batch × channels × height × width values.
    public var values: [Float]

    /// The sizes, `[batch, channels, height, width]`.
    public var dimensions: [Int] { [batch, channels, height, width] }

    /// The values per image.
    public var imageCount: Int { channels * height * width }

    /// Makes a tensor of given values.
    ///
    /// - Throws: `NetworkError.shape` where the sizes are not positive or do not multiply to the number of values.
    public init(batch: Int, channels: Int, height: Int, width: Int, values: [Float]) throws(NetworkError) {
        var product = 1
        for size in [batch, channels, height, width] {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard size > 0, !overflow else {
                throw .shape(.sizes([batch, channels, height, width]))
            }
            product = next
        }
        guard product == values.count else {
            throw .shape(.values(count: values.count, sizes: [batch, channels, height, width]))
        }
        self.init(unchecked: [batch, channels, height, width], values)
    }

    init(unchecked sizes: [Int], _ values: [Float]) {
        (batch, channels, height, width) = (sizes[0], sizes[1], sizes[2], sizes[3])
        self.values = values
    }

    /// A tensor of zeros of sizes known to be positive.
    init(zeros sizes: [Int]) {
        self.init(unchecked: sizes, [Float](repeating: 0, count: sizes.reduce(1, *)))
    }

    /// The rows and columns of all images and channels, with zeros where they reach beyond the image.
    func cropped(rows: Range<Int>, columns: Range<Int>) -> FloatTensor {
        var result = FloatTensor(zeros: [batch, channels, rows.count, columns.count])
        let copied = min(columns.upperBound, width) - columns.lowerBound
        guard copied > 0 else { return result }
        for plane in 0..<(batch * channels) {
            for y in rows where y < height {
                let from = (plane * height + y) * width + columns.lowerBound
                let to = (plane * rows.count + y - rows.lowerBound) * columns.count
                result.values.replaceSubrange(to..<(to + copied), with: values[from..<(from + copied)])
            }
        }
        return result
    }
}
