internal import ArgumentParser
internal import CheckpointIO
internal import Hub
internal import ModelZoo
internal import TensorCore

extension Variant {
    /// Where it is on the Hub in a layout, or in both: diffusers first, whose config says all that there is to say, and what
    /// holds it alone before the pipelines that hold it among others.
    func places(in layout: Layout?) -> [HubName] {
        let wanted = repositories.filter { layout == nil || $0.layout == layout }
        let alone = wanted.filter { !$0.isPipeline }
        let ordered =
            alone.filter { $0.layout == .diffusers } + alone.filter { $0.layout != .diffusers }
            + wanted.filter(\.isPipeline)
        return ordered.compactMap { place in RepositoryID(place.id).map { HubName($0, path: place.folder) } }
    }
}

extension HubName {
    /// What a text can mean on the Hub, the likeliest first: a repository as it is written, or those of a variant.
    ///
    /// - Returns: nothing where it is a file or folder on this machine, or no name at all.
    static func candidates(
        _ text: String,
        registry: Registry,
        layout: Layout? = nil
    ) throws(CheckpointError) -> [HubName] {
        if !isAddress(text), FileIdentity(path: text) != nil { return [] }
        if let variant = try? registry.variant(named: text), RepositoryID(text) == nil {
            return variant.places(in: layout)
        }
        guard let name = try parse(text) else { return [] }
        // `models/tuned` beside a folder `models` is a path that was mistyped, and is not sent to anybody.
        let first = text.prefix { $0 != "/" }
        if !isAddress(text), FileIdentity(path: String(first)) != nil { return [] }
        return [name]
    }

    /// What a text means on the Hub; nil where it is a file or folder on this machine, or no name at all.
    static func parse(_ text: String, registry: Registry) throws(CheckpointError) -> HubName? {
        try candidates(text, registry: registry).first
    }
}

/// Whether a model on the Hub is looked at where it lies.
struct AfarArguments: ParsableArguments {
    @Flag(help: "Fetch a model that is on the Hub whole, instead of looking at its headers from afar.")
    var full = false
}

/// What commands take that speak to the Hub.
struct HubArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The cache to use, instead of the one that HF_HUB_CACHE or HF_HOME names.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var cacheDir: String?

    @Flag(help: "Never use the network; HF_HUB_OFFLINE=1 does the same.")
    var offline = false

    /// The path that a text stands for: a file or folder here as it is written; a variant, a repository or an address on the
    /// Hub in the cache, from afar, or fetched.
    ///
    /// - Parameter fromAfar: whether headers are enough, so that what is not in the cache is left where it is.
    func place(of text: String, _ registry: Registry, _ common: CommonOptions, fromAfar: Bool) throws -> String {
        let names = try HubName.candidates(text, registry: registry)
        guard !names.isEmpty else { return text }
        let progress = TransferProgress(quiet: common.quiet)
        defer { progress.clear() }
        let hub = try hub(common, progress: progress)
        if let path = names.lazy.compactMap({ hub.cachedPath(for: $0, mustBeComplete: false) }).first { return path }
        for (index, name) in names.enumerated() {
            do throws(CheckpointError) {
                guard fromAfar, !hub.settings.isOffline else { return try hub.localPath(for: name) }
                let remote = RemoteRepositories(hub.settings, known: Registry.embeddedConfigs)
                let path = try remote.path(of: name)
                Elsewhere.set(remote)
                return path
            } catch {
                // Variants have moved from one organisation to another.
                if case .repositoryNotFound? = error.fault as? HubFault, index < names.count - 1 { continue }
                throw error
            }
        }
        return text
    }

    /// The Hub, as the environment and these options have it.
    func hub(
        _ common: CommonOptions,
        token: String? = nil,
        progress: TransferProgress? = nil,
        change: (inout HubSettings) -> Void = { _ in }
    ) throws -> Hub {
        var settings = try HubSettings(environment: { Environment.value($0) }, token: token, cache: cacheDir)
        if offline { settings.isOffline = true }
        change(&settings)
        let isQuiet = common.quiet
        let reporter = HubReporter(
            note: { line in
                guard !isQuiet else { return }
                progress?.clear()
                Terminal.say("dcae: \(line)")
            },
            progress: { done, total, name in progress?.show(done, of: total, name) }
        )
        return Hub(settings, reporter: reporter)
    }
}
