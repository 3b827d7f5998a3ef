package import DCAENetwork
package import TensorCore

/// What is known of the values of a tensor, in double precision.
package struct TensorStatistics: Sendable, Equatable {
    /// The mean.
    package let mean: Double
    /// The root of the mean of the squares.
    package let rms: Double
    /// The least value; NaN where any is.
    package let minimum: Double
    /// The largest value; NaN where any is.
    package let maximum: Double
    /// How many values are NaN or infinite.
    package let nonFiniteCount: Int

    package init(_ tensor: FloatTensor) {
        var (sum, squares, low, high, odd) = (0.0, 0.0, Double.infinity, -Double.infinity, 0)
        for value in tensor.values {
            let value = Double(value)
            sum += value
            squares += value * value
            low = min(low, value)
            high = max(high, value)
            if !value.isFinite { odd += 1 }
        }
        let count = Double(tensor.values.count)
        (mean, rms) = (sum / count, (squares / count).squareRoot())
        (minimum, maximum, nonFiniteCount) = (low, high, odd)
    }

    /// What there is to say of a result that is not all numbers; such values turn up as black or white.
    package var warning: Words? {
        nonFiniteCount == 0 ? nil : "\(nonFiniteCount) values came out NaN or infinite; \(.checkFinite) names the layer"
    }
}

/// How far one tensor is from another of the same sizes.
package struct TensorDifference: Sendable, Equatable {
    /// The largest difference.
    package let largest: Double
    /// The largest difference over the largest value of the other.
    package let relativeLargest: Double
    /// The root of the sum of squared differences over that of the other's squares.
    package let relativeRMS: Double

    /// Whether the two are the same to the bit, but for the sign of zero.
    package var isNone: Bool { largest == 0 }

    /// Compares two tensors; nil where their sizes differ.
    package init?(of tensor: FloatTensor, from other: FloatTensor) {
        guard tensor.dimensions == other.dimensions else { return nil }
        var (most, top, squares, total) = (0.0, 0.0, 0.0, 0.0)
        for (a, b) in zip(tensor.values, other.values) {
            let difference = a == b ? 0 : Double(a) - Double(b)
            // Written so that NaN, which is no smaller than anything, stays.
            if !(difference.magnitude <= most) { most = difference.magnitude }
            top = max(top, Double(b.magnitude))
            squares += difference * difference
            total += Double(b) * Double(b)
        }
        largest = most
        relativeLargest = most == 0 ? 0 : most / top
        relativeRMS = squares == 0 ? 0 : (squares / total).squareRoot()
    }
}
