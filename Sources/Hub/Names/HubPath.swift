/// What names from outside must be before they become paths.
package enum HubPath {
    /// Whether a path in a repository can be one on any disk, below a folder of ours: relative, without `..`, without what
    /// Windows, a shell or a terminal would take for something else.
    package static func isSafe(_ path: some StringProtocol) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.utf8.count <= 1024 && parts.allSatisfy { isSafePart(Substring($0)) }
    }

    private static func isSafePart(_ part: Substring) -> Bool {
        guard (1...255).contains(part.utf8.count), part != ".", part != ".." else { return false }
        for scalar in part.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                return false
            default: break
            }
            if "\\<>:\"|?*".unicodeScalars.contains(scalar) { return false }
        }
        // Windows cuts these off, and what is left may be another file.
        if let last = part.last, last == " " || last == "." { return false }
        let stem = part.prefix { $0 != "." }.uppercased()
        return !reserved.contains(stem)
    }

    /// The devices of Windows, which are files of every folder there.
    private static let reserved: Set<String> = Set(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
            + (1...9).flatMap { ["COM\($0)", "LPT\($0)"] }
            + ["¹", "²", "³"].flatMap { ["COM\($0)", "LPT\($0)"] }
    )

    /// Two paths that a disk without upper and lower case, or with composed letters, takes for one; nil where there are none.
    ///
    /// - Parameter paths: all names of a repository.
    package static func collision(among paths: some Sequence<String>) -> (String, String)? {
        var seen: [String: String] = [:]
        for path in paths {
            // Strings are equal where they are canonically equivalent, as names are to such disks.
            let key = path.lowercased()
            if let other = seen[key] { return (other, path) }
            seen[key] = path
        }
        return nil
    }

    /// Whether a text is a whole commit, 40 lower-case hexadecimal digits.
    package static func isCommit(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 40 && isHexadecimal(text)
    }

    static func isHexadecimal(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }
}
