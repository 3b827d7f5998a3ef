internal import Libc

/// How near one picture is to another of the same size, measured on samples of 8 bits.
public struct PictureQuality: Sendable, Equatable {
    /// The mean of the squared differences over all samples.
    public let meanSquaredError: Double
    /// The mean of the absolute differences over all samples.
    public let meanDifference: Double
    /// The largest difference of two samples.
    public let largestDifference: Int
    /// The structural similarity, at most 1, or nil for pictures under 11 pixels wide or high.
    public let ssim: Double?

    /// The peak signal-to-noise ratio in decibels, 10 * log10(255^2 / MSE); infinite for equal pictures.
    public var psnr: Double {
        meanSquaredError == 0 ? .infinity : 10 * log10(255 * 255 / meanSquaredError)
    }

    /// Compares two pictures of the same size; those of 16 bits are rounded to 8.
    ///
    /// The structural similarity is that of Wang et al. 2004 as torchmetrics computes it with its defaults and
    /// `data_range=255`, and skimage with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`: a Gaussian
    /// window of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, the mean over the three channels of colour and over every
    /// position at which the window lies within the picture.
    ///
    /// - Complexity: linear in the number of pixels, about 0.2 s for a megapixel.
    public init(of picture: Picture, comparedTo original: Picture) {
        precondition(picture.size == original.size, "pictures of one size are compared")
        let (a, b) = (picture.bytes, original.bytes)
        var (squares, differences, largest) = (0, 0, 0)
        for i in 0..<a.count {
            let difference = abs(Int(a[i]) - Int(b[i]))
            squares += difference * difference
            differences += difference
            largest = max(largest, difference)
        }
        meanSquaredError = Double(squares) / Double(a.count)
        meanDifference = Double(differences) / Double(a.count)
        largestDifference = largest
        ssim = StructuralSimilarity.mean(a, b, width: picture.width, height: picture.height)
    }
}

private enum StructuralSimilarity {
    static let side = 11

    /// Half of the symmetrical window, the outermost weight first and the middle one last.
    static let window: [Double] = {
        let weights = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
        let sum = weights.reduce(0, +)
        return weights.prefix(6).map { $0 / sum }
    }()

    static func mean(_ a: [UInt8], _ b: [UInt8], width: Int, height: Int) -> Double? {
        guard width >= side && height >= side else { return nil }
        let line = width * 3
        // Sums down the columns of one row of windows: x, y, x² + y² (all that is needed of the two), and xy.
        var sums = [Double](repeating: 0, count: 4 * line)
        var total = 0.0
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                window.withUnsafeBufferPointer { window in
                    sums.withUnsafeMutableBufferPointer { sums in
                        for y in 0...(height - side) {
                            down(a, b, window, from: y * line, line: line, into: sums)
                            total += across(UnsafeBufferPointer(sums), window, line: line)
                        }
                    }
                }
            }
        }
        return total / Double((height - side + 1) * (width - side + 1) * 3)
    }

    private static func down(
        _ a: UnsafeBufferPointer<UInt8>,
        _ b: UnsafeBufferPointer<UInt8>,
        _ window: UnsafeBufferPointer<Double>,
        from start: Int,
        line: Int,
        into sums: UnsafeMutableBufferPointer<Double>
    ) {
        sums.update(repeating: 0)
        for k in 0..<6 {
            let weight = window[k]
            let (top, bottom) = (start + k * line, start + (side - 1 - k) * line)
            let pair: Int32 = k == 5 ? 0 : 1
            for i in 0..<line {
                let (x, y) = (Int32(a[top + i]), Int32(b[top + i]))
                let (u, v) = (Int32(a[bottom + i]) &* pair, Int32(b[bottom + i]) &* pair)
                sums[i] += weight * Double(x &+ u)
                sums[line + i] += weight * Double(y &+ v)
                sums[2 * line + i] += weight * Double(x &* x &+ y &* y &+ u &* u &+ v &* v)
                sums[3 * line + i] += weight * Double(x &* y &+ u &* v)
            }
        }
    }

    private static func across(
        _ sums: UnsafeBufferPointer<Double>,
        _ window: UnsafeBufferPointer<Double>,
        line: Int
    ) -> Double {
        let c1 = (0.01 * 255) * (0.01 * 255)
        let c2 = (0.03 * 255) * (0.03 * 255)
        var total = 0.0
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
            total += (2 * x * y + c1) * (2 * covariance + c2) / ((x * x + y * y + c1) * (variances + c2))
        }
        return total
    }
}
