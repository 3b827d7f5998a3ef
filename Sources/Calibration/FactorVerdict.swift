package import ModelZoo
internal import Models

/// What a measured factor says about which variant a checkpoint is.
///
/// A published factor was measured on the training pictures of its variant; other pictures give another one, even of the
/// same network. So a variant has a band around its factor: 10% to either side, but no more than a third of the way
/// to the next variant's, on a logarithmic scale, where factors are closer than that. (Those of `in` and `mix` are 1.35 to
/// 1.57 times apart, so that at least a third of the way between two of them belongs to neither.) 10% is a choice: it
/// leaves room for pictures that differ from the training set, and is little against the distance between variants. How
/// far a given set moves the factor nobody has published; drawings or scans may well move it further.
///
/// A measurement agrees with a variant if its whole 95% interval lies in the variant's band; it agrees with none if it lies
/// outside of all bands and not between two of them; everything else is undecided, as is anything from fewer than 10
/// pictures, of which resampling says too little.
package struct FactorVerdict: Sendable, Equatable {
    /// The verdict in one word.
    package enum Outcome: String, Sendable {
        /// The interval lies in the band of one factor.
        case agrees
        /// It lies outside of all bands, and not between two.
        case agreesWithNone = "agrees_with_none"
        /// The pictures do not decide.
        case undecided
        /// No variant with this network has a published factor.
        case noReference = "no_reference"
    }

    /// A published factor.
    package struct Candidate: Sendable, Equatable {
        /// The variants that have it.
        package let names: [String]
        /// The factor.
        package let factor: Double
        /// The measured factor divided by it.
        package let ratio: Double
        /// The factors that count as it.
        package let band: ClosedRange<Double>
        /// The part of the resamples that lie in the band; nil of a single picture.
        package let support: Double?
    }

    /// The fewest pictures that decide anything.
    package static let pictureMinimum = 10
    /// How far a measured factor may be from that of its variant, as a ratio.
    package static let tolerance = FactorMeasurement.tolerance

    /// The verdict in one word.
    package let outcome: Outcome
    /// Why, in words and figures, without a full stop.
    package let reason: String
    /// The factors that it was held against, the least first.
    package let candidates: [Candidate]
    /// The variants with which it agrees: several where they share their factor.
    package let variants: [String]
    /// The variants of this network that have no published factor, and so cannot be told apart here.
    package let unpublished: [String]

    /// Whether it speaks for or against any variant.
    package var isDecided: Bool { outcome == .agrees || outcome == .agreesWithNone }

    /// Judges a measurement.
    ///
    /// - Parameters:
    ///   - statistics: what was measured.
    ///   - config: the network's configuration; variants with the same one, but for the factor, are candidates.
    ///   - registry: the variants that are known.
    package init(_ statistics: LatentStatistics, config: AutoencoderDCConfig, registry: Registry) {
        func network(_ config: AutoencoderDCConfig) -> AutoencoderDCConfig {
            var config = config
            config.scalingFactor = nil
            return config
        }
        let fitting = registry.variants.filter { network($0.config) == network(config) }
        unpublished = fitting.filter { $0.config.scalingFactor == nil }.map(\.name)
        let factors = Set(fitting.compactMap(\.config.scalingFactor)).filter { $0 > 0 && $0.isFinite }.sorted()
        let measured = statistics.factor
        candidates = factors.map { factor in
            let band = Self.band(of: factor, among: factors)
            let within = statistics.resamples.count { $0 > 0 && band.contains(1 / $0) }
            let total = statistics.resamples.count
            return Candidate(
                names: fitting.filter { $0.config.scalingFactor == factor }.map(\.name),
                factor: factor,
                ratio: measured / factor,
                band: band,
                support: total > 0 ? Double(within) / Double(total) : nil
            )
        }
        let judged = Self.judge(statistics, candidates)
        (outcome, reason) = (judged.outcome, judged.reason)
        variants = judged.agreeing?.names ?? []
    }

    /// The factors that count as one of several.
    package static func band(of factor: Double, among factors: [Double]) -> ClosedRange<Double> {
        var reach = tolerance
        for other in factors where other != factor {
            // A third of the way on a logarithmic scale is the third root of the ratio.
            reach = min(reach, thirdRoot(max(other, factor) / min(other, factor)))
        }
        return (factor / reach)...(factor * reach)
    }

    /// The third root of a number from 1 on, by Newton's method: the same on every machine, which libm's need not be.
    private static func thirdRoot(_ number: Double) -> Double {
        // Beyond the tolerance nothing is asked for, and from there the method converges in a few steps.
        guard number < 2 else { return 2 }
        var root = 1.0
        for _ in 0..<40 { root -= (root * root * root - number) / (3 * root * root) }
        return root
    }

    private static func judge(
        _ statistics: LatentStatistics,
        _ candidates: [Candidate]
    ) -> (outcome: Outcome, reason: String, agreeing: Candidate?) {
        guard let lowest = candidates.first, let highest = candidates.last else {
            return (.noReference, FactorWording.noReference, nil)
        }
        guard statistics.pictureCount >= pictureMinimum, let interval = statistics.factorInterval else {
            return (.undecided, FactorWording.tooFew(statistics.pictureCount), nil)
        }
        let words = FactorWording(factor: statistics.factor, interval: interval, count: statistics.pictureCount)
        let inside = { (band: ClosedRange<Double>) in
            band.contains(interval.lowerBound) && band.contains(interval.upperBound)
        }
        if let agreeing = candidates.first(where: { inside($0.band) }) {
            return (.agrees, words.agrees(agreeing), agreeing)
        }
        if interval.upperBound < lowest.band.lowerBound || interval.lowerBound > highest.band.upperBound {
            return (.agreesWithNone, words.agreesWithNone(candidates), nil)
        }
        if let touched = candidates.first(where: { $0.band.overlaps(interval) }) {
            return (.undecided, words.reachesBeyond(touched), nil)
        }
        let above = candidates.firstIndex { $0.factor > statistics.factor } ?? candidates.count - 1
        return (.undecided, words.between(candidates[max(0, above - 1)], candidates[above]), nil)
    }
}
