internal import CPlatform
internal import Libc

/// A file being written at positions, from several threads if need be.
package final class OutputFile: Sendable {
    package let path: String
    private let descriptor: Int32
    private let durability: Durability

    /// Creates a file of a known size, with its room on the disk.
    ///
    /// - Parameters:
    ///   - path: where it is written.
    ///   - name: where it will be in the end, for errors.
    ///   - size: its bytes.
    ///   - durability: whether the disk is to begin on it as soon as it is written.
    /// - Throws: where it cannot be created, or the disk or a limit has no room for it.
    package init(creating path: String, for name: String, size: Int, durability: Durability = .fast)
        throws(CheckpointError)
    {
        let descriptor = open(SystemText.cString(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(name, "open", errno) }
        self.path = name
        self.descriptor = descriptor
        self.durability = durability
        try reserve(size)
    }

    /// Goes on with a file that is open already.
    init(_ descriptor: Int32, for name: String) throws(CheckpointError) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw Self.failure(name, "open", errno) }
        self.path = name
        self.descriptor = copy
        durability = .fast
    }

    deinit {
        // The disk begins while what was written is being checked, or the next file made.
        if durability == .flushed { dcae_begin_flushing(descriptor, 0, 0) }
        close(descriptor)
    }

    static func failure(_ path: String, _ call: String, _ code: Int32) -> CheckpointError {
        let fault = code == ENOENT ? FileFault.targetVanished : .system(call: call, code: code)
        return CheckpointError(path, .file, fault)
    }

    /// Gives the file its size, with its room on the disk.
    func reserve(_ size: Int) throws(CheckpointError) {
        let code = dcae_preallocate(descriptor, Int64(size))
        guard code == 0 else { throw Self.failure(path, "reserving \(size) bytes", code) }
    }

    /// Writes bytes at a position.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw Self.failure(path, "write", put < 0 ? errno : EIO) }
            done += put
        }
    }

    /// Writes an array of bytes at a position.
    package func write(_ bytes: [UInt8], at offset: Int) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { bytes throws(CheckpointError) in
            try write(UnsafeRawBufferPointer(bytes), at: offset)
        }
    }
}
