internal import COpenBLAS

extension LinearAlgebra {
    /// c = alpha × a × b + beta × c, in single precision.
    ///
    /// - Parameters:
    ///   - c: `a.rows` rows of `b.columns` values, `stride` apart; where beta is 0, what it holds before does not matter.
    package func multiply(
        _ a: Matrix<Float>,
        _ b: Matrix<Float>,
        into c: UnsafeMutablePointer<Float>,
        stride: Int? = nil,
        alpha: Float = 1,
        beta: Float = 0
    ) {
        let sizes = ProductSizes(a, b, stride)
        dcae_blas_sgemm(
            a.isTransposed ? 1 : 0,
            b.isTransposed ? 1 : 0,
            sizes.m,
            sizes.n,
            sizes.k,
            alpha,
            a.base,
            sizes.aStride,
            b.base,
            sizes.bStride,
            beta,
            c,
            sizes.cStride
        )
    }

    /// c = alpha × a × b + beta × c, in double precision.
    ///
    /// - Parameters:
    ///   - c: `a.rows` rows of `b.columns` values, `stride` apart; where beta is 0, what it holds before does not matter.
    package func multiply(
        _ a: Matrix<Double>,
        _ b: Matrix<Double>,
        into c: UnsafeMutablePointer<Double>,
        stride: Int? = nil,
        alpha: Double = 1,
        beta: Double = 0
    ) {
        let sizes = ProductSizes(a, b, stride)
        dcae_blas_dgemm(
            a.isTransposed ? 1 : 0,
            b.isTransposed ? 1 : 0,
            sizes.m,
            sizes.n,
            sizes.k,
            alpha,
            a.base,
            sizes.aStride,
            b.base,
            sizes.bStride,
            beta,
            c,
            sizes.cStride
        )
    }

    /// c = alpha × a × aᵀ + beta × c, all of it, of a symmetric c with `a.rows` rows one behind the other. For aᵀ × a, as
    /// for a covariance of samples in rows, give `a.transposed`.
    package func multiplyByOwnTranspose(
        _ a: Matrix<Double>,
        into c: UnsafeMutablePointer<Double>,
        alpha: Double = 1,
        beta: Double = 0
    ) {
        let n = a.rows
        dcae_blas_dsyrk(
            a.isTransposed ? 1 : 0,
            Int32(n),
            Int32(a.columns),
            alpha,
            a.base,
            Int32(max(1, a.stride)),
            beta,
            c,
            Int32(max(1, n))
        )
        for row in 0..<n {
            for column in 0..<row { c[column * n + row] = c[row * n + column] }
        }
    }
}

/// The sizes of a product as the library takes them.
private struct ProductSizes {
    let m, n, k: Int32
    let aStride, bStride, cStride: Int32

    init<Element>(_ a: Matrix<Element>, _ b: Matrix<Element>, _ stride: Int?) {
        precondition(a.columns == b.rows, "the columns of one are the rows of the other")
        precondition((stride ?? b.columns) >= b.columns, "a stride is a row or more")
        m = Int32(a.rows)
        n = Int32(b.columns)
        k = Int32(a.columns)
        aStride = Int32(max(1, a.stride))
        bStride = Int32(max(1, b.stride))
        cStride = Int32(max(1, stride ?? b.columns))
    }
}
