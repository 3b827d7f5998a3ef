internal import Calibration

/// One of the measures of a picture.
package enum QualityMeasure: String, Sendable, CaseIterable {
    case psnr, ssim
    case multiscaleSSIM = "ms_ssim"
    case lpips

    /// What people call it.
    package var name: String {
        switch self {
        case .psnr: "PSNR"
        case .ssim: "SSIM"
        case .multiscaleSSIM: "MS-SSIM"
        case .lpips: "LPIPS"
        }
    }

    /// Whether more of it is better.
    package var isBetterHigh: Bool { self != .lpips }
    /// The digits that are shown.
    package var digits: Int { self == .psnr ? 2 : 4 }
    /// What it is counted in, with a space before it.
    package var unit: String { self == .psnr ? " dB" : "" }
    /// The heading of a column of it, as `PSNR, dB`.
    package var title: String { unit.isEmpty ? name : name + "," + unit }

    /// Its value of a picture; nil where it is not defined or was not measured, infinite where nothing differs.
    func value(_ record: PictureRecord, _ side: Int) -> Double? {
        guard record.sides[side].failure == nil else { return nil }
        return switch self {
        case .psnr: record.psnr(side)
        case .ssim: record.sides[side].ssim
        case .multiscaleSSIM: record.sides[side].multiscaleSSIM
        case .lpips: record.sides[side].lpips
        }
    }
}

/// A mean over pictures, and how far it can be trusted.
package struct MeanEstimate: Sendable, Equatable {
    /// How many pictures it is of.
    package let count: Int
    package let mean: Double
    /// Where the mean lies with a confidence of 95%, by resampling over pictures; nil of a single picture.
    package let interval: ClosedRange<Double>?

    init(count: Int, mean: Double, interval: ClosedRange<Double>?) {
        (self.count, self.mean, self.interval) = (count, mean, interval)
    }

    /// Nil where there is nothing to take the mean of.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        count = values.count
        mean = values.reduce(0, +) / Double(values.count)
        interval = Bootstrap.interval(Bootstrap.means(values))
    }
}

/// A measure over all pictures.
package struct MeasureSummary: Sendable, Equatable {
    /// A picture and its value.
    package struct Picture: Sendable, Equatable {
        package let key: String
        package let value: Double
    }

    package let measure: QualityMeasure
    /// Over the pictures that have a finite value; nil where none has.
    package let estimate: MeanEstimate?
    package let median: Double?
    /// The pictures that came back identical, whose PSNR is infinite and in no mean.
    package let identicalCount: Int
    /// The pictures that it is not defined for, or that it was not measured of.
    package let undefinedCount: Int
    /// The pictures of which nothing came back that any measure is of.
    package let failureCount: Int
    /// The pictures that came back worst, the worst first.
    package let worst: [Picture]

    init(_ measure: QualityMeasure, _ records: [PictureRecord], side: Int, worstCount: Int) {
        self.init(measure, records, side: side, worstCount: worstCount) { measure.value($0, side) }
    }

    /// The PSNR of what a cast model made, against what the first model made without any cast; nil of others.
    init?(ofCast side: Int, _ records: [PictureRecord], worstCount: Int) {
        guard records.contains(where: { $0.sides[side].castError != nil }) else { return nil }
        self.init(.psnr, records, side: side, worstCount: worstCount) { $0.castPSNR(side) }
    }

    private init(
        _ measure: QualityMeasure,
        _ records: [PictureRecord],
        side: Int,
        worstCount: Int,
        value: (PictureRecord) -> Double?
    ) {
        self.measure = measure
        let all = records.map { ($0.key, value($0)) }
        let finite = all.compactMap { key, value in value.flatMap { $0.isFinite ? Picture(key: key, value: $0) : nil } }
        failureCount = records.count { $0.sides[side].failure != nil }
        undefinedCount = all.count { $0.1 == nil } - failureCount
        identicalCount = all.count - undefinedCount - failureCount - finite.count
        estimate = MeanEstimate(finite.map(\.value))
        let sorted = finite.map(\.value).sorted()
        let middle = sorted.count / 2
        median =
            sorted.isEmpty
            ? nil : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        // Those that are equally bad come in the order of their keys.
        let order = finite.enumerated().sorted { a, b in
            if a.element.value != b.element.value {
                return (a.element.value < b.element.value) == measure.isBetterHigh
            }
            return a.offset < b.offset
        }
        worst = order.prefix(worstCount).map(\.element)
    }
}

/// How one model differs from the first, picture by picture.
package struct PairedDifference: Sendable, Equatable {
    /// What it says.
    package enum Verdict: String, Sendable {
        /// Every picture has the same value.
        case equal
        /// The interval lies above or below 0, on the better side.
        case better
        /// The same on the worse side.
        case worse
        /// The interval has 0 in it.
        case undecided
        /// There are too few pictures for an interval to be trusted.
        case tooFew = "too_few"
    }

    /// The fewest pictures that decide anything: of fewer, resampling finds differences that are none far too often.
    package static let pictureMinimum = FactorVerdict.pictureMinimum

    package let measure: QualityMeasure
    /// The mean of the model's value less the first model's.
    package let estimate: MeanEstimate
    package let verdict: Verdict
    /// The pictures that either model brought back identical, so that there is no difference to take.
    package let identicalCount: Int

    /// Nil where the measure has no values to compare.
    init?(_ measure: QualityMeasure, _ records: [PictureRecord], side: Int) {
        var differences: [Double] = []
        var identical = 0
        for record in records {
            guard let value = measure.value(record, side), let first = measure.value(record, 0) else { continue }
            guard value.isFinite, first.isFinite else {
                identical += 1
                // Both identical: no difference at all.
                if value == first { differences.append(0) }
                continue
            }
            differences.append(value - first)
        }
        guard let estimate = MeanEstimate(differences) else { return nil }
        self.measure = measure
        self.estimate = estimate
        identicalCount = identical
        if differences.allSatisfy({ $0 == 0 }) {
            verdict = .equal
        } else if differences.count < Self.pictureMinimum {
            verdict = .tooFew
        } else if let interval = estimate.interval, interval.lowerBound > 0 || interval.upperBound < 0 {
            verdict = (estimate.mean > 0) == measure.isBetterHigh ? .better : .worse
        } else {
            verdict = .undecided
        }
    }
}
