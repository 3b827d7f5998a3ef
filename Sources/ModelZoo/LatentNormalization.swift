package import StrictJSON

/// What lies between an encoder's latent and what a diffusion model sees, by the names that diffusers has for it.
///
/// z = (latent − shift) × factor, or z = (latent − mean) / std × factor with a mean and a standard deviation per channel;
/// the way back is z / factor + shift, or z / factor × std + mean.
public struct LatentNormalization: Sendable, Equatable {
    /// What a latent is multiplied by; nil where only the configuration says it.
    public var scalingFactor: Double?
    /// What is subtracted from a latent.
    public var shift: Double?
    /// What is subtracted from each channel.
    public var means: [Double]?
    /// What each channel is divided by.
    public var standardDeviations: [Double]?

    /// Makes one; without arguments it says nothing.
    public init(
        scalingFactor: Double? = nil,
        shift: Double? = nil,
        means: [Double]? = nil,
        standardDeviations: [Double]? = nil
    ) {
        self.scalingFactor = scalingFactor
        self.shift = shift
        self.means = means
        self.standardDeviations = standardDeviations
    }

    /// The names of the fields, in a registry's entry as in a config.json.
    package static let fieldNames = ["scaling_factor"] + fieldNamesBesideFactor
    /// Those that the class of diffusers does not have.
    package static let fieldNamesBesideFactor = ["shift_factor", "latents_mean", "latents_std"]

    /// Reads the fields of an object; null is as good as missing, as in diffusers. What they hold is for `check`.
    ///
    /// - Parameter value: the object; other members are not looked at.
    /// - Throws: a field of another type.
    package init(reading value: JSONValue) throws(ConfigFault) {
        func number(_ field: String) throws(ConfigFault) -> Double? {
            guard let found = value[field], found != .null else { return nil }
            guard let number = found.number else {
                throw .wrongType(field: field, expected: "a number", found: found.kind)
            }
            return number
        }
        func perChannel(_ field: String) throws(ConfigFault) -> [Double]? {
            guard let found = value[field], found != .null else { return nil }
            let numbers = found.array?.compactMap(\.number)
            guard let numbers, numbers.count == found.array?.count else {
                throw .wrongType(field: field, expected: "a list of numbers", found: found.kind)
            }
            return numbers
        }
        self.init(
            scalingFactor: try number("scaling_factor"),
            shift: try number("shift_factor"),
            means: try perChannel("latents_mean"),
            standardDeviations: try perChannel("latents_std")
        )
    }

    /// Refuses what no latent can be normalised by, there and back.
    ///
    /// - Parameter channels: the channels of the latent.
    /// - Throws: a number that is not finite, a factor or deviation that is not above 0, a list of another length, a mean
    ///   without a standard deviation or beside a shift.
    package func check(channels: Int) throws(ConfigFault) {
        if let scalingFactor {
            let factor = Float(scalingFactor)
            guard scalingFactor > 0, factor.isNormal, (1 / factor).isNormal else { throw .scalingFactor(scalingFactor) }
        }
        if let shift, !shift.isFinite { throw .notFinite(field: "shift_factor", shift) }
        for (field, numbers) in [("latents_mean", means), ("latents_std", standardDeviations)] {
            guard let numbers else { continue }
            guard numbers.count == channels else {
                throw .perChannel(field: field, found: numbers.count, channels: channels)
            }
            if let odd = numbers.first(where: { !$0.isFinite }) { throw .notFinite(field: field, odd) }
        }
        if let least = standardDeviations?.min(), least <= 0 { throw .standardDeviation(least) }
        guard (means == nil) == (standardDeviations == nil) else { throw .meansWithoutDeviations }
        guard means == nil || shift == nil else { throw .shiftBesideMeans }
    }

    /// The fields of a config.json or a registry's entry.
    package var members: [JSONValue.Member] {
        func list(_ numbers: [Double]) -> JSONValue { .array(numbers.map { .double($0) }) }
        return [
            scalingFactor.map { .init("scaling_factor", .double($0)) },
            shift.map { .init("shift_factor", .double($0)) },
            means.map { .init("latents_mean", list($0)) }, standardDeviations.map { .init("latents_std", list($0)) },
        ].compactMap(\.self)
    }

    /// Whether anything but a factor is said.
    public var isMoreThanFactor: Bool { shift != nil || means != nil }

    /// Whether another says the same, but for the factor.
    package func isAlikeBesideFactor(_ other: LatentNormalization) -> Bool {
        shift == other.shift && means == other.means && standardDeviations == other.standardDeviations
    }

    /// What a latent is multiplied by: as it is said, or 1 where means and deviations say all.
    public var factor: Double? { scalingFactor ?? (means == nil ? nil : 1) }

    /// The same for only the first channels of a latent.
    public func first(_ channels: Int) -> LatentNormalization {
        var part = self
        part.means = means.map { Array($0.prefix(channels)) }
        part.standardDeviations = standardDeviations.map { Array($0.prefix(channels)) }
        return part
    }

    /// How a latent is normalised, as `(latent + 1.9091) x 0.1786`.
    ///
    /// - Parameter factor: what to multiply by where this does not say it.
    public func formula(factor: Double? = nil) -> String {
        var text = "latent"
        if let shift { text = "(latent \(shift < 0 ? "+" : "-") \(shift.magnitude))" }
        if means != nil { text = "(latent - latents_mean) / latents_std" }
        guard let factor = scalingFactor ?? factor, factor != 1 || !isMoreThanFactor else { return text }
        return "\(text) x \(factor)"
    }

    /// The way back, as `scaled / 0.1786 - 1.9091`.
    public var inverseFormula: String {
        var text = "scaled"
        if let factor, factor != 1 || !isMoreThanFactor { text += " / \(factor)" }
        if let shift { text += " \(shift < 0 ? "-" : "+") \(shift.magnitude)" }
        if means != nil { text += " x latents_std + latents_mean" }
        return text
    }

    /// The numbers that a formula only names, as `latents_mean 0.1, -0.2, …`; nil where it has them all.
    public var figures: String? {
        guard let means, let standardDeviations else { return nil }
        func list(_ numbers: [Double]) -> String {
            guard numbers.count > 4 else { return numbers.map { "\($0)" }.joined(separator: ", ") }
            return numbers.prefix(3).map { "\($0)" }.joined(separator: ", ") + ", … \(numbers[numbers.count - 1])"
        }
        return "latents_mean \(list(means)); latents_std \(list(standardDeviations))"
    }
}

extension AutoencoderDCConfig {
    /// How latents of it are normalised, as far as its fields say.
    public var normalization: LatentNormalization {
        get {
            LatentNormalization(
                scalingFactor: scalingFactor,
                shift: shiftFactor,
                means: latentsMean,
                standardDeviations: latentsStd
            )
        }
        set {
            (scalingFactor, shiftFactor) = (newValue.scalingFactor, newValue.shift)
            (latentsMean, latentsStd) = (newValue.means, newValue.standardDeviations)
        }
    }
}
