internal import CheckpointIO
internal import Files
internal import Hub
internal import Libc
public import ModelZoo
internal import TensorCore

/// How to access the Hugging Face Hub.
///
/// What is not set here comes from the variables that Python's huggingface_hub 2.4.0 reads: `HF_ENDPOINT`, `HF_HOME`,
/// `HF_HUB_CACHE`, `HF_TOKEN`, `HF_HUB_OFFLINE` and a few more.
public struct HubAccess: Sendable {
    /// The folder of the cache, which Python's huggingface_hub may share; nil for the usual one.
    public var cache: String?
    /// The access token for private and gated repositories; nil for the configured one. It is sent only to the Hub, and no
    /// message shows it.
    public var token: String?
    /// Whether to use only the cache, never the network.
    public var isOffline: Bool
    /// How many parts of a file are fetched at once, 1 to 16.
    public var connections: Int

    /// Creates a description.
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
    /// Fetches a model from the Hugging Face Hub: its configuration and one set of weights; of a pipeline, only its `vae`.
    ///
    /// Files in the cache are not fetched again. Every file is checked against the digest that the Hub lists. A download that
    /// was cancelled or interrupted resumes where it stopped.
    ///
    /// - Parameters:
    ///   - name: a variant or an alias, a repository, or `hf://organisation/name[@revision][/path]`.
    ///   - folder: where the files go; nil for the cache shared with Python's huggingface_hub.
    ///   - layout: which repository of a variant to use; nil for the first that exists, diffusers before original.
    ///   - registry: the known variants; nil for the built-in ones.
    ///   - hub: how to access the Hub.
    ///   - progress: called with the bytes of each file.
    /// - Returns: the path of the model's folder, or of its file if a file was named.
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
