package import CheckpointIO
internal import TensorCore

extension Manifest {
    /// The most bytes that a manifest may have: more than the tensors of any checkpoint that is read would fill in earnest.
    package static let sizeLimit = 32 << 20

    /// Reads a manifest.
    ///
    /// - Throws: `FileFault` where the file cannot be read or is too large, `ManifestFault` where it is no manifest or was
    ///   edited.
    package static func read(file path: String) throws(CheckpointError) -> Manifest {
        let bytes = try InputFile(opening: path).contents(limit: sizeLimit)
        do throws(ManifestFault) {
            return try Manifest(reading: bytes)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    /// Reads the text of a manifest: exactly what `text` gives, and nothing else.
    package init(reading bytes: [UInt8]) throws(ManifestFault) {
        var lines = Lines(bytes)
        let title = lines.next()
        guard title == Self.title else {
            // The version is what follows the name of the format.
            let prefix = Self.title.dropLast()
            guard let title, title.hasPrefix(prefix) else { throw .notAManifest }
            if title == Self.title + "\r" { throw .carriageReturns }
            throw .unknownVersion(String(title.dropFirst(prefix.count)))
        }
        guard let first = lines.next(), first.hasPrefix(Self.namesField),
            let names = Names(rawValue: String(first.dropFirst(Self.namesField.count)))
        else { throw .noNames(line: lines.number) }
        guard let second = lines.next(), second.hasPrefix(Self.contentField),
            let content = SHA256Digest(hexadecimal: second.dropFirst(Self.contentField.count))
        else { throw .noContent(line: lines.number) }
        var entries: [Entry] = []
        while let line = lines.next() {
            let entry: Entry
            do throws(ManifestFault.Problem) {
                entry = try Entry(line)
            } catch {
                throw .badTensor(line: lines.number, error)
            }
            if let last = entries.last, UTF8Name(entry.name) < UTF8Name(last.name) {
                throw .notSorted(line: lines.number)
            }
            entries.append(entry)
        }
        guard lines.isComplete else { throw .noLineEnd }
        self.init(names: names, entries: entries)
        guard self.content == content else { throw .contentDiffers }
    }
}

extension ManifestFault.Problem: Error {}

extension Manifest.Entry {
    fileprivate init(_ line: String) throws(ManifestFault.Problem) {
        var rest = Substring(line)
        func field() throws(ManifestFault.Problem) -> Substring {
            let bytes = rest.utf8
            var index = bytes.startIndex
            while index < bytes.endIndex {
                let next = bytes.index(after: index)
                if bytes[index] == UInt8(ascii: " "), next < bytes.endIndex, bytes[next] == UInt8(ascii: " ") {
                    defer { rest = rest[bytes.index(after: next)...] }
                    return rest[..<index]
                }
                index = next
            }
            throw .fields
        }
        guard let digest = SHA256Digest(hexadecimal: try field()) else { throw .digest }
        let type = String(try field())
        guard let dtype = DType(rawValue: type) else { throw .dtype(type) }
        guard let shape = Shape(manifest: try field()) else { throw .shape }
        let name = String(rest)
        guard Manifest.isEscaped(name) else { throw .name }
        self.init(digest: digest, dtype: dtype, shape: shape, name: name)
    }
}

extension Manifest {
    /// Whether a text is one that `escape` gives: it is printed as it is.
    fileprivate static func isEscaped(_ name: String) -> Bool {
        UTF8Name(name.escaped(limit: .max)) == UTF8Name(name)
    }
}

extension Shape {
    /// Reads `[512,3,3,3]`, without spaces and without leading zeros.
    fileprivate init?(manifest text: Substring) {
        guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count >= 2 else { return nil }
        let inner = text.dropFirst().dropLast()
        let sizes = inner.isEmpty ? [] : inner.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let known = sizes.compactMap(\.self).filter { $0 >= 0 }
        guard known.count == sizes.count, known.map(String.init).joined(separator: ",") == inner else { return nil }
        self.init(known)
    }
}

/// The lines of a text, each of which must be UTF-8 and end.
private struct Lines {
    private let bytes: [UInt8]
    private var position = 0
    /// The number of the line that was read last, from 1.
    private(set) var number = 0
    /// Whether every line had an end.
    private(set) var isComplete = true

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func next() -> String? {
        number += 1
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n"))
        if end == nil { isComplete = false }
        let line = bytes[position..<(end ?? bytes.count)]
        position = (end ?? bytes.count) + 1
        // What is no UTF-8 becomes a character that the digest of the content does not expect.
        return String(decoding: line, as: UTF8.self)
    }
}
