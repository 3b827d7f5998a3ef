internal import Libc

/// The right to change the names in a folder, which one program has at a time.
enum FolderLock {
    /// How long a program waits for another: no longer than names take to change, and long enough for a slow disk.
    static let patience = Duration.seconds(5)

    /// Does something while a folder is locked.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - body: what is done; it is told which folder that is, whatever path leads to it.
    /// - Throws: `FileFault.locked` where somebody else keeps it locked, `.targetVanished`, and what the body throws.
    static func hold<Result>(
        _ folder: String,
        _ body: (FileIdentity) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        let start = ContinuousClock.now
        while true {
            let descriptor = open(SystemText.cString(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else {
                let fault = errno == ENOENT ? FileFault.targetVanished : .system(call: "open", code: errno)
                throw CheckpointError(folder, .file, fault)
            }
            defer { close(descriptor) }
            let isBusy = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
            var status = stat()
            // Whoever had the lock may have put another folder in its place.
            if !isBusy, fstat(descriptor, &status) == 0, FileIdentity(status) == FileIdentity(path: folder) {
                return try body(FileIdentity(status))
            }
            if ContinuousClock.now - start > patience { throw CheckpointError(folder, .file, FileFault.locked) }
            usleep(20_000)
        }
    }
}
