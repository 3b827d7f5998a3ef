internal import ArgumentParser
internal import CheckpointIO
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Counts the tokens that a diffusion model sees, per variant, against F8 with patches of 2.",
        discussion: """
            tokens = (H / (F P)) x (W / (F P)). SD and FLUX have F 8 and patches of P 2;
            SANA has F 32 and P 1. If a size is not a multiple of F, the nearest valid sizes
            are shown instead: the largest within it and the smallest around it.

              dcae tokens 1024x1024 1920x1080
            """
    )

    @Argument(help: "Image sizes, width x height.")
    var sizes: [String]

    @OptionGroup var common: CommonOptions

    func run() throws {
        let groups = Self.groups(try common.loadRegistry().variants)
        var documents: [JSONValue] = []
        var table = Table(["IMAGE", "VARIANTS", "LATENT", "TOKENS", "F8P2", "FEWER"], right: [3, 4, 5])
        for text in sizes {
            let size = try Size(text)
            for group in groups {
                let count = Count(size, group[0].config)
                documents.append(count.document(of: group))
                table.add(count.row(of: group))
            }
        }
        common.json ? Terminal.print(["counts": .array(documents)]) : table.print()
    }

    /// Variants of one geometry have the same tokens; those whose input is no picture have no size to count by.
    private static func groups(_ variants: [Variant]) -> [[Variant]] {
        Dictionary(grouping: variants.filter { $0.config.inChannels == 3 }, by: \.geometry).values.sorted {
            let (a, b) = ($0[0].config, $1[0].config)
            return (a.spatialCompressionRatio, a.latentChannels) < (b.spatialCompressionRatio, b.latentChannels)
        }
    }
}

/// A picture's size.
private struct Size: Equatable {
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
    }

    init(_ text: String) throws {
        guard let size = SizeArgument(argument: text) else {
            throw ValidationError(
                "'\(text)' is not a size; write it as 1024x768 (width x height), or 1024 for a square"
            )
        }
        self.init(width: size.width, height: size.height)
    }

    var text: String { "\(width)x\(height)" }

    var document: JSONValue { JSONValue(width: width, height: height) }

    func fits(_ ratio: Int) -> Bool { width % ratio == 0 && height % ratio == 0 }

    /// The largest size within this one that fits, where there is one, and the smallest around it.
    func nearest(fitting ratio: Int) -> [Size] {
        let within = Size(width: width / ratio * ratio, height: height / ratio * ratio)
        let around = Size(width: (width + ratio - 1) / ratio * ratio, height: (height + ratio - 1) / ratio * ratio)
        return (within.width > 0 && within.height > 0 ? [within] : []) + [around]
    }
}

/// The tokens of a picture with one geometry.
private struct Count {
    private let size: Size
    private let config: AutoencoderDCConfig
    /// The tokens, where the picture's sides are multiples of F.
    private let tokens: Int?
    /// Those of F 8 with patches of 2, where they are multiples of 16.
    private let base: Int?

    init(_ size: Size, _ config: AutoencoderDCConfig) {
        let ratio = config.spatialCompressionRatio
        self.size = size
        self.config = config
        tokens = size.fits(ratio) ? (size.width / ratio) * (size.height / ratio) : nil
        base = size.fits(16) ? size.width / 16 * (size.height / 16) : nil
    }

    private var ratio: Int { config.spatialCompressionRatio }

    func document(of group: [Variant]) -> JSONValue {
        [
            "size": size.document, "variants": JSONValue(group.map(\.name)),
            "spatial_compression_ratio": .integer(ratio), "latent_channels": .integer(config.latentChannels),
            "tokens": tokens.map { .integer($0) } ?? .null, "tokens_f8p2": base.map { .integer($0) } ?? .null,
            "nearest": .array(tokens == nil ? size.nearest(fitting: ratio).map(\.document) : []),
        ]
    }

    func row(of group: [Variant]) -> [String] {
        let latent =
            tokens == nil
            ? "fit: " + size.nearest(fitting: ratio).map(\.text).joined(separator: ", ")
            : "\(config.latentChannels) x \(size.height / ratio) x \(size.width / ratio)"
        let fewer = tokens.flatMap { tokens in base.map { (Double($0) / Double(max(1, tokens))).fixed(1) + "x" } }
        return [
            size.text, "\(group[0].geometry) (\(group.count))", latent, tokens?.grouped ?? "-",
            base?.grouped ?? "-", fewer ?? "-",
        ]
    }
}
