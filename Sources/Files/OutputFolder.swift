internal import CPlatform
internal import Libc

/// A model folder being written: all of its files appear under their names at once and whole, or none does.
///
/// Files are written into a hidden folder first. Where the target does not exist that folder lies beside it and takes its
/// name in one step; where it exists the files move into it one by one, weights first, under a lock. Unless committed,
/// everything is removed again, also when a signal ends the program.
package final class OutputFolder {
    private let target: String
    private let staging: String
    private let existed: Bool
    private let force: Bool
    private let createdParents: [String]
    private let slot: Int32
    private var isCommitted = false

    /// Prepares a folder for files of the given names.
    ///
    /// - Parameters:
    ///   - target: the folder; it and its parents are created where they are missing.
    ///   - names: what will be written.
    ///   - replaced: whether an existing name in the folder must go when the new files come, as stale shards.
    ///   - force: whether existing files may be replaced.
    ///   - sources: files that must not be written over.
    /// - Throws: `FileFault.exists`, `.isSource`, or what the system says.
    package init(
        target: String,
        names: [String],
        replaced: (String) -> Bool,
        force: Bool,
        sources: [InputFile]
    ) throws(CheckpointError) {
        self.target = target
        self.force = force
        existed = Folder.exists(target)
        if !existed, access(target, F_OK) == 0 { throw CheckpointError(target, .file, FileFault.exists) }
        if existed {
            for name in try Folder.names(in: target) where names.contains(name) || replaced(name) {
                let path = Path.join(target, name)
                if let identity = FileIdentity(path: path), sources.contains(where: { $0.identity == identity }) {
                    throw CheckpointError(path, .file, FileFault.isSource)
                }
                if !force { throw CheckpointError(path, .file, FileFault.exists) }
            }
            createdParents = []
            staging = Path.join(target, ".dcae-" + Self.randomSuffix())
        } else {
            let parent = Path.parent(of: target)
            createdParents = try Self.createFolders(parent)
            staging = Path.join(parent, "." + Path.name(of: target) + ".dcae-" + Self.randomSuffix())
        }
        guard mkdir(staging, 0o777) == 0 else {
            let code = errno
            for folder in createdParents.reversed() { rmdir(folder) }
            throw CheckpointError(target, .file, FileFault.system(call: "creating the folder", code: code))
        }
        slot = dcae_register_unfinished(staging)
    }

    deinit {
        dcae_forget_unfinished(slot)
        guard !isCommitted else { return }
        for name in (try? Folder.names(in: staging)) ?? [] { unlink(Path.join(staging, name)) }
        rmdir(staging)
        for folder in createdParents.reversed() { rmdir(folder) }
    }

    /// The folder in which the files are written before they take their names.
    package var stagingPath: String { staging }

    /// Creates one of the files.
    package func create(_ name: String, size: Int) throws(CheckpointError) -> OutputFile {
        try OutputFile(creating: Path.join(staging, name), for: Path.join(target, name), size: size)
    }

    /// Writes one of the files whole.
    package func write(_ name: String, _ text: String) throws(CheckpointError) {
        let bytes = Array(text.utf8)
        let file = try create(name, size: bytes.count)
        var failure: CheckpointError?
        bytes.withUnsafeBytes { buffer in
            do throws(CheckpointError) {
                try file.write(buffer, at: 0)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Lets the files take their names.
    ///
    /// - Parameters:
    ///   - names: all that was written, in the order in which they are to appear: what refers to others comes last.
    ///   - replaced: as on creation; what fits and is not among `names` is deleted.
    package func commit(_ names: [String], replaced: (String) -> Bool) throws(CheckpointError) {
        if !existed {
            guard rename(staging, target) != 0 else {
                isCommitted = true
                return
            }
            // Somebody else made the folder meanwhile.
            if errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR {
                throw CheckpointError(target, .file, fault("renaming the finished folder"))
            }
            if !force { throw CheckpointError(target, .file, FileFault.exists) }
        }
        let folder = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw CheckpointError(target, .file, fault("open")) }
        defer { close(folder) }
        flock(folder, LOCK_EX)
        for name in try Folder.names(in: target) where !names.contains(name) && replaced(name) {
            unlink(Path.join(target, name))
        }
        if !force, let taken = names.first(where: { access(Path.join(target, $0), F_OK) == 0 }) {
            throw CheckpointError(Path.join(target, taken), .file, FileFault.exists)
        }
        for name in names {
            guard rename(Path.join(staging, name), Path.join(target, name)) == 0 else {
                throw CheckpointError(Path.join(target, name), .file, fault("renaming the finished file"))
            }
        }
        rmdir(staging)
        isCommitted = true
    }

    private func fault(_ call: String) -> FileFault {
        errno == ENOENT ? .targetVanished : .system(call: call, code: errno)
    }

    static func randomSuffix() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// Creates a folder and its parents; those that were missing, outermost first.
    @discardableResult
    static func createFolders(_ path: String) throws(CheckpointError) -> [String] {
        guard access(path, F_OK) != 0 else { return [] }
        var created = try createFolders(Path.parent(of: path))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            let code = errno
            for folder in created.reversed() { rmdir(folder) }
            throw CheckpointError(path, .file, FileFault.system(call: "creating the folder", code: code))
        }
        created.append(path)
        return created
    }
}
