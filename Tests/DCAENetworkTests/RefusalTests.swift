import DCAENetwork
import Kernels
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// What is refused, and in which words.
@Suite struct RefusalTests {
    private func model(
        _ family: String = "sana",
        _ options: AutoencoderDC.Options = .init(),
        replacing: [String: [Float]] = [:],
        change: (inout AutoencoderDCConfig) -> Void = { _ in }
    ) throws -> AutoencoderDC {
        let network = try TinyNetwork(family)
        var weights = network.weights
        weights.replaced = replacing
        var config = network.config
        change(&config)
        return try AutoencoderDC(config: config, weights: weights, options: options)
    }

    private func zeros(_ channels: Int, _ height: Int, _ width: Int) throws -> FloatTensor {
        try FloatTensor(
            batch: 1,
            channels: channels,
            height: height,
            width: width,
            values: [Float](repeating: 0, count: channels * height * width)
        )
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func `images of other sizes and channels`() throws {
        let model = try model()
        #expect(
            message { _ = try model.encode(zeros(3, 40, 96)) }
                == "an image of 96×40 has sides that are not multiples of 32; use a width of 96 and a height of 32 or 64"
        )
        #expect(
            message { _ = try model.encode(zeros(4, 32, 32)) } == "an image of this network has 3 channels, not 4"
        )
        #expect(message { _ = try model.decode(zeros(3, 2, 2)) } == "a latent of this network has 8 channels, not 3")
        #expect(
            message { _ = try FloatTensor(batch: 1, channels: 0, height: 1, width: 1, values: []) }
                == "a tensor has four positive sizes, not [1, 0, 1, 1]"
        )
        #expect(
            message { _ = try FloatTensor(batch: 1, channels: 2, height: 1, width: 1, values: [1]) }
                == "1 values do not fill a tensor of [1, 2, 1, 1]"
        )
    }

    @Test func `tiles that the compression does not divide`() throws {
        // diffusers takes them, floors 448 / 128 to 3 latent pixels, and returns a sample of 384 × tiles.
        let model = try model("f128")
        #expect(
            message { try model.check(Tiling()) }
                == "tile height 512 and stride 448 must be multiples of 128, the network's compression; use for example 512 and 384"
        )
        let strides = Tiling(tileSampleStrideHeight: 384, tileSampleStrideWidth: 384)
        #expect(message { try model.check(strides) } == "no error")
        let narrow = Tiling(tileSampleMinWidth: 256, tileSampleStrideHeight: 384, tileSampleStrideWidth: 384)
        #expect(
            message { _ = try model.decode(zeros(32, 1, 1), tiling: narrow) }
                == "a stride of 384 leaves gaps between tiles of width 256: use at most the tile's width"
        )
    }

    @Test func `tiles at a compression of 128 give a sample of the right size`() throws {
        let model = try model("f128")
        let tiling = Tiling(
            tileSampleMinHeight: 256,
            tileSampleMinWidth: 256,
            tileSampleStrideHeight: 128,
            tileSampleStrideWidth: 128
        )
        #expect(try model.decode(zeros(32, 3, 2), tiling: tiling).dimensions == [1, 3, 384, 256])
        #expect(try model.encode(zeros(3, 384, 256), tiling: tiling).dimensions == [1, 32, 3, 2])
    }

    @Test func `configurations that are no network`() throws {
        #expect(
            message { _ = try model { $0.encoder.qkvMultiscales[3] = [4] } }
                == "encoder_qkv_multiscales has the even kernel size 4, which changes the image's size"
        )
        #expect(
            message { _ = try model { $0.attentionHeadDim = 64 } }
                == "stage 3 of the encoder has 32 channels, fewer than attention_head_dim, 64"
        )
        #expect(
            message { _ = try model { $0.decoder.layersPerBlock.removeLast() } }
                == "decoder_layers_per_block has 5 entries for 6 stages"
        )
        #expect(
            message { _ = try model { $0.encoder.blockOutChannels.removeLast() } }
                == "encoder_layers_per_block has 6 entries for 5 stages"
        )
    }

    @Test func `parameters of another shape`() throws {
        let model = try model { $0.latentChannels = 16 }
        #expect(
            message { _ = try model.decode(zeros(16, 1, 1)) }
                == "decoder.conv_in.weight: its shape is [32, 8, 3, 3], but the configuration asks for [32, 16, 3, 3]"
        )
    }

    @Test func `values that are not finite, by the layer where they appear`() throws {
        let network = try TinyNetwork("sana")
        let name = "decoder.up_blocks.2.1.conv1.bias"
        let weight = try network.weights.weight(name)
        let count = try #require(weight.shape.elementCount)
        let latent = try network.tensor("64x64.latent")
        var bias = [Float](repeating: 0, count: count)
        bias[5] = .nan
        #expect(
            message { _ = try model("sana", .init(check: .finite), replacing: [name: bias]).decode(latent) }
                == "decoder.up_blocks.2.1.conv1.bias: value 5 of this parameter is NaN"
        )
        // A value that F16 cannot hold, though F32 can.
        bias[5] = 60000
        let norm = "decoder.up_blocks.2.1.norm.weight"
        let large = [Float](repeating: 65000, count: count)
        let options = AutoencoderDC.Options(check: .withinF16)
        let report = message { _ = try model("sana", options, replacing: [norm: large]).decode(latent) }
        #expect(report.hasPrefix("decoder.up_blocks.2.1.conv2: the first layer whose output holds "), "\(report)")
        #expect(report.contains("beyond the 65504 of F16"), "\(report)")
        #expect(
            message { _ = try model("sana", .init(check: .finite), replacing: [norm: large]).decode(latent) }
                == "no error"
        )
        #expect(message { _ = try model("sana", options).decode(latent) } == "no error")
    }

    @Test func `progress rises to 1, and may end the computation`() throws {
        let model = try model()
        var seen: [Double] = []
        _ = try model.encode(zeros(3, 64, 64)) { seen.append($0) }
        #expect(seen == seen.sorted())
        #expect(abs((seen.last ?? 0) - 1) < 1e-9)
        #expect(throws: NetworkError.stopped) {
            _ = try model.encode(zeros(3, 64, 64)) { part throws(CancellationError) in
                if part > 0.5 { throw CancellationError() }
            }
        }
        _ = try model.encode(zeros(3, 64, 64))
    }

    @Test func `a profile names every layer`() throws {
        let (_, report) = try model().profileDecode(zeros(8, 2, 2))
        #expect(report.layers.contains { $0.name == "decoder.up_blocks.5.0.attn.to_qkv" })
        #expect(report.layers.contains { $0.name == "decoder.conv_out" && $0.outputSize == [64, 64, 3] })
        #expect(report.peakBufferBytes > 0)
    }
}
