internal import TensorCore

/// A model repository on the Hub, `organisation/name`, whose name is safe in a path and an address.
package struct RepositoryID: Sendable, Hashable, CustomStringConvertible {
    /// `organisation/name`.
    package let description: String

    /// Reads a name by the rules of huggingface_hub 2.4.0 (`utils/_validators.py`), with an organisation: letters, digits,
    /// `-`, `_` and `.`; not `--` nor `..`; neither part begins or ends with `-` or `.`; 96 characters at most each.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ Self.isPart(Substring($0)) }), !text.hasSuffix(".git") else {
            return nil
        }
        description = String(text)
    }

    private static func isPart(_ part: Substring) -> Bool {
        let bytes = Array(part.utf8)
        let edges = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        guard (1...96).contains(bytes.count), !edges.contains(bytes[0]), !edges.contains(bytes[bytes.count - 1]) else {
            return false
        }
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                continue
            case UInt8(ascii: "-"), UInt8(ascii: "."):
                // The cache writes a slash as `--`, so two of them would be another repository's folder.
                if bytes[index - 1] == byte { return false }
            default: return false
            }
        }
        return true
    }

    /// Its two parts.
    var parts: [String] { description.split(separator: "/").map(String.init) }

    /// Its folder in the cache.
    package var cacheFolder: String { "models--" + parts.joined(separator: "--") }

    /// The repository of a folder in the cache; nil for that of a data set, or of another program.
    package init?(cacheFolder name: String) {
        guard name.hasPrefix("models--") else { return nil }
        let rest = name.dropFirst(8)
        // `--` is in no part, so that the first is the slash.
        guard let range = Self.firstDoubleDash(in: rest) else { return nil }
        self.init(rest[..<range.lowerBound] + "/" + rest[range.upperBound...])
    }

    private static func firstDoubleDash(in text: Substring) -> Range<Substring.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if next < text.endIndex, text[index] == "-", text[next] == "-" { return index..<text.index(after: next) }
            index = next
        }
        return nil
    }
}
