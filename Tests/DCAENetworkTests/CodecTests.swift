import DCAENetwork
import Foundation
import Images
import ModelZoo
import Synthesis
import TensorCore
import TestSupport
import Testing

/// Interpretable weights, made as they are asked for: no checkpoint is written.
final class CodecWeights: WeightSource {
    private final class Memory: @unchecked Sendable {
        let values: UnsafeMutableBufferPointer<Float>
        init(_ count: Int) { values = .allocate(capacity: count) }
        deinit { values.deallocate() }
    }

    private let weights: InterpretableWeights
    private let places: [String: (parameter: Parameter, shape: Shape, first: Int)]

    init(_ config: AutoencoderDCConfig) throws {
        weights = try InterpretableWeights(config)
        var places: [String: (parameter: Parameter, shape: Shape, first: Int)] = [:]
        for parameter in NetworkDescription(config).parameters {
            var first = 0
            for tensor in parameter.diffusers {
                places[tensor.name] = (parameter, tensor.shape, first)
                first += tensor.shape.elementCount ?? 0
            }
        }
        self.places = places
    }

    func weight(_ name: String) throws(NetworkError) -> Weight {
        guard let place = places[name] else { throw .parameter(name: name, .missing) }
        let memory = Memory(place.shape.elementCount ?? 0)
        weights.values(of: place.parameter).write(from: place.first, into: memory.values)
        return Weight(dtype: .f32, shape: place.shape, bytes: UnsafeRawBufferPointer(memory.values), owner: memory)
    }
}

/// A network and what the codec in it should be.
struct CodecCase: Sendable, CustomTestStringConvertible {
    var name: String
    var config: AutoencoderDCConfig
    var form: ClosedForm

    var testDescription: String { name }
}

@Suite struct CodecTests {
    /// Encodes and decodes the landscape and compares with the closed form.
    ///
    /// - Parameter tolerance: as a part of the range from -1 to 1; a step of 8 bits is 4e-3. It allows for rounding alone,
    ///   most of it where a shortcut adds a latent value of up to 30 that a convolution, by Winograd's algorithm, has
    ///   subtracted beforehand. Where the decoder interpolates, hundreds of such channels make up a value.
    static func check(_ item: CodecCase, width: Int, height: Int, tolerance: Double) throws {
        let config = item.config
        let picture = Picture.landscape(width: width, height: height)
        let colours = picture.planes()
        let count = config.inChannels * width * height
        let input = (0..<count).map { colours[$0 % colours.count] }
        let image = try FloatTensor(batch: 1, channels: config.inChannels, height: height, width: width, values: input)
        let model = try AutoencoderDC(config: config, weights: CodecWeights(config))
        let latent = try model.encode(image)
        let sample = try model.decode(latent)
        let expected = item.form.reconstruct(.init(config.inChannels, height, width, input.map(Double.init)))
        var largest = 0.0
        for (found, wanted) in zip(sample.values, expected.values) {
            let difference = abs(Double(found) - wanted)
            // So that what is not a number counts.
            if !(difference <= largest) { largest = difference }
        }
        // The range is 2: from -1 to 1.
        #expect(largest <= 2 * tolerance, "\(item.name)")
        guard config.inChannels == 3 else { return }
        func quality(_ values: [Float]) -> PictureQuality {
            PictureQuality(of: Picture(planes: values, width: width, height: height), comparedTo: picture)
        }
        let (network, form) = (quality(sample.values), quality(expected.values.map { Float($0) }))
        #expect(abs(network.psnr - form.psnr) < 0.01)
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["DCAE_CODEC_OUTPUT"] {
            try picture.writePNG(to: folder + "/landscape-\(width)x\(height).png", overwrite: true)
            try Picture(planes: sample.values, width: width, height: height).writePNG(
                to: folder + "/\(item.name)-\(width).png",
                overwrite: true
            )
            let rms = (latent.values.reduce(0) { $0 + Double($1) * Double($1) } / Double(latent.values.count))
                .squareRoot()
            print(
                item.name,
                "\(width)x\(height)",
                "error",
                largest / 2,
                "PSNR",
                network.psnr,
                form.psnr,
                "SSIM",
                network.ssim ?? 0,
                "latent rms",
                rms
            )
        }
    }
}

// MARK: - The networks

extension CodecCase {
    private static func config(
        encoder: [Int],
        decoder: [Int],
        layers: (encoder: [Int], decoder: [Int]),
        latent: Int,
        down: String,
        up: String,
        norms: String = "\"rms_norm\"",
        more: String = ""
    ) throws -> AutoencoderDCConfig {
        let count = encoder.count
        let types = (0..<count).map { $0 < count - 1 ? "\"ResBlock\"" : "\"EfficientViTBlock\"" }.joined(
            separator: ", "
        )
        let scales = (0..<count).map { $0 == count - 1 && down == "conv" ? "[5]" : "[]" }.joined(separator: ", ")
        let text = """
            {"encoder_block_out_channels": \(encoder), "decoder_block_out_channels": \(decoder),
            "encoder_layers_per_block": \(layers.encoder), "decoder_layers_per_block": \(layers.decoder),
            "encoder_block_types": [\(types)], "decoder_block_types": [\(types)],
            "encoder_qkv_multiscales": [\(scales)], "decoder_qkv_multiscales": [\(scales)],
            "decoder_norm_types": \(norms), "decoder_act_fns": "silu", "latent_channels": \(latent),
            "downsample_block_type": "\(down)", "upsample_block_type": "\(up)"\(more)}
            """
        return try AutoencoderDCConfig.read(Array(text.utf8), path: "test").config
    }

