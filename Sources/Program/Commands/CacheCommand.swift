internal import ArgumentParser
internal import CheckpointIO
internal import DCAE
internal import Hub
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Shows, checks and removes what was fetched from the Hub.",
        discussion: """
            The cache is shared with Python's huggingface_hub: HF_HUB_CACHE, else
            HF_HOME/hub, else ~/.cache/huggingface/hub. Without names these commands work
            on the known variants, not on other models in it.

              dcae cache                        what is in it
              dcae cache verify                 every file against the Hub's digest
              dcae cache rm lite --yes          removes a model
              dcae cache prune --yes            old revisions, unfinished downloads
            """,
        subcommands: [List.self, Verify.self, Remove.self, Prune.self],
        defaultSubcommand: List.self
    )
}

/// The repositories of the cache that a command is about.
private struct CacheSubject {
    let cache: HubCache
    let registry: Registry

    init(_ hub: HubArguments, _ common: CommonOptions) throws {
        cache = try hub.hub(common).cache
        registry = try common.loadRegistry()
    }

    func variant(of repository: RepositoryID) -> Variant? {
        try? registry.variant(named: repository.description)
    }

    /// The repositories that names stand for; all that are here of known variants where there are no names.
    ///
    /// - Throws: `HubFault.notCached` where nothing of a name is here.
    func repositories(_ names: [String], all: Bool) throws -> [CachedRepository] {
        guard !names.isEmpty else {
            return cache.repositories().filter { all || variant(of: $0.repository) != nil }
        }
        return try names.flatMap { name in
            let found = try self.names(name).compactMap { cache.inventory(of: $0.repository) }
            guard !found.isEmpty else { throw CheckpointError(name, .file, HubFault.notCached) }
            return found
        }
    }

    /// What a name stands for on the Hub.
    func names(_ name: String) throws -> [HubName] {
        if let variant = try? registry.variant(named: name), RepositoryID(name) == nil {
            return variant.places(in: nil)
        }
        guard let found = try HubName.parse(name) else {
            _ = try registry.variant(named: name, in: "dcae cache")
            throw CheckpointError(name, .file, HubFault.badRepository(name))
        }
        return [found]
    }
}

