internal import CheckpointIO
internal import StrictJSON

/// A file of a repository, as the Hub lists it.
package struct RemoteFileEntry: Sendable, Hashable {
    /// Its path in the repository.
    package let path: String
    package let size: Int
    /// What its bytes hash to.
    package let blob: BlobID
}

/// The files of a repository at one commit.
package struct RepositoryListing: Sendable {
    /// The commit, 40 hexadecimal digits.
    package let commit: String
    /// The files, by path. Files whose names no path is made from are not among them.
    package let files: [RemoteFileEntry]
    /// Names that were left out.
    package let unsafeNames: [String]

    /// The file at a path.
    package func file(_ path: String) -> RemoteFileEntry? {
        files.first { $0.path == path }
    }

    /// The most that one page of a listing may have, in bytes and in values.
    static let pageLimit = 16 << 20
    static let valueLimit = 400_000

    /// Reads a page of `/api/models/{repo}/tree/{revision}?recursive=true`.
    static func readPage(_ text: [UInt8]) throws(HubFault) -> (files: [RemoteFileEntry], unsafe: [String]) {
        guard let rows = try? JSONReader.read(text, valueLimit: valueLimit).array else {
            throw .notAHub("its list of files cannot be read")
        }
        var files: [RemoteFileEntry] = []
        var unsafe: [String] = []
        for row in rows {
            guard let type = row["type"]?.string, let path = row["path"]?.string else {
                throw .notAHub("a file without a name is in its list")
            }
            guard type == "file" else { continue }
            guard HubPath.isSafe(path) else {
                unsafe.append(path)
                continue
            }
            let lfs = row["lfs"].flatMap { $0.members == nil ? nil : $0 }
            let digest = lfs?["oid"]?.string ?? row["oid"]?.string ?? ""
            guard let blob = BlobID(etag: digest), lfs == nil || blob.kind == .sha256 else {
                throw .notAHub("a file without a digest is in its list")
            }
            guard case .integer(let size)? = lfs?["size"] ?? row["size"], size >= 0 else {
                throw .notAHub("a file without a size is in its list")
            }
            files.append(RemoteFileEntry(path: path, size: size, blob: blob))
        }
        return (files, unsafe)
    }

    /// The commit that `/api/models/{repo}/revision/{revision}` names.
    static func readCommit(_ text: [UInt8]) throws(HubFault) -> String {
        guard let value = try? JSONReader.read(text, valueLimit: valueLimit), let commit = value["sha"]?.string,
            HubPath.isCommit(commit)
        else { throw .notAHub("it names no commit") }
        return commit
    }
}
