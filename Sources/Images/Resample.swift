internal import Libc

/// How pixels are weighed when a picture is resized; both are antialiased, as in PIL.
public enum ResampleFilter: Sendable {
    /// Cubic convolution with a = -0.5 over four pixels, what torchvision and PIL call BICUBIC.
    case bicubic
    /// The windowed sinc over six pixels, what PIL calls LANCZOS: sharper than bicubic.
    case lanczos
    /// The mean of the pixels that a new one covers, what PIL calls BOX.
    case box
}

/// Which sides of a picture are resized first; as each pass rounds to bytes, the two differ in single bits.
public enum ResampleOrder: Sendable {
    /// What Pillow does since version 13: rows first, but columns first where the height shrinks by more than twice as
    /// many pixels as the width.
    case pillow13
    /// What Pillow did before: always rows first.
    case rowsFirst

    fileprivate func startsWithColumns(_ old: PixelSize, _ new: PixelSize) -> Bool {
        self == .pillow13 && old.height > new.height && old.height - new.height > 2 * (old.width - new.width)
    }
}

extension Picture {
    /// This picture in another size.
    ///
    /// On pictures of 8 bits this is PIL's `Image.resize` to the bit: both sides one after the other, each in
    /// fixed-point numbers and rounded to bytes. Pictures of 16 bits are resized in floating point and rounded once.
    ///
    /// - Parameters:
    ///   - newWidth: the number of columns, at least 1.
    ///   - newHeight: the number of rows, at least 1.
    ///   - filter: how pixels are weighed.
    ///   - order: which sides come first.
    ///   - area: what of the new picture is wanted; nothing else of it is computed.
    /// - Returns: a picture of the new size, or of that area, and as many bits.
    public func resized(
        toWidth newWidth: Int,
        height newHeight: Int,
        by filter: ResampleFilter,
        order: ResampleOrder = .pillow13,
        area: PixelArea? = nil
    ) -> Picture {
        precondition(newWidth > 0 && newHeight > 0 && Self.isAllowed(newWidth, newHeight), "a picture has pixels")
        let area = area ?? PixelArea(x: 0, y: 0, width: newWidth, height: newHeight)
        if newWidth == width && newHeight == height { return cropped(to: area) }
        let columns =
            newWidth == width ? nil : Weights(from: width, to: newWidth, filter, area.x..<(area.x + area.width))
        let rows =
            newHeight == height ? nil : Weights(from: height, to: newHeight, filter, area.y..<(area.y + area.height))
        let columnsFirst = order.startsWithColumns(size, PixelSize(width: newWidth, height: newHeight))
        // A side that keeps its length is cut, and not weighed.
        let source = cropped(
            to: PixelArea(
                x: columns == nil ? area.x : 0,
                y: rows == nil ? area.y : 0,
                width: columns == nil ? area.width : width,
                height: rows == nil ? area.height : height
            )
        )
        let lines = columnsFirst && rows != nil ? area.height : source.height
        switch source.samples {
        case .bytes(var bytes):
            if let rows, columnsFirst { bytes = rows.fixed.alongColumns(bytes, stride: source.width * 3) }
            if let columns { bytes = columns.fixed.alongRows(bytes, height: lines, width: source.width) }
            if let rows, !columnsFirst { bytes = rows.fixed.alongColumns(bytes, stride: area.width * 3) }
            return Picture(width: area.width, height: area.height, samples: .bytes(bytes))
        case .words(let words):
            var values = words.map(Float.init)
            if let rows, columnsFirst { values = rows.alongColumns(values, stride: source.width * 3) }
            if let columns { values = columns.alongRows(values, height: lines, width: source.width) }
            if let rows, !columnsFirst { values = rows.alongColumns(values, stride: area.width * 3) }
            let rounded = values.map { UInt16(max(0, min(65535, $0 + 0.5))) }
            return Picture(width: area.width, height: area.height, samples: .words(rounded))
        }
    }
}

