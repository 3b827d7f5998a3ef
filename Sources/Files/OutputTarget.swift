internal import Libc

/// What may be written where.
package enum OutputTarget {
    /// Refuses names that are none.
    package static func checkName(_ path: String) throws(CheckpointError) {
        if path.utf8.isEmpty { throw CheckpointError("''", .file, FileFault.noName) }
        if Path.isSame(path, "-") { throw CheckpointError(path, .file, FileFault.standardOutput) }
    }

    /// Refuses a file that must not be made or replaced.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - force: whether a file that is there may be replaced.
    ///   - sources: files that must not be.
    ///   - isOwn: whether it may be replaced though this program has read it.
    /// - Throws: `FileFault.isSpecial`, `.isSource`, `.isFolder`, `.exists`.
    package static func check(
        _ path: String,
        force: Bool,
        sources: [FileIdentity] = [],
        isOwn: Bool = false
    ) throws(CheckpointError) {
        func refuse(_ fault: FileFault) -> CheckpointError { CheckpointError(path, .file, fault) }
        try checkName(path)
        let cPath = SystemText.cString(path)
        var status = stat()
        var link = stat()
        guard lstat(cPath, &link) == 0 else {
            if errno == ENAMETOOLONG || errno == ELOOP { throw refuse(.system(call: "open", code: errno)) }
            // A folder is asked for, where a file is to be written.
            if path.utf8.last == UInt8(ascii: "/") { throw refuse(.isFolder) }
            return
        }
        let isLink = link.st_mode & S_IFMT == S_IFLNK
        guard stat(cPath, &status) == 0 else {
            if isLink, isOfSystem(path) { throw refuse(.isSpecial) }
            if !force { throw refuse(.exists) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw refuse(.isFolder)
        case S_IFREG: break
        default: throw refuse(.isSpecial)
        }
        if isLink, isOfSystem(path) { throw refuse(.isSpecial) }
        let identity = FileIdentity(status)
        if sources.contains(identity) || (!isOwn && ReadHistory.contains(identity)) { throw refuse(.isSource) }
        if !force { throw refuse(.exists) }
    }

    /// Whether a path is one of those by which the system leads to devices and open files, as /dev/stdout.
    private static func isOfSystem(_ path: String) -> Bool {
        guard let folder = Path.resolved(Path.parent(of: path)) else { return false }
        return ["/dev", "/proc"].contains { Path.isSame(folder, $0) || Path.suffix(of: folder, below: $0) != nil }
    }
}
