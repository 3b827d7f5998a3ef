internal import CheckpointIO
internal import Files
internal import Images
package import TensorCore

/// The pictures of a measurement, each under a key that is the same on every machine.
///
/// The key of a picture in a folder is its path below the folder; of a picture in a list, the line that names it; of a
/// picture named by itself, or among several arguments, its path as given. Pictures are taken in the order of the bytes
/// of their keys, whatever order a file system lists them in.
package struct PictureSet: Sendable {
    /// A picture.
    package struct Entry: Sendable, Equatable {
        /// What it is called wherever the set lies.
        package let key: String
        /// Where it is read from.
        package let path: String
    }

    /// The pictures, in the order of their keys.
    package let entries: [Entry]
    /// How many there were before a limit was applied.
    package let foundCount: Int

    private init(_ entries: [Entry], foundCount: Int) {
        self.entries = entries
        self.foundCount = foundCount
    }

    /// A list has a path in each line; longer ones are not read.
    private static let listLimit = 1 << 28

    /// Finds pictures.
    ///
    /// - Parameters:
    ///   - paths: folders, lists (files that end in `.txt`) and pictures.
    ///   - limit: the most pictures to take, evenly spread over those found; nil for all.
    ///   - option: where the user names them, for errors.
    /// - Throws: for folders that cannot be read or hold no picture, for empty lists, and for a picture named twice.
    package init(at paths: [String], limit: Int? = nil, option: Words.Option = .images) throws {
        var found: [Entry] = []
        for path in paths {
            if Folder.exists(path) {
                found += try PictureFolder.pictures(at: [path]).map { picture in
                    let below = paths.count == 1 ? Path.suffix(of: picture, below: path) : nil
                    return Entry(key: below ?? picture, path: picture)
                }
            } else if Path.hasEnding(path, ".txt") {
                found += try Self.list(path)
            } else {
                found.append(Entry(key: path, path: path))
            }
        }
        found.sort { Path.precedes($0.key, $1.key) }
        for (a, b) in zip(found, found.dropFirst()) where Path.isSame(a.key, b.key) {
            throw CheckpointError(option, CalibrationFault.namedTwice(key: a.key))
        }
        self.init(Self.spread(found, limit), foundCount: found.count)
    }

    /// The pictures that a list names; relative paths begin at the list's folder.
    private static func list(_ path: String) throws -> [Entry] {
        let text = try InputFile(opening: path).contents(limit: listLimit)
        let folder = Path.parent(of: path)
        // By bytes: to Swift a line may end in other characters too, which file names can hold.
        let entries = text.split(separator: UInt8(ascii: "\n")).compactMap { line -> Entry? in
            let key = SystemText.text(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
            guard key.contains(where: { !$0.isWhitespace }) else { return nil }
            return Entry(key: key, path: key.utf8.first == UInt8(ascii: "/") ? key : Path.join(folder, key))
        }
        if entries.isEmpty { throw CheckpointError(path, .file, CalibrationFault.emptyList) }
        return entries
    }

    /// So many of all, evenly spread.
    package static func spread<Element>(_ all: [Element], _ limit: Int?) -> [Element] {
        guard let limit, limit < all.count else { return all }
        return (0..<limit).map { all[$0 * all.count / limit] }
    }

    /// What tells this set from others: the SHA-256 of its keys.
    package var digest: String {
        var hash = SHA256()
        for entry in entries { hash.update(entry.key + "\0") }
        return hash.finish().description
    }
}
