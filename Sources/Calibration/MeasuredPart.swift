package import Files
package import Inference
package import StrictJSON
package import TensorCore

/// A picture that could not be measured.
package struct Unreadable: Sendable, Equatable {
    /// Its key.
    package let key: String
    /// Why, in words.
    package let reason: String

    package init(key: String, reason: String) {
        (self.key, self.reason) = (key, reason)
    }
}

/// What was measured of a part of some pictures, kept in one JSON file: a run goes on from it, and parts are put together.
package protocol MeasuredPart: Sendable, Equatable {
    /// Which part of the pictures this is.
    var shard: Shard { get }
    /// How many pictures there are in all parts.
    var pictureCount: Int { get }
    /// The keys of the pictures that were measured.
    var pictureKeys: [String] { get }
    /// Of each of these, the SHA-256 of every file that it was measured from; none where an earlier version kept none.
    var pictureFileDigests: [[String]] { get }
    /// The pictures that could not be.
    var unreadable: [Unreadable] { get set }
    /// How what is measured differs from that of another part, in words; nil where both belong together.
    func difference(from other: Self) -> String?
    /// The same as if it were all there is.
    var asWhole: Self { get }
    /// Adds what was measured of other pictures.
    mutating func add(_ other: Self)
    /// Takes out what was measured of pictures: of these at least, and of all where they cannot be told apart any more.
    mutating func forget(_ keys: Set<UTF8Name>)
    /// Brings pictures into the order of their keys, in which all that is derived from them is computed.
    mutating func sort()

    /// The command that writes such files, for messages.
    static var command: String { get }
    /// The file's content.
    var document: JSONValue { get }
    /// Reads a file that `write` wrote.
    static func read(_ path: String) throws(CheckpointError) -> Self
}

extension MeasuredPart {
    /// The pictures that were measured or found to be unreadable.
    package var doneCount: Int { pictureKeys.count + unreadable.count }

    /// The pictures of this part.
    package var shardPictureCount: Int { (pictureCount - shard.index + shard.count) / shard.count }

    /// Whether no picture of this part is left.
    package var isComplete: Bool { doneCount >= shardPictureCount }

    /// Writes the file, in place of one that is there if need be.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - force: whether one that is there is replaced.
    ///   - isOwn: whether that is the state of the same run, which may be replaced though it was read.
    ///   - durability: whether it is on the disk before it takes its name.
    package func write(
        to path: String,
        force: Bool,
        isOwn: Bool = false,
        durability: Durability = .flushed
    ) throws(CheckpointError) {
        let text = JSONWriter.pretty(document) + "\n"
        try WholeFile.write(path, text, force: force, isOwn: isOwn, durability: durability)
    }
}
