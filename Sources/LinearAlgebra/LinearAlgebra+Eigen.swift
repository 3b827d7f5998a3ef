internal import COpenBLAS

/// The eigenvalues of a symmetric matrix, the least first, and its eigenvectors.
package struct SymmetricEigen: Sendable {
    package let values: [Double]
    /// One a row, of length 1, in the order of the values; empty where they were not asked for.
    package let vectors: [Double]
}

extension LinearAlgebra {
    /// Solves the eigenproblem of a symmetric matrix, by LAPACK's divide and conquer (dsyevd).
    ///
    /// - Parameters:
    ///   - matrix: `rows` rows of as many values; of each pair the one below the diagonal is read.
    ///   - wantsVectors: whether the vectors are computed, which takes twice the time and two matrices of memory.
    /// - Throws: `LinearAlgebraError.notFinite`, `.tooLarge`, `.noConvergence`.
    package func symmetricEigen(
        _ matrix: [Double],
        rows: Int,
        wantsVectors: Bool = true
    ) throws(LinearAlgebraError) -> SymmetricEigen {
        precondition(matrix.count == rows * rows, "as many values as rows times rows")
        // The library counts 2 n² values of work in 32 bits.
        guard rows <= 32_000 else { throw .tooLarge(rows: rows) }
        guard rows > 0 else { return SymmetricEigen(values: [], vectors: []) }
        // LAPACK may never come back from NaN.
        guard matrix.allSatisfy(\.isFinite) else { throw .notFinite }
        var vectors = matrix
        var values = [Double](repeating: 0, count: rows)
        var work: [Double] = [0]
        var integers: [Int32] = [0]
        var info = solve(&vectors, &values, &work, -1, &integers, -1, wantsVectors)
        if info == 0 {
            let workCount = Int32(work[0])
            let integerCount = integers[0]
            work = [Double](repeating: 0, count: Int(workCount))
            integers = [Int32](repeating: 0, count: Int(integerCount))
            info = solve(&vectors, &values, &work, workCount, &integers, integerCount, wantsVectors)
        }
        guard info == 0 else { throw .noConvergence }
        return SymmetricEigen(values: values, vectors: wantsVectors ? vectors : [])
    }

    private func solve(
        _ matrix: inout [Double],
        _ values: inout [Double],
        _ work: inout [Double],
        _ workCount: Int32,
        _ integers: inout [Int32],
        _ integerCount: Int32,
        _ wantsVectors: Bool
    ) -> Int32 {
        let rows = Int32(values.count)
        return dcae_blas_dsyevd(
            wantsVectors ? 1 : 0,
            rows,
            &matrix,
            &values,
            &work,
            workCount,
            &integers,
            integerCount
        )
    }
}
