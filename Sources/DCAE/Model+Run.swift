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
    /// How a network is run.
    public struct RunOptions: Sendable {
        /// The number of threads, 1 to 1024; nil for one for each processor.
        public var threads: Int?
        /// What products are computed in.
        public var precision = Precision.f32
        /// The tiles that larger pictures are run in, an approximation that takes less memory; nil to run them whole.
        public var tiling: Tiling?
        /// What values are looked at while computing; where one is found that should not be, the run ends with its layer's name.
        public var check = AutoencoderDC.Options.Check.nothing
        /// Whether latents are those that a diffusion model sees: scaled after encoding, and scaled back before decoding. The
        /// formula is that of the model's own pipeline where the registry knows it, else that of its configuration.
        public var isScaled = false
        /// How many channels of a latent are encoded, the first, by a network that was made for it, as DC-AE 1.5; nil for all.
        public var latentChannels: Int?

        /// All threads, single precision, whole pictures, latents that are not scaled.
        public init() {}

        /// The same with latents scaled or not.
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

    /// How a picture becomes what the network takes: sides that are multiples of its compression ratio F.
    public struct Framing: Sendable, Equatable {
        /// What to do with sides that are no multiples of F.
        public var fit: Fit
        /// The side of a square in pixels, a multiple of F, that the picture is resized and cut to, as networks are evaluated;
        /// nil to leave its size to `fit`.
        public var side: Int?
        /// What shows through where a picture in a file is transparent; nil for its colours as they are stored.
        public var background: Colour?

        /// Makes a description; by default sides that are no multiples are refused.
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

    /// The network itself, for what this type does not do: layers' costs, one's own source of weights.
    ///
    /// - Throws: `CheckpointError` where it is not known which network it is or where a part is missing; `NetworkError`.
    public func network(_ options: RunOptions = RunOptions()) throws -> AutoencoderDC {
        try networks.load(opened, .whole, options).network
    }

    /// Encodes images.
    ///
    /// - Parameters:
    ///   - image: [N, 3, H, W] in NCHW, planes of red, green and blue in -1...1; H and W multiples of F.
    ///   - options: how the network is run.
    ///   - progress: told of thousandths of all.
    /// - Returns: the latents, [N, C, H / F, W / F], scaled where `options` say so.
    /// - Throws: `CheckpointError` where it is not known which network it is, where its encoder is missing, or where latents are
    ///   to be scaled and no factor is known; otherwise what the network says, as of sizes and memory; `CancellationError`.
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
    ///   - picture: of any size that `framing` can make something of.
    ///   - framing: how it becomes what the network takes.
    ///   - options: how the network is run.
    ///   - progress: told of thousandths of all.
    /// - Returns: the latent, [1, C, H / F, W / F], scaled where `options` say so.
    /// - Throws: `ImageRefusal` where the sides do not suit; otherwise as for images.
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
    ///   - latent: [N, C, h, w] in NCHW; scaled where `options` say so.
    ///   - options: how the network is run.
    ///   - progress: told of thousandths of all.
    /// - Returns: the samples, [N, 3, h × F, w × F], nominally in -1...1, not clamped.
    /// - Throws: as encoding, of the decoder.
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

    /// Decodes latents into pictures, one for each latent of the batch; the rest as `decode`.
    ///
    /// - Throws: also `CheckpointError` where the network's samples have other than three channels.
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
