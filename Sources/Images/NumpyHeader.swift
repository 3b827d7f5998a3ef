internal import TensorCore

/// The header of a `.npy` file: magic number, version, and a Python dictionary of exactly three keys.
struct NumpyHeader {
    /// The type of an element.
    private let dtype: DType
    /// Whether the bytes of an element run from the highest to the lowest.
    private let isBigEndian: Bool
    let isFortranOrder: Bool
    let shape: Shape
    let elementCount: Int
    /// Where the data begins.
    let length: Int

    /// The bytes of one element.
    var elementSize: Int {
        dtype.bitCount / 8
    }

    /// Longer headers are no harm, but no array that is read here needs one: NumPy itself stops at 10000 bytes.
    private static let lengthLimit = 1 << 16

    /// Reads the header and holds the length of the data against it.
    ///
    /// - Parameters:
    ///   - file: what messages call the file.
    ///   - size: the length of the file.
    ///   - read: the bytes at an offset, which lie within the file; fewer where they cannot be read.
    /// - Throws: `ImageRefusal`, for what NumPy does not write.
    init(file: String, size: Int, read: (_ offset: Int, _ count: Int) -> [UInt8]) throws(ImageRefusal) {
        let start = read(0, min(12, size))
        guard start.count >= 10, start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw ImageRefusal(file, .arrayHeader("the file starts with no magic number of NumPy"))
        }
        let (major, minor) = (start[6], start[7])
        let fieldSize = major == 1 ? 2 : 4
        guard (1...3).contains(major), minor == 0, start.count >= 8 + fieldSize else {
            throw ImageRefusal(
                file,
                .arrayHeader("its version is \(major).\(minor), where 1.0, 2.0 or 3.0 was expected")
            )
        }
        let textLength = start[8..<(8 + fieldSize)].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard textLength <= Self.lengthLimit else {
            throw ImageRefusal(file, .arrayHeader("its header has \(textLength) bytes, more than \(Self.lengthLimit)"))
        }
        length = 8 + fieldSize + textLength
        let text = length <= size ? read(8 + fieldSize, textLength) : []
        guard length <= size, text.count == textLength else {
            throw ImageRefusal(file, .arrayHeader("the file ends within its header"))
        }
        var parser = PythonLiteral(text)
        let fields: PythonLiteral.Fields
        do throws(PythonLiteral.Mistake) {
            fields = try parser.fields()
        } catch {
            throw ImageRefusal(
                file,
                .arrayHeader("at byte \(8 + fieldSize + error.offset) \(error.expected) was expected")
            )
        }
        isFortranOrder = fields.isFortranOrder
        guard let order = fields.type.first, let dtype = Self.types[String(fields.type.dropFirst())],
            "<>".contains(order)
        else { throw ImageRefusal(file, .arrayType(fields.type)) }
        self.dtype = dtype
        isBigEndian = order == ">"
        shape = Shape(fields.shape)
        guard let count = shape.elementCount, let bytes = shape.byteCount(of: dtype), bytes <= Int.max - length else {
            throw ImageRefusal(file, .arrayHeader("its shape \(shape) has too many elements"))
        }
        elementCount = count
        guard size == length + bytes else {
            throw ImageRefusal(file, .arrayLength(shape: shape, expected: length + bytes, found: size))
        }
    }

    private static let types: [String: DType] = ["f2": .f16, "f4": .f32, "f8": .f64]

    /// Makes float32 numbers of elements as they are stored, which are changed on the way.
    ///
    /// - Returns: the first element that float32 cannot hold.
    func convert(
        _ stored: UnsafeMutableRawBufferPointer,
        into target: UnsafeMutableBufferPointer<Float>
    ) -> (value: Double, index: Int)? {
        if isBigEndian {
            var start = 0
            while start < stored.count {
                stored[start..<(start + elementSize)].reverse()
                start += elementSize
            }
        }
        guard dtype == .f64 else {
            NumberFormat.convert(
                UnsafeRawBufferPointer(stored),
                from: dtype,
                into: UnsafeMutableRawBufferPointer(target),
                to: .f32
            )
            return nil
        }
        for i in 0..<target.count {
            let wide = stored.loadUnaligned(fromByteOffset: i * 8, as: Double.self)
            let narrow = Float(wide)
            if narrow.isInfinite && wide.isFinite { return (wide, i) }
            target[i] = narrow
        }
        return nil
    }

    /// The header that `numpy.save` writes for float32 numbers in C order.
    static func bytes(_ shape: Shape) -> [UInt8] {
        let sizes = shape.dimensions.map(String.init)
        let tuple = sizes.count == 1 ? "(\(sizes[0]),)" : "(" + sizes.joined(separator: ", ") + ")"
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
        // Room for the first size to grow to 21 digits in place, as NumPy leaves it; then to a multiple of 64.
        if let first = sizes.first { text += String(repeating: " ", count: 21 - first.utf8.count) }
        let padding = 63 - (10 + text.utf8.count) % 64
        text += String(repeating: " ", count: padding) + "\n"
        let length = text.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }
}

