package import CheckpointIO
internal import TensorCore

/// The Hugging Face Hub and the cache that this program shares with Python.
package struct Hub: Sendable {
    /// Where it is and how it is spoken to.
    package let settings: HubSettings
    package let cache: HubCache
    private let reporter: HubReporter

    package init(_ settings: HubSettings, reporter: HubReporter = .silent) {
        self.settings = settings
        self.reporter = reporter
        cache = HubCache(root: settings.cacheRoot)
    }

    // MARK: - Without the network

    /// The path of a model in the cache, as far as the cache alone can tell; nil where something of it is missing.
    ///
    /// - Parameter mustBeComplete: whether a model without a config.json, which may have one on the Hub, is missing something.
    package func cachedPath(for name: HubName, mustBeComplete: Bool = false) -> String? {
        guard let commit = cache.commit(of: name) else { return nil }
        let files = cache.files(of: name.repository, commit)
        guard let selection = try? Selection(among: files, at: name.path) else { return nil }
        let snapshot = cache.snapshot(of: name.repository, commit)
        for file in selection.files {
            let path = snapshot + "/" + file
            guard let blob = BlobID(etag: Path.name(of: Path.target(ofLink: path) ?? "")) else { continue }
            guard cache.isSound(path, blob) else { return nil }
        }
        if mustBeComplete, selection.model != selection.weights {
            let config = Self.join(Path.parent(of: "/" + selection.weights), "config.json").dropFirst()
            guard files.contains(String(config)) || cache.isKnownMissing(String(config), in: name.repository, commit)
            else { return nil }
        }
        return Self.join(cache.snapshot(of: name.repository, commit), selection.model)
    }

    private static func join(_ folder: String, _ path: String) -> String {
        path.isEmpty ? folder : Path.join(folder, path)
    }

    // MARK: - Plans

    /// What a pull would bring, and what of it is here.
    package struct Plan: Sendable {
        /// The repository, the revision and the path that were asked for.
        package let name: HubName
        /// The commit that the revision is.
        package let commit: String
        /// The files, in the order in which they are fetched.
        package let files: [RemoteFileEntry]
        /// Those that are not in the cache, in any snapshot.
        package let missing: [RemoteFileEntry]
        package let selection: Selection

        /// The bytes of all files.
        package var byteCount: Int { files.reduce(0) { $0 + $1.size } }
        /// The bytes of those that are missing.
        package var missingByteCount: Int { missing.reduce(0) { $0 + $1.size } }
    }

    /// Asks the Hub what a name stands for.
    package func plan(for name: HubName) throws(CheckpointError) -> Plan {
        try plan(for: name, try client(for: name))
    }

    private func client(for name: HubName) throws(CheckpointError) -> HubClient {
        do throws(HubFault) {
            return try HubClient(settings)
        } catch {
            throw CheckpointError(name.description, .file, error)
        }
    }

    private func plan(for name: HubName, _ client: HubClient) throws(CheckpointError) -> Plan {
        do throws(HubFault) {
            let listing = try client.listing(name)
            let selection = try Selection(among: listing.files.map(\.path), at: name.path)
            if let (a, b) = HubPath.collision(among: listing.files.map(\.path)),
                selection.files.contains(a) || selection.files.contains(b)
            {
                throw HubFault.collidingNames(a, b)
            }
            let files = selection.files.compactMap(listing.file)
            let missing = files.filter { file in
                System.size(cache.snapshot(of: name.repository, listing.commit) + "/" + file.path) != file.size
                    && System.size(cache.blob(file.blob, of: name.repository)) != file.size
            }
            return Plan(name: name, commit: listing.commit, files: files, missing: missing, selection: selection)
        } catch {
            throw CheckpointError(name.description, .file, error)
        }
    }

    // MARK: - Pulling

    /// Brings a model into the cache.
    ///
    /// - Parameter willFetch: told of the plan before anything is fetched.
    /// - Returns: the path of its folder in the cache, or of the file where a file was named.
    package func pull(
        _ name: HubName,
        willFetch: (Plan) -> Void = { _ in }
    ) throws(CheckpointError) -> String {
        let client = try client(for: name)
        // The Hub may change between its list and the files: then there is another list.
        for attempt in 1... {
            let plan = try plan(for: name, client)
            willFetch(plan)
            try checkSpace(plan)
            do throws(CheckpointError) {
                for file in plan.files {
                    try client.bring(file, of: name, at: plan.commit, into: cache, reporter)
                }
            } catch {
                guard case .keepsChanging? = error.fault as? HubFault, attempt < 3 else { throw error }
                reporter.note("\(name): the repository has just changed; its list is read again")
                continue
            }
            // Last, so that a branch never names a commit of which the cache has a part.
            try cache.note(plan.commit, for: name)
            return Self.join(cache.snapshot(of: name.repository, plan.commit), plan.selection.model)
        }
        throw CheckpointError(name.description, .file, HubFault.keepsChanging)
    }

    /// Brings a model into a folder of the user's own, as `hf download --local-dir` does.
    package func pull(
        _ name: HubName,
        into folder: String,
        willFetch: (Plan) -> Void = { _ in }
    ) throws(CheckpointError) -> String {
        let client = try client(for: name)
        let plan = try plan(for: name, client)
        willFetch(plan)
        let local = LocalFolder(folder)
        for file in plan.files {
            try client.bring(file, of: name, at: plan.commit, into: local, cache: cache, reporter)
        }
        return Self.join(folder, plan.selection.model)
    }

    private func checkSpace(_ plan: Plan) throws(CheckpointError) {
        guard let free = System.freeSpace(at: cache.root), plan.missingByteCount > 0 else { return }
        let partial = plan.missing.reduce(0) { sum, file in
            sum + min(file.size, System.size(cache.blob(file.blob, of: plan.name.repository) + ".dcae.incomplete") ?? 0)
        }
        let needed = plan.missingByteCount - partial
        guard needed <= free else {
            throw CheckpointError(plan.name.description, .file, HubFault.noSpace(needed: needed, free: free))
        }
    }

    /// The path of a model on this machine: that in the cache, else it is fetched, after a line that says what and how much.
    ///
    /// - Throws: `HubFault.offline` where it is not in the cache and the network must not be used.
    package func localPath(for name: HubName) throws(CheckpointError) -> String {
        if let path = cachedPath(for: name, mustBeComplete: !settings.isOffline) { return path }
        do throws(CheckpointError) {
            return try pull(name) { plan in
                guard !plan.missing.isEmpty else { return }
                reporter.note(plan.announcement)
            }
        } catch {
            // A Hub that cannot be reached does not take away what is here.
            if case .network? = error.fault as? HubFault, let path = cachedPath(for: name) { return path }
            throw error
        }
    }
}

extension Hub.Plan {
    /// What is going to be fetched: `fetching 2 files, 1.25 GB, of mit-han-lab/dc-ae-f32c32-in-1.0 (main is 7f7a4e1d)`.
    package var announcement: String {
        let count = "\(missing.count) file\(missing.count == 1 ? "" : "s")"
        let revision = name.revision == commit ? "" : "\(name.revision.escaped(limit: 60)) is "
        return
            "fetching \(count), \(ByteSize.show(missingByteCount)), of \(name.repository) (\(revision)\(commit.prefix(8)))"
    }
}
