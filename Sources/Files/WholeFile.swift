internal import CPlatform
internal import Libc

/// One file being written, that is there whole or not at all.
///
/// Its bytes go into a hidden file beside it that then takes its name; the hidden file is removed on failure and when a
/// signal ends the program. `OutputFolder` does so with several files that belong together.
package final class WholeFile {
    private let path: String
    private let force: Bool
    private let isOwn: Bool
    private let sources: [FileIdentity]
    private let folders: OutputFolders
    private let flushesFolder: Bool
    private let staging: Staging
    private let file: OutputFile

    /// Prepares a file, with the folders that lead to it.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - force: whether a file of that name is replaced.
    ///   - sources: files that must not be written over, even by force.
    ///   - isOwn: whether it may be replaced though this program has read it, as the state of a run may.
    ///   - durability: whether it is on the disk before it takes its name.
    ///   - folders: where many files are written, what is known of their folders; it is flushed in the end.
    ///   - makesFolders: whether folders that lead to it are made.
    /// - Throws: what `OutputTarget.check` throws, or what the system says.
    package init(
        _ path: String,
        force: Bool,
        sources: [InputFile] = [],
        isOwn: Bool = false,
        durability: Durability = .flushed,
        folders: OutputFolders? = nil,
        makesFolders: Bool = true
    ) throws(CheckpointError) {
        self.path = path
        self.force = force
        self.isOwn = isOwn
        self.sources = sources.map(\.identity)
        self.folders = folders ?? OutputFolders(durability)
        flushesFolder = folders == nil
        // Asked first so that no work is done in vain; on taking the name it is asked again.
        try OutputTarget.check(path, force: force, sources: self.sources, isOwn: isOwn)
        let folder = Path.parent(of: path)
        let made = makesFolders ? try MadeFolders(leadingTo: folder) : nil
        self.folders.clear(folder)
        do throws(Staging.Failure) {
            staging = try Staging(.file, in: folder, made: made)
        } catch {
            throw OutputFile.failure(path, error.call, error.code)
        }
        file = try OutputFile(staging.descriptor, for: path)
    }

    /// Writes the whole file, and lets it take its name.
    ///
    /// - Parameter parts: its bytes, one part after the other.
    /// - Throws: `FileFault.exists` where somebody else made it meanwhile, or what the system says.
    package func write(_ parts: [UnsafeRawBufferPointer]) throws(CheckpointError) {
        try file.reserve(parts.reduce(0) { $0 + $1.count })
        var offset = 0
        for part in parts {
            try file.write(part, at: offset)
            offset += part.count
        }
        try folders.durability.flush(staging.descriptor, path)
        try OutputTarget.check(path, force: force, sources: sources, isOwn: isOwn)
        let code = holdingSignals {
            let code = renamed(staging.path, to: path, replacing: force)
            if code == 0 { staging.keep() }
            return code
        }
        switch code {
        case 0: break
        case EEXIST: throw CheckpointError(path, .file, FileFault.exists)
        default: throw OutputFile.failure(path, "renaming the finished file", code)
        }
        for folder in staging.made?.parents ?? [] { try folders.wrote(in: folder) }
        try folders.wrote(in: Path.parent(of: path))
        if flushesFolder { try folders.flush() }
    }

    /// Writes the whole file as a text, and lets it take its name.
    package func write(_ text: String) throws(CheckpointError) {
        try text.withBytes { bytes throws(CheckpointError) in try write([bytes]) }
    }

    /// Writes a text file whole.
    package static func write(
        _ path: String,
        _ text: String,
        force: Bool,
        isOwn: Bool = false,
        durability: Durability = .flushed
    ) throws(CheckpointError) {
        try WholeFile(path, force: force, isOwn: isOwn, durability: durability).write(text)
    }
}
