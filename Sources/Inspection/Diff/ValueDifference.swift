internal import CKernels

/// How the values of two tensors, or of a part of them, differ; all sums in F64.
///
/// Sums, the largest difference and the tolerance are taken over the pairs in which both values are finite. NaN against NaN
/// and an infinity against the same infinity count as equal; other pairs with such a value are counted by themselves.
package struct ValueDifference: Sendable, Equatable {
    /// The pairs of values; a complex number is two.
    package private(set) var count = 0
    /// The pairs in which both are finite.
    package private(set) var finiteCount = 0
    /// The pairs that are not equal as numbers: 0 and -0 are, NaN and NaN too.
    package private(set) var differingCount = 0
    /// The pairs of which one is NaN and the other is not.
    package private(set) var nanMismatchCount = 0
    /// The pairs without NaN of which one is an infinity that the other is not.
    package private(set) var infinityMismatchCount = 0
    /// The pairs beyond the tolerance, mismatches included; 0 where none was given.
    package private(set) var outsideCount = 0
    /// The number, in row-major order, of the first element that differs.
    package private(set) var firstIndex: Int?
    /// The largest |a - b|.
    package private(set) var largest = 0.0
    /// The most steps from number to number in their own format; nil where dtypes differ and for whole numbers.
    package private(set) var ulps: UInt64?
    private var squaredDifferences = 0.0
    private var squaresOfA = 0.0
    private var squaresOfB = 0.0
    private var products = 0.0

    package init() {}

    /// What a window of values gave.
    init(
        _ sums: dcae_difference,
        _ dropped: dcae_nonfinite_pairs,
        count: Int,
        firstIndex: Int?,
        ulps: UInt64?,
        outsideCount: Int
    ) {
        self.count = count
        finiteCount = count - Int(dropped.pairs)
        nanMismatchCount = Int(dropped.nan_mismatches)
        infinityMismatchCount = Int(dropped.infinity_mismatches)
        differingCount = Int(sums.differing) + nanMismatchCount + infinityMismatchCount
        self.outsideCount = outsideCount + nanMismatchCount + infinityMismatchCount
        self.firstIndex = firstIndex
        largest = sums.largest
        self.ulps = ulps
        squaredDifferences = sums.differences
        squaresOfA = sums.a
        squaresOfB = sums.b
        products = sums.products
    }

    /// Adds what follows in the order of elements, or of tensors.
    package static func += (total: inout ValueDifference, next: ValueDifference) {
        total.count += next.count
        total.finiteCount += next.finiteCount
        total.differingCount += next.differingCount
        total.nanMismatchCount += next.nanMismatchCount
        total.infinityMismatchCount += next.infinityMismatchCount
        total.outsideCount += next.outsideCount
        total.firstIndex = total.firstIndex ?? next.firstIndex
        total.largest = max(total.largest, next.largest)
        if let steps = next.ulps { total.ulps = max(total.ulps ?? 0, steps) }
        total.squaredDifferences += next.squaredDifferences
        total.squaresOfA += next.squaresOfA
        total.squaresOfB += next.squaresOfB
        total.products += next.products
    }

    /// The root mean square of a - b; 0 where no pair is finite.
    package var rms: Double { finiteCount == 0 ? 0 : (squaredDifferences / Double(finiteCount)).squareRoot() }

    /// The root mean square of a.
    package var rmsOfA: Double { finiteCount == 0 ? 0 : (squaresOfA / Double(finiteCount)).squareRoot() }

    /// The root mean square of b.
    package var rmsOfB: Double { finiteCount == 0 ? 0 : (squaresOfB / Double(finiteCount)).squareRoot() }

    /// The RMS of a - b over that of a; infinite where a is zero and b is not, or where sums leave F64.
    package var relativeRMS: Double {
        guard squaredDifferences > 0 else { return 0 }
        let ratio = (squaredDifferences / squaresOfA).squareRoot()
        return ratio.isNaN ? .infinity : ratio
    }

    /// The cosine of the angle between a and b as vectors; nil where one of them is zero.
    package var cosine: Double? {
        let length = squaresOfA.squareRoot() * squaresOfB.squareRoot()
        return length > 0 && length.isFinite ? products / length : nil
    }
}

/// What values may differ by: |a - b| <= atol + rtol * |b|, as in `numpy.isclose` with `equal_nan`.
package struct Tolerance: Sendable, Equatable {
    package let relative: Double
    package let absolute: Double

    package init(relative: Double, absolute: Double) {
        self.relative = relative
        self.absolute = absolute
    }
}
