package import CheckpointIO
internal import TensorCore

/// What latents look like over a set of pictures. Variances divide by the number of values, not by one less.
package struct LatentStatistics: Sendable {
    /// One channel of the latents.
    package struct Channel: Sendable, Equatable {
        /// The mean.
        package let mean: Double
        /// The standard deviation.
        package let std: Double
        /// The least and the largest value.
        package let minimum: Double
        package let maximum: Double
    }

    /// How many pictures were measured.
    package let pictureCount: Int
    /// How many values each channel has over all pictures.
    package let valuesPerChannel: Int
    /// The mean of all values.
    package let mean: Double
    /// Their standard deviation.
    package let std: Double
    /// The root of the mean of their squares, whose inverse is the scaling factor.
    package let rms: Double
    /// The least and the largest value.
    package let minimum: Double
    package let maximum: Double
    /// The channels.
    package let channels: [Channel]
    /// The root mean squares of resamples over pictures, the least first; none of a single picture.
    package let resamples: [Double]

    /// Computes them from totals, whose pictures are in the order of their keys.
    ///
    /// - Throws: `CalibrationFault.nothingMeasured` without pictures, `.noFactor` where none follows.
    package init(_ result: PartialResult) throws(CheckpointError) {
        let totals = result.totals
        guard !totals.pictures.isEmpty else {
            let fault = CalibrationFault.nothingMeasured(unreadable: totals.unreadable.count)
            throw CheckpointError(.images, fault)
        }
        pictureCount = totals.pictures.count
        valuesPerChannel = pictureCount * result.subject.latentArea
        let count = Double(valuesPerChannel)
        var (sum, squares) = (ExactSum(), ExactSum())
        for channel in totals.channels {
            sum.add(channel.sum)
            squares.add(channel.squares)
        }
        let all = count * Double(totals.channels.count)
        mean = sum.value / all
        let meanSquare = squares.value / all
        rms = meanSquare.squareRoot()
        guard rms > 0, rms.isFinite, (1 / rms).isFinite else {
            throw CheckpointError(.images, CalibrationFault.noFactor(rms: rms))
        }
        std = Self.deviation(meanSquare, mean)
        minimum = totals.channels.reduce(.infinity) { min($0, $1.minimum) }
        maximum = totals.channels.reduce(-.infinity) { max($0, $1.maximum) }
        channels = totals.channels.map { channel in
            let mean = channel.sum.value / count
            return Channel(
                mean: mean,
                std: Self.deviation(channel.squares.value / count, mean),
                minimum: channel.minimum,
                maximum: channel.maximum
            )
        }
        resamples = Bootstrap.rootMeanSquares(
            totals.pictures.map(\.squares),
            valueCount: result.subject.latentArea * totals.channels.count
        )
    }

    private static func deviation(_ meanSquare: Double, _ mean: Double) -> Double {
        max(0, meanSquare - mean * mean).squareRoot()
    }

    /// The scaling factor: latents times it have a root mean square of 1.
    package var factor: Double { 1 / rms }

    /// The inverse of the standard deviation, which some call the scaling factor; nil where that is 0.
    package var inverseStd: Double? { std > 0 ? 1 / std : nil }

    /// Where the root mean square lies with a confidence of 95%; nil of a single picture.
    package var rmsInterval: ClosedRange<Double>? { Bootstrap.interval(resamples) }

    /// Where the factor lies with a confidence of 95%; nil of a single picture.
    package var factorInterval: ClosedRange<Double>? {
        rmsInterval.flatMap { $0.lowerBound > 0 ? (1 / $0.upperBound)...(1 / $0.lowerBound) : nil }
    }
}
