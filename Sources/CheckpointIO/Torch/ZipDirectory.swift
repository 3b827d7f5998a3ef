internal import TensorCore

/// The directory of a zip archive: what entries there are, and where their bytes lie.
///
/// torch.save writes entries uncompressed, with zip64 end records and data descriptors. Where two readers of the format
/// could see two different archives in one file, the file is refused.
package struct ZipDirectory: Sendable {
    /// A file in the archive.
    package struct Entry: Sendable {
        package let name: String
        /// Its bytes, counted from the beginning of the archive.
        package let range: Range<Int>
        package let checksum: UInt32
        let method: Int
        /// How many bytes it expands to, by what the directory says.
        let fullSize: Int
    }

    /// More than any checkpoint has.
    package static let entryLimit = ReadingBudget.directoryEntries
    package static let sizeLimit = ReadingBudget.directorySize

    /// In the order of the directory.
    package let entries: [Entry]
    private let positions: [UTF8Name: Int]

    private let path: String

    /// Whether there is an entry of a name, compared byte by byte.
    package func contains(_ name: String) -> Bool {
        positions[UTF8Name(name)] != nil
    }

    /// The entry of a name, or nil where there is none.
    ///
    /// - Throws: `ZipFault.compressed`. Entries that nobody asks for may be compressed, as the code in TorchScript archives is.
    package func entry(_ name: String) throws(CheckpointError) -> Entry? {
        guard let entry = positions[UTF8Name(name)].map({ entries[$0] }) else { return nil }
        guard entry.method == 0 else {
            throw CheckpointError(path, .entry(name), ZipFault.compressed(method: entry.method))
        }
        return entry
    }

    /// Reads and checks the directory of an archive and the header before each entry.
    ///
    /// - Parameters:
    ///   - file: the file that the archive lies in.
    ///   - part: where in it; nil for the whole file.
    package init(reading file: InputFile, _ part: Range<Int>? = nil) throws(CheckpointError) {
        let file = FilePart(file, part)
        let end = try ZipEnd(reading: file)
        guard end.entryCount <= Self.entryLimit, end.range.count <= Self.sizeLimit else {
            throw CheckpointError(
                file.path,
                .byte(end.range.lowerBound),
                ZipFault.tooManyEntries(limit: Self.entryLimit)
            )
        }
        // An entry takes at least 46 bytes of the directory.
        guard end.entryCount <= end.range.count / 46 else {
            throw CheckpointError(
                file.path,
                .byte(end.range.lowerBound),
                ZipFault.countMismatch(declared: end.entryCount, found: end.range.count / 46)
            )
        }
        let bytes = try file.bytes(at: end.range.lowerBound, count: end.range.count)
        var reader = ByteReader(bytes, path: file.path, base: end.range.lowerBound)
        var headers: [ZipHeader] = []
        headers.reserveCapacity(end.entryCount)
        while !reader.isAtEnd {
            guard headers.count < end.entryCount else {
                throw reader.refusal(.countMismatch(declared: end.entryCount, found: headers.count + 1))
            }
            headers.append(try ZipHeader(central: &reader))
        }
        guard headers.count == end.entryCount else {
            throw reader.refusal(.countMismatch(declared: end.entryCount, found: headers.count))
        }
        var entries: [Entry] = []
        var positions: [UTF8Name: Int] = [:]
        entries.reserveCapacity(headers.count)
        for header in headers {
            guard positions.updateValue(entries.count, forKey: UTF8Name(header.name)) == nil else {
                throw CheckpointError(file.path, .entry(header.name), ZipFault.nameTwice)
            }
            let start = try header.dataStart(in: file, before: end.range.lowerBound)
            entries.append(
                Entry(
                    name: header.name,
                    range: (file.start + start)..<(file.start + start + header.size),
                    checksum: header.checksum,
                    method: header.method,
                    fullSize: header.fullSize
                )
            )
        }
        try Self.checkOverlap(headers, entries, in: file)
        path = file.path
        self.entries = entries
        self.positions = positions
    }

    /// No byte belongs to two entries: eighty entries that share one record would be eighty times as large in memory.
    private static func checkOverlap(
        _ headers: [ZipHeader],
        _ entries: [Entry],
        in file: FilePart
    ) throws(CheckpointError) {
        let order = headers.indices.sorted { headers[$0].offset < headers[$1].offset }
        for (first, second) in zip(order, order.dropFirst()) {
            guard entries[first].range.upperBound <= file.start + headers[second].offset else {
                let fault = ZipFault.overlap(other: entries[first].name)
                throw CheckpointError(file.path, .entry(entries[second].name), fault)
            }
        }
    }
}

/// What the end of an archive says of its directory.
private struct ZipEnd {
    /// The bytes of the directory.
    let range: Range<Int>
    let entryCount: Int

