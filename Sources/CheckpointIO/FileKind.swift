internal import TensorCore

/// What the first bytes of a file say that it is.
package enum FileKind: Sendable {
    case safetensors, json, zip, pickle, tar, zstd, numpy

    /// As many bytes as it takes to tell.
    static let prefixLength = 512

    /// Looks at the first bytes of a file.
    ///
    /// - Throws: where they are known to be something that is no checkpoint.
    package static func of(_ file: InputFile) throws(CheckpointError) -> FileKind {
        do throws(CheckpointError) {
            return try of(start: try file.bytes(at: 0, count: min(file.size, prefixLength)), path: file.path)
        } catch {
            throw UnfinishedDownload.explaining(error)
        }
    }

    static func of(start: [UInt8], path: String) throws(CheckpointError) -> FileKind {
        // A safetensors header is at most 100 MB, so bytes 4 to 7 are zero, and JSON follows. Its length may look like any
        // other format's magic number, hence first.
        let isJSONAt8 = start.count > 8 && [0x7B, 0x20, 0x09, 0x0A, 0x0D].contains(start[8])
        if isJSONAt8, start[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) || start.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
            return .zip
        }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
        if start.count >= 4, start[0] & 0xF0 == 0x50, start[1...3].elementsEqual([0x2A, 0x4D, 0x18]) { return .zstd }
        if start.count >= 2, start[0] == 0x80, start[1] <= 5 { return .pickle }
        if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) { return .tar }
        if start.isEmpty { throw CheckpointError(path, .file, FileFault.isEmpty) }
        // The first block of a tar has a name, that of a safetensors file its length.
        if start.allSatisfy({ $0 == 0 }) { throw CheckpointError(path, .file, FileFault.isZero(count: start.count)) }
        let text = start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if text.starts(with: "version https://git-lfs".utf8) {
            throw CheckpointError(path, .file, FileFault.gitLFSPointer)
        }
        if text.first == UInt8(ascii: "<") {
            throw CheckpointError(
                path,
                .file,
                ForeignFile.markup(String(decoding: text, as: UTF8.self)) ?? FileFault.isHTML
            )
        }
        if text.first == UInt8(ascii: "{"), start.count < 8 || start[4..<8].contains(where: { $0 != 0 }) {
            return .json
        }
        if start.starts(with: NumpyHeader.magic) { return .numpy }
        if start.starts(with: "# dcae manifest".utf8) {
            throw CheckpointError(path, .file, ForeignFile.product("a manifest of checksums", command: "dcae hash"))
        }
        if let fault = otherFormat(start) { throw CheckpointError(path, .file, fault) }
        if let foreign = ForeignFile.find(start: start, path: path) { throw CheckpointError(path, .file, foreign) }
        // What has no name may still be a safetensors file with a wrong length, and its reader says what is wrong.
        if isJSONAt8 || start.count <= 8 || start[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
        if start.prefix(16).allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }) {
            let text = String(decoding: start.prefix(16), as: UTF8.self).escaped()
            throw CheckpointError(path, .file, FileFault.unknownFormat(begins: "the text \"\(text)\""))
        }
        let begins = start.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        throw CheckpointError(path, .file, FileFault.unknownFormat(begins: "the bytes " + begins))
    }

    /// The names of formats that people have at hand and that are not read.
    private static func otherFormat(_ start: [UInt8]) -> FileFault? {
        let magics: [([UInt8], FileFault)] = [
            ([0x89, 0x50, 0x4E, 0x47], .picture("a PNG image")), ([0xFF, 0xD8, 0xFF], .picture("a JPEG image")),
            ([0x7F, 0x45, 0x4C, 0x46], .otherFormat("a program")), (Array("%PDF".utf8), .otherFormat("a PDF file")),
            ([0xEF, 0xBB, 0xBF], .otherFormat("a text with a byte order mark")),
            ([0xFF, 0xFE], .otherFormat("a text in UTF-16")),
            ([0x27, 0xB5, 0x2F, 0xFD], .otherFormat("a zstd file of a version before 0.8")),
        ]
        return magics.first { start.starts(with: $0.0) }?.1
    }
}
