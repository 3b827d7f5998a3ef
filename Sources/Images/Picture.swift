/// A still picture: rows of red, green and blue samples, top row first, of 8 or 16 bits each.
///
/// Samples are kept as they are stored, that is sRGB-encoded in nearly every file; no gamma and no colour profile is
/// applied anywhere, because the networks are trained on stored values too.
public struct Picture: Sendable, Equatable {
    /// The samples, three to a pixel and interleaved.
    public enum Samples: Sendable, Equatable {
        /// Samples of 0...255.
        case bytes([UInt8])
        /// Samples of 0...65535.
        case words([UInt16])
    }

    /// The most pixels that a picture may have, so that a few bytes of a hostile file cannot ask for all the memory.
    public static let pixelLimit = 1 << 28

    /// The number of pixels in a row.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// The samples; `width * height * 3` of them.
    public let samples: Samples
    /// Whether it was transparent in places where it was read, and that was left out.
    package internal(set) var hasLostTransparency = false

    /// Makes a picture of samples.
    ///
    /// - Parameters:
    ///   - width: the number of pixels in a row, at least 1.
    ///   - height: the number of rows, at least 1.
    ///   - samples: red, green and blue of each pixel, row by row from the top.
    public init(width: Int, height: Int, samples: Samples) {
        let count =
            switch samples {
            case .bytes(let values): values.count
            case .words(let values): values.count
            }
        precondition(width > 0 && height > 0 && Self.isAllowed(width, height), "a picture has at least one pixel")
        precondition(count == width * height * 3, "a picture has three samples to a pixel")
        self.width = width
        self.height = height
        self.samples = samples
    }

    /// Makes a picture of one colour.
    public init(width: Int, height: Int, filledWith colour: Colour) {
        precondition(width > 0 && height > 0 && Self.isAllowed(width, height), "a picture has at least one pixel")
        let bytes = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
            var i = 0
            while i < width * height * 3 {
                target[i] = colour.red
                target[i + 1] = colour.green
                target[i + 2] = colour.blue
                i += 3
            }
            count = i
        }
        self.init(width: width, height: height, samples: .bytes(bytes))
    }

    /// The number of bits to a sample: 8 or 16.
    public var bits: Int {
        switch samples {
        case .bytes: 8
        case .words: 16
        }
    }

    /// The width and the height.
    public var size: PixelSize {
        PixelSize(width: width, height: height)
    }

    /// The samples in 8 bits; of those of 16 the upper half, as Pillow's `convert("RGB")` takes it.
    public var bytes: [UInt8] {
        switch samples {
        case .bytes(let values):
            values
        case .words(let values):
            [UInt8](unsafeUninitializedCapacity: values.count) { target, count in
                // The nearest byte would be another for half of all values, and figures are held against Pillow's.
                for i in 0..<values.count { target[i] = UInt8(values[i] >> 8) }
                count = values.count
            }
        }
    }

    /// This picture with 8 bits to a sample.
    public var inBytes: Picture {
        bits == 8 ? self : Picture(width: width, height: height, samples: .bytes(bytes))
    }

    /// The colour of one pixel in 8 bits.
    public func colour(x: Int, y: Int) -> Colour {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies in the picture")
        let i = (y * width + x) * 3
        switch samples {
        case .bytes(let values):
            return Colour(red: values[i], green: values[i + 1], blue: values[i + 2])
        case .words(let values):
            return Colour(
                red: UInt8(values[i] >> 8),
                green: UInt8(values[i + 1] >> 8),
                blue: UInt8(values[i + 2] >> 8)
            )
        }
    }

    /// Whether a picture of these sides stays within the limit; the sides may be any numbers.
    package static func isAllowed(_ width: Int, _ height: Int) -> Bool {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        return !overflow && pixels <= pixelLimit
    }
}

/// A colour of 8 bits to a sample.
public struct Colour: Sendable, Hashable {
    /// How much red, 0...255.
    public let red: UInt8
    /// How much green, 0...255.
    public let green: UInt8
    /// How much blue, 0...255.
    public let blue: UInt8

    /// Makes a colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Makes a colour from its hexadecimal form, as in 0xRRGGBB.
    init(_ hexadecimal: UInt32) {
        self.init(
            red: UInt8(hexadecimal >> 16 & 255),
            green: UInt8(hexadecimal >> 8 & 255),
            blue: UInt8(hexadecimal & 255)
        )
    }

    /// White.
    public static let white = Colour(red: 255, green: 255, blue: 255)
    /// Black.
    public static let black = Colour(red: 0, green: 0, blue: 0)
}
