internal import ArgumentParser
internal import CheckpointIO
internal import Hub
internal import ModelZoo
internal import TensorCore

/// Which of a variant's repositories is meant.
enum RepositoryLayout: String, ExpressibleByArgument, CaseIterable {
    case original, diffusers
}

extension Variant {
    /// Its repositories in a layout, or in both, diffusers first: its config says all that there is to say.
    func repositories(in layout: RepositoryLayout?) -> [RepositoryID] {
        let names =
            switch layout {
            case .original?: originalRepositories
            case .diffusers?: diffusersRepositories
            case nil: diffusersRepositories + originalRepositories
            }
        return names.compactMap { RepositoryID($0) }
    }
}

extension HubName {
    /// What a text can mean on the Hub, the likeliest first: a repository as it is written, or those of a variant.
    ///
    /// - Returns: nothing where it is a file or folder on this machine, or no name at all.
    static func candidates(
        _ text: String,
        registry: Registry,
        layout: RepositoryLayout? = nil
    ) throws(CheckpointError) -> [HubName] {
        if !isAddress(text), FileIdentity(path: text) != nil { return [] }
        if let variant = try? registry.variant(named: text), RepositoryID(text) == nil {
            return variant.repositories(in: layout).map { HubName($0) }
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

extension Hub {
    /// The path of a model on this machine, from the cache or fetched.
    ///
    /// - Parameter names: repositories that have it, the likeliest first: any that is in the cache will do.
    func localPath(forAnyOf names: [HubName]) throws(CheckpointError) -> String? {
        guard let first = names.first else { return nil }
        for name in names {
            if let path = cachedPath(for: name, mustBeComplete: !settings.isOffline) { return path }
        }
        return try localPath(for: first)
    }
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
