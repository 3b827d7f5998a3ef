internal import CKernels
package import TensorCore

/// What the values of a tensor are like.
///
/// Minimum, maximum, mean, standard deviation and RMS are those of the finite values, computed in double precision; they are
/// nil where there is none. The standard deviation is that of the values at hand (divided by their number, as NumPy's `std`).
/// Of complex numbers the real and the imaginary parts are values of their own.
package struct TensorStatistics: Sendable, Equatable {
    /// All values, finite or not.
    package let count: Int
    /// Values that are no number.
    package let nan: Int
    /// Infinite values of either sign.
    package let infinite: Int
    /// Zeros of either sign.
    package let zeros: Int
    /// Values other than zero that the stored dtype holds with fewer digits than others: below its smallest normal number.
    package let subnormals: Int
    package let minimum: Double?
    package let maximum: Double?
    package let mean: Double?
    package let standardDeviation: Double?
    package let rms: Double?
    /// What a rounding to F16 and to BF16 would lose.
    package let fp16: CastLoss
    package let bf16: CastLoss
    package let histogram: ExponentHistogram

    /// What rounding to a format loses beyond precision.
    package struct CastLoss: Sendable, Equatable {
        /// Finite values that become infinite.
        package let overflows: Int
        /// Values other than zero that become zero.
        package let underflows: Int
    }

    /// Values that are no finite number.
    package var nonFinite: Int { nan + infinite }

    /// The largest magnitude of a finite value.
    package var magnitude: Double? {
        guard let minimum, let maximum else { return nil }
        return max(-minimum, maximum)
    }

    init(_ partial: PartialStatistics) {
        let state = partial.state
        (nan, infinite) = (Int(state.nan), Int(state.infinite))
        count = Int(state.count) + nan + infinite
        (zeros, subnormals) = (Int(state.zeros), Int(state.subnormals))
        fp16 = CastLoss(overflows: Int(state.f16_overflows), underflows: Int(state.f16_underflows))
        bf16 = CastLoss(overflows: Int(state.bf16_overflows), underflows: Int(state.bf16_underflows))
        histogram = ExponentHistogram(table: partial.histogram)
        guard state.count > 0 else {
            (minimum, maximum, mean, standardDeviation, rms) = (nil, nil, nil, nil, nil)
            return
        }
        let mean = (state.sum + state.correction) / Double(state.count)
        let variance = state.squares / Double(state.count)
        // Which of two zeros comes first is not told: adding zero makes both the positive one.
        (minimum, maximum, self.mean) = (state.minimum + 0, state.maximum + 0, mean + 0)
        standardDeviation = variance.squareRoot()
        rms = (mean * mean + variance).squareRoot()
    }
}

/// The statistics of some of a tensor's values, to which more are added.
package struct PartialStatistics: Sendable {
    fileprivate(set) var state = dcae_statistics()
    fileprivate(set) var histogram = [UInt64](repeating: 0, count: Int(DCAE_HISTOGRAM_BINS))

    package init() {}

    /// Adds the statistics of the values that follow these.
    package mutating func merge(_ next: PartialStatistics) {
        withUnsafePointer(to: next.state) { dcae_statistics_merge(&state, $0) }
        for bin in histogram.indices { histogram[bin] += next.histogram[bin] }
    }

    /// Adds values of 32 bits.
    ///
    /// - Parameter smallestNormal: the smallest normal number of the format that they were stored in; 0 where it has no others.
    package mutating func add(
        _ values: UnsafeBufferPointer<Float>,
        smallestNormal: Float,
        on instructionSet: InstructionSet = .best
    ) {
        instructionSet.kernels.pointee.statistics.add_f32(
            &state,
            &histogram,
            values.baseAddress,
            values.count,
            smallestNormal
        )
    }

    /// Adds values of 64 bits.
    package mutating func add(
        _ values: UnsafeBufferPointer<Double>,
        smallestNormal: Double,
        on instructionSet: InstructionSet = .best
    ) {
        instructionSet.kernels.pointee.statistics.add_f64(
            &state,
            &histogram,
            values.baseAddress,
            values.count,
            smallestNormal
        )
    }

    /// What follows from them.
    package var result: TensorStatistics { TensorStatistics(self) }
}
