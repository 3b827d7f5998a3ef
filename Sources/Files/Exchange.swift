internal import CPlatform
internal import Libc
internal import TensorCore

/// Puts a new folder in the place of another in one step, so that at every moment one of the two is there, whole.
///
/// What else lies in the old folder is linked into the new one before. After it the old folder has the hidden name; a file
/// in the new one, the mark, says so until it is gone: a run that finds the mark goes on from there.
enum Exchange {
    static let markName = ".dcae-exchange"
    private static let version = "dcae exchange 1"
    /// Folders with more in them are no model folders, and linking it all takes long.
    private static let entryLimit = 4096

    /// Whether a folder can be exchanged without anybody missing something of it.
    ///
    /// The folder that a program is in would be another one than that of this name, folders cannot be linked, and attributes
    /// (access lists among them) would be lost.
    ///
    /// - Parameter folder: a path without links.
    static func isPossible(_ folder: String) -> Bool {
        let parent = Path.parent(of: folder)
        guard !Path.isSame(parent, folder), let identity = FileIdentity(path: folder),
            let above = FileIdentity(path: parent), above.device == identity.device,
            identity != FileIdentity(path: "."), [folder, parent].allSatisfy(isWritable),
            !hasAttributes(folder), let names = try? Folder.names(in: folder, hidden: true),
            names.count <= entryLimit, !names.contains(markName)
        else { return false }
        return names.allSatisfy { name in
            var status = stat()
            guard lstat(SystemText.cString(Path.join(folder, name)), &status) == 0 else { return false }
            return [S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT)
        }
    }

    private static func isWritable(_ folder: String) -> Bool {
        access(SystemText.cString(folder), W_OK | X_OK) == 0
    }

