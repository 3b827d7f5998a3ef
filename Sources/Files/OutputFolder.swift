internal import CPlatform
internal import Libc
internal import TensorCore

/// A model folder being written: all of its files appear under their names at once and whole, or none does.
///
/// Files are written into a hidden folder first, and flushed. Where the target does not exist that folder takes its name in
/// one step. Where it exists the two are exchanged in one step, after what else lies in the target was linked into the
/// new one (`Exchange`); where that cannot be done the files move one by one, by a journal that the next run completes
/// (`Journal`). Unless committed, everything is removed again, also when a signal ends the program.
package final class OutputFolder {
    private let target: String
    private let existed: Bool
    private let force: Bool
    private let sources: [FileIdentity]
    private let durability: Durability
    private let staging: Staging

    /// Prepares a folder for files of the given names.
    ///
    /// - Parameters:
    ///   - target: the folder; it and its parents are created where they are missing.
    ///   - names: what will be written.
    ///   - replaced: whether an existing name in the folder must go when the new files come, as stale shards.
    ///   - force: whether existing files may be replaced.
    ///   - sources: files that must not be written over.
    ///   - durability: whether all is on the disk before it takes its name.
    /// - Throws: `FileFault.exists`, `.isSource`, or what the system says.
    package init(
        target: String,
        names: [String],
        replaced: (String) -> Bool,
        force: Bool,
        sources: [InputFile],
        durability: Durability = .flushed
    ) throws(CheckpointError) {
        try OutputTarget.checkName(target)
        self.target = target
        self.force = force
        self.sources = sources.map(\.identity)
        self.durability = durability
        existed = Folder.exists(target)
        if existed {
            let real = Path.resolved(target) ?? target
            try Leftovers.complete(target)
            Leftovers.clear(target)
            Leftovers.clear(Path.parent(of: real))
            _ = try Self.outgoing(target, names, replaced, force: force, sources: self.sources)
            // One file is put in place by itself, and the folder stays the one it is.
            let folder = names.count > 1 && Exchange.isPossible(real) ? Path.parent(of: real) : target
            staging = try Self.stage(in: folder, made: nil, for: target)
        } else {
            // Not a folder, whatever it is; one that is not there is allowed.
            try OutputTarget.check(target + (target.utf8.last == UInt8(ascii: "/") ? "." : ""), force: false)
            let parent = Path.parent(of: target)
            let made = try MadeFolders(leadingTo: parent)
            Leftovers.clear(parent)
            staging = try Self.stage(in: parent, made: made, for: target)
        }
    }

    private static func stage(
        in folder: String,
        made: MadeFolders?,
        for target: String
    ) throws(CheckpointError) -> Staging {
        do throws(Staging.Failure) {
            return try Staging(.folder, in: folder, made: made)
        } catch {
            throw CheckpointError(target, .file, FileFault.system(call: error.call, code: error.code))
        }
    }

    /// The folder in which the files are written before they take their names.
    package var stagingPath: String { staging.path }

    /// Creates one of the files.
    package func create(_ name: String, size: Int) throws(CheckpointError) -> OutputFile {
        try OutputFile(
            creating: Path.join(staging.path, name),
            for: Path.join(target, name),
            size: size,
            durability: durability
        )
    }

    /// Writes one of the files whole.
    package func write(_ name: String, _ text: String) throws(CheckpointError) {
        try text.withBytes { bytes throws(CheckpointError) in
            try create(name, size: bytes.count).write(bytes, at: 0)
        }
    }

    /// Lets the files take their names.
    ///
    /// - Parameters:
    ///   - names: all that was written, in the order in which they are to appear: what refers to others comes last.
    ///   - replaced: as on creation; what fits and is not among `names` is deleted.
    package func commit(_ names: [String], replaced: (String) -> Bool) throws(CheckpointError) {
        for name in names {
            do throws(CheckpointError) {
                try durability.flush(Path.join(staging.path, name))
            } catch {
                throw CheckpointError(Path.join(target, name), .file, error.fault)
            }
        }
        try durability.flush(staging.descriptor, target)
        if !existed, try takeName() { return }
        try FolderLock.hold(target) { identity throws(CheckpointError) in
            let outgoing = try Self.outgoing(target, names, replaced, force: force, sources: sources)
            if names.count == 1, outgoing.allSatisfy({ Path.isSame($0, names[0]) }) { return try putAlone(names[0]) }
            if try Exchange.run(staging, target, names, outgoing, identity, durability) { return }
            try Journal.run(staging, target, names, outgoing, durability)
        }
    }

    /// Lets the only file take its name, in one step.
    private func putAlone(_ name: String) throws(CheckpointError) {
        let from = Path.join(staging.path, name)
        let code = holdingSignals { renamed(from, to: Path.join(target, name), replacing: force) }
        if code == EEXIST { throw CheckpointError(Path.join(target, name), .file, FileFault.exists) }
        if code != 0 { throw OutputFile.failure(Path.join(target, name), "renaming the finished file", code) }
        try durability.flush(target)
    }

    /// Gives the hidden folder the name of the target. Returns whether that was free.
    private func takeName() throws(CheckpointError) -> Bool {
        let hidden = SystemText.cString(staging.path)
        let name = SystemText.cString(target)
        let code = holdingSignals {
            var code = dcae_rename_exclusively(hidden, name)
            if [EINVAL, ENOSYS, ENOTSUP].contains(code) { code = rename(hidden, name) == 0 ? 0 : errno }
            if code == 0 { staging.keep() }
            return code
        }
        switch code {
        case 0:
            for folder in (staging.made?.parents ?? []) + [Path.parent(of: target)] { try durability.flush(folder) }
            return true
        // Somebody else made it meanwhile.
        case EEXIST, ENOTEMPTY, ENOTDIR:
            guard Folder.exists(target) else { throw CheckpointError(target, .file, FileFault.exists) }
            return false
        default: throw OutputFile.failure(target, "renaming the finished folder", code)
        }
    }

    /// The names in a folder that must go for new ones.
    ///
    /// - Throws: where one of them must stay.
    private static func outgoing(
        _ target: String,
        _ names: [String],
        _ replaced: (String) -> Bool,
        force: Bool,
        sources: [FileIdentity]
    ) throws(CheckpointError) -> [String] {
        let new = Set(names.map { UTF8Name($0) })
        let outgoing = try Folder.names(in: target, hidden: true).filter { new.contains(UTF8Name($0)) || replaced($0) }
        for name in outgoing {
            try OutputTarget.check(Path.join(target, name), force: force, sources: sources)
        }
        return outgoing
    }
}