extension ResampleFilter {
    fileprivate var support: Double {
        switch self {
        case .box: 0.5
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    fileprivate func weight(_ distance: Double) -> Double {
        // Half open, as PIL has it, so that a pixel on the border of two boxes belongs to one.
        if self == .box { return distance > -0.5 && distance <= 0.5 ? 1 : 0 }
        let x = abs(distance)
        if x >= support { return 0 }
        switch self {
        case .box: return 1
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return (((x - 5) * x + 8) * x - 4) * a
        case .lanczos:
            return Self.sinc(x) * Self.sinc(x / 3)
        }
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}

/// Which samples of a line make each sample of the resized line, and with which weights.
private struct Weights<Weight: Sendable>: Sendable {
    /// For each sample of the result the first sample of the source that it is made of.
    let first: [Int]
    /// How many samples of the source each is made of; at most `stride`.
    let counts: [Int]
    /// The weights, `stride` for each sample of the result.
    let weights: [Weight]
    let stride: Int
}

extension Weights where Weight == Double {
    /// The weights as `precompute_coeffs` in PIL's Resample.c computes them, of a part of the new line.
    init(from oldSize: Int, to newSize: Int, _ filter: ResampleFilter, _ part: Range<Int>) {
        let scale = Double(oldSize) / Double(newSize)
        // Shrinking widens the filter, which is what keeps fine patterns from folding back as coarse ones.
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let stride = Int(support.rounded(.up)) * 2 + 1
        var first: [Int] = []
        var counts: [Int] = []
        var weights = [Double](repeating: 0, count: part.count * stride)
        for i in part {
            let start = (i - part.lowerBound) * stride
            let centre = (Double(i) + 0.5) * scale
            let lower = max(0, Int(centre - support + 0.5))
            let upper = min(oldSize, Int(centre + support + 0.5))
            var sum = 0.0
            for x in lower..<upper {
                let weight = filter.weight((Double(x) - centre + 0.5) * (1 / filterScale))
                weights[start + x - lower] = weight
                sum += weight
            }
            if sum != 0 {
                for x in 0..<(upper - lower) { weights[start + x] /= sum }
            }
            first.append(lower)
            counts.append(upper - lower)
        }
        self.init(first: first, counts: counts, weights: weights, stride: stride)
    }

    /// The weights as 32-bit numbers with 22 bits after the point, as PIL uses them on bytes.
    var fixed: Weights<Int32> {
        let scaled = weights.map { Int32($0 < 0 ? $0 * Double(1 << 22) - 0.5 : $0 * Double(1 << 22) + 0.5) }
        return Weights<Int32>(first: first, counts: counts, weights: scaled, stride: stride)
    }

    func alongRows(_ source: [Float], height: Int, width: Int) -> [Float] {
        rows(source, height: height, width: width, zero: 0.0, { $0 + Double($1) * $2 }, { Float($0) })
    }

    func alongColumns(_ source: [Float], stride: Int) -> [Float] {
        columns(source, lineLength: stride, zero: 0.0, { $0 + Double($1) * $2 }, { Float($0) })
    }
}

extension Weights where Weight == Int32 {
    func alongRows(_ source: [UInt8], height: Int, width: Int) -> [UInt8] {
        rows(source, height: height, width: width, zero: Int32(1 << 21), { $0 &+ Int32($1) &* $2 }, Self.byte)
    }

    func alongColumns(_ source: [UInt8], stride: Int) -> [UInt8] {
        columns(source, lineLength: stride, zero: Int32(1 << 21), { $0 &+ Int32($1) &* $2 }, Self.byte)
    }

    private static func byte(_ sum: Int32) -> UInt8 {
        UInt8(max(0, min(255, sum >> 22)))
    }
}

extension Weights {
    /// Resizes every row of interleaved pixels.
    @inline(__always)
    private func rows<Sample, Sum>(
        _ source: [Sample],
        height: Int,
        width: Int,
        zero: Sum,
        _ add: (Sum, Sample, Weight) -> Sum,
        _ finish: (Sum) -> Sample
    ) -> [Sample] {
        let newWidth = first.count
        return source.withUnsafeBufferPointer { from in
            weights.withUnsafeBufferPointer { weights in
                [Sample](unsafeUninitializedCapacity: height * newWidth * 3) { target, filled in
                    guard let output = target.baseAddress else { return }
                    for y in 0..<height {
                        for x in 0..<newWidth {
                            var (red, green, blue) = (zero, zero, zero)
                            var i = (y * width + first[x]) * 3
                            for k in (x * stride)..<(x * stride + counts[x]) {
                                red = add(red, from[i], weights[k])
                                green = add(green, from[i + 1], weights[k])
                                blue = add(blue, from[i + 2], weights[k])
                                i += 3
                            }
                            let pixel = output + (y * newWidth + x) * 3
                            pixel.initialize(to: finish(red))
                            (pixel + 1).initialize(to: finish(green))
                            (pixel + 2).initialize(to: finish(blue))
                        }
                    }
                    filled = height * newWidth * 3
                }
            }
        }
    }

    /// Resizes every column, a whole line of sums at a time.
    @inline(__always)
    private func columns<Sample, Sum>(
        _ source: [Sample],
        lineLength: Int,
        zero: Sum,
        _ add: (Sum, Sample, Weight) -> Sum,
        _ finish: (Sum) -> Sample
    ) -> [Sample] {
        var sums = [Sum](repeating: zero, count: lineLength)
        return source.withUnsafeBufferPointer { from in
            sums.withUnsafeMutableBufferPointer { sums in
                [Sample](unsafeUninitializedCapacity: first.count * lineLength) { target, filled in
                    guard let output = target.baseAddress else { return }
                    for y in 0..<first.count {
                        for i in 0..<lineLength { sums[i] = zero }
                        for k in 0..<counts[y] {
                            let weight = weights[y * stride + k]
                            let line = (first[y] + k) * lineLength
                            for i in 0..<lineLength { sums[i] = add(sums[i], from[line + i], weight) }
                        }
                        for i in 0..<lineLength { (output + y * lineLength + i).initialize(to: finish(sums[i])) }
                    }
                    filled = first.count * lineLength
                }
            }
        }
    }
}