    private static func hasAttributes(_ folder: String) -> Bool {
        let descriptor = open(SystemText.cString(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var names = [CChar](repeating: 0, count: 4096)
        let count = dcae_list_attributes(descriptor, &names, names.count)
        // A file system without any has none to lose.
        if count < 0 { return errno != ENOTSUP && errno != ENOSYS }
        let found = names.prefix(Int(count)).split(separator: 0).map {
            SystemText.text($0.map { UInt8(bitPattern: $0) })
        }
        return found.contains { $0 != "security.selinux" }
    }

    /// Exchanges the folder of an output for its target.
    ///
    /// - Parameters:
    ///   - staging: the new folder, flushed.
    ///   - target: the folder in whose place it comes.
    ///   - names: the new files.
    ///   - outgoing: the names in the target that go.
    ///   - identity: that of the target, which is locked.
    /// - Returns: false where it cannot be done: then nothing has changed.
    static func run(
        _ staging: Staging,
        _ target: String,
        _ names: [String],
        _ outgoing: [String],
        _ identity: FileIdentity,
        _ durability: Durability
    ) throws(CheckpointError) -> Bool {
        guard let real = Path.resolved(target), isPossible(real),
            let place = FileIdentity(path: Path.parent(of: staging.path)),
            place == FileIdentity(path: Path.parent(of: real))
        else { return false }
        let gone = Set((names + outgoing).map { UTF8Name($0) })
        let kept = try Folder.names(in: real, hidden: true).filter { !gone.contains(UTF8Name($0)) }
        var isDone = false
        defer {
            if !isDone {
                for name in kept + [markName] { unlink(SystemText.cString(Path.join(staging.path, name))) }
            }
        }
        guard link(kept, from: real, to: staging.path), copyRights(of: real, to: staging.descriptor) else {
            return false
        }
        let mark = ([version, Path.name(of: staging.path), String(identity.inode)] + outgoing).joined(separator: "\0")
        let markPath = Path.join(staging.path, markName)
        try mark.withBytes { bytes throws(CheckpointError) in
            try OutputFile(creating: markPath, for: target, size: bytes.count).write(bytes, at: 0)
        }
        try durability.flush(markPath)
        try durability.flush(staging.descriptor, target)
        let code = try holdingSignals { () throws(CheckpointError) -> Int32 in
            let code = dcae_exchange(SystemText.cString(staging.path), SystemText.cString(real))
            guard code == 0 else { return code }
            isDone = true
            staging.keep()
            // The old files go only when the new ones are sure to stay.
            try durability.flush(Path.parent(of: real))
            takeAway(in: real)
            return 0
        }
        if code == ENOENT { throw CheckpointError(target, .file, FileFault.targetVanished) }
        return code == 0
    }

    private static func link(_ names: [String], from folder: String, to other: String) -> Bool {
        names.allSatisfy { name in
            linkat(
                AT_FDCWD,
                SystemText.cString(Path.join(folder, name)),
                AT_FDCWD,
                SystemText.cString(Path.join(other, name)),
                0
            ) == 0
        }
    }

    /// Gives a folder the owner and the rights of another.
    private static func copyRights(of folder: String, to descriptor: Int32) -> Bool {
        var old = stat()
        var new = stat()
        guard stat(SystemText.cString(folder), &old) == 0, fstat(descriptor, &new) == 0 else { return false }
        if old.st_uid != new.st_uid || old.st_gid != new.st_gid,
            fchown(descriptor, old.st_uid, old.st_gid) != 0
        {
            return false
        }
        return fchmod(descriptor, old.st_mode & 0o7777) == 0
    }

    /// Goes on in a folder that was exchanged by a run that has ended since.
    static func finish(in folder: String) {
        let descriptor = open(SystemText.cString(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, let real = Path.resolved(folder) else { return }
        holdingSignals { takeAway(in: real) }
    }

    /// Takes the old folder away, and then the mark. What cannot be removed stays, with the mark, for another time.
    private static func takeAway(in folder: String) {
        let markPath = SystemText.cString(Path.join(folder, markName))
        // The name of the old folder holds the number of the new one, and the mark that of the old one: a copy of
        // folders, or what somebody made up, has others.
        guard let mark = fields(of: Path.join(folder, markName)), mark.count >= 3, mark[0] == version,
            let inode = StagingName.inode(in: mark[1]), inode == FileIdentity(path: folder)?.inode
        else { return }
        let old = Path.join(Path.parent(of: folder), mark[1])
        switch Presence(ofName: old) {
        case .absent: break
        // The mark stays for a run that can see what it points to.
        case .unknown: return
        case .there(let identity):
            guard String(identity.inode) == mark[2], Folder.exists(old, followingLinks: false) else { return }
            let outgoing = Set(mark.dropFirst(3).filter(Path.isName).map { UTF8Name($0) })
            for name in (try? Folder.names(in: old, hidden: true)) ?? [] {
                if outgoing.contains(UTF8Name(name)) {
                    unlink(SystemText.cString(Path.join(old, name)))
                } else {
                    bringOver(name, from: old, to: folder)
                }
            }
            guard rmdir(SystemText.cString(old)) == 0 else { return }
        }
        unlink(markPath)
    }

    /// The parts of a small file that zero bytes separate.
    static func fields(of path: String) -> [String]? {
        guard let file = try? InputFile(lookingAt: path), let bytes = try? file.contents(limit: 1 << 24) else {
            return nil
        }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).map { SystemText.text($0) }
    }

    /// Keeps what somebody has put into the old folder, or changed in it, after it was linked.
    private static func bringOver(_ name: String, from old: String, to folder: String) {
        let (from, to) = (SystemText.cString(Path.join(old, name)), SystemText.cString(Path.join(folder, name)))
        var (mine, theirs) = (stat(), stat())
        guard lstat(from, &mine) == 0 else { return }
        if lstat(to, &theirs) != 0 {
            if errno == ENOENT { rename(from, to) }
        } else if FileIdentity(mine) != FileIdentity(theirs), isLater(mine, theirs) {
            rename(from, to)
        } else {
            unlink(from)
        }
    }

    private static func isLater(_ a: stat, _ b: stat) -> Bool {
        let (x, y) = (FileTime(a), FileTime(b))
        return (x.seconds, x.nanoseconds) > (y.seconds, y.nanoseconds)
    }
}

/// When a file was changed.
struct FileTime {
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
        #if canImport(Darwin)
            (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
        #else
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        #endif
    }
}