    /// Narrow relatives of every family, and of what the configuration allows besides.
    static let narrow: [CodecCase] = {
        let sana = { (more: String) in
            try config(
                encoder: [48, 96, 192, 192],
                decoder: [48, 96, 192, 192],
                layers: ([1, 1, 1, 1], [1, 1, 1, 1]),
                latent: 16,
                down: "conv",
                up: "interpolate",
                more: more
            )
        }
        let lite = { (activation: String, more: String) in
            try config(
                encoder: [48, 96, 192, 192],
                decoder: [48, 96, 192, 192],
                layers: ([1, 1, 1, 1], [0, 1, 1, 1]),
                latent: 16,
                down: "conv",
                up: "pixel_shuffle",
                more: ", \"decoder_conv_act_fn\": \"\(activation)\"" + more
            )
        }
        let mix = {
            try config(
                encoder: [32, 64, 128, 128],
                decoder: [32, 64, 128, 128],
                layers: ([0, 1, 1, 1], [0, 1, 1, 1]),
                latent: 16,
                down: "pixel_unshuffle",
                up: "pixel_shuffle",
                norms: "[\"batch_norm\", \"batch_norm\", \"batch_norm\", \"rms_norm\"]"
            )
        }
        // Too narrow for blocks of 16: the latent holds four blocks of 8.
        let parts = {
            try config(
                encoder: [32, 64, 128, 128, 256],
                decoder: [32, 64, 128, 128, 256],
                layers: ([0, 1, 1, 1, 1], [0, 1, 1, 1, 1]),
                latent: 64,
                down: "pixel_unshuffle",
                up: "pixel_shuffle"
            )
        }
        let noShortcuts = ", \"encoder_out_shortcut\": false, \"decoder_in_shortcut\": false"
        let paired = { (channels: Int) in
            ClosedForm(block: 8, counts: [10, 3, 3], normed: 2, channels: channels)
        }
        let smooth = ClosedForm(block: 8, counts: [9, 3, 3], cells: 4, channels: 48)
        // The networks of the fixtures, which leave room for little more than means.
        let tiny = { (family: String) in
            let path = Fixtures.path("tiny/\(family)/diffusers/config.json")
            return try AutoencoderDCConfig.read(Fixtures.bytes(path), path: path).config
        }
        return [
            (
                "tiny sana", { try tiny("sana") },
                ClosedForm(block: 32, counts: [3, 1, 1], cells: 2, channels: 8)
            ),
            ("tiny f32", { try tiny("f32") }, ClosedForm(block: 32, counts: [1, 1, 1], normed: 2, channels: 16)),
            ("tiny lite", { try tiny("lite") }, ClosedForm(block: 32, counts: [6, 1, 1], normed: 2, channels: 16)),
            ("sana", { try sana("") }, smooth),
            ("sana without shortcuts", { try sana(noShortcuts) }, smooth),
            ("lite", { try lite("silu", "") }, paired(96)),
            ("gelu", { try lite("gelu", noShortcuts) }, paired(96)),
            ("mish", { try lite("mish", "") }, paired(96)),
            ("mix", mix, paired(64)),
            ("parts", parts, paired(64)),
            (
                "one channel", { try lite("relu", ", \"in_channels\": 1") },
                ClosedForm(block: 8, counts: [16], normed: 2, channels: 96)
            ),
            (
                "four channels", { try lite("relu", ", \"in_channels\": 4") },
                ClosedForm(block: 8, counts: [4, 4, 4, 4], normed: 2, channels: 96)
            ),
        ].compactMap { name, config, form in (try? config()).map { CodecCase(name: name, config: $0, form: form) } }
    }()

    /// All published networks, at full width.
    static let published: [CodecCase] = {
        let variants = (try? Registry())?.variants ?? []
        return variants.map { variant in
            let config = variant.config
            let normed = config.decoder.projectionResamples ? 2 : 1
            // What a latent has room for: 32 coefficients of blocks of 32, but four times as many channels in f32c128,
            // and four coefficients of each of two planes in music.
            let (block, counts) = [
                "f32c128": (16, [20, 6, 6]), "f8c8": (8, [4, 4]),
            ][variant.geometry, default: (32, [20, 6, 6])]
            let form = ClosedForm(
                block: block,
                counts: counts,
                cells: config.upsamplesByInterpolation ? 8 : nil,
                normed: normed,
                channels: config.decoder.projectionChannels
            )
            return CodecCase(name: variant.name, config: config, form: form)
        }
    }()
}

extension CodecTests {
    @Test(arguments: CodecCase.narrow) func narrowNetworksGiveTheClosedForm(item: CodecCase) throws {
        let side = item.config.spatialCompressionRatio
        try Self.check(item, width: 5 * side, height: 4 * side, tolerance: 5e-5)
    }

    @Test func allNarrowNetworksAreThere() {
        #expect(CodecCase.narrow.count == 12)
        #expect(CodecCase.published.count == 14)
    }

    /// Minutes: set DCAE_CODEC_SIZE to the side of the picture, as 512, and DCAE_CODEC_OUTPUT to a folder for pictures.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["DCAE_CODEC_SIZE"] != nil),
        arguments: CodecCase.published
    )
    func publishedNetworksGiveTheClosedForm(item: CodecCase) throws {
        let environment = ProcessInfo.processInfo.environment
        let side = environment["DCAE_CODEC_SIZE"].flatMap { Int($0) } ?? 512
        if let only = environment["DCAE_CODEC_ONLY"], !item.name.contains(only) { return }
        try Self.check(item, width: side, height: side, tolerance: 2e-4)
    }
}
