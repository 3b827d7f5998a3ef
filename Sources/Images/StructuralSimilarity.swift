internal import Libc

/// Structural similarity of Wang et al. 2004, on one scale or on five (Wang et al. 2003), as torchmetrics computes both.
///
/// A Gaussian window of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, samples of 0...255; the mean over the three channels of
/// colour and over every pixel, around which the picture is mirrored where the window reaches beyond it. (torchmetrics before
/// 1.5, and skimage, leave those pixels out, as the parts of the multiscale similarity that ignore brightness still do.)
struct StructuralSimilarity {
    /// The similarity on the picture's own scale.
    let single: Double
    /// That over five scales; nil where it was not asked for, or where the smallest scale has no room for the window.
    let multiscale: Double?

    /// The least side of a picture that five scales are defined for: 16 times the window's.
    static let leastMultiscaleSide = side * 16

    /// Compares interleaved samples of three channels; nil for pictures under 6 pixels wide or high.
    init?(_ a: [UInt8], _ b: [UInt8], width: Int, height: Int, multiscale wantsMultiscale: Bool) {
        let pair = Pair(a: a, b: b, width: width, height: height)
        guard let first = pair.means() else { return nil }
        single = first.similarity
        guard wantsMultiscale, min(width, height) >= Self.leastMultiscaleSide else {
            multiscale = nil
            return
        }
        var product = pow(max(0, first.contrast), Self.exponents[0])
        var scaled = pair.halved
        for (scale, exponent) in Self.exponents.enumerated().dropFirst() {
            if scale > 1 { scaled = scaled.halved }
            guard let means = scaled.means() else { return nil }
            // Only the last scale counts brightness. What is below 0 counts as 0, which has no root.
            let value = scale < Self.exponents.count - 1 ? means.contrast : means.similarity
            product *= pow(max(0, value), exponent)
        }
        multiscale = product
    }

    private static let side = 11
    private static let border = 5
    /// A smaller picture cannot be mirrored as far as the window reaches.
    static let leastSide = 6
    private static let exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

    /// Half of the symmetrical window, the outermost weight first and the middle one last.
    private static let window: [Double] = {
        let weights = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
        let sum = weights.reduce(0, +)
        return weights.prefix(6).map { $0 / sum }
    }()

    /// The mean similarity, and the mean of its part that leaves brightness out.
    private struct Means {
        var similarity = 0.0
        var contrast = 0.0
    }

    /// Two pictures of one size.
    private struct Pair<Sample: SimilaritySample> {
        let a: [Sample]
        let b: [Sample]
        let width: Int
        let height: Int

        /// Both with every 2x2 pixels averaged; a last odd row or column is left out.
        var halved: Pair<Float> {
            let (w, h, line) = (width / 2, height / 2, width * 3)
            func half(_ values: [Sample]) -> [Float] {
                [Float](unsafeUninitializedCapacity: w * h * 3) { target, count in
                    for y in 0..<h {
                        for x in 0..<(w * 3) {
                            let i = 2 * y * line + x / 3 * 6 + x % 3
                            let upper = Float(values[i].wide) + Float(values[i + 3].wide)
                            let lower = Float(values[i + line].wide) + Float(values[i + line + 3].wide)
                            target[y * w * 3 + x] = (upper + lower) / 4
                        }
                    }
                    count = w * h * 3
                }
            }
            return Pair<Float>(a: half(a), b: half(b), width: w, height: h)
        }

        func means() -> Means? {
            guard min(width, height) >= leastSide else { return nil }
            let line = (width + 2 * border) * 3
            // Sums down the columns of one row of windows: x, y, x² + y² (all that is needed of the two), and xy.
            var sums = [Double](repeating: 0, count: 4 * line)
            var total = Means()
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    window.withUnsafeBufferPointer { window in
                        sums.withUnsafeMutableBufferPointer { sums in
                            for y in 0..<height {
                                down(a, b, window, y, line: line, into: sums)
                                let isInner = y >= border && y < height - border
                                across(UnsafeBufferPointer(sums), window, line: line, isInner, into: &total)
                            }
                        }
                    }
                }
            }
            let inner = max(0, width - 2 * border) * max(0, height - 2 * border) * 3
            return Means(
                similarity: total.similarity / Double(width * height * 3),
                contrast: inner > 0 ? total.contrast / Double(inner) : 0
            )
        }

        /// The sums of the windows around the pixels of a row, with five mirrored columns to either side.
        private func down(
            _ a: UnsafeBufferPointer<Sample>,
            _ b: UnsafeBufferPointer<Sample>,
            _ window: UnsafeBufferPointer<Double>,
            _ row: Int,
            line: Int,
            into sums: UnsafeMutableBufferPointer<Double>
        ) {
            sums.update(repeating: 0)
            for k in 0..<6 {
                let weight = window[k]
                let top = mirrored(row - border + k, height) * width * 3
                let bottom = mirrored(row + border - k, height) * width * 3
                let pair: Double = k == 5 ? 0 : 1
                for i in 0..<(width * 3) {
                    let (x, y) = (a[top + i].wide, b[top + i].wide)
                    let (u, v) = (a[bottom + i].wide * pair, b[bottom + i].wide * pair)
                    let at = 3 * border + i
                    sums[at] += weight * (x + u)
                    sums[line + at] += weight * (y + v)
                    sums[2 * line + at] += weight * (x * x + y * y + u * u + v * v)
                    sums[3 * line + at] += weight * (x * y + u * v)
                }
            }
            for map in 0..<4 {
                for column in 0..<border {
                    for channel in 0..<3 {
                        let left = map * line + column * 3 + channel
                        let right = map * line + (width + border + column) * 3 + channel
                        sums[left] = sums[map * line + (2 * border - column) * 3 + channel]
                        sums[right] = sums[map * line + (width + border - 2 - column) * 3 + channel]
                    }
                }
            }
        }
    }

    /// The position that one beyond a border is the image of.
    private static func mirrored(_ position: Int, _ size: Int) -> Int {
        let index = abs(position)
        return index < size ? index : 2 * (size - 1) - index
    }

    private static func across(
        _ sums: UnsafeBufferPointer<Double>,
        _ window: UnsafeBufferPointer<Double>,
        line: Int,
        _ isInner: Bool,
        into total: inout Means
    ) {
        let c1 = (0.01 * 255) * (0.01 * 255)
        let c2 = (0.03 * 255) * (0.03 * 255)
        let count = line - 3 * (side - 1)
        let inner = isInner ? 3 * border..<max(3 * border, count - 3 * border) : 0..<0
        for i in 0..<count {
            // A sample's neighbours in its own channel are three samples apart.
            func blur(_ map: Int) -> Double {
                let start = map * line + i
                var sum = window[5] * sums[start + 15]
                for k in 0..<5 { sum += window[k] * (sums[start + 3 * k] + sums[start + 30 - 3 * k]) }
                return sum
            }
            let (x, y) = (blur(0), blur(1))
            let variances = blur(2) - x * x - y * y
            let covariance = blur(3) - x * y
            let contrast = (2 * covariance + c2) / (variances + c2)
            if inner.contains(i) { total.contrast += contrast }
            total.similarity += (2 * x * y + c1) / (x * x + y * y + c1) * contrast
        }
    }
}

/// A sample that similarities are computed of.
private protocol SimilaritySample {
    var wide: Double { get }
}

extension UInt8: SimilaritySample {
    fileprivate var wide: Double { Double(self) }
}

extension Float: SimilaritySample {
    fileprivate var wide: Double { Double(self) }
}
