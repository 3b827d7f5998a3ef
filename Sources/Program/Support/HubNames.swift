internal import ArgumentParser
internal import CheckpointIO
internal import DCAE
internal import Hub
internal import ModelZoo
internal import TensorCore

/// Whether a model on the Hub is looked at where it lies.
struct AfarArguments: ParsableArguments {
    @Flag(help: "Download the whole model from the Hub, not only its headers.")
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
        guard !names.isEmpty else {
            // A part of a variant's name that is nothing here is answered as such, not as a file that is missing.
            if !text.contains("/"), FileIdentity(path: text) == nil, !registry.candidates(matching: text).isEmpty {
                _ = try registry.variant(named: text, in: text)
            }
            return text
        }
        let progress = TransferProgress(quiet: common.quiet)
        defer { progress.clear() }
        let hub = try hub(common, progress: progress)
        if !hub.settings.isOffline, !HubName.isAddress(text), RepositoryID(text) != nil {
            common.say(["there is no file or folder \(text) here, so the repository of this name on the Hub is used"])
        }
        return try hub.place(of: names, fromAfar: fromAfar) ?? text
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
