internal import Libc

/// A file opened for reading: its size and identity are those of the descriptor, not of the path.
public final class InputFile: Sendable {
    /// The path it was opened by.
    public let path: String
    /// Its size in bytes when it was opened.
    public let size: Int
    /// The device and inode, which name a file whatever path leads to it; of what was expanded, those of the compressed file.
    package let identity: FileIdentity
    package let descriptor: Int32
    /// Where its bytes come from, if not from this machine.
    private let source: (any ByteSource)?

    /// Whether it is on another machine, so that headers alone are read of it.
    package var isElsewhere: Bool { source != nil }
    /// The SHA-256 of a file elsewhere, as whoever keeps it says: 64 hexadecimal digits.
    package var listedDigest: String? { source?.digest }

    /// Opens a regular file.
    ///
    /// - Throws: `FileFault.missing`, `.isFolder`, `.notRegular` (a FIFO does not block) or `.system`.
    public init(opening path: String) throws(CheckpointError) {
        if let remote = Elsewhere.folders(for: path) {
            let source = try remote.open(path)
            self.path = path
            size = source.size
            descriptor = -1
            identity = FileIdentity(remote: source.identity)
            self.source = source
            return
        }
        (descriptor, size, identity) = try Self.open(path)
        self.path = path
        source = nil
        ReadHistory.note(identity)
    }

    /// Opens a regular file that is about to be replaced: to look at it makes no source of it.
    package init(lookingAt path: String) throws(CheckpointError) {
        (descriptor, size, identity) = try Self.open(path)
        self.path = path
        source = nil
    }

    private static func open(_ path: String) throws(CheckpointError) -> (Int32, Int, FileIdentity) {
        let descriptor = Libc.open(SystemText.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            guard code == ENOENT else { throw CheckpointError(path, .file, FileFault.system(call: "open", code: code)) }
            throw CheckpointError(
                path,
                .file,
                Path.target(ofLink: path).map { FileFault.linkToNothing($0) } ?? .missing
            )
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw CheckpointError(path, .file, FileFault.system(call: "fstat", code: code))
        }
        guard status.st_mode & S_IFMT == S_IFREG, let size = Int(exactly: status.st_size) else {
            close(descriptor)
            throw CheckpointError(path, .file, status.st_mode & S_IFMT == S_IFDIR ? FileFault.isFolder : .notRegular)
        }
        return (descriptor, size, FileIdentity(status))
    }

    /// A second hold on a file that is open already and may have no path; nil where the system gives none.
    ///
    /// - Parameter origin: the file that its bytes come from.
    package init?(copy descriptor: Int32, of origin: InputFile, size: Int) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return nil }
        self.path = origin.path
        self.size = size
        self.descriptor = copy
        self.identity = origin.identity
        source = nil
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Reads exactly as many bytes as the buffer holds.
    ///
    /// - Throws: `FileFault.shrank` where the file ends before them.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
        if let source { return try source.read(into: buffer, at: offset) }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw CheckpointError(path, .file, FileFault.system(call: "read", code: errno)) }
            guard got > 0 else { throw CheckpointError(path, .file, FileFault.shrank(expected: size)) }
            done += got
        }
    }

    /// The bytes of a range that lies within the file.
    package func bytes(at offset: Int, count: Int) throws(CheckpointError) -> [UInt8] {
        var failure: CheckpointError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(CheckpointError) {
                try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The whole file into memory, for index files and configurations.
    package func contents(limit: Int) throws(CheckpointError) -> [UInt8] {
        guard size <= limit else { throw CheckpointError(path, .file, FileFault.tooLarge(limit: limit)) }
        return try bytes(at: 0, count: size)
    }

    /// The whole file mapped into memory, read on demand and never written.
    ///
    /// - Throws: `FileFault.notHere` for a file elsewhere: reading its values piece by piece would take for ever.
    package func map() throws(CheckpointError) -> MappedFile {
        guard source == nil else { throw CheckpointError(path, .file, FileFault.notHere) }
        return try MappedFile(self)
    }
}
