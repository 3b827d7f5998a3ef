/// A line of text in a size, drawn from outlines so that it is sharp in any.
struct Lettering {
    /// How much of each pixel the text covers, 0...1.
    struct Mask {
        let width: Int
        let height: Int
        /// The row that letters stand on.
        let baseline: Int
        let coverage: [Float]
    }

    /// The width of the line in pixels.
    let width: Int
    /// The size of the font in pixels.
    let size: Float
    private let letters: [Letter]

    /// Sets a text; letters that the font lacks become question marks.
    init(_ text: String, size: Float) {
        self.size = size
        letters = text.unicodeScalars.compactMap { Self.font[$0.value] ?? Self.font[0x3F] }
        width = Int((letters.reduce(0) { $0 + $1.advance } * size).rounded(.up))
    }

    /// Sets a text no wider than a limit: smaller where it has to be, and in the end without its end.
    init(_ text: String, size: Float, fitting limit: Int) {
        var line = Lettering(text, size: size)
        if line.width > limit {
            line = Lettering(text, size: max(size * 0.7, 9, size * Float(limit) / Float(line.width)).rounded(.down))
        }
        var rest = text
        while line.width > limit && !rest.isEmpty {
            rest.removeLast()
            line = Lettering(rest + "...", size: line.size)
        }
        self = line
    }

    var mask: Mask {
        // Half the size above and below is more than any letter reaches, and the two columns are for rounding.
        let (columns, above, below) = (width + 4, Int(size * 1.2) + 1, Int(size * 0.5) + 1)
        var area = CoverageArea(width: columns, height: above + below)
        var left: Float = 1
        for letter in letters {
            for contour in letter.contours {
                for (from, to) in zip(contour, contour.dropFirst() + contour.prefix(1)) {
                    area.addEdge(
                        from: Point(x: left + from.x * size, y: Float(above) - from.y * size),
                        to: Point(x: left + to.x * size, y: Float(above) - to.y * size)
                    )
                }
            }
            left += letter.advance * size
        }
        return Mask(width: columns, height: above + below, baseline: above, coverage: area.coverage)
    }
}

private struct Point {
    var x: Float
    var y: Float
}

/// One letter at size 1: its outline in straight lines, y pointing up from the base line.
private struct Letter {
    let advance: Float
    let contours: [[Point]]
}

extension Lettering {
    /// The letters by code point.
    fileprivate static let font: [UInt32: Letter] = {
        let text = UnsafeBufferPointer(
            start: LetterOutlines.text.utf8Start,
            count: LetterOutlines.text.utf8CodeUnitCount
        )
        var font: [UInt32: Letter] = [:]
        for record in text.filter({ $0 != 0x0A }).split(separator: UInt8(ascii: "$")) {
            var digits = record[...]
            let code = number(&digits)
            let advance = number(&digits)
            let contours = digits.split(separator: UInt8(ascii: "!")).map(contour)
            font[UInt32(code)] = Letter(advance: Float(advance) / 1000, contours: contours)
        }
        return font
    }()

    private static func number(_ digits: inout ArraySlice<UInt8>) -> Int {
        let pair = digits.prefix(2)
        digits = digits.dropFirst(2)
        return pair.reduce(0) { $0 * 90 + Int($1) - 0x25 }
    }

    /// The straight lines of a contour of TrueType: between two control points lies a point on the curve.
    private static func contour(_ digits: ArraySlice<UInt8>) -> [Point] {
        var rest = digits
        var points: [(point: Point, isOn: Bool)] = []
        while !rest.isEmpty {
            let (x, y) = (number(&rest), number(&rest))
            let point = Point(x: Float(x / 2 - 500) / 1000, y: Float(y - 500) / 1000)
            if let last = points.last, !last.isOn && x % 2 == 0 {
                points.append((Point(x: (last.point.x + point.x) / 2, y: (last.point.y + point.y) / 2), true))
            }
            points.append((point, x % 2 == 1))
        }
        var lines: [Point] = []
        for (i, current) in points.enumerated() {
            if current.isOn {
                lines.append(current.point)
                continue
            }
            let from = points[(i + points.count - 1) % points.count].point
            let to = points[(i + 1) % points.count].point
            // Eight lines to a curve: at 60 pixels the gap between them and it is under a tenth of a pixel.
            for step in 1..<8 {
                let t = Float(step) / 8
                let (a, b, c) = ((1 - t) * (1 - t), 2 * t * (1 - t), t * t)
                lines.append(
                    Point(
                        x: a * from.x + b * current.point.x + c * to.x,
                        y: a * from.y + b * current.point.y + c * to.y
                    )
                )
            }
        }
        return lines
    }
}

/// Adds up, edge by edge, how much of each pixel lies within a shape; exact for straight edges.
///
/// Each pixel holds the change of coverage against its left neighbour, so that an edge touches only the pixels that it
/// crosses (Levien, "Inside the fastest font renderer in the world").
private struct CoverageArea {
    private let width: Int
    private let height: Int
    private var changes: [Float]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        changes = [Float](repeating: 0, count: width * height + 2)
    }

    var coverage: [Float] {
        var result = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            var sum: Float = 0
            for x in 0..<width {
                sum += changes[y * width + x]
                result[y * width + x] = min(1, abs(sum))
            }
        }
        return result
    }

    mutating func addEdge(from a: Point, to b: Point) {
        if a.y == b.y { return }
        let (top, bottom, sign): (Point, Point, Float) = a.y < b.y ? (a, b, 1) : (b, a, -1)
        let slope = (bottom.x - top.x) / (bottom.y - top.y)
        let first = max(0, Int(top.y.rounded(.down)))
        for y in first..<max(first, min(height, Int(bottom.y.rounded(.up)))) {
            let (from, to) = (max(Float(y), top.y), min(Float(y + 1), bottom.y))
            let (x0, x1) = (top.x + (from - top.y) * slope, top.x + (to - top.y) * slope)
            addPart(row: y, from: min(x0, x1), to: max(x0, x1), area: (to - from) * sign)
        }
    }

    /// Adds the part of an edge within one row, which runs from column to column and bounds `area` to its right.
    private mutating func addPart(row: Int, from: Float, to: Float, area: Float) {
        let (from, to) = (max(0, min(from, Float(width - 2))), max(0, min(to, Float(width - 2))))
        let start = row * width
        let (left, right) = (Int(from), Int(to.rounded(.up)))
        if right <= left + 1 {
            let part = (from + to) / 2 - Float(left)
            changes[start + left] += area * (1 - part)
            changes[start + left + 1] += area * part
            return
        }
        // The share of the edge to the left of a column is what that column lacks of full coverage, on average.
        var before: Float = 0
        for column in left..<(right + 1) {
            let (x0, x1) = (max(from, Float(column)), min(to, Float(column + 1)))
            var covered: Float = 0
            if x1 > x0 {
                let share = (x1 - x0) / (to - from)
                let done = (x0 - from) / (to - from)
                // Within the column the share grows from `done` to `done + share`, and then stays to its right side.
                covered = (x1 - x0) * (done + share / 2) + (Float(column + 1) - x1) * (done + share)
            } else {
                covered = 1
            }
            changes[start + column] += area * (covered - before)
            before = covered
        }
    }
}
