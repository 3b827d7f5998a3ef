/// What a tensor is called, what it holds and how it is shaped: all that is known of it without its data.
public struct TensorDescriptor: Sendable, Equatable {
    /// The full name, as in `encoder.conv_in.weight`.
    public let name: String
    /// The element type.
    public let dtype: DType
    /// The sizes, outermost first.
    public let shape: Shape

    /// Describes a tensor.
    public init(name: String, dtype: DType, shape: Shape) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }

    /// Whether both have the same name to the byte, element type and shape.
    public static func == (lhs: TensorDescriptor, rhs: TensorDescriptor) -> Bool {
        UTF8Name(lhs.name) == UTF8Name(rhs.name) && lhs.dtype == rhs.dtype && lhs.shape == rhs.shape
    }
}

/// A name compared by its UTF-8 bytes.
///
/// Swift's String takes canonically equivalent texts for equal (`"\u{e9}" == "e\u{301}"`); in a checkpoint these are
/// two tensors.
public struct UTF8Name: Sendable, Hashable, Comparable {
    /// The name.
    public let string: String

    /// Makes the key of a name.
    public init(_ string: String) {
        self.string = string
    }

    /// Whether both have the same bytes.
    public static func == (lhs: UTF8Name, rhs: UTF8Name) -> Bool {
        lhs.string.utf8.elementsEqual(rhs.string.utf8)
    }

    /// Whether the first comes before the second in the order of their bytes.
    public static func < (lhs: UTF8Name, rhs: UTF8Name) -> Bool {
        lhs.string.utf8.lexicographicallyPrecedes(rhs.string.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
