package import TensorCore

/// The header of a `.npy` file: magic number, version, and a Python dictionary of exactly three keys.
package struct NumpyHeader {
    /// What every such file begins with.
    package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The type of an element.
    let dtype: DType
    /// Whether the bytes of an element run from the highest to the lowest.
    let isBigEndian: Bool
    /// Whether the first dimension runs fastest.
    let isFortranOrder: Bool
    let shape: Shape
    /// Where the data begins.
    let length: Int
    /// The bytes of the data.
    let byteCount: Int

    /// Longer headers are no harm, but no array that is read here needs one: NumPy itself stops at 10000 bytes.
    private static let lengthLimit = 1 << 16

    /// Reads the header and holds the length of the data against it.
    ///
    /// - Parameters:
    ///   - size: the length of the file.
    ///   - read: the bytes at an offset, which lie within the file.
    /// - Throws: `Problem`, for what NumPy does not write.
    init(
        size: Int,
        path: String,
        read: (_ offset: Int, _ count: Int) throws(CheckpointError) -> [UInt8]
    ) throws(CheckpointError) {
        func refusal(_ words: String) -> CheckpointError { CheckpointError(path, .file, NumpyFault.header(words)) }
        let start = try read(0, min(12, size))
        guard start.count >= 10, start.starts(with: Self.magic) else {
            throw refusal("it starts with no magic number of NumPy")
        }
        let (major, minor) = (start[6], start[7])
        let fieldSize = major == 1 ? 2 : 4
        guard (1...3).contains(major), minor == 0, start.count >= 8 + fieldSize else {
            throw refusal("its version is \(major).\(minor), where 1.0, 2.0 or 3.0 was expected")
        }
        let textLength = start[8..<(8 + fieldSize)].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard textLength <= Self.lengthLimit else {
            throw refusal("its header has \(textLength) bytes, more than \(Self.lengthLimit)")
        }
        length = 8 + fieldSize + textLength
        guard length <= size else { throw refusal("it ends within its header") }
        var parser = PythonLiteral(try read(8 + fieldSize, textLength))
        let fields: PythonLiteral.Fields
        do throws(PythonLiteral.Mistake) {
            fields = try parser.fields()
        } catch {
            throw refusal("at byte \(8 + fieldSize + error.offset) \(error.expected) was expected")
        }
        isFortranOrder = fields.isFortranOrder
        guard let type = Self.type(fields.type) else {
            throw CheckpointError(path, .file, NumpyFault.elementType(fields.type))
        }
        (dtype, isBigEndian) = type
        shape = Shape(fields.shape)
        guard let bytes = shape.byteCount(of: dtype), bytes <= Int.max - length else {
            throw refusal("its shape \(shape.description.escaped(limit: 60)) has too many elements")
        }
        byteCount = bytes
        guard size == length + bytes else {
            let fault = NumpyFault.length(shape: shape, expected: length + bytes, found: size)
            throw CheckpointError(path, .file, fault)
        }
    }

    /// The type of elements that NumPy describes so, as `<f4`, and whether their bytes are in big-endian order.
    private static func type(_ text: String) -> (DType, isBigEndian: Bool)? {
        // ml_dtypes' types are structures of two bytes to NumPy, where they are not bytes without a name.
        if text == "bfloat16" { return (.bf16, false) }
        guard let order = text.first, let dtype = types[String(text.dropFirst())] else { return nil }
        switch order {
        case "<", "=": return (dtype, false)
        case ">": return (dtype, dtype.bitCount > 8)
        case "|": return dtype.bitCount == 8 ? (dtype, false) : nil
        default: return nil
        }
    }

    private static let types: [String: DType] = [
        "f2": .f16, "f4": .f32, "f8": .f64, "b1": .bool, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64,
        "u1": .u8, "u2": .u16, "u4": .u32, "u8": .u64, "c8": .c64, "c16": .c128,
    ]

    /// The header that `numpy.save` writes for numbers in C order, by default float32.
    package static func bytes(_ shape: Shape, type: String = "<f4") -> [UInt8] {
        let sizes = shape.dimensions.map(String.init)
        let tuple = sizes.count == 1 ? "(\(sizes[0]),)" : "(" + sizes.joined(separator: ", ") + ")"
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(tuple), }"
        // Room for the first size to grow to 21 digits in place, as NumPy leaves it; then to a multiple of 64.
        if let first = sizes.first { text += String(repeating: " ", count: 21 - first.utf8.count) }
        let padding = 63 - (10 + text.utf8.count) % 64
        text += String(repeating: " ", count: padding) + "\n"
        let length = text.utf8.count
        return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }
}
