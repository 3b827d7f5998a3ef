internal import Synchronization

/// The bytes of a file that is not on this machine.
package protocol ByteSource: Sendable {
    /// How many there are.
    var size: Int { get }
    /// What names the file whatever path leads to it.
    var identity: UInt64 { get }
    /// The SHA-256 of the whole, where whoever keeps it says so: 64 hexadecimal digits.
    var digest: String? { get }
    /// Fills a buffer with the bytes from an offset on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError)
}

/// Folders and files that are not on this machine: who knows what lies there and can read it.
package protocol RemoteFolders: Sendable {
    /// Whether a path leads to a folder.
    func isFolder(_ path: String) -> Bool
    /// The names in a folder.
    func names(in folder: String) throws(CheckpointError) -> [String]
    /// Opens a file for reading.
    func open(_ path: String) throws(CheckpointError) -> any ByteSource
}

/// Paths that begin with a scheme instead of a folder, as `hf://`: files are read there through the same calls as files here.
///
/// The one who answers for a scheme is set once, before such paths are used: so a checkpoint, its shards and the config
/// beside it are found from afar by the rules that hold for folders.
package enum Elsewhere {
    private static let folders = Mutex<(any RemoteFolders)?>(nil)

    /// What paths elsewhere begin with.
    package static let scheme = "hf://"

    /// Says who answers for paths elsewhere.
    package static func set(_ remote: any RemoteFolders) {
        folders.withLock { $0 = remote }
    }

    /// Who answers for a path; nil for a path on this machine, or where nobody does.
    static func folders(for path: String) -> (any RemoteFolders)? {
        path.hasPrefix(scheme) ? folders.withLock { $0 } : nil
    }
}
