internal import Libc

/// Paths, cut and put together by bytes: to a `Character` a slash and the accent after it would be one.
package enum Path {
    /// A name in a folder as a path.
    package static func join(_ folder: String, _ name: String) -> String {
        folder.utf8.last == slash ? folder + name : folder + "/" + name
    }

    /// The folder of a path: all before the last slash, or `.`.
    package static func parent(of path: String) -> String {
        let trimmed = trimmed(path)
        guard let last = trimmed.lastIndex(of: slash) else { return "." }
        return last == trimmed.startIndex ? "/" : String(Substring(trimmed[..<last]))
    }

    /// The last component of a path.
    package static func name(of path: String) -> String {
        let trimmed = trimmed(path)
        guard let last = trimmed.lastIndex(of: slash), trimmed.count > 1 else { return String(Substring(trimmed)) }
        return String(Substring(trimmed[trimmed.index(after: last)...]))
    }

    /// What comes after a folder in the path of a file below it, or nil where it lies elsewhere.
    package static func suffix(of path: String, below folder: String) -> String? {
        let prefix = join(folder, "")
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        return String(Substring(path.utf8.dropFirst(prefix.utf8.count)))
    }

    /// A path without what its name ends in from the last point on, unless the name begins there.
    package static func withoutExtension(_ path: String) -> String {
        let bytes = path.utf8
        let start = bytes.lastIndex(of: slash).map { bytes.index(after: $0) } ?? bytes.startIndex
        guard let dot = bytes[start...].lastIndex(of: UInt8(ascii: ".")), dot > start else { return path }
        return String(Substring(bytes[..<dot]))
    }

    /// Whether a path ends in these letters, given in lower case, in letters of either case.
    package static func hasEnding(_ path: String, _ ending: String) -> Bool {
        let last = path.utf8.suffix(ending.utf8.count)
        return last.elementsEqual(ending.utf8) { byte, wanted in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 == wanted : byte == wanted
        }
    }

    /// Whether a name is one that listings leave out.
    package static func isHidden(_ name: String) -> Bool { name.utf8.first == UInt8(ascii: ".") }

    /// Whether a text is the name of something in a folder.
    package static func isName(_ text: String) -> Bool {
        !text.utf8.isEmpty && !text.utf8.contains(slash) && !isSame(text, ".") && !isSame(text, "..")
    }

    /// Whether two paths are the same bytes. Swift's own comparison takes composed and decomposed letters for equal.
    package static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    /// Whether a path comes before another in the order of their bytes.
    package static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    /// Where a link leads, as it is written in it; nil for what is no link.
    package static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(SystemText.cString(path), &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        return SystemText.text(buffer.prefix(count).map { UInt8(bitPattern: $0) })
    }

    /// The path without links, `.` and `..`; nil where it leads to nothing.
    package static func resolved(_ path: String) -> String? {
        guard let real = realpath(SystemText.cString(path), nil) else { return nil }
        defer { free(real) }
        return SystemText.text(cString: real)
    }

    private static let slash = UInt8(ascii: "/")

    private static func trimmed(_ path: String) -> Substring.UTF8View {
        var bytes = Substring(path).utf8
        while bytes.count > 1, bytes.last == slash { bytes = bytes.dropLast() }
        return bytes
    }
}

/// Looks at folders.
package enum Folder {
    /// Whether a path leads to a folder.
    package static func exists(_ path: String, followingLinks: Bool = true) -> Bool {
        if let remote = Elsewhere.folders(for: path) { return remote.isFolder(path) }
        var status = stat()
        let cPath = SystemText.cString(path)
        return (followingLinks ? stat(cPath, &status) : lstat(cPath, &status)) == 0
            && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, in the order of their bytes.
    ///
    /// - Parameter hidden: whether those that begin with a point are among them.
    package static func names(in folder: String, hidden: Bool = false) throws(CheckpointError) -> [String] {
        if let remote = Elsewhere.folders(for: folder) { return try remote.names(in: folder) }
        guard let stream = opendir(SystemText.cString(folder)) else {
            throw CheckpointError(folder, .file, FileFault.system(call: "opendir", code: errno))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { SystemText.text($0.prefix { $0 != 0 }) }
            if hidden ? name != "." && name != ".." : !Path.isHidden(name) { names.append(name) }
        }
        if errno != 0 { throw CheckpointError(folder, .file, FileFault.system(call: "readdir", code: errno)) }
        return names.sorted(by: Path.precedes)
    }
}
