internal import TensorCore

/// The words of verdicts: the one place that has them.
struct FactorWording {
    let factor: Double
    let interval: ClosedRange<Double>
    let count: Int

    static let noReference = "no variant with this network has a published factor to compare with"

    static func tooFew(_ count: Int) -> String {
        "\(count) \(count == 1 ? "picture is" : "pictures are") too few to decide; take at least "
            + "\(FactorVerdict.pictureMinimum)"
    }

    private var measured: String {
        "a factor of \(Self.show(factor)) was measured (\(Self.show(interval.lowerBound)) to \(Self.show(interval.upperBound)), 95%, "
            + "\(count) pictures)"
    }

    func agrees(_ candidate: FactorVerdict.Candidate) -> String {
        let percent = (abs(candidate.ratio - 1) * 100).fixed(1)
        let share = candidate.support.map { "; so in \((100 * $0).fixed(1))% of resamples" } ?? ""
        return "\(measured), \(percent)% from the \(candidate.factor) of \(Self.list(candidate.names))\(share)"
    }

    func agreesWithNone(_ candidates: [FactorVerdict.Candidate]) -> String {
        "\(measured), more than 10% from "
            + Self.list(candidates.map { "the \($0.factor) of \(Self.list($0.names))" }, "and")
    }

    func between(_ a: FactorVerdict.Candidate, _ b: FactorVerdict.Candidate) -> String {
        "\(measured), which lies between the \(a.factor) of \(Self.list(a.names)) and the \(b.factor) of "
            + "\(Self.list(b.names)) and is near neither"
    }

    func reachesBeyond(_ candidate: FactorVerdict.Candidate) -> String {
        "\(measured), which reaches beyond the \(Self.show(candidate.band.lowerBound)) to "
            + "\(Self.show(candidate.band.upperBound)) that would be \(Self.list(candidate.names)); take more pictures"
    }

    static func show(_ number: Double) -> String { number.fixed(4) }

    static func list(_ names: [String], _ word: String = "or") -> String {
        let shown = names.map { $0.escaped(limit: 100) }
        return shown.dropLast().joined(separator: ", ") + (shown.count > 1 ? " \(word) " : "") + (shown.last ?? "")
    }
}
