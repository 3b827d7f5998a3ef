package import CheckpointIO

/// What the cache holds of a repository.
package struct CachedRepository: Sendable {
    /// A commit of which files are here.
    package struct Snapshot: Sendable {
        package let commit: String
        /// The branches and tags that were this commit when they were last asked about.
        package let revisions: [String]
        package let files: [CachedFile]
    }

    /// A file of a snapshot.
    package struct CachedFile: Sendable {
        /// Its path in the repository.
        package let path: String
        /// Its bytes, or nil where its link leads nowhere.
        package let size: Int?
        /// What it should hash to; nil where the cache has no links, and so does not say.
        package let blob: BlobID?
    }

    /// A download that did not end.
    package struct Partial: Sendable {
        package let path: String
        package let size: Int
    }

    package let repository: RepositoryID
    /// Its folder.
    package let path: String
    package let snapshots: [Snapshot]
    package let partials: [Partial]
    /// Blobs that no snapshot refers to.
    package let orphans: [BlobID]
    /// The bytes on the disk, each blob once.
    package let byteCount: Int
    /// When one of its files was last read or written, in seconds since 1970.
    package let lastUsed: Double
}

extension HubCache {
    /// All repositories of models that are here, by name.
    package func repositories() -> [CachedRepository] {
        System.names(in: root).compactMap { RepositoryID(cacheFolder: $0) }.compactMap(inventory)
    }

    /// What is here of a repository; nil where nothing is.
    package func inventory(of repository: RepositoryID) -> CachedRepository? {
        let folder = folder(of: repository)
        guard System.kind(folder, following: false) == .folder else { return nil }
        var revisions: [String: [String]] = [:]
        for revision in Self.files(below: folder + "/refs") {
            guard let commit = commit(of: HubName(repository, revision: revision)) else { continue }
            revisions[commit, default: []].append(revision)
        }
        var seen: [String: Int] = [:]
        var lastUsed = 0.0
        var referred: Set<BlobID> = []
        func note(_ path: String, _ size: Int, as key: String) {
            seen[key] = size
            guard let times = System.times(path) else { return }
            lastUsed = max(lastUsed, times.changed, times.read)
        }
        let snapshots = System.names(in: folder + "/snapshots").filter { HubPath.isCommit($0) }.map { commit in
            let place = folder + "/snapshots/" + commit
            let files = Self.entries(below: place).map { path in
                let target = Path.target(ofLink: place + "/" + path)
                let blob = target.flatMap { BlobID(etag: Path.name(of: $0)) }
                let size = System.size(place + "/" + path)
                if let blob { referred.insert(blob) }
                if let size { note(place + "/" + path, size, as: blob?.description ?? commit + "/" + path) }
                return CachedRepository.CachedFile(path: path, size: size, blob: blob)
            }
            return CachedRepository.Snapshot(commit: commit, revisions: revisions[commit] ?? [], files: files)
        }
        var partials: [CachedRepository.Partial] = []
        var orphans: [BlobID] = []
        for name in System.names(in: folder + "/blobs") {
            let path = folder + "/blobs/" + name
            guard let size = System.size(path) else { continue }
            if name.hasSuffix(".incomplete") {
                partials.append(CachedRepository.Partial(path: path, size: size))
                seen[name] = size
            } else if let blob = BlobID(etag: name), !referred.contains(blob) {
                orphans.append(blob)
                note(path, size, as: name)
            }
        }
        return CachedRepository(
            repository: repository,
            path: folder,
            snapshots: snapshots,
            partials: partials,
            orphans: orphans,
            byteCount: seen.values.reduce(0, +),
            lastUsed: lastUsed
        )
    }

    /// Files and links below a folder, also those that lead nowhere.
    private static func entries(below folder: String) -> [String] {
        var found: [String] = []
        func walk(_ prefix: String, depth: Int) {
            for name in System.names(in: folder + "/" + prefix) {
                let path = prefix.isEmpty ? name : prefix + "/" + name
                switch System.kind(folder + "/" + path, following: false) {
                case .folder: if depth < 16 { walk(path, depth: depth + 1) }
                case .file, .link: found.append(path)
                default: break
                }
            }
        }
        walk("", depth: 0)
        return found
    }

    // MARK: - Verifying

    /// What was found wrong with a file of the cache.
    package struct Finding: Sendable, Equatable {
        /// The file, as it is named on the Hub.
        package let file: String
        package let message: String
    }

    /// Hashes every file of a repository anew and holds it against its etag.
    ///
    /// - Parameter progress: given the bytes read since it was last called.
    /// - Returns: what is wrong, and how many files were held against an etag.
    package func verify(
        _ repository: CachedRepository,
        progress: (Int) -> Void
    ) throws(CheckpointError) -> (findings: [Finding], checked: Int, unchecked: Int) {
        var findings: [Finding] = []
        var done: [BlobID: String?] = [:]
        var unchecked = 0
        for snapshot in repository.snapshots {
            for file in snapshot.files {
                let name = HubName(repository.repository, revision: snapshot.commit, path: file.path).description
                guard file.size != nil else {
                    findings.append(Finding(file: name, message: "its link leads nowhere"))
                    continue
                }
                guard let blob = file.blob else {
                    unchecked += 1
                    continue
                }
                if done[blob] == nil {
                    let path = self.blob(blob, of: repository.repository)
                    let found = try BlobHasher.digest(of: InputFile(opening: path), blob.kind, progress: progress)
                    done[blob] = .some(found == blob.description ? nil : found)
                }
                if case .some(.some(let found)) = done[blob] {
                    let words = "its \(blob.kind.rawValue) is \(found.prefix(12))…, not \(blob.description.prefix(12))…"
                    findings.append(Finding(file: name, message: words))
                }
            }
        }
        return (findings, done.count, unchecked)
    }
}
