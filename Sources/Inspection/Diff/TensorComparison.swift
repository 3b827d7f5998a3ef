package import TensorCore

/// What became of one tensor from A to B.
package struct TensorComparison: Sendable {
    /// How the two sides of a tensor are related.
    package enum Relation: String, Sendable, CaseIterable {
        /// The same bytes, or no difference but its name's in the other layout.
        case identical
        /// The same dtype and shape; the bytes were not read, since one side is elsewhere.
        case unread
        /// The same dtype and shape, other bytes.
        case changed
        /// Another dtype; the values are compared as numbers.
        case dtype
        /// Another shape; the values are compared where there are as many of them.
        case shape
        /// In B alone.
        case added
        /// In A alone.
        case removed
        /// Under another name in B, with the same dtype, shape and bytes.
        case renamed
    }

    package let relation: Relation
    /// The tensor of A, by its own name; nil where it is added.
    package let a: TensorDescriptor?
    /// The tensor of B, by its name in A's layout; nil where it is removed.
    package let b: TensorDescriptor?
    /// How the values differ; nil where they are identical or cannot be compared.
    package let values: ValueDifference?
    /// Where both dtypes are weight formats and differ: whether one side is the other, rounded.
    package let casts: CastFinding?
    /// Whether the bytes are the same, in whatever shape.
    package let hasSameBytes: Bool

    init(
        _ relation: Relation,
        _ a: TensorDescriptor?,
        _ b: TensorDescriptor?,
        values: ValueDifference? = nil,
        casts: CastFinding? = nil,
        hasSameBytes: Bool = false
    ) {
        self.relation = relation
        self.a = a
        self.b = b
        self.values = values
        self.casts = casts
        self.hasSameBytes = hasSameBytes || relation == .identical || relation == .renamed
    }

    /// Its name in A's layout; of a tensor that was renamed, the one in A.
    package var name: String { (a ?? b)?.name ?? "" }

    /// The number of elements, or 0 where it is not known.
    package var elementCount: Int { (a ?? b)?.shape.elementCount ?? 0 }

    /// The indices along each dimension of the first element that differs, in A's shape.
    package var firstIndex: [Int]? {
        guard let first = values?.firstIndex, let dimensions = a?.shape.dimensions else { return nil }
        var (rest, indices) = (first, [Int](repeating: 0, count: dimensions.count))
        for (position, size) in dimensions.enumerated().reversed() where size > 0 {
            indices[position] = rest % size
            rest /= size
        }
        return indices
    }

    /// Whether it counts as the same: byte for byte, or with a tolerance in value, whatever the dtype.
    package func isSame(within tolerance: Tolerance?) -> Bool {
        switch relation {
        case .identical, .unread: true
        case .changed, .dtype: tolerance != nil && values?.outsideCount == 0
        case .shape, .added, .removed, .renamed: false
        }
    }
}
