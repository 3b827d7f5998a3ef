internal import CPlatform
internal import Libc

/// A hidden file or folder in which output is written before it takes its name.
///
/// While it is being written it is locked, which ends with the program however that ends: so the next run knows that
/// nobody will finish it, and removes it. It is removed too where this object goes without `keep`, and by a signal.
final class Staging {
    enum Kind {
        case file, folder
    }

    /// Why the system gives none.
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private(set) var path: String
    /// The file or folder, opened.
    let descriptor: Int32
    private let kind: Kind
    private var registration: OpaquePointer?
    private var isKept = false
    /// The folders that were made for it, which can go when it is gone.
    let made: MadeFolders?

    /// Makes a file or a folder of a new name in a folder.
    init(_ kind: Kind, in folder: String, made: MadeFolders?) throws(Failure) {
        self.kind = kind
        self.made = made
        for _ in 0..<16 {
            let path = Path.join(folder, StagingName.make())
            let cPath = SystemText.cString(path)
            // Before it is there, so that no moment is left in which a signal would forget it.
            let registration = dcae_register_unfinished(cPath, 0)
            let descriptor: Int32
            switch kind {
            case .file: descriptor = open(cPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            case .folder:
                descriptor = mkdir(cPath, 0o777) == 0 ? open(cPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1
            }
            let code = errno
            if descriptor >= 0, Self.isLocked(descriptor, path) {
                (self.path, self.descriptor, self.registration) = (path, descriptor, registration)
                guard kind == .file || markAsFolder(in: folder) else {
                    let code = errno
                    throw Failure(call: "creating the folder", code: code)
                }
                return
            }
            if descriptor >= 0 {
                // A run that clears the folder was faster than the lock.
                close(descriptor)
                if kind == .file { unlink(cPath) }
            }
            if kind == .folder, descriptor >= 0 || code != EEXIST { rmdir(cPath) }
            dcae_forget_unfinished(registration)
            guard descriptor >= 0 || code == EEXIST else {
                throw Failure(call: kind == .file ? "open" : "creating the folder", code: code)
            }
        }
        throw Failure(call: kind == .file ? "open" : "creating the folder", code: EEXIST)
    }

    deinit {
        if !isKept { remove() }
        dcae_forget_unfinished(registration)
        close(descriptor)
    }

    /// Locks what was opened, and sees that its path still leads to it. File systems without locks go without.
    private static func isLocked(_ descriptor: Int32, _ path: String) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && FileIdentity(status) == FileIdentity(path: path)
    }

    /// Takes a name that holds the folder's own number, which tells it from another that was exchanged for it.
    private func markAsFolder(in folder: String) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0
            && move(to: Path.join(folder, StagingName.make(inode: FileIdentity(status).inode)))
    }

    /// Gives it another path; whether that is done.
    func move(to target: String) -> Bool {
        let next = dcae_register_unfinished(SystemText.cString(target), 0)
        guard rename(SystemText.cString(path), SystemText.cString(target)) == 0 else {
            dcae_forget_unfinished(next)
            return false
        }
        dcae_forget_unfinished(registration)
        (path, registration) = (target, next)
        return true
    }

    /// It has taken its name, or is otherwise not to be removed any more, also not by a signal.
    func keep() {
        isKept = true
        dcae_forget_unfinished(registration)
        registration = nil
    }

    /// Removes the file, or the folder with its files.
    private func remove() {
        switch kind {
        case .file: unlink(SystemText.cString(path))
        case .folder: Leftovers.remove(path)
        }
    }
}

/// The hidden names of what is being written: short, so that they fit wherever the name of the output does.
enum StagingName {
    private static let prefix = ".dcae-"

    static func make() -> String { prefix + random() }

    static func make(inode: UInt64) -> String { prefix + String(inode, radix: 36) + "-" + random() }

    private static func random() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 36)
        return String(repeating: "0", count: 13 - digits.utf8.count) + digits
    }

    /// Whether a name is one of these.
    static func isOne(_ name: String) -> Bool {
        guard name.utf8.starts(with: prefix.utf8) else { return false }
        let parts = name.utf8.dropFirst(prefix.utf8.count).split(
            separator: UInt8(ascii: "-"),
            omittingEmptySubsequences: false
        )
        return (1...2).contains(parts.count) && parts.last?.count == 13
            && parts.allSatisfy { part in
                (1...13).contains(part.count)
                    && part.allSatisfy {
                        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    }
            }
    }

    /// The number of the folder that took a name, where the name holds one.
    static func inode(in name: String) -> UInt64? {
        let parts = name.utf8.dropFirst(prefix.utf8.count).split(separator: UInt8(ascii: "-"))
        guard isOne(name), parts.count == 2 else { return nil }
        return UInt64(Substring(parts[0]), radix: 36)
    }
}

/// Gives a hidden file its name. Returns 0 or an errno value: EEXIST where the name is taken, unless it may be replaced.
func renamed(_ hidden: String, to path: String, replacing: Bool) -> Int32 {
    let (hidden, name) = (SystemText.cString(hidden), SystemText.cString(path))
    if replacing { return rename(hidden, name) == 0 ? 0 : errno }
    let code = dcae_rename_exclusively(hidden, name)
    guard [EINVAL, ENOSYS, ENOTSUP].contains(code) else { return code }
    // link too refuses a name that is taken, which rename would replace; not every file system has it.
    if link(hidden, name) == 0 {
        unlink(hidden)
        return 0
    }
    guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { return errno }
    if access(name, F_OK) == 0 { return EEXIST }
    return rename(hidden, name) == 0 ? 0 : errno
}
