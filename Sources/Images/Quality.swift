internal import Libc

/// How near one picture is to another of the same size, measured on samples of 8 bits.
public struct PictureQuality: Sendable, Equatable {
    /// The mean of the squared differences over all samples.
    public let meanSquaredError: Double
    /// The mean of the absolute differences over all samples.
    public let meanDifference: Double
    /// The largest difference of two samples.
    public let largestDifference: Int
    /// The structural similarity, at most 1, or nil for pictures under 6 pixels wide or high.
    public let ssim: Double?
    /// The structural similarity over five scales, at most 1; nil for pictures under 176 pixels wide or high, for which it is
    /// not defined, and where it was not asked for.
    public let multiscaleSSIM: Double?
    /// The sum of the squared differences over all samples.
    public let squaredError: Int
    /// How many samples were compared.
    public let sampleCount: Int

    /// The least side of a picture that `multiscaleSSIM` is defined for.
    public static let leastMultiscaleSide = StructuralSimilarity.leastMultiscaleSide

    /// The peak signal-to-noise ratio in decibels, 10 * log10(255^2 / MSE); infinite for equal pictures.
    public var psnr: Double { Self.psnr(meanSquaredError: meanSquaredError) }

    /// The peak signal-to-noise ratio that follows from the mean of the squared differences of bytes.
    public static func psnr(meanSquaredError: Double) -> Double {
        meanSquaredError == 0 ? .infinity : 10 * log10(255 * 255 / meanSquaredError)
    }

    /// Compares two pictures of the same size; those of 16 bits are rounded to 8.
    ///
    /// The structural similarity is that of Wang et al. 2004 as torchmetrics computes it since 1.5 with `data_range=255`: a
    /// Gaussian window of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, the mean over the three channels of colour and over
    /// every pixel, with the picture mirrored around its border. Over five scales it is that of Wang et al. 2003 with
    /// torchmetrics' defaults.
    ///
    /// - Parameters:
    ///   - picture: what came back.
    ///   - original: what it was made of.
    ///   - multiscale: whether `multiscaleSSIM` is computed too.
    /// - Complexity: linear in the number of pixels, about 0.2 s for a megapixel.
    public init(of picture: Picture, comparedTo original: Picture, multiscale: Bool = false) {
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
        (squaredError, sampleCount) = (squares, a.count)
        let similarity = StructuralSimilarity(
            a,
            b,
            width: picture.width,
            height: picture.height,
            multiscale: multiscale
        )
        (ssim, multiscaleSSIM) = (similarity?.single, similarity?.multiscale)
    }
}
