/// The bytes of a pickle, read from its file only as far as its instructions reach.
///
/// A pickle in a legacy file does not say how long it is; and strings are kept as ranges of these bytes, not copied.
package struct PickleSource {
    /// More than any checkpoint's pickle has.
    package static let sizeLimit = ReadingBudget.pickleSize

    /// How much is read at first: the tar format has a small pickle for each storage and each tensor.
    private static let firstPart = 1024

    /// What has been read, from the pickle's beginning; text that stands nowhere in the file is appended at the end.
    private(set) var bytes: [UInt8]
    /// The next byte to be read.
    private(set) var position = 0
    /// The bytes of `bytes` that come from the file.
    private var loaded: Int
    private let file: InputFile?
    private let start: Int
    /// The bytes that may belong to the pickle.
    private let limit: Int

    /// The part of a file from `start` on that holds the pickle.
    package init(_ file: InputFile, at start: Int, count: Int) {
        self.file = file
        self.start = start
        self.limit = count
        bytes = []
        loaded = 0
    }

    /// Bytes in memory.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        file = nil
        start = 0
        limit = bytes.count
        loaded = bytes.count
    }

    /// The bytes that are left.
    var remaining: Int { limit - position }

    /// Whether the pickle may have more bytes than are ever read of one.
    var exceedsLimit: Bool { position >= Self.sizeLimit }

    /// Takes bytes, as their range in `bytes`; nil where so many are not left.
    mutating func take(_ count: Int) throws(CheckpointError) -> Range<Int>? {
        guard count >= 0, count <= remaining, count <= Self.sizeLimit - position else { return nil }
        if position + count > loaded { try load(position + count) }
        defer { position += count }
        return position..<(position + count)
    }

    /// Takes one byte, or nil at the end.
    mutating func takeByte() throws(CheckpointError) -> UInt8? {
        guard position < limit, position < Self.sizeLimit else { return nil }
        if position >= loaded { try load(position + 1) }
        defer { position += 1 }
        return bytes[position]
    }

    /// Takes a line without its end, or nil where none ends within `limit` bytes.
    mutating func takeLine(limit: Int) throws(CheckpointError) -> Range<Int>? {
        let begin = position
        while position - begin <= limit, let byte = try takeByte() {
            if byte == UInt8(ascii: "\n") { return begin..<(position - 1) }
        }
        return nil
    }

    /// Takes an unsigned little-endian number of up to eight bytes.
    mutating func takeNumber(_ count: Int) throws(CheckpointError) -> UInt64? {
        guard let range = try take(count) else { return nil }
        return bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func load(_ needed: Int) throws(CheckpointError) {
        guard let file else { return }
        let wanted = min(limit, Self.sizeLimit, max(needed, loaded + min(max(loaded, Self.firstPart), 4 << 20)))
        bytes += try file.bytes(at: start + loaded, count: wanted - loaded)
        loaded = wanted
    }
}
