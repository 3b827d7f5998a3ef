/// What the directory says of one entry, checked against the header that stands before the entry's bytes.
struct ZipHeader {
    let name: String
    private let nameBytes: ArraySlice<UInt8>
    /// Where its local header begins.
    let offset: Int
    /// The bytes that the entry takes in the archive.
    let size: Int
    /// The bytes that it has when it is not compressed.
    let fullSize: Int
    /// How it is compressed; 0 where it is not.
    let method: Int
    let checksum: UInt32

    /// Reads one record of the directory.
    init(central reader: inout ByteReader) throws(CheckpointError) {
        guard try reader.number(4) == 0x0201_4B50 else { throw reader.refusal(.badSignature) }
        _ = try reader.number(4)
        let (flags, method) = (try reader.number(2), try reader.number(2))
        _ = try reader.number(4)
        checksum = UInt32(try reader.number(4))
        var sizes = (packed: try reader.number(4), full: try reader.number(4))
        let (nameLength, extraLength) = (Int(try reader.number(2)), Int(try reader.number(2)))
        let (commentLength, disk) = (Int(try reader.number(2)), try reader.number(2))
        _ = try reader.number(6)
        var position = try reader.number(4)
        nameBytes = try reader.take(nameLength)
        let extra = try reader.take(extraLength)
        _ = try reader.take(commentLength)
        guard let name = String(validating: nameBytes, as: UTF8.self), !nameBytes.contains(0) else {
            throw reader.refusal(.badName)
        }
        self.name = name
        func refusal(_ fault: ZipFault) -> CheckpointError { CheckpointError(reader.path, .entry(name), fault) }
        try Self.check(flags, refusal)
        self.method = Int(method)
        guard disk == 0 else { throw refusal(.severalDisks) }
        try Self.widen(&sizes, &position, extra: extra, path: reader.path, name: name)
        guard method != 0 || sizes.packed == sizes.full else { throw refusal(.sizesDisagree) }
        guard let size = Int(exactly: sizes.packed), let fullSize = Int(exactly: sizes.full),
            let offset = Int(exactly: position)
        else {
            throw refusal(.beyondFile)
        }
        self.size = size
        self.fullSize = fullSize
        self.offset = offset
    }

    /// torch's reader (miniz) refuses encrypted entries, and those whose data is a patch to another file.
    private static func check(_ flags: UInt64, _ refusal: (ZipFault) -> CheckpointError) throws(CheckpointError) {
        guard flags & 0x2041 == 0 else { throw refusal(.encrypted) }
        guard flags & 0x20 == 0 else { throw refusal(.patched) }
    }

    /// Takes from the zip64 field what did not fit into 32 bits.
    private static func widen(
        _ sizes: inout (packed: UInt64, full: UInt64),
        _ offset: inout UInt64,
        extra: ArraySlice<UInt8>,
        path: String,
        name: String
    ) throws(CheckpointError) {
        guard sizes.packed == 0xFFFF_FFFF || sizes.full == 0xFFFF_FFFF || offset == 0xFFFF_FFFF else { return }
        var rest = extra
        while rest.count >= 4 {
            let head = rest.prefix(4).map(Int.init)
            let (kind, length) = (head[0] | head[1] << 8, head[2] | head[3] << 8)
            rest = rest.dropFirst(4)
            guard length <= rest.count else { break }
            if kind == 1 {
                var field = rest.prefix(length)
                func wide(_ value: inout UInt64) throws(CheckpointError) {
                    guard value == 0xFFFF_FFFF else { return }
                    guard field.count >= 8 else { throw CheckpointError(path, .entry(name), ZipFault.zip64FieldShort) }
                    value = field.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
                    field = field.dropFirst(8)
                }
                try wide(&sizes.full)
                try wide(&sizes.packed)
                try wide(&offset)
                return
            }
            rest = rest.dropFirst(length)
        }
        throw CheckpointError(path, .entry(name), ZipFault.zip64FieldShort)
    }

    /// Reads the header before the entry's bytes, and returns where they begin.
    func dataStart(in file: FilePart, before directory: Int) throws(CheckpointError) -> Int {
        func refusal(_ fault: ZipFault) -> CheckpointError { CheckpointError(file.path, .entry(name), fault) }
        guard directory >= 30, offset <= directory - 30 else { throw refusal(.beyondFile) }
        var header = ByteReader(
            try file.bytes(at: offset, count: min(30 + nameBytes.count, directory - offset)),
            path: file.path,
            base: offset
        )
        guard try header.number(4) == 0x0403_4B50 else { throw refusal(.badSignature) }
        _ = try header.number(2)
        let (flags, method) = (try header.number(2), try header.number(2))
        try Self.check(flags, refusal)
        guard method == UInt64(self.method) else { throw refusal(.methodsDisagree) }
        _ = try header.take(16)
        let (nameLength, extraLength) = (Int(try header.number(2)), Int(try header.number(2)))
        guard nameLength == nameBytes.count, header.remaining >= nameLength,
            try header.take(nameLength).elementsEqual(nameBytes)
        else { throw refusal(.namesDisagree) }
        let start = offset + 30 + nameLength + extraLength
        guard start <= directory, size <= directory - start else { throw refusal(.beyondFile) }
        return start
    }
}

/// Little-endian numbers and byte ranges, taken from the beginning of some bytes.
struct ByteReader {
    let path: String
    private var rest: ArraySlice<UInt8>
    private let base: Int

    /// Bytes that stand at `base` in their file.
    init(_ bytes: [UInt8], path: String, base: Int) {
        self.path = path
        self.base = base
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }
    var remaining: Int { rest.count }

    func refusal(_ fault: ZipFault) -> CheckpointError {
        CheckpointError(path, .byte(base + rest.startIndex), fault)
    }

    /// Takes a number of up to eight bytes.
    mutating func number(_ count: Int) throws(CheckpointError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func take(_ count: Int) throws(CheckpointError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw refusal(.endsEarly) }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
