internal import Libc

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
        withBytes(lhs, rhs) { a, b in a.count == b.count && order(a, b, a.count) == 0 }
    }

    /// Whether the first comes before the second in the order of their bytes.
    public static func < (lhs: UTF8Name, rhs: UTF8Name) -> Bool {
        withBytes(lhs, rhs) { a, b in
            let order = order(a, b, min(a.count, b.count))
            return order == 0 ? a.count < b.count : order < 0
        }
    }

    /// What `memcmp` says of the first bytes: byte by byte, views of strings cost ten times as much.
    private static func order(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>, _ count: Int) -> Int32 {
        guard count > 0, let a = a.baseAddress, let b = b.baseAddress else { return 0 }
        return memcmp(a, b, count)
    }

    private static func withBytes(
        _ lhs: UTF8Name,
        _ rhs: UTF8Name,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        var (a, b) = (lhs.string, rhs.string)
        return a.withUTF8 { a in b.withUTF8 { b in body(a, b) } }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
