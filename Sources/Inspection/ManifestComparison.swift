internal import CheckpointIO
package import TensorCore

/// How the content of a checkpoint differs from what a manifest lists.
package struct ManifestComparison: Sendable, Equatable {
    /// A tensor that is in both and not the same.
    package struct Difference: Sendable, Equatable {
        package let expected: Manifest.Entry
        package let found: Manifest.Entry

        /// What differs, in words: the shape or the dtype where it does, else the content.
        package var text: String {
            if expected.shape != found.shape { return "shape \(found.shape) instead of \(expected.shape)" }
            if expected.dtype != found.dtype { return "\(found.dtype.rawValue) instead of \(expected.dtype.rawValue)" }
            return "other content"
        }
    }

    /// The number of tensors that are the same.
    package let equalCount: Int
    package let different: [Difference]
    /// Those that the manifest lists and the checkpoint does not have.
    package let missing: [Manifest.Entry]
    /// Those that the checkpoint has and the manifest does not list.
    package let unexpected: [Manifest.Entry]

    /// Whether nothing differs.
    package var isEqual: Bool { different.isEmpty && missing.isEmpty && unexpected.isEmpty }

    /// The dtype of the manifest's weights, where weights differ in nothing that can be told but the dtype: rounding to it first
    /// answers more.
    package var suggestedCast: DType? {
        let casts = different.filter { $0.expected.shape == $0.found.shape && $0.expected.dtype != $0.found.dtype }
        guard let first = casts.first?.expected.dtype, first.isWeightFormat else { return nil }
        return casts.allSatisfy { $0.expected.dtype == first && $0.found.dtype.isWeightFormat } ? first : nil
    }

    /// Compares what was found with what was expected.
    package init(expected: Manifest, found: Manifest) {
        var (equal, different, missing, unexpected) = (0, [Difference](), [Manifest.Entry](), [Manifest.Entry]())
        var (left, right) = (expected.entries[...], found.entries[...])
        // Both are in the order of their names.
        while let a = left.first, let b = right.first {
            let (x, y) = (UTF8Name(a.name), UTF8Name(b.name))
            if x < y {
                missing.append(left.removeFirst())
            } else if y < x {
                unexpected.append(right.removeFirst())
            } else {
                if a == b { equal += 1 } else { different.append(Difference(expected: a, found: b)) }
                left.removeFirst()
                right.removeFirst()
            }
        }
        equalCount = equal
        self.different = different
        self.missing = missing + left
        self.unexpected = unexpected + right
    }
}
