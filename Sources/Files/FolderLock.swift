internal import Libc

/// The right to change the names in a folder, which one program has at a time.
struct FolderLock: ~Copyable {
    /// The folder, opened.
    let descriptor: Int32
    let identity: FileIdentity

    /// How long a program waits for another: no longer than names take to change, and long enough for a slow disk.
    static let patience = Duration.seconds(5)

    /// Locks a folder.
    ///
    /// - Throws: `FileFault.locked` where somebody else keeps it locked, and `.targetVanished`.
    init(_ folder: String, patience: Duration = Self.patience) throws(CheckpointError) {
        let start = ContinuousClock.now
        while true {
            let descriptor = open(SystemText.cString(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else {
                let fault = errno == ENOENT ? FileFault.targetVanished : .system(call: "open", code: errno)
                throw CheckpointError(folder, .file, fault)
            }
            let isBusy = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
            var status = stat()
            // Whoever had the lock may have put another folder in its place.
            if !isBusy, fstat(descriptor, &status) == 0, FileIdentity(status) == FileIdentity(path: folder) {
                self.descriptor = descriptor
                identity = FileIdentity(status)
                return
            }
            close(descriptor)
            if ContinuousClock.now - start > patience { throw CheckpointError(folder, .file, FileFault.locked) }
            usleep(20_000)
        }
    }

    deinit {
        close(descriptor)
    }
}