/// The part of Python's syntax that the header of an array is written in.
private struct PythonLiteral {
    struct Fields {
        var type = ""
        var isFortranOrder = false
        var shape: [Int] = []
    }

    /// What was expected at which byte of the text.
    struct Mistake: Error {
        let offset: Int
        let expected: String
    }

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// A dictionary of the three keys in any order, each once, and nothing after it but spaces and line feeds.
    mutating func fields() throws(Mistake) -> Fields {
        var fields = Fields()
        var missing: Set = ["descr", "fortran_order", "shape"]
        try take("{")
        while !accept("}") {
            let start = position
            let key = try string()
            guard missing.remove(key) != nil else {
                throw mistake("one of 'descr', 'fortran_order' and 'shape', once", start)
            }
            try take(":")
            switch key {
            case "descr": fields.type = try string()
            case "fortran_order": fields.isFortranOrder = try boolean()
            default: fields.shape = try tuple()
            }
            if !accept(",") {
                try take("}")
                break
            }
        }
        guard missing.isEmpty else { throw mistake("'\(missing.sorted()[0])'", position) }
        skipSpace()
        guard position == text.count else { throw mistake("the end of the header", position) }
        return fields
    }

    private func mistake(_ expected: String, _ offset: Int) -> Mistake {
        Mistake(offset: offset, expected: expected)
    }

    private mutating func skipSpace() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
    }

    private mutating func accept(_ word: String) -> Bool {
        skipSpace()
        guard text[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func take(_ word: String) throws(Mistake) {
        guard accept(word) else { throw mistake("'\(word)'", position) }
    }

    private mutating func boolean() throws(Mistake) -> Bool {
        if accept("True") { return true }
        if accept("False") { return false }
        throw mistake("True or False", position)
    }

    /// A string of visible ASCII without escapes, in either quotes; a structured type, which is a list, is none.
    private mutating func string() throws(Mistake) -> String {
        let quote: UInt8
        if accept("'") {
            quote = 0x27
        } else if accept("\"") {
            quote = 0x22
        } else {
            throw mistake("a string", position)
        }
        let start = position
        while position < text.count, text[position] != quote {
            guard (0x20...0x7E).contains(text[position]), text[position] != 0x5C else {
                throw mistake("visible ASCII", position)
            }
            position += 1
        }
        guard position < text.count else { throw mistake("the end of the string", position) }
        position += 1
        return String(decoding: text[start..<(position - 1)], as: UTF8.self)
    }

    /// Numbers in parentheses; one alone is followed by a comma.
    private mutating func tuple() throws(Mistake) -> [Int] {
        var sizes: [Int] = []
        try take("(")
        while !accept(")") {
            sizes.append(try number())
            guard sizes.count <= 32 else { throw mistake("at most 32 sizes", position) }
            if !accept(",") {
                try take(")")
                guard sizes.count > 1 else { throw mistake("','", position - 1) }
                break
            }
        }
        return sizes
    }

    private mutating func number() throws(Mistake) -> Int {
        skipSpace()
        let start = position
        while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Int(digits), digits == "0" || !digits.hasPrefix("0") else { throw mistake("a size", start) }
        return value
    }
}
