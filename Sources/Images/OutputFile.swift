internal import Libc

extension Picture {
    /// The bytes of this picture as a PNG file with 8 bits to a sample; the same picture gives the same bytes.
    ///
    /// - Throws: `ImageRefusal`, where libpng refuses, as for want of memory.
    public func png(name: String = "picture") throws(ImageRefusal) -> [UInt8] {
        try PNG.write(self, name: name)
    }

    /// Writes a PNG file with 8 bits to a sample, whole or not at all.
    ///
    /// - Parameters:
    ///   - file: the path.
    ///   - overwrite: whether a file of that name may be replaced.
    /// - Throws: `ImageRefusal` where the file exists or the operating system refuses.
    public func writePNG(to file: String, overwrite: Bool = false) throws(ImageRefusal) {
        let data = try PNG.write(self, name: file)
        try OutputFile.write(to: file, overwrite: overwrite) { descriptor in
            data.withUnsafeBytes { OutputFile.append($0, to: descriptor) }
        }
    }
}

/// Writes files that are there whole or not at all: beside the target under a name of its own, then renamed.
enum OutputFile {
    /// - Throws: `ImageRefusal` where the file exists, the body returns false or the operating system refuses.
    static func write(to path: String, overwrite: Bool, _ body: (Int32) -> Bool) throws(ImageRefusal) {
        // Asked first so that no work is done in vain; the link below asks again, and that answer counts.
        if !overwrite && access(path, F_OK) == 0 { throw ImageRefusal(path, .exists) }
        var (temporary, descriptor) = ("", Int32(-1))
        for _ in 0..<16 {
            temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 36)).part"
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 || errno != EEXIST { break }
        }
        guard descriptor >= 0 else { throw ImageRefusal(path, .unwritable(systemError())) }
        defer { unlink(temporary) }
        let isWritten = body(descriptor) && fsync(descriptor) == 0
        let failure = isWritten ? nil : systemError()
        // Some file systems tell of a full disk only now.
        let isClosed = close(descriptor) == 0
        if let failure { throw ImageRefusal(path, .unwritable(failure)) }
        guard isClosed, put(temporary, at: path, overwrite: overwrite) else {
            throw ImageRefusal(path, errno == EEXIST ? .exists : .unwritable(systemError()))
        }
    }

    private static func put(_ temporary: String, at path: String, overwrite: Bool) -> Bool {
        if overwrite { return rename(temporary, path) == 0 }
        // link refuses a name that is taken, which rename would replace; not every file system has it.
        if link(temporary, path) == 0 { return true }
        return [EPERM, ENOTSUP, ENOSYS].contains(errno) && access(path, F_OK) != 0 && rename(temporary, path) == 0
    }

    /// Writes all bytes; false, with the reason in errno, where that fails.
    static func append(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes
        while let start = rest.baseAddress, rest.count > 0 {
            // Named in full, as this enumeration has a write of its own.
            let count = Libc.write(descriptor, start, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}
