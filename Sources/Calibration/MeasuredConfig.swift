package import CheckpointIO
package import ModelZoo
internal import TensorCore

/// A diffusers config.json with what was measured.
package enum MeasuredConfig {
    /// The text of a `config.json`.
    ///
    /// - Parameters:
    ///   - config: the network's configuration.
    ///   - statistics: what was measured; its factor is written with five digits.
    ///   - withMeanStd: whether `latents_mean` and `latents_std` are written instead, a number for each channel, as other
    ///     autoencoders of diffusers have them. They bring latents to a root mean square of 1 by themselves, so that the
    ///     factor beside them is 1. `AutoencoderDC` itself ignores them, with a warning.
    /// - Throws: `CalibrationFault.constantChannel` where a channel has no deviation to divide by.
    package static func text(
        _ config: AutoencoderDCConfig,
        _ statistics: LatentStatistics,
        withMeanStd: Bool
    ) throws(CheckpointError) -> String {
        var config = config
        // What was measured takes the place of all that was said: a shift that stayed would not fit it.
        config.normalization = LatentNormalization(scalingFactor: rounded(statistics.factor))
        guard withMeanStd else { return config.text }
        if let channel = statistics.channels.firstIndex(where: { $0.std <= 0 }) {
            throw CheckpointError(.withMeanStd, CalibrationFault.constantChannel(channel))
        }
        config.normalization = LatentNormalization(
            scalingFactor: 1,
            means: statistics.channels.map(\.mean),
            standardDeviations: statistics.channels.map(\.std)
        )
        return config.text
    }

    /// A number above 0 with so many digits as a published factor has.
    package static func rounded(_ number: Double) -> Double {
        var (scale, shifted) = (1.0, number)
        let (least, most) = (1e4, 1e5)
        while shifted < least, scale < 1e300 { (scale, shifted) = (scale * 10, number * (scale * 10)) }
        // A factor this large has no digits after the point.
        guard shifted < most, shifted.isFinite else { return number.rounded() }
        return shifted.rounded() / scale
    }
}
