internal import CheckpointIO
internal import LinearAlgebra

/// The Fréchet distance of two normal distributions, which FID is: |m1 - m2|² + tr(s1) + tr(s2) - 2 tr((s1 s2)^½).
///
/// The trace of the root is the sum of the roots of the eigenvalues of s1 s2. These are those of a symmetric matrix that
/// is not below 0, so no complex numbers turn up. Where one side has fewer pictures than features, which is a matrix of a
/// row for each picture: its eigenproblem is as small as there are few pictures.
package enum FrechetDistance {
    /// One side: pictures' features, or statistics that were made of them before.
    package enum Side: Sendable {
        case features(FeatureMatrix)
        case statistics(FeatureStatistics)

        package var featureCount: Int {
            switch self {
            case .features(let matrix): matrix.featureCount
            case .statistics(let statistics): statistics.featureCount
            }
        }
    }

    /// The distance.
    ///
    /// - Throws: for sides of different numbers of features or too few pictures, and where there is no OpenBLAS.
    package static func between(_ first: Side, _ second: Side) throws -> Double {
        let count = first.featureCount
        guard second.featureCount == count else {
            throw CheckpointError(
                "FID",
                .file,
                PerceptionFault.otherFeatures(found: second.featureCount, expected: count)
            )
        }
        var (a, b) = (try Distribution(first), try Distribution(second))
        // The one with the fewest rows sets the size of the eigenproblem.
        if (b.factor?.rowCount ?? .max) < (a.factor?.rowCount ?? .max) { swap(&a, &b) }
        var squares = 0.0
        for (x, y) in zip(a.mean, b.mean) { squares += (x - y) * (x - y) }
        // No distance is below 0; rounding may be.
        return max(0, squares + a.trace + b.trace - 2 * (try rootTrace(try a.factored(), b)))
    }

    /// A matrix whose transpose and itself have a covariance as their product.
    private struct Factor {
        /// rowCount rows of a value for each feature.
        let values: [Double]
        let rowCount: Int
    }

    private struct Distribution {
        let mean: [Double]
        let trace: Double
        /// Nil where only the covariance is known, or is the smaller of the two.
        let factor: Factor?
        let covariance: [Double]

        init(_ side: Side) throws {
            switch side {
            case .features(let matrix) where matrix.rowCount < matrix.featureCount:
                let mean = try matrix.mean()
                self.init(
                    mean,
                    Factor(values: matrix.deviations(from: mean, of: 0..<matrix.rowCount), rowCount: matrix.rowCount)
                )
            case .features(let matrix): self.init(try FeatureStatistics(matrix))
            case .statistics(let statistics): self.init(statistics)
            }
        }

        private init(_ mean: [Double], _ factor: Factor) {
            (self.mean, self.factor) = (mean, factor)
            trace = factor.values.reduce(0) { $0 + $1 * $1 }
            covariance = []
        }

        private init(_ statistics: FeatureStatistics) {
            let count = statistics.featureCount
            (mean, factor, covariance) = (statistics.mean, nil, statistics.covariance)
            trace = (0..<count).reduce(0) { $0 + statistics.covariance[$1 * count + $1] }
        }

        /// The factor that is there, or the eigenvectors of the covariance, each times the root of its value.
        func factored() throws -> Factor {
            if let factor { return factor }
            let count = mean.count
            let eigen = try LinearAlgebra.load().symmetricEigen(covariance, rows: count)
            // The least values come first; those that are no more than what rounding left of 0 have no part in it.
            let noise = (eigen.values.last ?? 0) * Double(count) * Double.ulpOfOne
            let first = eigen.values.firstIndex { $0 > noise } ?? count
            var values = Array(eigen.vectors[(first * count)...])
            for row in 0..<(count - first) {
                let root = eigen.values[first + row].squareRoot()
                for column in 0..<count { values[row * count + column] *= root }
            }
            return Factor(values: values, rowCount: count - first)
        }
    }

    /// The trace of (s1 s2)^½: the roots of the eigenvalues of f s2 fᵀ, where fᵀ f is s1.
    private static func rootTrace(_ factor: Factor, _ other: Distribution) throws -> Double {
        let algebra = try LinearAlgebra.load()
        let (rows, count) = (factor.rowCount, other.mean.count)
        let others = other.factor?.rowCount ?? count
        var product = [Double](repeating: 0, count: rows * others)
        var square = [Double](repeating: 0, count: rows * rows)
        factor.values.withUnsafeBufferPointer { left in
            (other.factor?.values ?? other.covariance).withUnsafeBufferPointer { right in
                product.withUnsafeMutableBufferPointer { product in
                    square.withUnsafeMutableBufferPointer { square in
                        guard let left = left.baseAddress, let right = right.baseAddress,
                            let product = product.baseAddress, let square = square.baseAddress
                        else { return }
                        let f = Matrix(left, rows: rows, columns: count)
                        // Either f times the other's factor, transposed, or f times its covariance, which is symmetric.
                        algebra.multiply(f, Matrix(right, rows: others, columns: count).transposed, into: product)
                        let p = Matrix(UnsafePointer(product), rows: rows, columns: others)
                        if other.factor == nil {
                            algebra.multiply(p, f.transposed, into: square)
                        } else {
                            algebra.multiplyByOwnTranspose(p, into: square)
                        }
                    }
                }
            }
        }
        let eigen = try algebra.symmetricEigen(square, rows: rows, wantsVectors: false)
        return eigen.values.reduce(0) { $0 + max(0, $1).squareRoot() }
    }
}
