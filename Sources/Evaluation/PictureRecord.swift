internal import Images

/// What was measured of one picture.
package struct PictureRecord: Sendable, Equatable {
    /// What one model made of it.
    package struct Side: Sendable, Equatable {
        /// Why there is nothing to measure of it, in words, as where its values are NaN; nil where there is.
        package let failure: String?
        /// The SHA-256 of the file that came back; empty of a model.
        package let digest: String
        /// The sum of the squared differences of all bytes.
        package var squaredError: Int
        /// The same of a cast model's picture and the one that the first model made without any cast; nil of others.
        package var castError: Int?
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
            castError: Int? = nil,
            ssim: Double? = nil,
            multiscaleSSIM: Double? = nil,
            lpips: Double? = nil,
            latent: Latent? = nil,
            features: [Float] = [],
            digest: String = "",
            failure: String? = nil
        ) {
            (self.digest, self.failure) = (digest, failure)
            self.squaredError = squaredError
            self.castError = castError
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
    /// The SHA-256 of its file.
    package let digest: String
    /// How many bytes were compared.
    package let sampleCount: Int
    /// What became of it, for each model.
    package var sides: [Side]
    /// The features of the original; empty without weights, or where there is a reference.
    package var features: [Float]

    package init(key: String, digest: String = "", sampleCount: Int, sides: [Side], features: [Float] = []) {
        self.key = key
        self.digest = digest
        self.sampleCount = sampleCount
        self.sides = sides
        self.features = features
    }

    /// The peak signal-to-noise ratio in decibels; infinite for a picture that came back identical, minus infinity where
    /// nothing came back.
    package func psnr(_ side: Int) -> Double {
        guard sides[side].failure == nil else { return -.infinity }
        return psnr(of: sides[side].squaredError)
    }

    /// The same of what a cast model made and what the first model made without any cast; nil of others.
    package func castPSNR(_ side: Int) -> Double? { sides[side].castError.map(psnr(of:)) }

    private func psnr(of squaredError: Int) -> Double {
        PictureQuality.psnr(meanSquaredError: Double(squaredError) / Double(sampleCount))
    }
}
