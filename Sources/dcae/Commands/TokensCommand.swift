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
            SANA has F 32 and P 1.

              dcae tokens 1024x1024 1920x1088
            """
    )

    @Argument(help: "Image sizes, width x height.")
    var sizes: [String]

    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        var documents: [JSONValue] = []
        var table = Table(["IMAGE", "VARIANTS", "LATENT", "TOKENS", "F8P2", "FEWER"], right: [3, 4, 5])
        for text in sizes {
            let (width, height) = try Self.parse(text)
            for group in Self.groups(registry.variants) {
                let ratio = group[0].config.spatialCompressionRatio
                let names = group.map(\.name)
                let channels = group[0].config.latentChannels
                let fits = width % ratio == 0 && height % ratio == 0
                let tokens = (width / ratio) * (height / ratio)
                let base = width % 16 == 0 && height % 16 == 0 ? width / 16 * (height / 16) : nil
                documents.append([
                    "width": .integer(width), "height": .integer(height), "variants": JSONValue(names),
                    "spatial_compression_ratio": .integer(ratio), "latent_channels": .integer(channels),
                    "tokens": fits ? .integer(tokens) : .null, "tokens_f8p2": base.map { .integer($0) } ?? .null,
                ])
                let fewer = base.map { (Double($0) / Double(max(1, tokens))).fixed(1) + "x" } ?? "-"
                table.add([
                    "\(width)x\(height)", "\(group[0].geometry) (\(names.count))",
                    fits ? "\(channels) x \(height / ratio) x \(width / ratio)" : "no multiple of \(ratio)",
                    fits ? tokens.grouped : "-", base.map(\.grouped) ?? "-", fits ? fewer : "-",
                ])
            }
        }
        common.json ? Terminal.print(.array(documents)) : table.print()
    }

    /// Variants of one geometry have the same tokens.
    private static func groups(_ variants: [Variant]) -> [[Variant]] {
        Dictionary(grouping: variants, by: \.geometry).values.sorted {
            $0[0].config.spatialCompressionRatio < $1[0].config.spatialCompressionRatio
        }
    }

    private static func parse(_ text: String) throws -> (width: Int, height: Int) {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1_000_000).contains(width),
            (1...1_000_000).contains(height)
        else {
            throw ValidationError("'\(text)' is no size; write it as 1024x768 (width x height)")
        }
        return (width, height)
    }
}
