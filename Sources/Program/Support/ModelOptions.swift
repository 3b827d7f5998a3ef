public import ArgumentParser
internal import Calibration
internal import CheckpointIO
internal import DCAE
internal import DCAENetwork
public import Images
internal import Inference
public import Kernels
internal import ModelZoo
internal import Models
internal import ReferenceNetwork
internal import TensorCore

/// What commands take that run a network.
struct ModelArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The number of threads; by default one for each processor.", valueName: "number"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "The precision of products: f32 or bf16.",
            discussion: """
                bf16 is faster if the processor can multiply it (AVX512-BF16, bfdot of Arm). It is about as exact \
                as bf16 in PyTorch.
                """,
            valueName: "precision"
        )
    )
    var precision = Precision.f32

    @Flag(
        help: ArgumentHelp(
            "Stop at the first value that is NaN or infinite, and name its layer.",
            discussion: "It checks parameters, inputs and the output of every layer. Exit code 1 if one is found."
        )
    )
    var checkFinite = false

    @Flag(help: "Also stop at the first value outside fp16's range: beyond 65504 in magnitude.")
    var checkFp16 = false

    @Option(
        help: ArgumentHelp(
            "The engine: fast, or reference (simple, float64, slow).",
            discussion: "The reference needs OpenBLAS. Its results are written in float32.",
            valueName: "engine"
        )
    )
    var engine = ComputingEngine.fast

    @OptionGroup var hints: HintArguments

    func validate() throws {
        if engine == .reference, precision != .f32 {
            throw ValidationError("--precision is for the fast engine: the reference computes in float64")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024") }
    }

    /// The first option that was given and says something of a model; nil where at most the threads were.
    var givenBesideThreads: String? {
        let given = [
            ("--engine", engine != .fast), ("--precision", precision != .f32), ("--check-finite", checkFinite),
            ("--check-fp16", checkFp16), ("--variant", hints.variant != nil), ("--config", hints.config != nil),
        ]
        return given.first(where: \.1)?.0
    }

    /// The threads that networks run on.
    var threadCount: Int { threads ?? AutoencoderDC.Options().threads }

    /// Opens the network of a checkpoint.
    ///
    /// - Parameters:
    ///   - path: the checkpoint.
    ///   - common: the registry, and whether notes are printed.
    ///   - scalingFactor: one that the user gives.
    ///   - tiles: the tiles that the user wants.
    ///   - part: what of the network must be there.
    ///   - isOther: whether this is a second checkpoint, to which what is said of the first applies where nothing else does.
    /// - Returns: the network, ready to run.
    /// - Throws: where the checkpoint cannot be opened or is no DC-AE.
    func load(
        _ path: String,
        _ common: CommonOptions,
        scalingFactor: Double? = nil,
        tiles: TileArguments? = nil,
        part: NetworkPart = .whole,
        isOther: Bool = false
    ) throws -> LoadedModel {
        var options = AutoencoderDC.Options()
        if let threads { options.threads = threads }
        options.precision = precision
        options.check = checkFp16 ? .withinF16 : checkFinite ? .finite : .nothing
        func load(_ hints: HintArguments) throws -> LoadedModel {
            try LoadedModel(options: options, part: part) { try hints.open(path, common, scalingFactor: scalingFactor) }
        }
        var model: LoadedModel
        if isOther, hints.variant != nil || hints.config != nil {
            // What is said of the first is for another that says nothing of itself.
            var alone = hints
            (alone.variant, alone.config) = (nil, nil)
            model = try (try? load(alone)) ?? load(hints)
        } else {
            model = try load(hints)
        }
        model.tiling = try tiles?.tiling(for: model.network)
        if engine == .reference {
            if model.tiling != nil {
                throw ValidationError("--tile is for the fast engine: the reference does not use tiles")
            }
            model.reference = try ReferenceNetwork(model.network)
        }
        return model
    }
}

extension Precision: ExpressibleByArgument {}

/// What computes a network.
enum ComputingEngine: String, ExpressibleByArgument, CaseIterable {
    case fast, reference
}

/// The tiles of large images.
struct TileArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run larger images in tiles of this size, blended where they overlap, as diffusers does.",
            discussion: "This is an approximation: attention sees one tile at a time. Without tiles results are exact.",
            valueName: "WxH"
        )
    )
    var tile: SizeArgument?

    @Option(
        help: ArgumentHelp("The distance between two tiles; by default seven eighths of a tile.", valueName: "WxH")
    )
    var stride: SizeArgument?

    func validate() throws {
        if stride != nil, tile == nil {
            throw ValidationError("--stride is the distance between tiles: it needs --tile")
        }
    }

    /// The tiles to run a network in, if any, which must suit it.
    func tiling(for network: AutoencoderDC) throws(NetworkError) -> Tiling? {
        guard let tile else { return nil }
        let ratio = network.spatialCompressionRatio
        func usual(_ side: Int) -> Int { max(ratio, side / 8 * 7 / ratio * ratio) }
        let tiling = Tiling(
            tileSampleMinHeight: tile.height,
            tileSampleMinWidth: tile.width,
            tileSampleStrideHeight: stride?.height ?? usual(tile.height),
            tileSampleStrideWidth: stride?.width ?? usual(tile.width)
        )
        try network.check(tiling)
        return tiling
    }
}

