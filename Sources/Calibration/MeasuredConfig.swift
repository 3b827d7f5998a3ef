package import ModelZoo
internal import StrictJSON

/// A diffusers config.json with what was measured.
package enum MeasuredConfig {
    /// The text of a `config.json`.
    ///
    /// - Parameters:
    ///   - config: the network's configuration.
    ///   - statistics: what was measured; its factor is written with five digits.
    ///   - withMeanStd: whether `latents_mean` and `latents_std` are written too, a number for each channel, as other
    ///     autoencoders of diffusers have them. `AutoencoderDC` itself ignores them, with a warning.
    package static func text(
        _ config: AutoencoderDCConfig,
        _ statistics: LatentStatistics,
        withMeanStd: Bool
    ) -> String {
        var config = config
        config.scalingFactor = rounded(statistics.factor)
        guard withMeanStd, var members = config.json.members else { return config.text }
        members.append(.init("latents_mean", .array(statistics.channels.map { .double($0.mean) })))
        members.append(.init("latents_std", .array(statistics.channels.map { .double($0.std) })))
        return JSONWriter.pretty(.object(members), sortKeys: true) + "\n"
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
