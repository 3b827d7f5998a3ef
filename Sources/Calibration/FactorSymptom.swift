internal import TensorCore

/// A mistake with a scaling factor that shows in what was measured.
///
/// With the right factor f latents have a root mean square of 1 / f, so that 1 / f is what is measured and f times it is 1.
/// A measured factor m = 1 / rms that is a simple function of f tells what was done instead.
package enum FactorSymptom: String, Sendable, Equatable {
    /// m = 1 / f: what is stated is the root mean square, not its inverse.
    case inverted
    /// m = √f: what is stated is the square of the factor, which was multiplied in twice.
    case squared
    /// m = 1: the encoder's latents are scaled already, and the stated factor would be applied a second time.
    case scaledAlready = "scaled_already"
    /// m = f²: the encoder's latents were multiplied by 1 / f: the factor was applied the wrong way round.
    case divided

    /// The mistake that would explain a measured factor, or nil where there is none or where the stated one is right.
    package init?(stated: Double, measured: Double) {
        func isNear(_ a: Double, _ b: Double) -> Bool {
            let ratio = a / b
            return ratio < FactorVerdict.tolerance && ratio > 1 / FactorVerdict.tolerance
        }
        // Near 1 the factor, its inverse and its square are all alike.
        let distance = max(stated, 1 / stated)
        guard stated > 0, distance > 1.25, !isNear(stated, measured) else { return nil }
        if isNear(measured, 1) {
            self = .scaledAlready
        } else if isNear(measured, 1 / stated) {
            self = .inverted
        } else if isNear(measured, stated * stated) {
            self = .divided
        } else if isNear(measured, stated.squareRoot()) {
            self = .squared
        } else {
            return nil
        }
    }

    /// The mistake in words.
    package func text(stated: Double, of owner: String, measured: Double) -> String {
        let rms = FactorWording.show(1 / measured)
        let name = "\(stated), the factor of \(owner.escaped(limit: 100)),"
        switch self {
        case .inverted:
            return "the factor seems to be the wrong way round: \(name) is the latents' root mean square, \(rms), "
                + "rather than its inverse, \(FactorWording.show(measured))"
        case .squared:
            return "the factor seems to be applied twice: \(name) is about the square of "
                + "\(FactorWording.show(measured)), which was measured"
        case .scaledAlready:
            return "the factor would be applied twice: the encoder's latents are scaled already (root mean square "
                + "\(rms)), and \(name) would come on top"
        case .divided:
            return "the factor seems to be applied the wrong way round: the latents' root mean square, \(rms), is what "
                + "latents have that were divided by \(name) rather than multiplied"
        }
    }
}
