package import CheckpointIO
internal import Libc

extension HubCache {
    /// What is to go, decided before anything goes.
    package struct Removal: Sendable {
        /// Files, links and folders with all in them.
        package var paths: [String] = []
        /// The bytes that become free.
        package var byteCount = 0
        /// What goes, for people.
        package var descriptions: [String] = []
        fileprivate var repository: RepositoryID?
        /// Blobs shared by repositories, of which links go.
        fileprivate var shared: [String] = []

        package var isEmpty: Bool { paths.isEmpty }
    }

    /// Plans to remove a repository, or one revision of it with the files that no other has.
    ///
    /// - Returns: nil where nothing of it is here.
    package func removal(of name: HubName, wholeRepository: Bool) -> Removal? {
        guard let inventory = inventory(of: name.repository) else { return nil }
        var removal = Removal()
        removal.repository = name.repository
        if wholeRepository {
            removal.paths = [inventory.path]
            removal.byteCount = inventory.byteCount
            removal.descriptions = [name.repository.description]
            removal.shared = sharedBlobs(of: name.repository)
            return removal
        }
        guard let commit = commit(of: name),
            let snapshot = inventory.snapshots.first(where: { $0.commit == commit })
        else { return nil }
        remove([snapshot], of: inventory, &removal)
        return removal
    }

    /// Plans to remove what nothing refers to: snapshots that no branch or tag is any more, blobs of no snapshot, and
    /// downloads that did not end and that nobody goes on with.
    package func pruning(of repository: RepositoryID) -> Removal {
        var removal = Removal()
        guard let inventory = inventory(of: repository) else { return removal }
        removal.repository = repository
        let isReferred = inventory.snapshots.contains { !$0.revisions.isEmpty }
        // Where no revision is known at all, the commits were asked for by their own names.
        remove(isReferred ? inventory.snapshots.filter { $0.revisions.isEmpty } : [], of: inventory, &removal)
        for partial in inventory.partials {
            let etag = Path.name(of: partial.path).prefix { $0 != "." }
            let lock = "\(locks(of: repository))/\(etag).lock"
            guard System.kind(lock) == nil || Self.isFree(lock) else { continue }
            removal.paths.append(partial.path)
            removal.byteCount += partial.size
            removal.descriptions.append("\(repository): an unfinished download")
        }
        return removal
    }

    /// Adds snapshots, the names of their revisions, and the blobs that are then no longer referred to.
    private func remove(
        _ snapshots: [CachedRepository.Snapshot],
        of inventory: CachedRepository,
        _ removal: inout Removal
    ) {
        let gone = Set(snapshots.map(\.commit))
        let kept = Set(inventory.snapshots.filter { !gone.contains($0.commit) }.flatMap { $0.files.compactMap(\.blob) })
        for snapshot in snapshots {
            removal.paths += snapshot.revisions.map { inventory.path + "/refs/" + $0 }
            removal.paths += [
                inventory.path + "/snapshots/" + snapshot.commit, inventory.path + "/.no_exist/" + snapshot.commit,
                inventory.path + "/trees/" + snapshot.commit + ".json",
            ]
            removal.descriptions.append("\(inventory.repository) at \(snapshot.commit.prefix(8))")
        }
        var blobs = Set(inventory.orphans)
        blobs.formUnion(snapshots.flatMap { $0.files.compactMap(\.blob) }.filter { !kept.contains($0) })
        if !inventory.orphans.isEmpty {
            removal.descriptions.append("\(inventory.repository): \(inventory.orphans.count) files of no revision")
        }
        for blob in blobs.sorted(by: { $0.description < $1.description }) {
            let path = self.blob(blob, of: inventory.repository)
            guard let size = System.size(path) else { continue }
            removal.paths.append(path)
            if let target = sharedBlob(at: path) { removal.shared.append(target) } else { removal.byteCount += size }
        }
        removal.paths.removeAll { System.kind($0, following: false) == nil }
    }

    private static func isFree(_ lock: String) -> Bool {
        (try? HubLock.take(lock)).flatMap { $0 } != nil
    }

    /// Removes what was planned.
    ///
    /// - Throws: `HubFault.locked` where a download of the repository is under way, before anything is removed.
    package func carryOut(_ removal: Removal) throws(CheckpointError) {
        var held: [HubLock] = []
        if let repository = removal.repository {
            let folder = locks(of: repository)
            for name in System.names(in: folder) where name.hasSuffix(".lock") {
                guard let lock = try HubLock.take(folder + "/" + name) else {
                    throw CheckpointError(folder + "/" + name, .file, HubFault.inUse)
                }
                held.append(lock)
            }
        }
        for path in removal.paths { try System.removeTree(path) }
        for path in removal.shared { sweep(path) }
        withExtendedLifetime(held) {}
    }

    // MARK: - The store that repositories share (utils/_shared_blobs.py of huggingface_hub 2.4.0)

    private func sharedBlobs(of repository: RepositoryID) -> [String] {
        System.names(in: blobs(of: repository)).compactMap { sharedBlob(at: blobs(of: repository) + "/" + $0) }
    }

    /// The file of the shared store that a blob is a link to; nil where it is none.
    private func sharedBlob(at path: String) -> String? {
        guard let target = Path.target(ofLink: path), target.hasPrefix("../../blobs/") else { return nil }
        let parts = target.dropFirst(12).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 64, HubPath.isHexadecimal(parts[1]),
            parts[1].hasPrefix(parts[0]),
            parts[0].utf8.count == 2
        else { return nil }
        return Path.join(root, "blobs/\(parts[0])/\(parts[1])")
    }

    /// Removes a shared file that no repository has a link to any more. What its list of links does not say is left alone.
    private func sweep(_ path: String) {
        let store = Path.join(root, "blobs")
        guard System.kind(store + "/.huggingface-shared-blobs", following: false) != nil,
            let lock = (try? HubLock.take(path + ".lock")).flatMap({ $0 }),
            let file = try? InputFile(opening: path + ".refs"), let bytes = try? file.contents(limit: 16 << 20),
            let text = String(validating: bytes, as: UTF8.self)
        else { return }
        let isUsed = text.split(separator: "\n").contains { line in
            HubPath.isSafe(line) && sharedBlob(at: Path.join(root, String(line))) == path
        }
        if !isUsed {
            System.remove(path)
            System.remove(path + ".refs")
        }
        withExtendedLifetime(lock) {}
    }
}
