internal import CPlatform
internal import Libc

/// What runs left in a folder that were ended, by a kill or for want of power, before they could clear up.
package enum Leftovers {
    /// Completes in a folder what an ended run began to put in place, and removes what one was still writing.
    ///
    /// What a run that still goes on is writing is locked, and left alone. So is what cannot be removed.
    static func clear(_ folder: String) {
        try? complete(folder)
        for name in (try? Folder.names(in: folder, hidden: true)) ?? [] where StagingName.isOne(name) {
            removeUnlessOwned(Path.join(folder, name), name)
        }
    }

    /// Completes in a folder what an ended run began to put in place.
    ///
    /// For commands that read, too: until then the folder holds neither the old nor the new as a whole.
    ///
    /// - Throws: `FileFault.unfinished` where files were being replaced and that cannot be completed.
    package static func complete(_ folder: String) throws(CheckpointError) {
        guard Elsewhere.folders(for: folder) == nil, let names = try? Folder.names(in: folder, hidden: true) else {
            return
        }
        if names.contains(Exchange.markName) { Exchange.finish(in: folder) }
        for name in names where StagingName.inode(in: name) != nil {
            try Journal.complete(in: folder, staging: name)
        }
    }

    private static func removeUnlessOwned(_ path: String, _ name: String) {
        let descriptor = open(SystemText.cString(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
        let identity = FileIdentity(status)
        // It may have taken its name just now.
        guard identity == FileIdentity(path: path) else { return }
        if status.st_mode & S_IFMT == S_IFREG {
            unlink(SystemText.cString(path))
        } else if StagingName.inode(in: name) == identity.inode,
            access(SystemText.cString(Path.join(path, Journal.name)), F_OK) != 0
        {
            remove(path)
        } else {
            // The folder that was there before, or one whose name tells nothing: gone if nothing is in it.
            rmdir(SystemText.cString(path))
        }
    }

    /// Removes a folder and the files in it.
    static func remove(_ folder: String) {
        for name in (try? Folder.names(in: folder, hidden: true)) ?? [] {
            unlink(SystemText.cString(Path.join(folder, name)))
        }
        rmdir(SystemText.cString(folder))
    }
}
