/// A picture that is being drawn.
struct Canvas {
    let width: Int
    let height: Int
    private var bytes: [UInt8]

    /// Starts with a picture, of which 8 bits to a sample are taken.
    init(_ picture: Picture) {
        width = picture.width
        height = picture.height
        bytes = picture.bytes
    }

    /// What was drawn.
    var picture: Picture {
        Picture(width: width, height: height, samples: .bytes(bytes))
    }

    /// Fills the part of a rectangle that lies on the canvas.
    mutating func fill(_ area: PixelArea, with colour: Colour) {
        let columns = max(0, area.x)..<max(0, area.x, min(width, area.x + area.width))
        for y in max(0, area.y)..<max(0, area.y, min(height, area.y + area.height)) {
            for x in columns {
                let i = (y * width + x) * 3
                bytes[i] = colour.red
                bytes[i + 1] = colour.green
                bytes[i + 2] = colour.blue
            }
        }
    }

    /// Draws a picture with its top left corner at a place, every pixel as a square of `scale`; it has to fit.
    mutating func draw(_ picture: Picture, x: Int, y: Int, scale: Int) {
        precondition(x >= 0 && y >= 0 && x + picture.width * scale <= width && y + picture.height * scale <= height)
        let source = picture.bytes
        let line = picture.width * scale * 3
        for row in 0..<picture.height {
            let start = ((y + row * scale) * width + x) * 3
            for i in 0..<line {
                bytes[start + i] = source[(row * picture.width + i / 3 / scale) * 3 + i % 3]
            }
            for copy in 1..<max(1, scale) {
                let next = start + copy * width * 3
                for i in 0..<line { bytes[next + i] = bytes[start + i] }
            }
        }
    }

    /// Writes one line of text that starts at `x` and stands on `baseline`; what leaves the canvas is cut.
    mutating func write(_ text: Lettering, x: Int, baseline: Int, colour: Colour) {
        let mask = text.mask
        let top = baseline - mask.baseline
        for row in max(0, -top)..<max(0, -top, min(mask.height, height - top)) {
            for column in max(0, -x)..<max(0, -x, min(mask.width, width - x)) {
                let alpha = mask.coverage[row * mask.width + column]
                if alpha == 0 { continue }
                let i = ((top + row) * width + x + column) * 3
                bytes[i] = Self.mix(bytes[i], colour.red, alpha)
                bytes[i + 1] = Self.mix(bytes[i + 1], colour.green, alpha)
                bytes[i + 2] = Self.mix(bytes[i + 2], colour.blue, alpha)
            }
        }
    }

    private static func mix(_ back: UInt8, _ front: UInt8, _ alpha: Float) -> UInt8 {
        UInt8(Float(back) + (Float(front) - Float(back)) * alpha + 0.5)
    }
}
