internal import CPlatform
internal import CheckpointIO
internal import Libc

/// The tree on the disk that huggingface_hub has too, to the letter of its version 2.4.0.
///
/// ```
/// models--org--name/blobs/<etag>                 the bytes
/// models--org--name/refs/<revision>              the commit
/// models--org--name/snapshots/<commit>/<path>    a link to ../../blobs/<etag>
/// models--org--name/.no_exist/<commit>/<path>    known not to exist
/// .locks/models--org--name/<etag>.lock
/// ```
package struct HubCache: Sendable {
    /// Its root.
    package let root: String

    package init(root: String) {
        self.root = root
    }

    /// The folder of a repository.
    package func folder(of repository: RepositoryID) -> String {
        Path.join(root, repository.cacheFolder)
    }

    /// The folder of a repository's files at a commit.
    package func snapshot(of repository: RepositoryID, _ commit: String) -> String {
        folder(of: repository) + "/snapshots/" + commit
    }

    func blobs(of repository: RepositoryID) -> String { folder(of: repository) + "/blobs" }

    func blob(_ blob: BlobID, of repository: RepositoryID) -> String { blobs(of: repository) + "/\(blob)" }

    func locks(of repository: RepositoryID) -> String { Path.join(root, ".locks/" + repository.cacheFolder) }

    /// The commit that a revision was when it was last asked about; a commit is its own.
    package func commit(of name: HubName) -> String? {
        if HubPath.isCommit(name.revision) { return name.revision }
        guard HubPath.isSafe(name.revision) else { return nil }
        let path = folder(of: name.repository) + "/refs/" + name.revision
        guard let file = try? InputFile(opening: path), let bytes = try? file.contents(limit: 1024),
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let commit = text[...].trimmed
        return HubPath.isCommit(commit) ? String(commit) : nil
    }

    /// The paths of the files that are here of a commit.
    package func files(of repository: RepositoryID, _ commit: String) -> [String] {
        Self.files(below: snapshot(of: repository, commit))
    }

    /// Whether a file is known not to be in a repository.
    func isKnownMissing(_ path: String, in repository: RepositoryID, _ commit: String) -> Bool {
        System.kind(folder(of: repository) + "/.no_exist/\(commit)/\(path)") != nil
    }

    private static let fileLimit = 100_000

    /// The files below a folder whose links lead somewhere, as paths from it.
    static func files(below folder: String) -> [String] {
        var files: [String] = []
        func walk(_ prefix: String, depth: Int) {
            for name in System.names(in: folder + "/" + prefix) where files.count < fileLimit {
                let path = prefix.isEmpty ? name : prefix + "/" + name
                switch System.kind(folder + "/" + path) {
                case .file: files.append(path)
                case .folder where depth < 16 && System.kind(folder + "/" + path, following: false) == .folder:
                    walk(path, depth: depth + 1)
                default: break
                }
            }
        }
        walk("", depth: 0)
        return files
    }

    // MARK: - Writing

    /// Notes which commit a revision is.
    func note(_ commit: String, for name: HubName) throws(CheckpointError) {
        guard !HubPath.isCommit(name.revision), self.commit(of: name) != commit else { return }
        let path = folder(of: name.repository) + "/refs/" + name.revision
        try System.createFolders(Path.parent(of: path))
        try System.write(commit, to: path)
    }

    /// Says to programs that make backups what this folder is.
    static func tag(_ folder: String) {
        let path = folder + "/CACHEDIR.TAG"
        guard System.kind(path) == nil else { return }
        // `_local_folder.py` of huggingface_hub writes the same.
        let text = """
            Signature: 8a477f597d28d172789f06886806bc55
            # This file is a cache directory tag created by huggingface_hub.
            # For information about cache directory tags, see:
            #\thttps://bford.info/cachedir/

            """
        try? System.write(text, to: path)
    }

    /// Makes a blob appear under its name in a snapshot.
    ///
    /// - Parameter isNew: whether nothing else refers to it, so that it may be moved where there are no links.
    func link(
        _ blob: BlobID,
        of repository: RepositoryID,
        at commit: String,
        _ path: String,
        usingLinks: Bool,
        isNew: Bool
    ) throws(CheckpointError) {
        let target = snapshot(of: repository, commit) + "/" + path
        let source = self.blob(blob, of: repository)
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        let relative = String(repeating: "../", count: depth + 2) + "blobs/\(blob)"
        if Path.target(ofLink: target) == relative { return }
        System.remove(target)
        if usingLinks {
            if System.link(to: relative, at: target) { return }
            if errno == EEXIST, Path.target(ofLink: target) == relative { return }
            guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { throw System.failure(target, "symlink") }
        }
        if isNew {
            guard System.rename(source, target) else { throw System.failure(target, "renaming the finished file") }
        } else {
            try System.copy(source, to: target)
        }
    }
}

extension HubClient {
    /// Brings a file into the cache: it is there already, another program is bringing it, or it is fetched.
    func bring(
        _ entry: RemoteFileEntry,
        of name: HubName,
        at commit: String,
        into cache: HubCache,
        _ reporter: HubReporter
    ) throws(CheckpointError) {
        let repository = name.repository
        let pointer = cache.snapshot(of: repository, commit) + "/" + entry.path
        if System.size(pointer) == entry.size, cache.isSound(pointer, entry.blob) { return }
        let blob = cache.blob(entry.blob, of: repository)
        let locks = cache.locks(of: repository)
        try System.createFolders(cache.blobs(of: repository))
        try System.createFolders(Path.parent(of: pointer))
        try System.createFolders(locks)
        HubCache.tag(cache.root)

        let lock = try HubLock.wait(
            for: "\(locks)/\(entry.blob).lock",
            seconds: settings.lockSeconds,
            news: { Self.newest(in: cache.blobs(of: repository), entry.blob) },
            onWaiting: { reporter.note("waiting for another program that downloads \(entry.path)") }
        )
        var isNew = false
        if System.size(blob) != entry.size || !cache.isSound(blob, entry.blob) {
            if System.kind(blob, following: false) != nil {
                reporter.note("\(entry.path): the copy in the cache is incomplete; it is fetched again")
                System.remove(blob)
            }
            // Without locks another program may be at it too: each then has a file of its own.
            let partial = blob + (lock.isHeld ? ".dcae.incomplete" : ".\(System.randomDigits()).dcae.incomplete")
            try fetch(
                entry,
                of: HubName(repository, revision: commit, path: entry.path),
                partial: partial,
                adopting: lock.isHeld ? blob + ".incomplete" : nil,
                as: blob,
                flushing: .noted,
                reporter
            )
            isNew = true
        }
        try cache.link(
            entry.blob,
            of: repository,
            at: commit,
            entry.path,
            usingLinks: settings.usesLinks,
            isNew: isNew
        )
        withExtendedLifetime(lock) {}
    }

    /// When a partial file of a blob was last written.
    private static func newest(in blobs: String, _ blob: BlobID) -> Double {
        System.names(in: blobs).filter { $0.hasPrefix(blob.description) }
            .compactMap { System.times(blobs + "/" + $0)?.changed }.max() ?? 0
    }
}
