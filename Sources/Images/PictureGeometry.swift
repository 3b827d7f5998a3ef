/// A width and a height in pixels.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int

    /// Makes a size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The size as text, as in `512x384`.
    public var description: String {
        "\(width)x\(height)"
    }
}

/// A rectangle of whole pixels.
public struct PixelArea: Sendable, Hashable {
    /// The first column.
    public let x: Int
    /// The first row.
    public let y: Int
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int

    /// Makes a rectangle.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

extension Picture {
    /// The pixels of a rectangle that lies in the picture.
    public func cropped(to area: PixelArea) -> Picture {
        precondition(
            area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0
                && area.width <= width - area.x && area.height <= height - area.y,
            "the rectangle lies in the picture"
        )
        if area.width == width && area.height == height { return self }
        return rearranged(width: area.width, height: area.height) { x, y in (x + area.x, y + area.y) }
    }

    /// This picture with its last column and row repeated until it has the given size.
    func extended(toWidth newWidth: Int, height newHeight: Int) -> Picture {
        if newWidth == width && newHeight == height { return self }
        return rearranged(width: newWidth, height: newHeight) { x, y in (min(x, width - 1), min(y, height - 1)) }
    }

    /// This picture turned the way its file says, by the eight orientations of EXIF; others change nothing.
    func turned(_ orientation: Int) -> Picture {
        let (w, h) = (width, height)
        switch orientation {
        case 2: return rearranged(width: w, height: h) { x, y in (w - 1 - x, y) }
        case 3: return rearranged(width: w, height: h) { x, y in (w - 1 - x, h - 1 - y) }
        case 4: return rearranged(width: w, height: h) { x, y in (x, h - 1 - y) }
        case 5: return rearranged(width: h, height: w) { x, y in (y, x) }
        case 6: return rearranged(width: h, height: w) { x, y in (y, h - 1 - x) }
        case 7: return rearranged(width: h, height: w) { x, y in (w - 1 - y, h - 1 - x) }
        case 8: return rearranged(width: h, height: w) { x, y in (w - 1 - y, x) }
        default: return self
        }
    }

    /// A picture whose every pixel is the one of this picture that `source` names.
    private func rearranged(width newWidth: Int, height newHeight: Int, source: (Int, Int) -> (Int, Int)) -> Picture {
        func pick<Sample>(_ values: [Sample]) -> [Sample] {
            values.withUnsafeBufferPointer { from in
                [Sample](unsafeUninitializedCapacity: newWidth * newHeight * 3) { target, count in
                    var i = 0
                    for y in 0..<newHeight {
                        for x in 0..<newWidth {
                            let (column, row) = source(x, y)
                            let j = (row * width + column) * 3
                            // Initialised, not assigned: the memory is raw, and `from` checks nothing in release.
                            (target.baseAddress.unsafelyUnwrapped + i).initialize(to: from[j])
                            (target.baseAddress.unsafelyUnwrapped + i + 1).initialize(to: from[j + 1])
                            (target.baseAddress.unsafelyUnwrapped + i + 2).initialize(to: from[j + 2])
                            i += 3
                        }
                    }
                    count = i
                }
            }
        }
        let moved: Samples =
            switch samples {
            case .bytes(let values): .bytes(pick(values))
            case .words(let values): .words(pick(values))
            }
        return Picture(width: newWidth, height: newHeight, samples: moved)
    }
}
