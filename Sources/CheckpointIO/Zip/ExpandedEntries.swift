internal import TensorCore

/// The compressed entries of an archive, expanded one after the other into a file without a name.
struct ExpandedEntries {
    /// The file; nil where no entry is compressed.
    let file: InputFile?
    /// Where in it an entry lies, by its name.
    let ranges: [UTF8Name: Range<Int>]

    /// Expands all entries that are deflated.
    ///
    /// - Parameter limit: how many bytes they may have together.
    /// - Throws: `ZipFault` for data that does not become what the directory says, or that becomes too much.
    init(_ directory: ZipDirectory, of file: InputFile, limit: Int) throws(CheckpointError) {
        var ranges: [UTF8Name: Range<Int>] = [:]
        let deflated = directory.entries.filter { $0.method == 8 }
        guard !deflated.isEmpty else {
            (self.file, self.ranges) = (nil, ranges)
            return
        }
        let target = try NamelessFile(of: file)
        var size = 0
        for entry in deflated {
            func refuse(_ fault: ZipFault) -> CheckpointError { CheckpointError(file.path, .entry(entry.name), fault) }
            // All is counted before any of it is asked for.
            guard entry.fullSize <= limit - size, MemoryLimit.allows(entry.fullSize) else {
                throw refuse(.expandsBeyond(limit: limit))
            }
            let bytes = try Self.expand(entry, of: file, refuse)
            try bytes.withBytes { bytes throws(CheckpointError) in try target.write(bytes, at: size) }
            ranges[UTF8Name(entry.name)] = size..<(size + bytes.count)
            size += bytes.count
        }
        self.file = try target.file(size: size)
        self.ranges = ranges
    }

    private static func expand(
        _ entry: ZipDirectory.Entry,
        of file: InputFile,
        _ refuse: (ZipFault) -> CheckpointError
    ) throws(CheckpointError) -> [UInt8] {
        let input = try file.bytes(at: entry.range.lowerBound, count: entry.range.count)
        // Deflate makes at most 1032 bytes of one: what claims more is a lie, for which no memory is asked.
        guard entry.fullSize / 1032 <= input.count else { throw refuse(.notExpanded("is too short for its size")) }
        var mistake: Inflate.Mistake?
        let bytes = [UInt8](unsafeUninitializedCapacity: entry.fullSize) { target, count in
            do throws(Inflate.Mistake) {
                try Inflate.expand(input, into: UnsafeMutableBufferPointer(rebasing: target[0..<entry.fullSize]))
                count = entry.fullSize
            } catch {
                mistake = error
            }
        }
        switch mistake {
        case .endsEarly: throw refuse(.notExpanded("ends early"))
        case .damaged: throw refuse(.notExpanded("is damaged"))
        case .otherSize: throw refuse(.notExpanded("has another size than the directory says"))
        case nil: break
        }
        var checksum = CRC32()
        bytes.withUnsafeBytes { checksum.update($0) }
        guard checksum.value == entry.checksum else { throw refuse(.notExpanded("does not have its checksum")) }
        return bytes
    }
}