    init(reading file: FilePart) throws(CheckpointError) {
        // The end record has 22 bytes and a comment of up to 65,535.
        let tailStart = max(0, file.size - 22 - 65_535)
        let tail = try file.bytes(at: tailStart, count: file.size - tailStart)
        guard let position = Self.find(in: tail) else {
            throw CheckpointError(file.path, .file, try Self.hasDirectory(file) ? ZipFault.noEnd : .brokenOff)
        }
        let recordStart = tailStart + position
        var reader = ByteReader(Array(tail[position...]), path: file.path, base: recordStart)
        _ = try reader.number(4)
        let (disk, directoryDisk) = (try reader.number(2), try reader.number(2))
        let (onDisk, total) = (try reader.number(2), try reader.number(2))
        let (size, offset) = (try reader.number(4), try reader.number(4))
        guard disk == directoryDisk, disk == 0 || disk == 0xFFFF, onDisk == total else {
            throw CheckpointError(file.path, .byte(recordStart), ZipFault.severalDisks)
        }
        var values = (count: total, size: size, offset: offset, end: recordStart)
        if recordStart >= 20, let wide = try Self.zip64(file, locator: recordStart - 20) {
            // Where the short record does not point to the long one, both must say the same.
            guard total == 0xFFFF || total == wide.count, size == 0xFFFF_FFFF || size == wide.size,
                offset == 0xFFFF_FFFF || offset == wide.offset
            else { throw CheckpointError(file.path, .byte(recordStart), ZipFault.endRecordsDisagree) }
            values = wide
        }
        guard let offset = Int(exactly: values.offset), let size = Int(exactly: values.size),
            let count = Int(exactly: values.count), offset <= values.end, size == values.end - offset
        else { throw CheckpointError(file.path, .byte(recordStart), ZipFault.directoryMisplaced) }
        range = offset..<values.end
        entryCount = count
    }

    /// Whether a record of a directory is in the last part of the archive: the directory is written last of all.
    private static func hasDirectory(_ file: FilePart) throws(CheckpointError) -> Bool {
        let start = max(0, file.size - (1 << 20))
        let tail = try file.bytes(at: start, count: file.size - start)
        return tail.indices.dropLast(3).contains { index in
            tail[index] == 0x50 && tail[index + 1] == 0x4B && tail[index + 2] == 1 && tail[index + 3] == 2
        }
    }

    /// The last end record whose comment ends where the file does.
    private static func find(in tail: [UInt8]) -> Int? {
        guard tail.count >= 22 else { return nil }
        for start in stride(from: tail.count - 22, through: 0, by: -1)
        where tail[start] == 0x50 && tail[start + 1] == 0x4B && tail[start + 2] == 5 && tail[start + 3] == 6 {
            if Int(tail[start + 20]) | Int(tail[start + 21]) << 8 == tail.count - 22 - start { return start }
        }
        return nil
    }

    /// The zip64 end record, where its locator stands before the end record.
    private static func zip64(
        _ file: FilePart,
        locator: Int
    ) throws(CheckpointError) -> (count: UInt64, size: UInt64, offset: UInt64, end: Int)? {
        var reader = ByteReader(try file.bytes(at: locator, count: 20), path: file.path, base: locator)
        guard try reader.number(4) == 0x0706_4B50 else { return nil }
        _ = try reader.number(4)
        // The record must end where its locator begins: 56 bytes before it.
        guard let start = Int(exactly: try reader.number(8)), locator >= 56, start == locator - 56 else {
            throw CheckpointError(file.path, .byte(locator), ZipFault.endRecordsDisagree)
        }
        var record = ByteReader(try file.bytes(at: start, count: 56), path: file.path, base: start)
        guard try record.number(4) == 0x0606_4B50, try record.number(8) == 44 else {
            throw CheckpointError(file.path, .byte(start), ZipFault.endRecordsDisagree)
        }
        _ = try record.number(4)
        guard try record.number(4) == 0, try record.number(4) == 0 else {
            throw CheckpointError(file.path, .byte(start), ZipFault.severalDisks)
        }
        let (onDisk, count) = (try record.number(8), try record.number(8))
        guard onDisk == count else { throw CheckpointError(file.path, .byte(start), ZipFault.severalDisks) }
        let (size, offset) = (try record.number(8), try record.number(8))
        return (count, size, offset, start)
    }
}

/// A file, or the part of one that an archive takes.
struct FilePart {
    private let file: InputFile
    let start: Int
    let size: Int

    init(_ file: InputFile, _ part: Range<Int>?) {
        self.file = file
        start = part?.lowerBound ?? 0
        size = part?.count ?? file.size
    }

    var path: String { file.path }

    func bytes(at offset: Int, count: Int) throws(CheckpointError) -> [UInt8] {
        try file.bytes(at: start + offset, count: count)
    }
}
