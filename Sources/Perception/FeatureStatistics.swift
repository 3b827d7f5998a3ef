internal import CheckpointIO
internal import LinearAlgebra
internal import TensorCore

/// The mean and the covariance of features over pictures, as FID takes them.
package struct FeatureStatistics: Sendable, Equatable {
    /// The mean of each feature.
    package let mean: [Double]
    /// A row for each feature; divided by the number of pictures less one.
    package let covariance: [Double]
    /// How they were made, where that is known.
    package var origin: StatisticsOrigin?

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
        let algebra = try LinearAlgebra.load()
        let mean = try features.mean()
        let count = features.featureCount
        var covariance = [Double](repeating: 0, count: count * count)
        for start in stride(from: 0, to: features.rowCount, by: Self.rowsAtOnce) {
            let rows = start..<min(features.rowCount, start + Self.rowsAtOnce)
            let deviations = features.deviations(from: mean, of: rows)
            deviations.withUnsafeBufferPointer { deviations in
                covariance.withUnsafeMutableBufferPointer { target in
                    guard let deviations = deviations.baseAddress, let target = target.baseAddress else { return }
                    algebra.multiplyByOwnTranspose(
                        Matrix(deviations, rows: rows.count, columns: count).transposed,
                        into: target,
                        beta: start == 0 ? 0 : 1
                    )
                }
            }
        }
        self.init(mean: mean, covariance: covariance)
    }

    /// Enough for the product to run at full speed, whatever the number of pictures.
    private static let rowsAtOnce = 4096
}

/// Features of pictures: a row for each.
package struct FeatureMatrix: Sendable {
    package let rows: [[Float]]
    package let featureCount: Int

    package var rowCount: Int { rows.count }

    package init(_ rows: [[Float]], featureCount: Int) {
        precondition(rows.allSatisfy { $0.count == featureCount }, "rows of as many features")
        (self.rows, self.featureCount) = (rows, featureCount)
    }

    /// The mean of each feature.
    ///
    /// - Throws: `PerceptionFault.tooFewPictures`, or `.noMemory` where their covariance has no room.
    func mean() throws(CheckpointError) -> [Double] {
        guard rowCount > 1 else {
            throw CheckpointError("FID", .file, PerceptionFault.tooFewPictures(rowCount))
        }
        let bytes = min(rowCount, 4096) * featureCount * 8 + 4 * featureCount * featureCount * 8
        guard MemoryLimit.allows(bytes) else {
            throw CheckpointError("FID", .file, PerceptionFault.noMemory(gigabytes: bytes >> 30))
        }
        var mean = [Double](repeating: 0, count: featureCount)
        for row in rows {
            for column in 0..<featureCount { mean[column] += Double(row[column]) }
        }
        return mean.map { $0 / Double(rowCount) }
    }

    /// Rows less the mean, and divided by the root of the number of rows less one: the covariance is the product of their
    /// transpose and themselves.
    func deviations(from mean: [Double], of range: Range<Int>) -> [Double] {
        let scale = 1 / Double(rowCount - 1).squareRoot()
        return [Double](unsafeUninitializedCapacity: range.count * featureCount) { target, count in
            for (index, row) in rows[range].enumerated() {
                for column in 0..<featureCount {
                    target[index * featureCount + column] = (Double(row[column]) - mean[column]) * scale
                }
            }
            count = range.count * featureCount
        }
    }
}
