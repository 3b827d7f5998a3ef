/// A matrix in memory that somebody else keeps, row after row.
package struct Matrix<Element> {
    let base: UnsafePointer<Element>
    /// The elements between two rows of memory.
    let stride: Int
    /// Whether the rows of memory are the columns of the matrix.
    let isTransposed: Bool
    /// The rows of the matrix.
    package let rows: Int
    /// The columns of the matrix.
    package let columns: Int

    /// Rows of `columns` elements, `stride` apart; one behind the other where it is nil.
    package init(_ base: UnsafePointer<Element>, rows: Int, columns: Int, stride: Int? = nil) {
        self.init(base, rows, columns, stride ?? columns, false)
    }

    private init(_ base: UnsafePointer<Element>, _ rows: Int, _ columns: Int, _ stride: Int, _ isTransposed: Bool) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.isTransposed = isTransposed
        precondition(
            rows >= 0 && columns >= 0 && stride >= (isTransposed ? rows : columns),
            "a stride is a row or more"
        )
    }

    /// The same memory with rows and columns exchanged.
    package var transposed: Matrix { Matrix(base, columns, rows, stride, !isTransposed) }
}