extension CacheCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "Shows what is in the cache, by variant, with sizes."
        )

        @Argument(help: "Variants or repositories.")
        var names: [String] = []

        @Flag(help: "Show other models in the cache too.")
        var all = false

        @OptionGroup var hub: HubArguments
        @OptionGroup var common: CommonOptions

        /// What people type for the commands beside this one, which the parser takes for names of models.
        private static let otherWords = [
            "list": "ls", "show": "ls", "check": "verify", "remove": "rm", "delete": "rm", "clear": "prune",
            "clean": "prune", "gc": "prune",
        ]

        func validate() throws {
            guard let word = names.first, let meant = Self.otherWords[word] else { return }
            throw ValidationError("there is no command \"cache \(word)\"; did you mean `dcae cache \(meant)`?")
        }

        func run() throws {
            let subject = try CacheSubject(hub, common)
            let found = try subject.repositories(names, all: all)
            if common.json { return Terminal.print(document(subject, found)) }
            if common.quiet { return found.forEach { Terminal.print($0.repository.description) } }
            let others = names.isEmpty && !all ? subject.cache.repositories().count - found.count : 0
            if found.isEmpty {
                Terminal.print(
                    "no known variants in \(subject.cache.root.escaped(limit: 300))"
                )
            } else {
                show(subject, found)
            }
            if others > 0 { Terminal.print("\(others) other model\(others == 1 ? "" : "s"): --all shows them") }
        }

        private func show(_ subject: CacheSubject, _ found: [CachedRepository]) {
            var table = Table(["VARIANT", "FILE", "REVISION", "SIZE", "WHAT"], right: [3], shortened: 1)
            for repository in found {
                let variant = subject.variant(of: repository.repository)?.name ?? "-"
                for snapshot in repository.snapshots {
                    let revision = snapshot.revisions.first?.escaped(limit: 20) ?? String(snapshot.commit.prefix(8))
                    for file in snapshot.files {
                        table.add([
                            variant, "\(repository.repository)/\(file.path.escaped(limit: 200))", revision,
                            file.size.map { ByteSize.show($0) } ?? "-",
                            file.size == nil ? "missing" : Self.kind(file.path),
                        ])
                    }
                }
                for partial in repository.partials {
                    table.add([
                        variant, "\(repository.repository)", "-", ByteSize.show(partial.size),
                        "an unfinished download",
                    ])
                }
            }
            table.print()
            Terminal.print(
                "\(ByteSize.show(found.reduce(0) { $0 + $1.byteCount })) in \(subject.cache.root.escaped(limit: 300))"
            )
        }

        /// What a file is, by its name.
        static func kind(_ path: String) -> String {
            let name = ModelFolder.name(of: path)
            if name == "config.json" { return "config" }
            if name == "model_index.json" { return "pipeline" }
            if name.contains(".index.") { return "index" }
            if ModelFolder.isWeightsOrIndex(name) { return "weights" }
            return ShardName.isShard(name) ? "shard" : "other"
        }

        private func document(_ subject: CacheSubject, _ found: [CachedRepository]) -> JSONValue {
            let repositories: [JSONValue] = found.map { repository in
                let snapshots: [JSONValue] = repository.snapshots.map { snapshot in
                    let files: [JSONValue] = snapshot.files.map { file in
                        [
                            "path": .string(file.path), "bytes": file.size.map { .integer($0) } ?? .null,
                            "etag": JSONValue(file.blob?.description), "kind": .string(Self.kind(file.path)),
                        ]
                    }
                    return [
                        "commit": .string(snapshot.commit), "revisions": JSONValue(snapshot.revisions),
                        "files": .array(files),
                    ]
                }
                return [
                    "repository": .string(repository.repository.description),
                    "variant": JSONValue(subject.variant(of: repository.repository)?.name),
                    "path": .string(repository.path), "bytes": .integer(repository.byteCount),
                    "last_used": .double(repository.lastUsed.rounded()), "snapshots": .array(snapshots),
                    "partial": .array(
                        repository.partials.map { ["path": .string($0.path), "bytes": .integer($0.size)] }
                    ),
                ]
            }
            return ["cache": .string(subject.cache.root), "repositories": .array(repositories)]
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Checks every file against the Hub's digest.",
            discussion: "Exit codes: 0 nothing wrong, 1 a file is damaged or missing, 2 could not be checked."
        )

        @Argument(help: "Variants or repositories.")
        var names: [String] = []

        @Flag(help: "Check other models in the cache too.")
        var all = false

        @OptionGroup var hub: HubArguments
        @OptionGroup var common: CommonOptions

        func run() throws {
            let subject = try CacheSubject(hub, common)
            let found = try subject.repositories(names, all: all)
            let progress = Progress(
                "hashing",
                total: found.reduce(0) { $0 + $1.byteCount },
                of: .bytes,
                quiet: common.quiet
            )
            defer { progress.finish() }
            var findings: [HubCache.Finding] = []
            var (checked, unchecked) = (0, 0)
            for repository in found {
                let result = try subject.cache.verify(repository, progress: progress.advance)
                findings += result.findings
                checked += result.checked
                unchecked += result.unchecked
            }
            progress.finish()
            if common.json {
                Terminal.print([
                    "verdict": findings.isEmpty ? "passed" : "failed", "checked_count": .integer(checked),
                    "unchecked_count": .integer(unchecked),
                    "findings": .array(
                        findings.map {
                            ["severity": "error", "place": .string($0.file), "message": .string($0.message)]
                        }
                    ),
                ])
            } else {
                for finding in findings {
                    Terminal.print("error: \(finding.file.escaped(limit: 200)): \(finding.message)")
                }
                if !common.quiet {
                    Terminal.print("\(checked) file\(checked == 1 ? "" : "s") hashed, \(findings.count) wrong")
                    if unchecked > 0 {
                        Terminal.print(
                            "\(unchecked) could not be checked: the cache has no digest for \(unchecked == 1 ? "it" : "them")"
                        )
                    }
                }
            }
            if !findings.isEmpty {
                if !common.quiet, !common.json {
                    Terminal.say("dcae: note: `dcae cache rm NAME --yes`, then `dcae pull NAME`, fetches a model again")
                }
                throw Ending.finding("\(findings.count) of \(checked) files are wrong")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Removes models from the cache.",
            discussion: "The whole repository is removed; org/name@revision removes only that revision."
        )

        @Argument(help: "Variants or repositories.")
        var names: [String]

        @Flag(help: "Remove them; without this, dcae lists what it would remove.")
        var yes = false

        @OptionGroup var hub: HubArguments
        @OptionGroup var common: CommonOptions

        func run() throws {
            let subject = try CacheSubject(hub, common)
            let removals = try names.flatMap { text in
                let names = try subject.names(text)
                let found = names.compactMap { subject.cache.removal(of: $0, wholeRepository: !text.contains("@")) }
                guard !found.isEmpty else { throw CheckpointError(text, .file, HubFault.notCached) }
                return found
            }
            try carryOut(removals, subject.cache, yes: yes, common)
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract:
                "Removes revisions that no branch names any more, files of no revision, and unfinished downloads."
        )

        @Argument(help: "Variants or repositories.")
        var names: [String] = []

        @Flag(help: "Include other models in the cache.")
        var all = false

        @Flag(help: "Remove them; without this, dcae lists what it would remove.")
        var yes = false

        @OptionGroup var hub: HubArguments
        @OptionGroup var common: CommonOptions

        func run() throws {
            let subject = try CacheSubject(hub, common)
            let found = try subject.repositories(names, all: all)
            let removals = found.map { subject.cache.pruning(of: $0.repository) }.filter { !$0.isEmpty }
            try carryOut(removals, subject.cache, yes: yes, common)
        }
    }
}

/// Removes what was planned, or shows it.
private func carryOut(_ removals: [HubCache.Removal], _ cache: HubCache, yes: Bool, _ common: CommonOptions) throws {
    let bytes = removals.reduce(0) { $0 + $1.byteCount }
    if yes {
        for removal in removals { try cache.carryOut(removal) }
    }
    if common.json {
        return Terminal.print([
            "removed": .bool(yes), "bytes": .integer(bytes),
            "what": JSONValue(removals.flatMap(\.descriptions)),
        ])
    }
    if common.quiet { return }
    for line in removals.flatMap(\.descriptions) { Terminal.print("  " + line.escaped(limit: 200)) }
    if removals.isEmpty { return Terminal.print("nothing to remove") }
    Terminal.print(yes ? "\(ByteSize.show(bytes)) removed" : "\(ByteSize.show(bytes)) would be removed: add --yes")
}
