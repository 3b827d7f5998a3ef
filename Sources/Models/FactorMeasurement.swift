internal import ModelZoo

/// What a measurement of latents over pictures says of a checkpoint.
package struct FactorMeasurement: Sendable, Equatable {
    /// The scaling factor that was measured.
    package let factor: Double
    /// What was found, in words and figures.
    package let text: String
    /// Whether it says anything: false where the pictures do not decide.
    package let isDecided: Bool
    /// The variants that it speaks for; nil where it rules none out.
    package let variants: [String]?

    package init(factor: Double, text: String, isDecided: Bool, variants: [String]?) {
        self.factor = factor
        self.text = text
        self.isDecided = isDecided
        self.variants = variants
    }

    /// How far a stated factor may be from a measured one, as a ratio.
    package static let tolerance = 1.10

    /// The contradiction to a factor or a variant that a user names, or that files state; nil where there is none.
    ///
    /// A measurement overrides nobody: what is said explicitly holds, and the contradiction is reported.
    func contradiction(to variant: Variant?, factor stated: Double?) -> String? {
        guard isDecided else { return nil }
        if let variants, let variant, !variants.contains(variant.name),
            stated == nil || !isNear(stated)
        {
            return "it is taken for \(variant.name), but \(text)"
        }
        guard let stated, !isNear(stated) else { return nil }
        return "its scaling factor is taken to be \(stated), but \(text)"
    }

    private func isNear(_ other: Double?) -> Bool {
        guard let other else { return false }
        let ratio = other / factor
        return ratio < Self.tolerance && ratio > 1 / Self.tolerance
    }
}
