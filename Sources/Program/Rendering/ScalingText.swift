internal import CheckpointIO
internal import ModelZoo
internal import Models
internal import StrictJSON

extension OpenedModel {
    /// How latents of this model are scaled, in words: the factor, and where a shift, means or another factor of its own pipeline
    /// come in, the formula. Nil where no factor is known.
    var scalingText: String? {
        guard let factor = config?.scalingFactor else { return nil }
        guard let known = try? normalization, known.isMoreThanFactor || known.factor != factor else {
            return "\(factor)"
        }
        return normalizationReason == nil
            ? "\(factor), with which latents are scaled as \(known.formula())"
            : "\(factor) in its config.json; its pipeline scales latents as \(known.formula())"
    }

    /// How latents of this model are scaled, for scripts; null where that is not known.
    var scalingDocument: JSONValue {
        guard let known = try? normalization else { return .null }
        return .object(known.members + [.init("formula", .string(known.formula()))])
    }
}
