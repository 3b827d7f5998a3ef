internal import Libc

/// Structural similarity of Wang et al. 2004, on one scale or on five (Wang et al. 2003), as torchmetrics computes both.
///
/// A Gaussian window of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, samples of 0...255; the mean over the three channels of
/// colour and over every position at which the window lies within the picture.
struct StructuralSimilarity {
    /// The similarity on the picture's own scale.
    let single: Double
    /// That over five scales; nil where it was not asked for, or where the smallest scale has no room for the window.
    let multiscale: Double?

    /// The least side of a picture that five scales are defined for: 16 times the window's.
    static let leastMultiscaleSide = side * 16

    /// Compares interleaved samples of three channels; nil for pictures under 11 pixels wide or high.
    init?(_ a: [UInt8], _ b: [UInt8], width: Int, height: Int, multiscale wantsMultiscale: Bool) {
        var pair = Pair(a: a.map(Float.init), b: b.map(Float.init), width: width, height: height)
        guard let first = pair.means() else { return nil }
        single = first.similarity
        guard wantsMultiscale, min(width, height) >= Self.leastMultiscaleSide else {
            multiscale = nil
            return
        }
        var product = 1.0
        var means = first
        for (scale, exponent) in Self.exponents.enumerated() {
            if scale > 0 {
                pair = pair.halved
                guard let next = pair.means() else { return nil }
                means = next
            }
            // Only the last scale counts brightness. What is below 0 counts as 0, which has no root.
            let value = scale < Self.exponents.count - 1 ? means.contrast : means.similarity
            product *= pow(max(0, value), exponent)
        }
        multiscale = product
    }

    private static let side = 11
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
    private struct Pair {
        let a: [Float]
        let b: [Float]
        let width: Int
        let height: Int

        /// Both with every 2x2 pixels averaged; a last odd row or column is left out.
        var halved: Pair {
            let (w, h, line) = (width / 2, height / 2, width * 3)
            func half(_ values: [Float]) -> [Float] {
                [Float](unsafeUninitializedCapacity: w * h * 3) { target, count in
                    for y in 0..<h {
                        for x in 0..<(w * 3) {
                            let i = 2 * y * line + x / 3 * 6 + x % 3
                            target[y * w * 3 + x] =
                                (values[i] + values[i + 3] + values[i + line] + values[i + line + 3]) / 4
                        }
                    }
                    count = w * h * 3
                }
            }
            return Pair(a: half(a), b: half(b), width: w, height: h)
        }

        func means() -> Means? {
            guard width >= side && height >= side else { return nil }
            let line = width * 3
            // Sums down the columns of one row of windows: x, y, x² + y² (all that is needed of the two), and xy.
            var sums = [Double](repeating: 0, count: 4 * line)
            var total = Means()
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    window.withUnsafeBufferPointer { window in
                        sums.withUnsafeMutableBufferPointer { sums in
                            for y in 0...(height - side) {
                                down(a, b, window, from: y * line, line: line, into: sums)
                                across(UnsafeBufferPointer(sums), window, line: line, into: &total)
                            }
                        }
                    }
                }
            }
            let count = Double((height - side + 1) * (width - side + 1) * 3)
            return Means(similarity: total.similarity / count, contrast: total.contrast / count)
        }
    }

    private static func down(
        _ a: UnsafeBufferPointer<Float>,
        _ b: UnsafeBufferPointer<Float>,
        _ window: UnsafeBufferPointer<Double>,
        from start: Int,
        line: Int,
        into sums: UnsafeMutableBufferPointer<Double>
    ) {
        sums.update(repeating: 0)
        for k in 0..<6 {
            let weight = window[k]
            let (top, bottom) = (start + k * line, start + (side - 1 - k) * line)
            let pair: Double = k == 5 ? 0 : 1
            for i in 0..<line {
                let (x, y) = (Double(a[top + i]), Double(b[top + i]))
                let (u, v) = (Double(a[bottom + i]) * pair, Double(b[bottom + i]) * pair)
                sums[i] += weight * (x + u)
                sums[line + i] += weight * (y + v)
                sums[2 * line + i] += weight * (x * x + y * y + u * u + v * v)
                sums[3 * line + i] += weight * (x * y + u * v)
            }
        }
    }

    private static func across(
        _ sums: UnsafeBufferPointer<Double>,
        _ window: UnsafeBufferPointer<Double>,
        line: Int,
        into total: inout Means
    ) {
        let c1 = (0.01 * 255) * (0.01 * 255)
        let c2 = (0.03 * 255) * (0.03 * 255)
        for i in 0..<(line - 3 * (side - 1)) {
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
            total.contrast += contrast
            total.similarity += (2 * x * y + c1) / (x * x + y * y + c1) * contrast
        }
    }
}
