internal import CPlatform
internal import Libc

/// A file being written at positions, from several threads if need be.
package final class OutputFile: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Creates a file of a known size, with its room on the disk.
    ///
    /// - Parameters:
    ///   - path: where it is written.
    ///   - name: where it will be in the end, for errors.
    ///   - size: its bytes.
    /// - Throws: where it cannot be created, or the disk or a limit has no room for it.
    package init(creating path: String, for name: String, size: Int) throws(CheckpointError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(name, "open", errno) }
        self.path = name
        self.descriptor = descriptor
        let code = dcae_preallocate(descriptor, Int64(size))
        guard code == 0 else { throw Self.failure(name, "reserving \(size) bytes", code) }
    }

    deinit {
        close(descriptor)
    }

    private static func failure(_ path: String, _ call: String, _ code: Int32) -> CheckpointError {
        let fault = code == ENOENT ? FileFault.targetVanished : .system(call: call, code: code)
        return CheckpointError(path, .file, fault)
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
