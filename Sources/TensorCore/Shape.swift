/// The sizes of a tensor along its dimensions, outermost first; empty for a single value.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The sizes, outermost first; none is negative.
    public let dimensions: [Int]

    /// Makes a shape from sizes that are known not to be negative.
    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape has no negative size")
        self.dimensions = dimensions
    }

    /// Makes a shape from sizes that are not negative.
    public init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    /// The number of elements, or nil where it exceeds Int.
    ///
    /// The product is taken left to right and a later 0 does not save an overflow, as in the safetensors reader.
    public var elementCount: Int? {
        var product = 1
        for size in dimensions {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// The number of bytes of a tensor of this shape, or nil if it exceeds Int or is not a whole number.
    public func byteCount(of dtype: DType) -> Int? {
        guard let elements = elementCount else { return nil }
        let (bits, overflow) = elements.multipliedReportingOverflow(by: dtype.bitCount)
        return overflow || bits % 8 != 0 ? nil : bits / 8
    }

    /// The sizes in brackets, as in `[128, 3, 3, 3]`.
    public var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }
}
