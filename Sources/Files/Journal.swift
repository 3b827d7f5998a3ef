internal import Libc
internal import TensorCore

/// Replaces the files of a folder one by one, for folders that cannot be exchanged as a whole.
///
/// What will be done is written down before it is begun, in the hidden folder with the new files, which lies in the target
/// then. Old files first move into that folder, those that refer to others before those; so that new weights are never
/// beside an old config. If the program is killed on the way, the next run completes it; if the disk refuses, it is undone.
struct Journal {
    static let name = ".dcae-journal"
    private static let version = "dcae journal 1"

    /// A file that goes, and what tells it from one that has taken its name since.
    private struct Outgoing {
        let name: String
        let mark: String
    }

    private let folder: String
    private let target: String
    private let new: [String]
    private let old: [Outgoing]

    /// Replaces files.
    ///
    /// - Parameters:
    ///   - staging: the folder of the new files, flushed.
    ///   - target: where they go; it is locked.
    ///   - names: the new files, what refers to others last.
    ///   - outgoing: the names in the target that go.
    static func run(
        _ staging: Staging,
        _ target: String,
        _ names: [String],
        _ outgoing: [String],
        _ durability: Durability
    ) throws(CheckpointError) {
        let place = Path.join(target, Path.name(of: staging.path))
        if FileIdentity(path: Path.parent(of: staging.path)) != FileIdentity(path: target), !staging.move(to: place) {
            throw OutputFile.failure(target, "renaming the finished folder", errno)
        }
        let ending = Set(outgoing.map { UTF8Name($0) })
        let coming = Set(names.map { UTF8Name($0) })
        let ordered =
            names.reversed().filter { ending.contains(UTF8Name($0)) }
            + outgoing.filter { !coming.contains(UTF8Name($0)) }
        let journal = Journal(
            folder: staging.path,
            target: target,
            new: names,
            old: ordered.map { Outgoing(name: $0, mark: mark(of: Path.join(target, $0)) ?? "") }
        )
        let draft = Path.join(staging.path, name + ".part")
        try journal.text.withBytes { bytes throws(CheckpointError) in
            try OutputFile(creating: draft, for: target, size: bytes.count).write(bytes, at: 0)
        }
        try durability.flush(draft)
        try durability.flush(staging.descriptor, target)
        try durability.flush(target)
        try holdingSignals { () throws(CheckpointError) in
            // From here on it is to be completed.
            guard rename(SystemText.cString(draft), SystemText.cString(Path.join(staging.path, name))) == 0 else {
                throw OutputFile.failure(target, "rename", errno)
            }
            staging.keep()
            do throws(CheckpointError) {
                try durability.flush(staging.descriptor, target)
                try journal.replace(durability)
            } catch {
                try journal.undo(error)
            }
            journal.removeFolder()
        }
    }

