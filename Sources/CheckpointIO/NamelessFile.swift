internal import CPlatform
internal import Libc

/// A temporary file without a name, so that it is gone whatever happens: for what is made of another file on the way.
struct NamelessFile: ~Copyable {
    private let origin: InputFile
    private let descriptor: Int32

    /// Opens a file in TMPDIR, or in /tmp.
    ///
    /// - Parameter origin: the file that it is made of, by whose name it goes in messages.
    init(of origin: InputFile) throws(CheckpointError) {
        self.origin = origin
        var folder = getenv("TMPDIR").map { SystemText.text(cString: $0) } ?? ""
        if folder.isEmpty { folder = "/tmp" }
        descriptor = dcae_open_nameless(SystemText.cString(folder))
        guard descriptor >= 0 else {
            throw CheckpointError(origin.path, .file, ZstdFault.noTemporary(folder: folder, code: errno))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Writes bytes at an offset; what is never written is a hole of zeros.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw failure("writing the expanded data") }
            done += put
        }
    }

    /// What is there so far, as a file of so many bytes.
    func file(size: Int) throws(CheckpointError) -> InputFile {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("ftruncate") }
        guard let copy = InputFile(copy: descriptor, of: origin, size: size) else { throw failure("dup") }
        return copy
    }

    private func failure(_ call: String) -> CheckpointError {
        CheckpointError(origin.path, .file, FileFault.system(call: call, code: errno))
    }
}