/// A height and a width, written as `512x448`, or `512` for both.
struct SizeArgument: ExpressibleByArgument {
    let height: Int
    let width: Int

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let width = parts[0], let height = parts[parts.count - 1],
            (1...1 << 20).contains(height), (1...1 << 20).contains(width)
        else { return nil }
        self.init(height: height, width: width)
    }

    init(height: Int, width: Int) {
        (self.height, self.width) = (height, width)
    }

    var defaultValueDescription: String { height == width ? "\(height)" : "\(width)x\(height)" }
}

/// How pictures become images of the network's sizes.
struct PictureArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What to do if a side is not a multiple of F: crop, pad or resize; by default an error names valid sizes.",
            valueName: "way"
        )
    )
    var fit = Fit.exact

    @Option(
        help: ArgumentHelp(
            "The colour behind transparent pictures, as RRGGBB; by default transparency is ignored, as in Pillow.",
            valueName: "colour"
        )
    )
    var background: Colour?

    @Option(help: ArgumentHelp("The tensor to read, if a file has several.", valueName: "name"))
    var tensor: String?

    /// What happens to a picture's sides, in a word.
    func fitting(side: Int?) -> String {
        if side != nil { return "resized and cropped" }
        return switch fit {
        case .crop: "cropped"
        case .pad: "padded"
        case .exact, .resize: "resized"
        }
    }

    /// - Parameter side: that of the squares that pictures are made into, if any.
    func loader(side: Int?) -> ImageLoader {
        ImageLoader(fit: fit, background: background, tensorName: tensor, side: side)
    }

    /// Refuses squares that a network does not take and that nothing is to be done about: else every picture would be said
    /// to have sides that it does not have.
    func check(side: Int?, for model: LoadedModel) throws(CheckpointError) {
        if let side, fit == .exact { try model.checkSide(side) }
    }
}

extension Fit: ExpressibleByArgument {}

extension Colour: ExpressibleByArgument {
    /// A colour written as RRGGBB, with # before it or not.
    public init?(argument: String) {
        let digits = argument.hasPrefix("#") ? argument.dropFirst() : argument[...]
        guard digits.utf8.count == 6, let number = UInt32(digits, radix: 16) else { return nil }
        self.init(
            red: UInt8(number >> 16),
            green: UInt8(number >> 8 & 255),
            blue: UInt8(number & 255)
        )
    }

    /// The default as the help shows it.
    public var defaultValueDescription: String {
        self == .white ? "white" : "\(red),\(green),\(blue)"
    }
}

/// The scaling factor between latents and what a diffusion model sees.
struct ScalingArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Use latents as a diffusion model sees them: scaled after encoding, and scaled back before decoding.",
            discussion:
                "The formula is printed: a factor, and a shift or means and deviations if there are any."
        )
    )
    var scaled = false

    @Option(
        help: ArgumentHelp("The factor for --scaled, if the checkpoint does not decide it.", valueName: "number")
    )
    var scalingFactor: Double?

    func validate() throws {
        try checkFactor(scalingFactor)
        if scalingFactor != nil, !scaled { throw ValidationError("--scaling-factor works only with --scaled: add it") }
    }

    /// How latents are normalised, or nil where they are left as they are.
    ///
    /// - Parameter direction: in which direction, for what is said about it.
    func normalization(
        of model: LoadedModel,
        _ direction: Direction,
        _ common: CommonOptions
    ) throws -> LatentNormalization? {
        scaled ? try Self.say(of: model, direction, common) : nil
    }

    /// Says how latents of a model are normalised.
    static func say(
        of model: LoadedModel,
        _ direction: Direction,
        _ common: CommonOptions
    ) throws -> LatentNormalization {
        let normalization = try model.source.normalization
        let formula =
            direction == .encoding
            ? "scaled = \(normalization.formula())" : "latent = \(normalization.inverseFormula)"
        let figures = normalization.figures.map { ", with \($0)" } ?? ""
        let reason = model.source.normalizationReason.map { "; \($0)" } ?? ""
        common.say([formula + figures + reason])
        return normalization
    }

    enum Direction { case encoding, decoding }
}

/// The channels of latents.
struct LatentChannelArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Encode only the first channels of the latent, if the network was made for it, such as DC-AE 1.5.",
            valueName: "number"
        )
    )
    var latentChannels: Int?

    /// The channels to encode, which the network must be able to.
    func count(for model: LoadedModel) throws -> Int? {
        if let latentChannels { try model.check(latentChannels: latentChannels) }
        return latentChannels
    }
}
