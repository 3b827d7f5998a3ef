internal import Libc

/// Finds the pictures that a user means by naming files and folders.
public enum PictureFolder {
    /// More files than any run over pictures needs; a wrong folder is noticed before its pictures are read.
    static let fileLimit = 2_000_000
    private static let depthLimit = 32

    /// The files among paths, and the pictures in the folders among them and in the folders in these.
    ///
    /// In a folder every file counts whose name ends in `.png`, `.jpg`, `.jpeg` or `.webp`, in letters of either case,
    /// and does not begin with a point. The pictures of a folder come in the order of their paths' bytes, so that every
    /// machine has the same first hundred.
    ///
    /// - Parameter paths: files and folders.
    /// - Returns: the paths of files, in the order of `paths`.
    /// - Throws: `ImageRefusal` for a folder that cannot be read or holds no picture.
    public static func pictures(at paths: [String]) throws(ImageRefusal) -> [String] {
        var result: [String] = []
        for path in paths {
            var status = stat()
            // What is not there is refused when it is read, in the same words as every other file.
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                var found: [String] = []
                try collect(path, depth: 0, into: &found, named: path)
                if found.isEmpty { throw ImageRefusal(path, .noPictures) }
                result += found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            } else {
                result.append(path)
            }
        }
        return result
    }

    private static func collect(
        _ folder: String,
        depth: Int,
        into found: inout [String],
        named root: String
    ) throws(ImageRefusal) {
        guard let stream = opendir(folder) else { throw ImageRefusal(folder, .unreadable(systemError())) }
        defer { closedir(stream) }
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            let path = prefix + name
            var status = stat()
            // A link to a folder is not followed, as it may lead back to where we are.
            guard lstat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                guard depth < depthLimit else { throw ImageRefusal(root, .tooManyFiles(limit: fileLimit)) }
                try collect(path, depth: depth + 1, into: &found, named: root)
            } else if isPicture(name) {
                guard found.count < fileLimit else { throw ImageRefusal(root, .tooManyFiles(limit: fileLimit)) }
                found.append(path)
            }
        }
    }

    private static func isPicture(_ name: String) -> Bool {
        let lower = name.lowercased()
        return [".png", ".jpg", ".jpeg", ".webp"].contains { lower.hasSuffix($0) }
    }
}
