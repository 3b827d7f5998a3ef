package import Files

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
        try writePNG(to: file, overwrite: overwrite, durability: .flushed)
    }

    /// The same, on the disk before it takes its name or not.
    package func writePNG(to file: String, overwrite: Bool, durability: Durability) throws(ImageRefusal) {
        let data = try PNG.write(self, name: file)
        try data.withBytes { data throws(ImageRefusal) in
            try ImageOutput.write([data], to: file, overwrite: overwrite, durability: durability)
        }
    }
}

/// Writes files that are there whole or not at all, and says in the words of this module what is wrong.
enum ImageOutput {
    /// - Throws: `ImageRefusal` where the file exists or the operating system refuses.
    static func write(
        _ parts: [UnsafeRawBufferPointer],
        to path: String,
        overwrite: Bool,
        durability: Durability = .flushed
    ) throws(ImageRefusal) {
        do throws(CheckpointError) {
            try WholeFile(path, force: overwrite, durability: durability, makesFolders: false).write(parts)
        } catch {
            throw ImageRefusal(writing: path, error)
        }
    }
}
