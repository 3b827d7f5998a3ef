internal import CPlatform
internal import CheckpointIO
internal import Libc

/// The system calls of this module, in one place.
enum System {
    static var homeFolder: String? {
        guard let entry = getpwuid(getuid()) else { return nil }
        let name: UnsafeMutablePointer<CChar>? = entry.pointee.pw_dir
        guard let folder = name else { return nil }
        return SystemText.text(cString: folder)
    }

    static func failure(_ path: String, _ call: String, _ code: Int32 = errno) -> CheckpointError {
        CheckpointError(path, .file, FileFault.system(call: call, code: code))
    }

    /// What a path is: nothing, a folder, a file with a size, a link.
    enum Kind: Equatable {
        case folder, link, other
        case file(size: Int)
    }

    /// - Parameter following: whether a link is what it leads to; one that leads nowhere is then nothing.
    static func kind(_ path: String, following: Bool = true) -> Kind? {
        var status = stat()
        guard (following ? stat(SystemText.cString(path), &status) : lstat(SystemText.cString(path), &status)) == 0
        else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file(size: Int(status.st_size))
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// The size of a file, whatever links lead to it.
    static func size(_ path: String) -> Int? {
        if case .file(let size) = kind(path) { size } else { nil }
    }

    /// When a file was last changed and last read, in seconds since 1970.
    static func times(_ path: String) -> (changed: Double, read: Double)? {
        var status = stat()
        guard stat(SystemText.cString(path), &status) == 0 else { return nil }
        #if canImport(Darwin)
            let (changed, read) = (status.st_mtimespec, status.st_atimespec)
        #else
            let (changed, read) = (status.st_mtim, status.st_atim)
        #endif
        func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }
        return (seconds(changed), seconds(read))
    }

    static func createFolders(_ path: String) throws(CheckpointError) {
        if kind(path) == .folder { return }
        let parent = Path.parent(of: path)
        if parent != path, parent != "." { try createFolders(parent) }
        guard mkdir(SystemText.cString(path), 0o777) == 0 || (errno == EEXIST && kind(path) == .folder) else {
            throw failure(path, "creating the folder")
        }
    }

    /// All names in a folder, hidden ones too; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        (try? Folder.names(in: folder, hidden: true)) ?? []
    }

    static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
        Libc.open(SystemText.cString(path), flags | O_CLOEXEC, mode)
    }

    @discardableResult
    static func remove(_ path: String) -> Bool { unlink(SystemText.cString(path)) == 0 }

    @discardableResult
    static func rename(_ path: String, _ target: String) -> Bool {
        Libc.rename(SystemText.cString(path), SystemText.cString(target)) == 0
    }

    static func link(to target: String, at path: String) -> Bool {
        symlink(SystemText.cString(target), SystemText.cString(path)) == 0
    }

    /// Removes a file, a link, or a folder with all in it; links are not followed. What is not there is no error.
    static func removeTree(_ path: String) throws(CheckpointError) {
        switch kind(path, following: false) {
        case nil: return
        case .folder:
            for name in names(in: path) { try removeTree(path + "/" + name) }
            guard rmdir(SystemText.cString(path)) == 0 || errno == ENOENT else { throw failure(path, "rmdir") }
        default:
            guard remove(path) || errno == ENOENT else { throw failure(path, "unlink") }
        }
    }

    /// Writes a small file that is there whole or not at all.
    static func write(_ text: String, to path: String) throws(CheckpointError) {
        let temporary = path + "." + randomDigits() + ".tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666)
        guard descriptor >= 0 else { throw failure(path, "open") }
        let slot = dcae_register_unfinished(temporary, 0)
        defer {
            remove(temporary)
            dcae_forget_unfinished(slot)
        }
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { Self.write(descriptor, $0, at: 0) ? $0.count : -1 }
        let code = errno
        close(descriptor)
        guard count == bytes.count else { throw failure(path, "write", code) }
        guard rename(temporary, path) else { throw failure(path, "renaming the finished file") }
    }

    /// Copies a file; the copy is there whole or not at all.
    static func copy(_ source: String, to target: String) throws(CheckpointError) {
        let file = try InputFile(opening: source)
        let temporary = target + "." + randomDigits() + ".tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666)
        guard descriptor >= 0 else { throw failure(target, "open") }
        let slot = dcae_register_unfinished(temporary, 0)
        defer {
            close(descriptor)
            remove(temporary)
            dcae_forget_unfinished(slot)
        }
        var offset = 0
        while offset < file.size {
            let bytes = try file.bytes(at: offset, count: min(1 << 20, file.size - offset))
            guard bytes.withUnsafeBytes({ write(descriptor, $0, at: offset) }) else { throw failure(target, "write") }
            offset += bytes.count
        }
        guard rename(temporary, target) else { throw failure(target, "renaming the finished file") }
    }

    /// Writes all of some bytes at a position; false, with errno set, where it cannot.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { return false }
            done += put
        }
        return true
    }

    /// Fills a buffer from a position, as far as the file goes; -1, with errno set, where it cannot be read.
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            if got < 0 { return -1 }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Flushes a file or a folder to the disk.
    static func flush(_ descriptor: Int32) -> Bool {
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            // File systems without it, and folders on some.
            return errno == EINVAL || errno == ENOTSUP || errno == EROFS
        }
        return true
    }

    static func flush(folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { return }
        _ = flush(descriptor)
        close(descriptor)
    }

    /// The bytes that are free for this user where a path will be; nil where the system does not say.
    static func freeSpace(at path: String) -> Int? {
        var folder = path
        while kind(folder) == nil {
            let parent = Path.parent(of: folder)
            if parent == folder { return nil }
            folder = parent
        }
        var status = statvfs()
        guard statvfs(SystemText.cString(folder), &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? nil : Int(exactly: bytes)
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func monotonic() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func sleep(_ seconds: Double) {
        guard seconds > 0 else { return }
        usleep(UInt32(min(seconds, 4000) * 1e6))
    }

    static func randomDigits() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// What the environment says of a name.
    static func variable(_ name: String) -> String? {
        getenv(name).map { SystemText.text(cString: $0) }
    }
}
