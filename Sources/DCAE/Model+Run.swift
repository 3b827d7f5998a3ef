internal import CheckpointIO
public import DCAENetwork
public import Images
internal import Inference
public import Kernels
internal import ModelZoo
internal import Models
internal import Synchronization
internal import TensorCore

extension Model {
    /// How to run a network.
    public struct RunOptions: Sendable {
        /// The number of threads, 1 to 1024; nil for one for each processor.
        public var threads: Int?
        /// The precision of products.
        public var precision = Precision.f32
        /// The tiles for larger pictures, an approximation that takes less memory; nil to run without tiles.
        public var tiling: Tiling?
        /// Which values to check while computing. If a bad value is found, the run ends with the name of its layer.
        public var check = AutoencoderDC.Options.Check.nothing
        /// Whether latents are as a diffusion model sees them: scaled after encoding, and scaled back before decoding. The
        /// formula is that of the model's pipeline if the registry knows it, otherwise that of its configuration.
        public var isScaled = false
        /// How many of the first channels of a latent to encode, if the network was made for it, such as DC-AE 1.5; nil for all.
        public var latentChannels: Int?

        /// All threads, single precision, no tiles, unscaled latents.
        public init() {}

        /// The same, with scaled or unscaled latents.
        public init(isScaled: Bool) { self.isScaled = isScaled }

        fileprivate var network: AutoencoderDC.Options {
            get throws(CheckpointError) {
                if let threads, !(1...1024).contains(threads) {
                    throw CheckpointError("threads", .file, LibraryFault.number(expected: "from 1 to 1024"))
                }
                var options = AutoencoderDC.Options()
                if let threads { options.threads = threads }
                options.precision = precision
                options.check = check
                return options
            }
        }
    }

    /// How to make a picture fit the network, whose sides must be multiples of its compression ratio F.
    public struct Framing: Sendable, Equatable {
        /// What to do if a side is not a multiple of F.
        public var fit: Fit
        /// The side in pixels, a multiple of F, of the square that the picture is resized and cropped to, as networks are
        /// evaluated; nil to use `fit`.
        public var side: Int?
        /// The colour behind transparent parts of a picture; nil to use its stored colours.
        public var background: Colour?

        /// Creates a description; by default other sides are an error.
        public init(fit: Fit = .exact, side: Int? = nil, background: Colour? = nil) {
            self.fit = fit
            self.side = side
            self.background = background
        }

        func loader() throws(CheckpointError) -> ImageLoader {
            if let side, !(1...16384).contains(side) {
                throw CheckpointError(.size, LibraryFault.number(expected: "from 1 to 16384"))
            }
            return ImageLoader(fit: fit, background: background, tensorName: nil, side: side)
        }
    }

    /// The network itself, for what this type does not offer, such as the costs of layers or your own source of weights.
    ///
    /// - Throws: `CheckpointError` if the network is unknown or a part is missing; `NetworkError`.
    public func network(_ options: RunOptions = RunOptions()) throws -> AutoencoderDC {
        try networks.load(opened, .whole, options).network
    }