    /// Completes what a run that has ended began to do in a folder.
    ///
    /// - Parameter staging: the name of its hidden folder.
    /// - Throws: `FileFault.unfinished` where that cannot be done.
    static func complete(in target: String, staging: String) throws(CheckpointError) {
        let folder = Path.join(target, staging)
        guard access(SystemText.cString(Path.join(folder, name)), F_OK) == 0 else { return }
        let descriptor = open(SystemText.cString(folder), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Its owner is at it; or it is a copy, whose journal is of another folder.
        var status = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
            FileIdentity(status).inode == StagingName.inode(in: staging)
        else { return }
        try FolderLock.hold(target) { _ throws(CheckpointError) in
            // Another run may have completed it in the meantime.
            guard Folder.exists(folder) else { return }
            let journal = Journal(in: folder, of: target)
            let isDone = holdingSignals {
                guard let journal, (try? journal.isAsLeft) == true, (try? journal.replace(.flushed)) != nil else {
                    return false
                }
                journal.removeFolder()
                return true
            }
            if !isDone { throw CheckpointError(target, .file, FileFault.unfinished(staging)) }
        }
    }

    private init(folder: String, target: String, new: [String], old: [Outgoing]) {
        (self.folder, self.target, self.new, self.old) = (folder, target, new, old)
    }

    // MARK: - The file

    private var text: String {
        ([Self.version, String(new.count)] + new + old.flatMap { [$0.name, $0.mark] }).joined(separator: "\0")
    }

    private init?(in folder: String, of target: String) {
        guard let fields = Exchange.fields(of: Path.join(folder, Self.name)), fields.count >= 2,
            fields[0] == Self.version, let count = Int(fields[1]), (0...(fields.count - 2)).contains(count),
            (fields.count - 2 - count) % 2 == 0
        else { return nil }
        let rest = fields[(2 + count)...]
        self.init(
            folder: folder,
            target: target,
            new: Array(fields[2..<(2 + count)]),
            old: stride(from: rest.startIndex, to: rest.endIndex, by: 2).map {
                Outgoing(name: rest[$0], mark: rest[$0 + 1])
            }
        )
        let names = new + old.map(\.name)
        guard names.allSatisfy(Path.isName) else { return nil }
    }

    /// What tells a file from another of its name; nil where there is none.
    private static func mark(of path: String) -> String? {
        var status = stat()
        guard lstat(SystemText.cString(path), &status) == 0 else { return nil }
        let time = FileTime(status)
        return "\(FileIdentity(status).inode):\(status.st_size):\(time.seconds).\(time.nanoseconds)"
    }

    // MARK: - What is done

    private func aside(_ index: Int) -> String { Path.join(folder, ".dcae-old-\(index)") }

    private func isThere(_ path: String) throws(CheckpointError) -> Bool {
        switch Presence(ofName: path) {
        case .there: return true
        case .absent: return false
        case .unknown(let code): throw OutputFile.failure(path, "looking for the file", code)
        }
    }

    private static func give(_ from: String, _ to: String) -> Int32 {
        rename(SystemText.cString(from), SystemText.cString(to)) == 0 ? 0 : errno
    }

    /// Whether an old file lies under its name still.
    private func isWaiting(_ index: Int) throws(CheckpointError) -> Bool {
        let name = old[index].name
        guard try !isThere(aside(index)), try isThere(Path.join(target, name)) else { return false }
        // Where the new one is no longer in the folder, it has taken the name.
        let isReplaced = new.contains { Path.isSame($0, name) }
        return isReplaced ? try isThere(Path.join(folder, name)) : true
    }

    /// Whether nobody has put other files in the place of those that are to go.
    private var isAsLeft: Bool {
        get throws(CheckpointError) {
            for index in old.indices where try isWaiting(index) {
                guard Self.mark(of: Path.join(target, old[index].name)) == old[index].mark else { return false }
            }
            return true
        }
    }

    /// Moves the old files away and the new ones in, as far as that is not done.
    private func replace(_ durability: Durability) throws(CheckpointError) {
        for index in old.indices where try isWaiting(index) {
            try move(Path.join(target, old[index].name), aside(index))
        }
        for name in new where try isThere(Path.join(folder, name)) {
            try move(Path.join(folder, name), Path.join(target, name))
        }
        // The old files go only when every new one has been seen in its place, and no old one in that of another.
        for name in new where try !isThere(Path.join(target, name)) {
            throw OutputFile.failure(Path.join(target, name), "looking for the finished file", ENOENT)
        }
        try durability.flush(folder)
        try durability.flush(target)
    }

    private func move(_ from: String, _ to: String) throws(CheckpointError) {
        let code = Self.give(from, to)
        if code != 0 { throw OutputFile.failure(from, "renaming the finished file", code) }
    }

    /// Puts everything back, and throws what made it necessary.
    private func undo(_ error: CheckpointError) throws(CheckpointError) -> Never {
        // Nothing is put back over what cannot be looked at: the next run finds the journal.
        func isKnown(_ path: String) throws(CheckpointError) -> Bool {
            switch Presence(ofName: path) {
            case .there: return true
            case .absent: return false
            case .unknown: throw unfinished
            }
        }
        for name in new.reversed() {
            guard try !isKnown(Path.join(folder, name)), try isKnown(Path.join(target, name)) else { continue }
            guard Self.give(Path.join(target, name), Path.join(folder, name)) == 0 else { throw unfinished }
        }
        for index in old.indices.reversed() where try isKnown(aside(index)) {
            guard Self.give(aside(index), Path.join(target, old[index].name)) == 0 else { throw unfinished }
        }
        try Durability.flushed.flush(target)
        removeFolder()
        throw error
    }

    private var unfinished: CheckpointError {
        CheckpointError(target, .file, FileFault.unfinished(Path.name(of: folder)))
    }

    /// Removes the folder; what the journal needs to be completed goes after the journal.
    private func removeFolder() {
        unlink(SystemText.cString(Path.join(folder, Self.name)))
        Leftovers.remove(folder)
    }
}
