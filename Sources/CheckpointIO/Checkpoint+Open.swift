internal import StrictJSON
internal import TensorCore

extension Checkpoint {
    /// Opens a checkpoint: a file of any format that is read, a shard index, or a model folder.
    ///
    /// The format is found from the bytes, never from the extension. Headers alone are read.
    ///
    /// - Throws: the first fault, with file, place and remedy.
    public static func open(_ path: String, options: OpenOptions = OpenOptions()) throws(CheckpointError) -> Checkpoint {
        let weights = try ModelFolder.weights(at: path)
        let file = try InputFile(opening: weights)
        switch try FileKind.of(file) {
        case .safetensors:
            return try openSafetensors(file, path: path)
        case .json:
            return try openSharded(file, path: path, options: options)
        case .zip, .pickle, .tar, .zstd:
            throw CheckpointError(path, .file, FileFault.unknownFormat(begins: "a format that is not read yet"))
        }
    }

    /// Opens one safetensors file.
    static func openSafetensors(_ file: InputFile, path: String) throws(CheckpointError) -> Checkpoint {
        let header = try SafetensorsHeader(reading: file)
        return Checkpoint(
            path: path,
            format: .safetensors,
            files: [file],
            tensors: header.entries.map { entry in
                StoredTensor(
                    descriptor: entry.descriptor,
                    location: TensorLocation(file: 0, offset: entry.range.lowerBound, byteCount: entry.range.count)
                )
            },
            metadata: header.metadata
        )
    }
}

/// What the first bytes of a file say that it is.
package enum FileKind: Sendable {
    case safetensors, json, zip, pickle, tar, zstd

    /// Looks at the first bytes of a file.
    ///
    /// - Throws: where they are known to be something that is no checkpoint.
    package static func of(_ file: InputFile) throws(CheckpointError) -> FileKind {
        let start = try file.bytes(at: 0, count: min(file.size, 512))
        // A safetensors header is at most 100 MB, so bytes 4 to 7 are zero, and JSON follows. Its length may look like any
        // other format's magic number, hence first.
        if start.count > 8, start[4..<8].allSatisfy({ $0 == 0 }), [0x7B, 0x20, 0x09, 0x0A, 0x0D].contains(start[8]) {
            return .safetensors
        }
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) || start.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return .zip }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
        if start.count >= 4, start[0] & 0xF0 == 0x50, start[1...3].elementsEqual([0x2A, 0x4D, 0x18]) { return .zstd }
        if start.count >= 2, start[0] == 0x80, start[1] <= 5 { return .pickle }
        if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) { return .tar }
        if start.isEmpty { throw CheckpointError(file.path, .file, FileFault.isEmpty) }
        let text = start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if text.starts(with: "version https://git-lfs".utf8) {
            throw CheckpointError(file.path, .file, FileFault.gitLFSPointer)
        }
        if text.first == UInt8(ascii: "<") { throw CheckpointError(file.path, .file, FileFault.isHTML) }
        if text.first == UInt8(ascii: "{"), start.count < 8 || start[4..<8].contains(where: { $0 != 0 }) { return .json }
        return .safetensors
    }
}