    /// Encodes images.
    ///
    /// - Parameters:
    ///   - image: [N, 3, H, W] in NCHW, planes of red, green and blue in -1...1; H and W multiples of F.
    ///   - options: how to run the network.
    ///   - progress: called with progress in thousandths.
    /// - Returns: the latents, [N, C, H / F, W / F], scaled if `options` say so.
    /// - Throws: `CheckpointError` if the network is unknown, if its encoder is missing, or if latents are to be scaled and no
    ///   factor is known; `NetworkError`, for example for sizes and memory; `CancellationError`.
    public func encode(
        _ image: FloatTensor,
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> FloatTensor {
        try await Background.run { mark in
            try encode(image, named: "image", try networks.load(opened, .encoder, options), options, mark, progress)
        }
    }

    /// Encodes a picture.
    ///
    /// - Parameters:
    ///   - picture: a picture of any size that `framing` accepts.
    ///   - framing: how to make it fit the network.
    ///   - options: how to run the network.
    ///   - progress: called with progress in thousandths.
    /// - Returns: the latent, [1, C, H / F, W / F], scaled if `options` say so.
    /// - Throws: `ImageRefusal` if the sides do not fit; otherwise the same as for images.
    public func encode(
        _ picture: Picture,
        framing: Framing = Framing(),
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> FloatTensor {
        try await Background.run { mark in
            let model = try networks.load(opened, .encoder, options)
            let image = try framing.loader().image(of: picture, named: "picture", for: model.network).tensor
            return try encode(image, named: "picture", model, options, mark, progress)
        }
    }

    private func encode(
        _ image: FloatTensor,
        named place: String,
        _ model: LoadedModel,
        _ options: RunOptions,
        _ mark: StopMark,
        _ progress: ProgressHandler?
    ) throws -> FloatTensor {
        if let channels = options.latentChannels { try model.check(latentChannels: channels) }
        // Before the work, for want of a factor.
        let normalization = options.isScaled ? try model.source.normalization : nil
        var latent = try model.encode(
            image,
            from: place,
            latentChannels: options.latentChannels,
            progress: Self.computing(mark, progress)
        )
        if let normalization { latent.normalize(by: normalization.first(latent.channels)) }
        return latent
    }

    /// Decodes latents.
    ///
    /// - Parameters:
    ///   - latent: [N, C, h, w] in NCHW; scaled if `options` say so.
    ///   - options: how to run the network.
    ///   - progress: called with progress in thousandths.
    /// - Returns: the samples, [N, 3, h × F, w × F], nominally in -1...1, not clamped.
    /// - Throws: the same as encoding, for the decoder.
    public func decode(
        _ latent: FloatTensor,
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> FloatTensor {
        try await Background.run { mark in
            let model = try networks.load(opened, .decoder, options)
            var latent = latent
            if options.isScaled {
                let normalization = try model.source.normalization
                // A latent of other channels is refused by the network, in words of its own.
                if latent.channels <= model.network.config.latentChannels {
                    latent.denormalize(by: normalization.first(latent.channels))
                }
            }
            return try model.decode(latent, from: "latent", progress: Self.computing(mark, progress))
        }
    }

    /// Decodes latents into pictures, one for each latent of the batch; otherwise like `decode`.
    ///
    /// - Throws: also `CheckpointError` if the network's samples do not have three channels.
    public func decodePictures(
        _ latent: FloatTensor,
        _ options: RunOptions = RunOptions(),
        progress: ProgressHandler? = nil
    ) async throws -> [Picture] {
        let sample = try await decode(latent, options, progress: progress)
        guard sample.channels == 3 else {
            throw CheckpointError(path, .file, InferenceFault.notRGB(channels: sample.channels))
        }
        return (0..<sample.batch).map { sample.picture($0) }
    }

    private static func computing(_ mark: StopMark, _ progress: ProgressHandler?) -> AutoencoderDC.Progress {
        { part throws(CancellationError) in
            try mark.checkComputation()
            progress?(Progress(phase: .computing, done: Int(part * 1000), total: 1000))
        }
    }
}

/// The networks of a model that were loaded; each is loaded once for the options that it was last run with.
final class NetworkShelf: Sendable {
    private struct Entry {
        let part: NetworkPart
        let options: AutoencoderDC.Options
        let model: LoadedModel
    }

    private let entries = Mutex<[Entry]>([])

    /// Loads a network, or takes the one that is there.
    func load(_ source: OpenedModel, _ part: NetworkPart, _ options: Model.RunOptions) throws -> LoadedModel {
        let wanted = try options.network
        let found = entries.withLock { entries in
            entries.first {
                $0.part == part && $0.options.threads == wanted.threads && $0.options.precision == wanted.precision
                    && $0.options.check == wanted.check
            }
        }
        var model: LoadedModel
        if let found {
            model = found.model
        } else {
            model = try LoadedModel(options: wanted, part: part) { source }
            let entry = Entry(part: part, options: wanted, model: model)
            entries.withLock { $0 = $0.filter { $0.part != part } + [entry] }
        }
        if let tiling = options.tiling { try model.network.check(tiling) }
        model.tiling = options.tiling
        return model
    }
}
