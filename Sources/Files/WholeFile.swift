internal import CPlatform
internal import Libc

/// One file that is there whole or not at all, for runs that write many into one folder.
///
/// Its bytes go into a hidden file beside it that then takes its name; the hidden file is removed on failure and when a
/// signal ends the program. `OutputFolder` looks at all names of a folder first, which a run over a hundred thousand
/// files cannot do for each of them.
package enum WholeFile {
    /// Writes a file, with the folders that lead to it.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - parts: its bytes, one part after the other.
    ///   - force: whether a file of that name is replaced.
    /// - Throws: `FileFault.exists`, or what the system says.
    package static func write(
        _ path: String,
        _ parts: [UnsafeRawBufferPointer],
        force: Bool
    ) throws(CheckpointError) {
        // Asked first so that no work is done in vain; the link below asks again, and that answer counts.
        if !force, access(path, F_OK) == 0 { throw CheckpointError(path, .file, FileFault.exists) }
        let folder = Path.parent(of: path)
        try OutputFolder.createFolders(folder)
        let hidden = Path.join(folder, ".dcae-" + OutputFolder.randomSuffix())
        // Before the file is there, so that no moment is left in which a signal would forget it.
        let slot = dcae_register_unfinished(hidden)
        defer {
            unlink(hidden)
            dcae_forget_unfinished(slot)
        }
        let file = try OutputFile(creating: hidden, for: path, size: parts.reduce(0) { $0 + $1.count })
        var offset = 0
        for part in parts {
            try file.write(part, at: offset)
            offset += part.count
        }
        guard put(hidden, at: path, force: force) else {
            let code = errno
            let fault: FileFault =
                switch code {
                case EEXIST: .exists
                case ENOENT: .targetVanished
                default: .system(call: "renaming the finished file", code: code)
                }
            throw CheckpointError(path, .file, fault)
        }
    }

    /// Writes a text file.
    package static func write(_ path: String, _ text: String, force: Bool) throws(CheckpointError) {
        let bytes = Array(text.utf8)
        var failure: CheckpointError?
        bytes.withUnsafeBytes { buffer in
            do throws(CheckpointError) {
                try write(path, [buffer], force: force)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private static func put(_ hidden: String, at path: String, force: Bool) -> Bool {
        if force { return rename(hidden, path) == 0 }
        // link refuses a name that is taken, which rename would replace; not every file system has it.
        if link(hidden, path) == 0 { return true }
        guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { return false }
        if access(path, F_OK) == 0 {
            errno = EEXIST
            return false
        }
        return rename(hidden, path) == 0
    }
}
