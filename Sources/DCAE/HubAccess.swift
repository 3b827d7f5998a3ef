internal import CheckpointIO
internal import Files
internal import Hub
internal import Libc
public import ModelZoo
internal import TensorCore

/// How the Hugging Face Hub is spoken to.
///
/// What is not said here is taken from the variables that Python's huggingface_hub 2.4.0 reads: `HF_ENDPOINT`, `HF_HOME`,
/// `HF_HUB_CACHE`, `HF_TOKEN`, `HF_HUB_OFFLINE` and a few more.
public struct HubAccess: Sendable {
    /// The folder of the cache, which Python's huggingface_hub may share; nil for the usual one.
    public var cache: String?
    /// What proves who the user is, for private and gated repositories; nil for the one that is configured. It is sent to the
    /// Hub alone, and is in no message.
    public var token: String?
    /// Whether the network is never used.
    public var isOffline: Bool
    /// How many parts of a file are fetched at once, 1 to 16.
    public var connections: Int

    /// Makes a description.
    public init(cache: String? = nil, token: String? = nil, isOffline: Bool = false, connections: Int = 4) {
        self.cache = cache
        self.token = token
        self.isOffline = isOffline
        self.connections = connections
    }

    /// The Hub, with its work stopped by a mark.
    func hub(_ mark: StopMark, _ progress: Model.ProgressHandler?) throws(CheckpointError) -> Hub {
        var settings = try HubSettings(
            environment: { name in getenv(name).map { SystemText.text(cString: $0) } },
            token: token,
            cache: cache
        )
        if isOffline { settings.isOffline = true }
        settings.connections = min(16, max(1, connections))
        var reporter = HubReporter(
            progress: { done, total, _ in progress?(Model.Progress(phase: .fetching, done: done, total: total)) }
        )
        reporter.stopped = { mark.stopped }
        return Hub(settings, reporter: reporter)
    }
}

extension Model {
    /// Fetches a model from the Hugging Face Hub: its configuration and one set of weights, of a pipeline its `vae` alone.
    ///
    /// What the cache has is not fetched again. Every byte is held against the digest that the Hub lists. What is cancelled or
    /// interrupted goes on where it stopped when it is asked for again.
    ///
    /// - Parameters:
    ///   - name: a variant or an alias, a repository, or `hf://organisation/name[@revision][/path]`.
    ///   - folder: where the files go; nil for the cache that Python's huggingface_hub shares.
    ///   - layout: which repository of a variant is taken; nil for the first that is there, diffusers before original.
    ///   - registry: the variants that are known; nil for those that are compiled in.
    ///   - hub: how the Hub is spoken to.
    ///   - progress: told of bytes of each file.
    /// - Returns: the path of the model's folder, or of its file where a file was named.
    /// - Throws: `CheckpointError` where the name is unknown, the Hub refuses or cannot be reached, or the disk is full;
    ///   `CancellationError`.
    public static func pull(
        _ name: String,
        into folder: String? = nil,
        layout: Layout? = nil,
        registry: Registry? = nil,
        hub: HubAccess = HubAccess(),
        progress: ProgressHandler? = nil
    ) async throws -> String {
        try await Background.run { mark in
            let names = try HubName.named(name, registry: try registry ?? Registry(), layout: layout)
            let hub = try hub.hub(mark, progress)
            let path = try Hub.first(of: names) { name throws(CheckpointError) in
                if hub.settings.isOffline {
                    guard folder == nil, let path = hub.cachedPath(for: name) else {
                        throw CheckpointError(name.description, .file, HubFault.offline)
                    }
                    return path
                }
                if let folder { return try hub.pull(name, into: folder) }
                return try hub.pull(name)
            }
            guard let path else { throw CheckpointError(name, .file, HubFault.badRepository(name)) }
            return path
        }
    }
}
