internal import CheckpointIO
internal import Files
internal import Hub
internal import Libc
public import ModelZoo
package import Models
internal import TensorCore

/// A checkpoint of a Deep Compression Autoencoder, whatever its format and layout: opened, and known for what it is.
///
/// ```swift
/// let model = try await Model.open("model.safetensors")
/// let identity = try await model.identify()
/// print(identity.variant?.name ?? "not one known variant", identity.scalingFactor ?? "no factor")
/// try await model.convert(to: "sana-diffusers")
/// ```
///
/// Opening reads headers alone. What takes longer is `async`: it runs on threads of its own, not on those of Swift's tasks, tells
/// how far it is, and ends when its task is cancelled. Outputs are whole or absent, also then.
///
/// Everything that is thrown is a `Refusal`: a line with the place, what is wrong, and what to do about it, in which options
/// are named by the labels of this library, as `section: "ema"`. Most are `CheckpointError`, `NetworkError` and
/// `ImageRefusal`. What a cancelled task ends with is `CancellationError`.
public struct Model: Sendable {
    /// What it is.
    package let opened: OpenedModel
    /// Its networks, made when they are first run.
    let networks = NetworkShelf()

    /// Takes a model that was opened before.
    package init(_ opened: OpenedModel) { self.opened = opened }

    /// What a caller knows of a checkpoint that it does not say itself.
    public struct Hints: Sendable, Equatable {
        /// The name, an alias or the repository of the variant that it is; nil to find out.
        public var variant: String?
        /// The path of a diffusers `config.json` that describes it, for models of one's own; nil to find out.
        public var config: String?
        /// The number that its latents are multiplied by before a diffusion model sees them, above 0; nil to find out.
        public var scalingFactor: Double?
        /// The part of a PyTorch checkpoint in which the weights are, as `ema`; nil to find it.
        public var section: String?
        /// The most bytes that a compressed file may expand to; nil for what suits its format.
        public var maxExpandedSize: Int?

        /// Says what is known; nothing by default.
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

    /// Opens a checkpoint and finds out what it is. No tensor data is read, and nothing is guessed.
    ///
    /// - Parameters:
    ///   - place: a file of any format (safetensors, PyTorch, NumPy; compressed with zstd or not), an index of shards, a model
    ///     folder or a pipeline's; or, where nothing on this machine has that name, a variant, a repository
    ///     `organisation/name` or an address `hf://organisation/name[@revision][/path]` on the Hugging Face Hub, which is taken
    ///     from the cache that Python shares, or fetched into it.
    ///   - hints: what the caller knows of it.
    ///   - registry: the variants that are known; nil for those that are compiled in.
    ///   - hub: how the Hub is spoken to.
    ///   - progress: told of bytes that are fetched.
    /// - Returns: the model. That it may be one of several variants, or none, is not an error: see `identify`.
    /// - Throws: `CheckpointError` where it cannot be opened or fetched; `CancellationError`.
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

    /// The path that it was opened from.
    public var path: String { opened.path }

    /// The configuration of its network: sides of blocks, channels, factor; nil where the network is not known. Its scaling
    /// factor is nil where that is not settled, as between `in` and `mix`.
    public var config: AutoencoderDCConfig? { opened.config }

    /// The layout of its tensors' names; nil where they are of none.
    public var layout: Layout? { opened.layout }

    /// What was decided on opening, and what is odd without being wrong: one line each.
    public var notes: [String] { opened.notes }

    /// What speaks against what it is taken for, one line each; to be shown to whoever uses it.
    public var warnings: [String] { opened.warnings }
}
