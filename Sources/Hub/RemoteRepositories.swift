package import CheckpointIO
internal import Synchronization

/// Repositories on the Hub as folders: what is read of them is asked for by ranges, and leaves nothing on the disk.
package final class RemoteRepositories: RemoteFolders {
    private struct State {
        var listings: [HubName: RepositoryListing] = [:]
        var files: [HubName: RemoteFile] = [:]
    }

    private let connection: HubConnection
    private let state = Mutex(State())
    /// Small files by what the Hub calls their bytes.
    private let contents: [BlobID: [UInt8]]

    /// - Parameter known: the bytes of small files that need not be asked for where they are in a repository, as published
    ///   configurations: the list of its files says whether they are.
    package init(_ settings: HubSettings, known: [[UInt8]] = []) {
        connection = HubConnection(settings)
        contents = Dictionary(
            known.compactMap { bytes in BlobHasher.gitBlob(bytes).map { ($0, bytes) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The path of a name, with the commit that its revision is now: nothing read below it belongs to another one.
    package func path(of name: HubName) throws(CheckpointError) -> String {
        let listing = try listing(name)
        if let path = name.path, listing.file(path) == nil,
            !listing.files.contains(where: { $0.path.hasPrefix(path + "/") })
        {
            throw CheckpointError(name.description, .file, HubFault.entryNotFound)
        }
        return HubName(name.repository, revision: listing.commit, path: name.path).description
    }

    /// What is known of a file that was named: the repository, the commit, the etag.
    package func entry(at path: String) throws(CheckpointError) -> RemoteFileEntry? {
        let name = try parse(path)
        return try name.path.flatMap { path throws(CheckpointError) in try listing(name).file(path) }
    }

    private func listing(_ name: HubName) throws(CheckpointError) -> RepositoryListing {
        let root = HubName(name.repository, revision: name.revision)
        if let known = state.withLock({ $0.listings[root] }) { return known }
        let listing = try connection.use(name) { client throws(HubFault) in try client.listing(root) }
        state.withLock { state in
            state.listings[root] = listing
            state.listings[HubName(name.repository, revision: listing.commit)] = listing
        }
        return listing
    }

    private func parse(_ path: String) throws(CheckpointError) -> HubName {
        guard let name = try HubName.parse(path) else {
            throw CheckpointError(path, .file, HubFault.badRepository(path))
        }
        return name
    }

    package func isFolder(_ path: String) -> Bool {
        guard let name = try? parse(path), let listing = try? listing(name) else { return false }
        guard let path = name.path else { return true }
        return listing.files.contains { $0.path.hasPrefix(path + "/") }
    }

    package func names(in folder: String) throws(CheckpointError) -> [String] {
        let name = try parse(folder)
        let prefix = name.path.map { $0 + "/" } ?? ""
        let below = try listing(name).files.filter { $0.path.hasPrefix(prefix) }
        let names = Set(below.map { file in String(file.path.dropFirst(prefix.count).prefix { $0 != "/" }) })
        return names.sorted(by: Path.precedes)
    }

    package func open(_ path: String) throws(CheckpointError) -> any ByteSource {
        let name = try parse(path)
        let listing = try listing(name)
        guard let entry = name.path.flatMap(listing.file) else {
            throw CheckpointError(path, .file, isFolder(path) ? FileFault.isFolder : .missing)
        }
        let pinned = HubName(name.repository, revision: listing.commit, path: entry.path)
        return state.withLock { state in
            if let file = state.files[pinned] { return file }
            let file = RemoteFile(pinned, entry, connection, content: contents[entry.blob])
            state.files[pinned] = file
            return file
        }
    }
}
