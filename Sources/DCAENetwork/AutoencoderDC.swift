public import Kernels
public import ModelZoo
internal import Synchronization
internal import TensorCore

/// A Deep Compression Autoencoder, ready to run on the CPU.
///
/// ```swift
/// let model = try AutoencoderDC(config: config, weights: source)
/// let latent = try model.encode(image)        // [N, 3, H, W] in [-1, 1] → [N, C, H / F, W / F]
/// let sample = try model.decode(latent)       // and back
/// ```
///
/// All arithmetic is in single precision, whatever the weights are stored in. Results do not depend on the number of
/// threads, nor on how an image is cut into bands. Values of this type may be shared: computations at the same time take
/// threads and memory of their own.
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

    /// What a computation cost.
    public struct Report: Sendable {
        /// Every layer's share, in the order of computation.
        public var layers: [LayerProfile]
        /// The most memory that buffers took, in bytes: activations and prepared weights, not the mapped weights.
        public var peakBufferBytes: Int
    }

    /// The configuration.
    public let config: AutoencoderDCConfig
    /// The options.
    public let options: Options
    private let weights: any WeightSource
    private let state: Mutex<State>

    private struct State {
        var tiling: Tiling?
        var idle: EngineBox?
    }

    // An engine has one owner at a time: it is taken from the state before use and put back after.
    private struct EngineBox: @unchecked Sendable {
        let engine: Engine
    }

    /// Makes the network of a configuration; parameters are read when they are needed.
    ///
    /// - Throws: `NetworkError.configuration` for a configuration that describes no network, `NetworkError.precision` for
    ///   one that this processor cannot compute in.
    public init(config: AutoencoderDCConfig, weights: any WeightSource, options: Options = Options()) throws {
        try config.checkNetwork()
        guard options.precision.isAvailable(with: options.instructionSet) else { throw NetworkError.precision }
        self.config = config
        self.weights = weights
        self.options = options
        state = Mutex(State())
    }

    /// The factor between a sample's sides and its latent's.
    public var spatialCompressionRatio: Int { config.spatialCompressionRatio }

    /// What a latent is multiplied by before a diffusion model sees it, where that is known.
    public var scalingFactor: Double? { config.scalingFactor }

    /// The tiles in use, if any.
    public var tiling: Tiling? { state.withLock { $0.tiling } }

    /// From now on, runs images that are larger than a tile in tiles, as diffusers' `enable_tiling`.
    ///
    /// - Parameters: all in samples; what is left out stays as it was, or as diffusers has it: 512 and 448.
    /// - Throws: `NetworkError.tiling` unless all are multiples of `spatialCompressionRatio` and no stride exceeds its tile.
    public func enableTiling(
        tileSampleMinHeight: Int? = nil,
        tileSampleMinWidth: Int? = nil,
        tileSampleStrideHeight: Int? = nil,
        tileSampleStrideWidth: Int? = nil
    ) throws {
        let current = tiling ?? Tiling()
        let wanted = Tiling(
            tileSampleMinHeight: tileSampleMinHeight ?? current.tileSampleMinHeight,
            tileSampleMinWidth: tileSampleMinWidth ?? current.tileSampleMinWidth,
            tileSampleStrideHeight: tileSampleStrideHeight ?? current.tileSampleStrideHeight,
            tileSampleStrideWidth: tileSampleStrideWidth ?? current.tileSampleStrideWidth
        )
        let ratio = spatialCompressionRatio
        guard config.encoder.resolutionFactor == ratio, config.decoder.resolutionFactor == ratio else {
            throw NetworkError.tiling("tiles need a network whose every stage has layers")
        }
        try wanted.check(ratio: ratio)
        state.withLock { $0.tiling = wanted }
    }

    /// From now on, runs images of all sizes whole.
    public func disableTiling() { state.withLock { $0.tiling = nil } }

    /// Encodes images into latents.
    ///
    /// - Parameters:
    ///   - image: [N, inChannels, H, W], by convention in [-1, 1]; H and W multiples of `spatialCompressionRatio`.
    ///   - progress: called from the calling thread with the part done, 0 to 1; what it throws ends the computation.
    /// - Returns: [N, latentChannels, H / F, W / F], not scaled.
    /// - Throws: `NetworkError`, and what the weights' source throws.
    public func encode(_ image: FloatTensor, progress: ((Double) throws -> Void)? = nil) throws -> FloatTensor {
        try run(.encode, image, progress: progress, profiles: false).result
    }

    /// Decodes latents into samples.
    ///
    /// - Parameters:
    ///   - latent: [N, latentChannels, h, w], not scaled.
    ///   - progress: called from the calling thread with the part done, 0 to 1; what it throws ends the computation.
    /// - Returns: [N, inChannels, h × F, w × F], not clamped.
    /// - Throws: `NetworkError`, and what the weights' source throws.
    public func decode(_ latent: FloatTensor, progress: ((Double) throws -> Void)? = nil) throws -> FloatTensor {
        try run(.decode, latent, progress: progress, profiles: false).result
    }

    /// Encodes, and says what every layer cost.
    public func profileEncode(_ image: FloatTensor) throws -> (latent: FloatTensor, report: Report) {
        let (latent, report) = try run(.encode, image, progress: nil, profiles: true)
        return (latent, report)
    }

    /// Decodes, and says what every layer cost.
    public func profileDecode(_ latent: FloatTensor) throws -> (sample: FloatTensor, report: Report) {
        let (sample, report) = try run(.decode, latent, progress: nil, profiles: true)
        return (sample, report)
    }

    // MARK: -

    private enum Direction { case encode, decode }

    private func run(
        _ direction: Direction,
        _ input: FloatTensor,
        progress: ((Double) throws -> Void)?,
        profiles: Bool
    ) throws -> (result: FloatTensor, report: Report) {
        try check(direction, input)
        let (tiling, idle) = state.withLock { state in
            let idle = state.idle
            state.idle = nil
            return (state.tiling, idle)
        }
        let engine =
            idle?.engine
            ?? Engine(
                threads: options.threads,
                instructionSet: options.instructionSet,
                precision: options.precision
            )
        engine.limit =
            switch options.check {
            case .nothing: nil
            case .finite: Float.greatestFiniteMagnitude
            case .withinF16: 65504
            }
        engine.wholeLimit = max(0, options.memoryBudget / 100 * 18)
        engine.stepBytes = max(1, options.memoryBudget / 100)
        engine.isProfiling = profiles
        engine.profile = []
        engine.arena.restartPeak()
        defer {
            engine.progress = nil
            if !options.keepsBuffers { engine.releaseMemory() }
            let box = EngineBox(engine: engine)
            state.withLock { $0.idle = box }
        }
        do {
            let result = try tiled(direction, input, tiling, engine, progress)
            return (result, Report(layers: engine.profile, peakBufferBytes: engine.arena.peakBytes))
        } catch let error as KernelError {
            throw NetworkError(error)
        }
    }

    private func check(_ direction: Direction, _ input: FloatTensor) throws(NetworkError) {
        let channels = direction == .encode ? config.inChannels : config.latentChannels
        guard input.channels == channels else {
            let what = direction == .encode ? "an image" : "a latent"
            throw .shape("\(what) of this network has \(channels) channels, not \(input.channels)")
        }
        let ratio = config.encoder.resolutionFactor
        guard direction == .encode, input.height % ratio != 0 || input.width % ratio != 0 else { return }
        func near(_ size: Int) -> String {
            let low = size / ratio * ratio
            return size == low ? "\(size)" : low == 0 ? "\(ratio)" : "\(low) or \(low + ratio)"
        }
        throw .shape(
            "an image of \(input.width)×\(input.height) has sides that are no multiples of \(ratio); near are a width of "
                + "\(near(input.width)) and a height of \(near(input.height))"
        )
    }

    private func tiled(
        _ direction: Direction,
        _ input: FloatTensor,
        _ tiling: Tiling?,
        _ engine: Engine,
        _ progress: ((Double) throws -> Void)?
    ) throws -> FloatTensor {
        let ratio = spatialCompressionRatio
        guard let tiling else { return try whole(direction, input, engine, progress) }
        let unit = direction == .encode ? 1 : ratio
        let tile = (height: tiling.tileSampleMinHeight / unit, width: tiling.tileSampleMinWidth / unit)
        let stride = (height: tiling.tileSampleStrideHeight / unit, width: tiling.tileSampleStrideWidth / unit)
        guard input.height > tile.height || input.width > tile.width else {
            return try whole(direction, input, engine, progress)
        }
        let tiles = Double(
            (input.height + stride.height - 1) / stride.height * ((input.width + stride.width - 1) / stride.width)
        )
        var done = 0.0
        return try tiling.run(
            input,
            tile: tile,
            stride: stride,
            scale: direction == .encode ? (1, ratio) : (ratio, 1)
        ) { piece in
            let start = done
            defer { done += 1 }
            return try whole(direction, piece, engine, progress.map { report in { try report((start + $0) / tiles) } })
        }
    }

    private func whole(
        _ direction: Direction,
        _ input: FloatTensor,
        _ engine: Engine,
        _ progress: ((Double) throws -> Void)?
    ) throws -> FloatTensor {
        let (down, up) = (config.encoder.resolutionFactor, config.decoder.resolutionFactor)
        let (channels, height, width) =
            switch direction {
            case .encode: (config.latentChannels, input.height / down, input.width / down)
            case .decode: (config.inChannels, input.height * up, input.width * up)
            }
        let loader = LayerLoader(source: weights, limit: engine.limit)
        func forward(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, isDryRun: Bool) throws -> Double {
            let forward = Forward(engine: engine, loader: loader, config: config, isDryRun: isDryRun)
            switch direction {
            case .encode: try forward.encode(from, height: input.height, width: input.width, into: to)
            case .decode: try forward.decode(from, height: input.height, width: input.width, into: to)
            }
            return forward.operations
        }
        let count = input.batch * channels * height * width
        // A latent is small and may ask for more than there is; an allocation that fails would end the process.
        guard count <= ProcessorCount.memoryBytes / 4 else {
            throw NetworkError.outOfMemory(
                "an output of \([input.batch, channels, height, width]) takes \(count / 250_000_000) GB, more than the memory there is"
            )
        }
        let values = try [Float](unsafeUninitializedCapacity: count) { output, initialized in
            guard let to = output.baseAddress else { return }
            try input.values.withUnsafeBufferPointer { values in
                guard let from = values.baseAddress else { return }
                if let progress {
                    let total = try forward(from, to, isDryRun: true) * Double(input.batch)
                    var done = 0.0
                    engine.progress = { operations in
                        done += operations
                        try progress(min(1, done / max(1, total)))
                    }
                }
                for index in 0..<input.batch {
                    let start = to + index * channels * height * width
                    _ = try forward(from + index * input.imageCount, start, isDryRun: false)
                }
            }
            initialized = count
        }
        return FloatTensor(unchecked: [input.batch, channels, height, width], values)
    }
}
