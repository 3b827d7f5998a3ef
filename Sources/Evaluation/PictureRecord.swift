internal import Images

/// What was measured of one picture.
package struct PictureRecord: Sendable, Equatable {
    /// What one model made of it.
    package struct Side: Sendable, Equatable {
        /// The sum of the squared differences of all bytes.
        package var squaredError: Int
        /// Structural similarity; nil for pictures that are too small for it.
        package var ssim: Double?
        /// The same over five scales.
        package var multiscaleSSIM: Double?
        /// The perceptual distance; nil without weights, and for pictures that are too small for it.
        package var lpips: Double?
        /// Sums over the latent; nil of a folder.
        package var latent: Latent?
        /// Inception's features; empty without weights.
        package var features: [Float]

        package init(
            squaredError: Int = 0,
            ssim: Double? = nil,
            multiscaleSSIM: Double? = nil,
            lpips: Double? = nil,
            latent: Latent? = nil,
            features: [Float] = []
        ) {
            self.squaredError = squaredError
            self.ssim = ssim
            self.multiscaleSSIM = multiscaleSSIM
            self.lpips = lpips
            self.latent = latent
            self.features = features
        }
    }

    /// The sums over a latent's values.
    package struct Latent: Sendable, Equatable {
        package let count: Int
        package let sum: Double
        package let squares: Double

        package init(count: Int, sum: Double, squares: Double) {
            (self.count, self.sum, self.squares) = (count, sum, squares)
        }
    }

    /// The picture's key.
    package let key: String
    /// How many bytes were compared.
    package let sampleCount: Int
    /// What became of it, for each model.
    package var sides: [Side]
    /// The features of the original; empty without weights, or where there is a reference.
    package var features: [Float]

    package init(key: String, sampleCount: Int, sides: [Side], features: [Float] = []) {
        self.key = key
        self.sampleCount = sampleCount
        self.sides = sides
        self.features = features
    }

    /// The peak signal-to-noise ratio in decibels; infinite for a picture that came back identical.
    package func psnr(_ side: Int) -> Double {
        PictureQuality.psnr(meanSquaredError: Double(sides[side].squaredError) / Double(sampleCount))
    }
}
