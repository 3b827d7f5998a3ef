internal import CheckpointIO
internal import Files
internal import Hub
internal import Libc
public import ModelZoo
package import Models
internal import TensorCore

/// A checkpoint of a Deep Compression Autoencoder, of any format and layout: opened and identified.
///
/// ```swift
/// let model = try await Model.open("model.safetensors")
/// let identity = try await model.identify()
/// print(identity.variant?.name ?? "not one known variant", identity.scalingFactor ?? "no factor")
/// try await model.convert(to: "sana-diffusers")
/// ```
///
/// Opening reads only headers. Longer work is `async`: it runs on its own threads, not on those of Swift's tasks, reports its
/// progress, and ends when its task is cancelled. Outputs are complete or absent, even after cancellation.
///
/// Every error is a `Refusal`: one line with the place, what is wrong, and what to do about it. It names options by the labels
/// of this library, for example `section: "ema"`. Most are `CheckpointError`, `NetworkError` and `ImageRefusal`. A cancelled
/// task ends with `CancellationError`.
public struct Model: Sendable {
    /// What it is.
    package let opened: OpenedModel
    /// Its networks, made when they are first run.
    let networks = NetworkShelf()

    /// Takes a model that was opened before.
    package init(_ opened: OpenedModel) { self.opened = opened }

    /// What you know about a checkpoint that it does not say itself.
    public struct Hints: Sendable, Equatable {
        /// The name, an alias or the repository of the variant that it is; nil to find out.
        public var variant: String?
        /// The path of a diffusers `config.json` that describes it, for your own models; nil to find out.
        public var config: String?
        /// The number that its latents are multiplied by before a diffusion model sees them, above 0; nil to find out.
        public var scalingFactor: Double?
        /// The part of a PyTorch checkpoint that holds the weights, for example `ema`; nil to find it.
        public var section: String?
        /// The largest size in bytes that a compressed file may expand to; nil for a limit that suits its format.
        public var maxExpandedSize: Int?

        /// Creates hints; by default nothing is known.
        public init(
            variant: String? = nil,
            config: String? = nil,
            scalingFactor: Double? = nil,
            section: String? = nil,
            maxExpandedSize: Int? = nil
        ) {
            self.variant = variant
            self.config = config
            self.scalingFactor = scalingFactor
            self.section = section
            self.maxExpandedSize = maxExpandedSize
        }

        /// The same as the modules below have it.
        func resolved(_ registry: Registry) throws(CheckpointError) -> ModelHints {
            if variant != nil, config != nil { throw CheckpointError(.config, LibraryFault.variantAndConfig) }
            if let scalingFactor, !scalingFactor.isFinite || scalingFactor <= 0 {
                throw CheckpointError(.scalingFactor, LibraryFault.number(expected: "a number above 0"))
            }
            if let maxExpandedSize, maxExpandedSize < 1 {
                throw CheckpointError(.maxExpandedSize, LibraryFault.number(expected: "1 or more bytes"))
            }
            var hints = ModelHints(
                scalingFactor: scalingFactor,
                opening: OpenOptions(section: section, maxExpandedSize: maxExpandedSize)
            )
            if let variant { hints.variant = try registry.variant(named: variant) }
            if let config { hints.config = try AutoencoderDCConfig.read(file: config) }
            return hints
        }
    }

    /// Opens a checkpoint and identifies it. It reads no tensor data, and does not guess.
    ///
    /// - Parameters:
    ///   - place: a file of any format (safetensors, PyTorch, NumPy; compressed with zstd or not), an index of shards, a model
    ///     folder or a pipeline's. If nothing on this machine has that name: a variant, a repository `organisation/name` or an
    ///     address `hf://organisation/name[@revision][/path]` on the Hugging Face Hub, which comes from the cache shared with
    ///     Python, or is fetched into it.
    ///   - hints: what you know about it.
    ///   - registry: the known variants; nil for the built-in ones.
    ///   - hub: how to access the Hub.
    ///   - progress: called with the bytes that were fetched.
    /// - Returns: the model. It may be one of several variants, or none of them; see `identify`.
    /// - Throws: `CheckpointError` if it cannot be opened or fetched; `CancellationError`.
    public static func open(
        _ place: String,
        hints: Hints = Hints(),
        registry: Registry? = nil,
        hub: HubAccess = HubAccess(),
        progress: ProgressHandler? = nil
    ) async throws -> Model {
        try await Background.run { mark in
            let registry = try registry ?? Registry()
            let hints = try hints.resolved(registry)
            var path = place
            let names = try HubName.candidates(place, registry: registry)
            if !names.isEmpty {
                let hub = try hub.hub(mark, progress)
                path = try hub.place(of: names, fromAfar: false) ?? place
            }
            try mark.check()
            return Model(try OpenedModel(path, hints, registry: registry))
        }
    }

    /// The path of the opened checkpoint.
    public var path: String { opened.path }

    /// The configuration of its network: blocks, channels, factor; nil if the network is unknown. Its scaling factor is nil if
    /// that is not settled, for example between `in` and `mix`.
    public var config: AutoencoderDCConfig? { opened.config }

    /// The layout of its tensors' names; nil if they match no layout.
    public var layout: Layout? { opened.layout }

    /// What was decided on opening, and what is odd but not wrong: one line each.
    public var notes: [String] { opened.notes }

    /// Evidence against its identification, one line each; show it to the user.
    public var warnings: [String] { opened.warnings }
}
