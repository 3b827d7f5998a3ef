internal import CheckpointIO
internal import LinearAlgebra
internal import TensorCore

/// The mean and the covariance of features over pictures, as FID takes them.
package struct FeatureStatistics: Sendable, Equatable {
    /// The mean of each feature.
    package let mean: [Double]
    /// A row for each feature; divided by the number of pictures less one.
    package let covariance: [Double]

    package var featureCount: Int { mean.count }

    package init(mean: [Double], covariance: [Double]) {
        precondition(covariance.count == mean.count * mean.count, "a square covariance")
        (self.mean, self.covariance) = (mean, covariance)
    }

    /// Computes them.
    ///
    /// - Parameter features: a row for each picture, in an order that does not depend on how they were measured.
    /// - Throws: `PerceptionFault.tooFewPictures`, `.noMemory`, and where there is no OpenBLAS.
    package init(_ features: FeatureMatrix) throws {
        let centred = try features.centred()
        let count = features.featureCount
        var covariance = [Double](repeating: 0, count: count * count)
        try centred.deviations.withUnsafeBufferPointer { deviations in
            try covariance.withUnsafeMutableBufferPointer { target in
                guard let deviations = deviations.baseAddress, let target = target.baseAddress else { return }
                try LinearAlgebra.load().multiplyByOwnTranspose(
                    Matrix(deviations, rows: features.rowCount, columns: count).transposed,
                    into: target
                )
            }
        }
        self.init(mean: centred.mean, covariance: covariance)
    }
}

/// Features of pictures: a row for each.
package struct FeatureMatrix: Sendable {
    /// rowCount × featureCount values.
    package let values: [Float]
    package let featureCount: Int

    package var rowCount: Int { values.count / featureCount }

    package init(_ rows: [[Float]], featureCount: Int) {
        self.featureCount = featureCount
        values = Array(rows.joined())
    }

    /// The mean, and every row less the mean and divided by the root of the number of rows less one: the covariance is the
    /// product of their transpose and themselves.
    func centred() throws(CheckpointError) -> (mean: [Double], deviations: [Double]) {
        guard rowCount > 1 else {
            throw CheckpointError("FID", .file, PerceptionFault.tooFewPictures(rowCount))
        }
        let bytes = values.count * 8 + 3 * featureCount * featureCount * 8
        guard MemoryLimit.allows(bytes) else {
            throw CheckpointError("FID", .file, PerceptionFault.noMemory(gigabytes: bytes >> 30))
        }
        var mean = [Double](repeating: 0, count: featureCount)
        for row in 0..<rowCount {
            for column in 0..<featureCount { mean[column] += Double(values[row * featureCount + column]) }
        }
        for column in 0..<featureCount { mean[column] /= Double(rowCount) }
        let scale = 1 / Double(rowCount - 1).squareRoot()
        let deviations = [Double](unsafeUninitializedCapacity: values.count) { target, count in
            for row in 0..<rowCount {
                for column in 0..<featureCount {
                    let index = row * featureCount + column
                    target[index] = (Double(values[index]) - mean[column]) * scale
                }
            }
            count = values.count
        }
        return (mean, deviations)
    }
}
