internal import ArgumentParser
internal import CheckpointIO
internal import DCAE
internal import Hub
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetches models from the Hugging Face Hub.",
        discussion: """
            A NAME is a variant or an alias (dcae list shows them), a repository, or
            hf://org/name[@revision][/path]. Only what is needed is fetched: the config
            and one set of weights; of a pipeline its vae, not the transformer. Files go
            into the cache that Python's huggingface_hub uses. dcae does not fetch what is
            there, and Python finds what dcae fetched.

              dcae pull sana-1.1
              dcae pull mit-han-lab/dc-ae-f32c32-in-1.0 --dry-run
              dcae pull hf://Efficient-Large-Model/Sana_1600M_1024px_diffusers
              dcae pull --all sana                     every variant of a family

            Every file is checked against the digest that the Hub lists. An interrupted
            download resumes where it stopped. The path of each model is printed.

            Exit codes: 0 everything was fetched, 2 something was not.
            """
    )

    @Argument(help: "Variants, repositories or addresses.")
    var names: [String] = []

    @Option(
        help: ArgumentHelp(
            "Which repository of a variant to fetch, by its layout: original, diffusers, comfyui or mlx.",
            valueName: "layout"
        )
    )
    var layout: Layout?

    @Option(help: ArgumentHelp("A branch, a tag or a commit; by default main.", valueName: "revision"))
    var revision: String?

    @Option(
        help: ArgumentHelp("Put the files into this folder instead of the cache.", valueName: "dir"),
        completion: .directory
    )
    var localDir: String?

    @Option(
        help: ArgumentHelp(
            "The access token for private and gated repositories.",
            discussion: "Other users of this machine can see it; with HF_TOKEN or `hf auth login` they cannot.",
            valueName: "token"
        )
    )
    var token: String?

    @Option(help: ArgumentHelp("How many parts of a file are fetched at once.", valueName: "number"))
    var connections = 4

    @Flag(help: "Show what would be fetched, and fetch nothing.")
    var dryRun = false

    @Flag(help: "With --local-dir: do not flush to the disk. dcae never flushes the cache.")
    var noSync = false

    @Flag(help: "The names are families: fetch every variant of them.")
    var all = false

    @OptionGroup var hub: HubArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if names.isEmpty { throw ValidationError("name what to fetch, for example: dcae pull sana-1.1") }
        if localDir != nil, names.count > 1 || all {
            throw ValidationError("--local-dir takes one model: name one")
        }
        if !(1...16).contains(connections) { throw ValidationError("--connections must be from 1 to 16") }
        if noSync, localDir == nil {
            throw ValidationError("--no-sync is for --local-dir: dcae never flushes the cache")
        }
        if localDir?.isEmpty == true { throw ValidationError("--local-dir needs a folder") }
    }

    func run() throws {
        let registry = try common.loadRegistry()
        let progress = TransferProgress(quiet: common.quiet)
        let hub = try hub.hub(common, token: token, progress: progress) {
            $0.flushes = !noSync
            $0.connections = connections
        }
        var documents: [JSONValue] = []
        for choices in try wanted(registry) {
            let document = try pull(choices, hub)
            progress.clear()
            documents.append(document)
            // After each: what was fetched before an error is there.
            if common.json { Terminal.print(["models": .array(documents)]) }
        }
    }

    /// The repositories that each name can mean, the likeliest first.
    private func wanted(_ registry: Registry) throws -> [[HubName]] {
        if all {
            return try names.flatMap { family throws -> [[HubName]] in
                let variants = registry.variants.filter { $0.family == family || $0.geometry == family }
                if variants.isEmpty {
                    let known = Set(registry.variants.map(\.family)).sorted()
                    throw CheckpointError(family, .file, RegistryFault.unknownFamily(family, known: known))
                }
                return variants.map { $0.places(in: layout).map(at) }
            }
        }
        return try names.map { name in
            if let variant = try? registry.variant(named: name), RepositoryID(name) == nil {
                return variant.places(in: layout).map(at)
            }
            if layout != nil { throw ValidationError("--layout chooses among the repositories of a variant: name one") }
            guard let found = try HubName.parse(name) else {
                _ = try registry.variant(named: name, in: "dcae pull")
                throw CheckpointError(name, .file, HubFault.badRepository(name))
            }
            if revision != nil, found.revision != HubName.defaultRevision {
                throw ValidationError("\(name) has its own revision: leave out --revision")
            }
            return [at(found)]
        }
    }

    private func at(_ name: HubName) -> HubName {
        guard let revision else { return name }
        return HubName(name.repository, revision: revision, path: name.path)
    }

    /// Fetches the first of some repositories that is there.
    private func pull(_ names: [HubName], _ hub: Hub) throws -> JSONValue {
        try Hub.first(of: names) { name throws(CheckpointError) in try pull(name, hub) } ?? .null
    }

    private func pull(_ name: HubName, _ hub: Hub) throws(CheckpointError) -> JSONValue {
        if let revision, !HubPath.isSafe(revision) {
            throw CheckpointError("--revision", .file, HubFault.badRevision(revision))
        }
        if hub.settings.isOffline {
            guard localDir == nil, let path = hub.cachedPath(for: name) else {
                throw CheckpointError(name.description, .file, HubFault.offline)
            }
            if !common.json { Terminal.print(path) }
            return [
                "name": .string(name.description), "repository": .string(name.repository.description),
                "revision": .string(name.revision), "commit": .null, "path": .string(path), "files": [],
            ]
        }
        if dryRun {
            let plan = try hub.plan(for: name)
            if !common.json { show(plan) }
            return document(plan, path: nil)
        }
        var planned: Hub.Plan?
        let willFetch = { (plan: Hub.Plan) in
            planned = plan
            if !common.quiet, !plan.missing.isEmpty { Terminal.say("dcae: " + plan.announcement) }
        }
        let path =
            if let localDir {
                try hub.pull(name, into: localDir, willFetch: willFetch)
            } else {
                try hub.pull(name, willFetch: willFetch)
            }
        if !common.json { Terminal.print(path) }
        return planned.map { document($0, path: path) } ?? .null
    }

    private func show(_ plan: Hub.Plan) {
        Terminal.print(Terminal.bold("\(plan.name.repository) at \(plan.commit.prefix(8))"))
        var table = Table(["FILE", "SIZE", ""], right: [1])
        for file in plan.files {
            let isMissing = plan.missing.contains(file)
            table.add([
                file.path.escaped(limit: 200), ByteSize.show(file.size), isMissing ? "would be fetched" : "is here",
            ])
        }
        table.print()
        Terminal.print("\(ByteSize.show(plan.missingByteCount)) of \(ByteSize.show(plan.byteCount)) would be fetched")
    }

    private func document(_ plan: Hub.Plan, path: String?) -> JSONValue {
        [
            "name": .string(plan.name.description), "repository": .string(plan.name.repository.description),
            "revision": .string(plan.name.revision), "commit": .string(plan.commit), "path": JSONValue(path),
            "files": .array(
                plan.files.map { file in
                    [
                        "path": .string(file.path), "bytes": .integer(file.size),
                        "etag": .string(file.blob.description),
                        "fetched": .bool(path != nil && plan.missing.contains(file)),
                        "cached": .bool(!plan.missing.contains(file)),
                    ]
                }
            ),
        ]
    }
}
