extension String {
    /// This text fit for a line on a terminal: control, format and unassigned characters as `\u{…}`, and no longer than
    /// `limit` characters, the rest of a longer text as `…`.
    ///
    /// Names in checkpoints come from strangers, and a terminal obeys what it is sent.
    public func escaped(limit: Int = 80) -> String {
        // Nearly every name: nothing in it to escape. A scalar at a time would cost a hundred times as much.
        let plain = utf8.withContiguousStorageIfAvailable { bytes in
            bytes.count <= limit && bytes.allSatisfy { (0x20...0x7E).contains($0) }
        }
        if plain == true { return self }
        var result = ""
        var count = 0
        for scalar in unicodeScalars {
            if count >= limit { return result + "…" }
            switch scalar.properties.generalCategory {
            // How Files has the bytes of names that are not UTF-8.
            case _ where (0x10_FF80...0x10_FFFF).contains(scalar.value):
                result += "\\x" + String(scalar.value & 0xFF, radix: 16)
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
            count += 1
        }
        return result
    }
}

extension String {
    /// This text where it has at most so many bytes, or its beginning and `…`.
    package func clipped(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var result = ""
        for scalar in unicodeScalars {
            guard result.utf8.count + UTF8.width(scalar) + 3 <= limit else { break }
            result.unicodeScalars.append(scalar)
        }
        return result + "…"
    }
}

/// The name among `candidates` that is nearest to `name`, where one is near enough to be worth a suggestion.
///
/// Near is an edit distance of at most a third of the name's length; ties go to the first.
public func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = letters(of: name)
    var best: (name: String, distance: Int)?
    var limit = max(2, wanted.count / 3)
    // A file may hold two hundred thousand names: what has not been found after so many comparisons is not looked for further.
    var comparisons = 20_000_000
    for candidate in candidates {
        comparisons -= 100
        let other = letters(of: candidate)
        guard abs(other.count - wanted.count) <= limit else { continue }
        comparisons -= wanted.count * other.count
        guard comparisons > 0 else { break }
        let distance = editDistance(wanted, other)
        guard distance <= limit else { continue }
        // Of those that are as near, the first.
        (best, limit) = ((candidate, distance), distance - 1)
        if limit < 0 { break }
    }
    return best?.name
}

private func letters(of name: String) -> [Unicode.Scalar] {
    var start = String.UnicodeScalarView()
    for scalar in name.unicodeScalars.prefix(200) { start.append(scalar) }
    return Array(String(start).lowercased().unicodeScalars.prefix(200))
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var current = [i + 1]
        for (j, y) in b.enumerated() {
            current.append(min(previous[j] + (x == y ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
        }
        previous = current
    }
    return previous[b.count]
}
