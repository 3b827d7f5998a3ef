extension Picture {
    /// The number of values that the picture takes as a tensor: three planes of `height * width`.
    public var planeValueCount: Int {
        3 * width * height
    }

    /// The picture as the network takes it: planes of red, green and blue, each value in -1...1.
    ///
    /// This is `2 * (sample / 255) - 1` in float32, to the bit what torchvision's ToTensor and Normalize(0.5, 0.5) and
    /// diffusers' VaeImageProcessor compute. Samples of 16 bits are divided by 65535 and keep their precision.
    public func planes() -> [Float] {
        [Float](unsafeUninitializedCapacity: planeValueCount) { target, count in
            writePlanes(into: target)
            count = planeValueCount
        }
    }

    /// Writes what `planes()` returns into memory that is there already, as for one picture of a batch.
    ///
    /// - Parameter target: room for `planeValueCount` values.
    public func writePlanes(into target: UnsafeMutableBufferPointer<Float>) {
        precondition(target.count >= planeValueCount, "the target has room for three planes")
        let pixels = width * height
        func spread<Sample: BinaryInteger>(_ values: [Sample], _ value: (Sample) -> Float) {
            values.withUnsafeBufferPointer { from in
                guard let plane = target.baseAddress else { return }
                for i in 0..<pixels {
                    (plane + i).initialize(to: value(from[3 * i]))
                    (plane + pixels + i).initialize(to: value(from[3 * i + 1]))
                    (plane + 2 * pixels + i).initialize(to: value(from[3 * i + 2]))
                }
            }
        }
        switch samples {
        case .bytes(let values): spread(values) { 2 * (Float($0) / 255) - 1 }
        case .words(let values): spread(values) { 2 * (Float($0) / 65535) - 1 }
        }
    }

    /// Makes a picture of what a decoder returned: planes of red, green and blue, nominally in -1...1.
    ///
    /// Each byte is `y * 0.5 + 0.5`, times 255, plus 0.5, cut to 0...255 and truncated, as torchvision's save_image
    /// does; what is not a number becomes 0.
    ///
    /// - Parameters:
    ///   - planes: `3 * width * height` values.
    ///   - width: the number of pixels in a row, at least 1.
    ///   - height: the number of rows, at least 1.
    public init(planes: UnsafeBufferPointer<Float>, width: Int, height: Int) {
        precondition(width > 0 && height > 0 && Self.isAllowed(width, height), "a picture has at least one pixel")
        let pixels = width * height
        precondition(planes.count == 3 * pixels, "a picture has three planes")
        let bytes = [UInt8](unsafeUninitializedCapacity: 3 * pixels) { target, count in
            for i in 0..<pixels {
                target[3 * i] = Self.byte(planes[i])
                target[3 * i + 1] = Self.byte(planes[pixels + i])
                target[3 * i + 2] = Self.byte(planes[2 * pixels + i])
            }
            count = 3 * pixels
        }
        self.init(width: width, height: height, samples: .bytes(bytes))
    }

    /// Makes a picture of what a decoder returned, from an array.
    public init(planes: [Float], width: Int, height: Int) {
        self = planes.withUnsafeBufferPointer { Picture(planes: $0, width: width, height: height) }
    }

    private static func byte(_ value: Float) -> UInt8 {
        let scaled = (value * 0.5 + 0.5) * 255 + 0.5
        // Written so that NaN fails the first comparison: UInt8(NaN) would trap.
        return scaled > 0 ? UInt8(scaled < 255 ? scaled : 255) : 0
    }
}
