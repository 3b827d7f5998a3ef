public import Kernels
public import ModelZoo
internal import Synchronization
public import TensorCore

/// A Deep Compression Autoencoder, ready to run on the CPU.
///
/// ```swift
/// let model = try AutoencoderDC(config: config, weights: source)
/// let latent = try model.encode(image)        // [N, 3, H, W] in [-1, 1] → [N, C, H / F, W / F]
/// let sample = try model.decode(latent)       // and back
/// ```
///
/// All arithmetic is in single precision, whatever the weights are stored in, unless `Options.precision` says otherwise.
/// Results do not depend on the number of threads, nor on how an image is cut into bands. Nothing in a value of this type
/// changes, so it may be shared: computations at the same time take threads and memory of their own.
public final class AutoencoderDC: Sendable {
    /// How computations are done.
    public struct Options: Sendable {
        /// What values are looked at while computing.
        public enum Check: Sendable, Equatable {
            /// None.
            case nothing
            /// Parameters and layers' outputs must be finite.
            case finite
            /// They must also be within F16, at most 65504 in magnitude.
            case withinF16
        }

        /// The number of threads; by default one for each processor.
        public var threads: Int
        /// What values are looked at.
        public var check: Check
        /// The instruction set; by default the best that the processor has.
        public var instructionSet: InstructionSet
        /// What products are computed in; float32 by default.
        public var precision: Precision
        /// Whether buffers are kept for the next computation rather than given back after each.
        public var keepsBuffers: Bool
        /// The memory that buffers should take beyond what the network needs at once, in bytes; 400 MB by default.
        ///
        /// From it follow how large an image between layers may be to be kept whole, and how many rows make up a band.
        /// A guide, not a bound: attention needs all pixels of its stage, and a band has at least a few rows. Results
        /// do not depend on it.
        public var memoryBudget: Int

        /// The options, each with its default.
        public init(
            threads: Int = ProcessorCount.available,
            check: Check = .nothing,
            instructionSet: InstructionSet = .best,
            precision: Precision = .f32,
            keepsBuffers: Bool = true,
            memoryBudget: Int = 400 << 20
        ) {
            self.threads = threads
            self.check = check
            self.instructionSet = instructionSet
            self.precision = precision
            self.keepsBuffers = keepsBuffers
            self.memoryBudget = memoryBudget
        }
    }

    /// Called from the calling thread with the part of a computation that is done, 0 to 1; to throw ends it with
    /// `NetworkError.stopped`.
    public typealias Progress = (Double) throws(CancellationError) -> Void

    /// What a computation cost.
    public struct Report: Sendable {
        /// Every layer's share, in the order of computation.
        public var layers: [LayerProfile]
        /// The most memory that buffers took, in bytes: activations and prepared weights, not the mapped weights.
        public var peakBufferBytes: Int

        package init(layers: [LayerProfile], peakBufferBytes: Int) {
            (self.layers, self.peakBufferBytes) = (layers, peakBufferBytes)
        }
    }

    /// The configuration.
    public let config: AutoencoderDCConfig
    /// The options.
    public let options: Options
    package let network: NetworkDescription
    package let weights: any WeightSource
    /// The engine that the next computation may have; taken before use, so that each has one owner, and put back after.
    let idle = Mutex<EngineBox?>(nil)

    struct EngineBox: @unchecked Sendable {
        let engine: Engine
    }

    /// Makes the network of a configuration; parameters are read when they are needed.
    ///
    /// - Throws: `NetworkError.configuration` for a configuration that describes no network, `NetworkError.precision` for
    ///   one that this processor cannot compute in.
    public init(
        config: AutoencoderDCConfig,
        weights: any WeightSource,
        options: Options = Options()
    ) throws(NetworkError) {
        do throws(ConfigFault) {
            try config.validate()
        } catch {
            throw .configuration(error)
        }
        guard options.precision.isAvailable(with: options.instructionSet) else { throw .precision }
        self.config = config
        self.weights = weights
        self.options = options
        network = NetworkDescription(config)
    }

    /// The factor between a sample's sides and its latent's.
    public var spatialCompressionRatio: Int { config.spatialCompressionRatio }

    /// The number that latents are multiplied by before a diffusion model sees them, if it is known.
    public var scalingFactor: Double? { config.scalingFactor }

    /// Encodes images into latents.
    ///
    /// - Parameters:
    ///   - image: [N, inChannels, H, W], by convention in [-1, 1]; H and W multiples of `spatialCompressionRatio`.
    ///   - latentChannels: how many of the first channels of the latent to compute; nil for all. Only a network without a
    ///     shortcut at the latent, such as DC-AE 1.5, can compute fewer.
    ///   - tiling: the tiles for larger images, as in diffusers' `enable_tiling`; nil for no tiles.
    ///   - progress: called with the part that is done.
    /// - Returns: [N, latentChannels, H / F, W / F], not scaled.
    public func encode(
        _ image: FloatTensor,
        latentChannels: Int? = nil,
        tiling: Tiling? = nil,
        progress: Progress? = nil
    ) throws(NetworkError) -> FloatTensor {
        try run(.encode, image, latentChannels: latentChannels, tiling, progress, profiles: false).result
    }

    /// Decodes latents into samples.
    ///
    /// - Parameters:
    ///   - latent: [N, latentChannels, h, w], not scaled. If the network has no shortcut at the latent, as in DC-AE 1.5, it
    ///     may have only the first channels.
    ///   - tiling: the tiles for larger samples, as in diffusers' `enable_tiling`; nil for no tiles.
    ///   - progress: called with the part that is done.
    /// - Returns: [N, inChannels, h × F, w × F], not clamped.
    public func decode(
        _ latent: FloatTensor,
        tiling: Tiling? = nil,
        progress: Progress? = nil
    ) throws(NetworkError) -> FloatTensor {
        try run(.decode, latent, latentChannels: nil, tiling, progress, profiles: false).result
    }

    /// Encodes, and reports the cost of every layer.
    public func profileEncode(
        _ image: FloatTensor,
        latentChannels: Int? = nil,
        tiling: Tiling? = nil
    ) throws(NetworkError) -> (latent: FloatTensor, report: Report) {
        let (latent, report) = try run(.encode, image, latentChannels: latentChannels, tiling, nil, profiles: true)
        return (latent, report)
    }

    /// Decodes, and reports the cost of every layer.
    public func profileDecode(
        _ latent: FloatTensor,
        tiling: Tiling? = nil
    ) throws(NetworkError) -> (sample: FloatTensor, report: Report) {
        let (sample, report) = try run(.decode, latent, latentChannels: nil, tiling, nil, profiles: true)
        return (sample, report)
    }

    /// Throws if this network cannot encode this number of latent channels.
    public func check(latentChannels: Int) throws(NetworkError) {
        let all = config.latentChannels
        guard (1...all).contains(latentChannels) else {
            throw .shape(.partialLatent(asked: latentChannels, channels: all))
        }
        guard latentChannels == all || network.encoder.output.shortcut == .none else { throw .shape(.partialShortcut) }
    }

    /// Whether the decoder accepts latents with only the first channels.
    public var decodesPartialLatents: Bool { network.decoder.input.shortcut == .none }

    /// Throws if this network cannot run in these tiles.
    public func check(_ tiling: Tiling) throws(NetworkError) { try tiling.check(ratio: spatialCompressionRatio) }
}
