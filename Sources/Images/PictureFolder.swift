internal import Files

/// Finds the pictures that a user means by naming files and folders.
public enum PictureFolder {
    /// More files than any run over pictures needs; a wrong folder is noticed before its pictures are read.
    static let fileLimit = 2_000_000
    private static let depthLimit = 32

    /// The files among paths, and the pictures in the folders among them and in the folders in these.
    ///
    /// In a folder every file counts whose name ends in `.png`, `.jpg`, `.jpeg`, `.jpe`, `.jfif` or `.webp`, in letters of either case,
    /// and does not begin with a point. The pictures of a folder come in the order of their paths' bytes, so that every
    /// machine has the same first hundred.
    ///
    /// - Parameter paths: files and folders.
    /// - Returns: the paths of files, in the order of `paths`.
    /// - Throws: `ImageRefusal` for a folder that cannot be read or holds no picture.
    public static func pictures(at paths: [String]) throws(ImageRefusal) -> [String] {
        var result: [String] = []
        for path in paths {
            // What is not there is refused when it is read, in the same words as every other file.
            if Folder.exists(path) {
                var found: [String] = []
                try collect(path, depth: 0, into: &found, named: path)
                if found.isEmpty { throw ImageRefusal(path, .noPictures) }
                result += found.sorted(by: Path.precedes)
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
        for name in try names(in: folder) {
            let path = Path.join(folder, name)
            // A link to a folder is not followed, as it may lead back to where we are.
            if Folder.exists(path, followingLinks: false) {
                guard depth < depthLimit else { throw ImageRefusal(root, .tooManyFiles(limit: fileLimit)) }
                try collect(path, depth: depth + 1, into: &found, named: root)
            } else if endings.contains(where: { Path.hasEnding(name, $0) }) {
                guard found.count < fileLimit else { throw ImageRefusal(root, .tooManyFiles(limit: fileLimit)) }
                found.append(path)
            }
        }
    }

    private static func names(in folder: String) throws(ImageRefusal) -> [String] {
        do throws(CheckpointError) {
            return try Folder.names(in: folder)
        } catch {
            throw ImageRefusal(reading: folder, error)
        }
    }

    package static let endings = [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"]

    /// The files in folders among paths that are left out, as their names end otherwise; the first so many of them, and how
    /// many there are.
    public static func leftOut(at paths: [String], limit: Int) -> (first: [String], count: Int) {
        var result: (first: [String], count: Int) = ([], 0)
        func look(_ folder: String, _ depth: Int) {
            for name in (try? names(in: folder)) ?? [] {
                let path = Path.join(folder, name)
                if Folder.exists(path, followingLinks: false) {
                    if depth < depthLimit { look(path, depth + 1) }
                } else if !endings.contains(where: { Path.hasEnding(name, $0) }) {
                    result.count += 1
                    if result.first.count < limit { result.first.append(path) }
                }
            }
        }
        for path in paths where Folder.exists(path) { look(path, 0) }
        return result
    }
}
