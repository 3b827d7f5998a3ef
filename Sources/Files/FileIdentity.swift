internal import Libc
internal import Synchronization

/// What names a file whatever path leads to it.
package struct FileIdentity: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64

    /// That of a file on no device of this machine.
    init(remote identity: UInt64) {
        (device, inode) = (.max, identity)
    }

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// The identity of what a path leads to, or nil where that is nothing.
    package init?(path: String) {
        var status = stat()
        guard stat(SystemText.cString(path), &status) == 0 else { return nil }
        self.init(status)
    }
}

extension FileIdentity {
    /// The identity of a name itself, where it is a link too; nil where there is none.
    init?(ofName path: String) {
        var status = stat()
        guard lstat(SystemText.cString(path), &status) == 0 else { return nil }
        self.init(status)
    }
}

/// Whether a name is taken. What cannot be looked at is neither there nor gone: nothing may be removed for it.
enum Presence {
    case there(FileIdentity)
    case absent
    case unknown(Int32)

    init(ofName path: String) {
        var status = stat()
        if lstat(SystemText.cString(path), &status) == 0 {
            self = .there(FileIdentity(status))
        } else {
            let code = errno
            self = code == ENOENT ? .absent : .unknown(code)
        }
    }
}

/// The files that this program has read, which none of its outputs may replace.
///
/// A program that runs one command has it remember them all, so that no command can forget one. A library must not: what
/// was read an hour ago may well be replaced now.
package enum ReadHistory {
    private static let files = Mutex<Set<FileIdentity>?>(nil)

    /// From now on every file that is opened is remembered.
    package static func begin() { files.withLock { if $0 == nil { $0 = [] } } }

    static func note(_ identity: FileIdentity) { files.withLock { _ = $0?.insert(identity) } }

    /// Remembers files that will be opened later, so that no output replaces them before.
    package static func announce(_ paths: some Sequence<String>) {
        guard files.withLock({ $0 != nil }) else { return }
        for path in paths { FileIdentity(path: path).map(note) }
    }

    static func contains(_ identity: FileIdentity) -> Bool { files.withLock { $0?.contains(identity) ?? false } }
}
