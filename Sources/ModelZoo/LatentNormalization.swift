package import StrictJSON

/// What lies between an encoder's latent and what a diffusion model sees, by the names that diffusers has for it.
///
/// z = (latent − shift) × factor, or z = (latent − mean) / std × factor with a mean and a standard deviation per channel.
public struct LatentNormalization: Sendable, Equatable {
    /// What a latent is multiplied by; nil where only the configuration says it.
    public let scalingFactor: Double?
    /// What is subtracted from a latent.
    public let shift: Double?
    /// What is subtracted from each channel.
    public let means: [Double]?
    /// What each channel is divided by.
    public let standardDeviations: [Double]?

    /// The names of the fields, in a registry's entry as in a config.json.
    package static let fieldNames = ["scaling_factor", "shift_factor", "latents_mean", "latents_std"]

    /// Reads the fields of an object; null is as good as missing, as in diffusers.
    ///
    /// - Parameters:
    ///   - value: the object; other members are not looked at.
    ///   - channels: the channels of the latent.
    /// - Throws: a field of another type or length, a factor or deviation that is not above 0, a mean without a standard
    ///   deviation or beside a shift.
    package init(reading value: JSONValue, channels: Int) throws(ConfigFault) {
        func number(_ field: String) throws(ConfigFault) -> Double? {
            guard let found = value[field], found != .null else { return nil }
            guard let number = found.number, number.isFinite else {
                throw .wrongType(field: field, expected: "a finite number", found: found.kind)
            }
            return number
        }
        func perChannel(_ field: String) throws(ConfigFault) -> [Double]? {
            guard let found = value[field], found != .null else { return nil }
            let numbers = found.array?.compactMap(\.number)
            guard let numbers, numbers.count == found.array?.count, numbers.allSatisfy(\.isFinite) else {
                throw .wrongType(field: field, expected: "a list of finite numbers", found: found.kind)
            }
            guard numbers.count == channels else {
                throw .perChannel(field: field, found: numbers.count, channels: channels)
            }
            return numbers
        }
        scalingFactor = try number("scaling_factor")
        shift = try number("shift_factor")
        means = try perChannel("latents_mean")
        standardDeviations = try perChannel("latents_std")
        if let scalingFactor, scalingFactor <= 0 { throw .scalingFactor(scalingFactor) }
        if let least = standardDeviations?.min(), least <= 0 { throw .standardDeviation(least) }
        guard (means == nil) == (standardDeviations == nil) else { throw .meansWithoutDeviations }
        guard means == nil || shift == nil else { throw .shiftBesideMeans }
    }

    /// Whether anything but a factor is said.
    public var isMoreThanFactor: Bool { shift != nil || means != nil }

    /// How a latent is normalised, as `(latent + 1.9091) x 0.1786`.
    ///
    /// - Parameter factor: what to multiply by where this does not say it.
    public func formula(factor: Double? = nil) -> String {
        var text = "latent"
        if let shift { text = "(latent \(shift < 0 ? "+" : "-") \(shift.magnitude))" }
        if means != nil { text = "(latent - latents_mean) / latents_std" }
        guard let factor = scalingFactor ?? factor, factor != 1 else { return text }
        return "\(text) x \(factor)"
    }
}
