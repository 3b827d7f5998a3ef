import DCAENetwork
import Kernels
import ModelZoo
import Synchronization
import TensorCore
import TestSupport
import Testing

/// Latents of the first channels alone, against `encode(image, latent_channels=K)` and `decode` of the original network
/// (Tests/Fixtures/README.md: DC-Gen, the tiny network of DC-AE 1.5).
@Suite struct PartialLatentTests {
    static let counts = [1, 8, 16]

    @Test(arguments: ["64x64", "128x192"], counts) func `equals the original implementation`(
        size: String,
        count: Int
    ) throws {
        let network = try TinyNetwork("v15")
        let image = try network.tensor(size + ".image")
        let latent = try network.tensor("\(size).channels.\(count).latent")
        let sample = try network.tensor("\(size).channels.\(count).sample")
        for set in InstructionSet.available {
            let options = AutoencoderDC.Options(instructionSet: set)
            let model = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
            let encoded = Distance(try model.encode(image, latentChannels: count), latent)
            #expect(encoded.isRounding, "\(set) latent: \(encoded)")
            let decoded = Distance(try model.decode(latent), sample)
            #expect(decoded.isRounding, "\(set) sample: \(decoded)")
        }
    }

    /// The first channels are those of the whole latent: the same products in the same order.
    @Test(arguments: [DType.f32, .bf16, .f16]) func `are the first channels of the whole`(dtype: DType) throws {
        let network = try TinyNetwork("v15").stored(as: dtype)
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        let image = try network.tensor("64x64.image")
        let whole = try model.encode(image)
        for count in [1, 7, 24] {
            let part = try model.encode(image, latentChannels: count)
            #expect(part.dimensions == [1, count, 1, 1])
            #expect(part.values == Array(whole.values.prefix(count)))
        }
    }

    /// A decoder sees missing channels as if they were zero.
    @Test func `decode as latents whose other channels are zero`() throws {
        let network = try TinyNetwork("v15")
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        let latent = try network.tensor("128x192.channels.8.latent")
        let padded = try FloatTensor(
            batch: 1,
            channels: 24,
            height: latent.height,
            width: latent.width,
            values: latent.values + [Float](repeating: 0, count: 16 * latent.height * latent.width)
        )
        #expect(Distance(try model.decode(latent), try model.decode(padded)).isRounding)
    }

    @Test func `cost less`() throws {
        let network = try TinyNetwork("v15")
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        let image = try network.tensor("128x192.image")
        func operations(_ layers: [LayerProfile], _ name: String) -> Double {
            layers.filter { $0.name == name }.reduce(0) { $0 + $1.operations }
        }
        let whole = try model.profileEncode(image).report.layers
        let part = try model.profileEncode(image, latentChannels: 8).report.layers
        #expect(operations(part, "encoder.conv_out") * 3 == operations(whole, "encoder.conv_out"))
        let all = try model.profileDecode(network.tensor("128x192.latent")).report.layers
        let few = try model.profileDecode(network.tensor("128x192.channels.8.latent")).report.layers
        #expect(operations(few, "decoder.conv_in") * 3 == operations(all, "decoder.conv_in"))
    }

    @Test func `run in tiles and in batches too`() throws {
        let network = try TinyNetwork("v15")
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        let tiling = Tiling(
            tileSampleMinHeight: 64,
            tileSampleMinWidth: 128,
            tileSampleStrideHeight: 64,
            tileSampleStrideWidth: 64
        )
        let image = try network.tensor("128x192.image")
        let whole = try model.encode(image, tiling: tiling)
        let part = try model.encode(image, latentChannels: 8, tiling: tiling)
        #expect(part.dimensions == [1, 8, 2, 3])
        #expect(part.values == Array(whole.values.prefix(part.values.count)))
        #expect(try model.decode(part, tiling: tiling).dimensions == image.dimensions)
        let two = try FloatTensor(batch: 2, channels: 3, height: 128, width: 192, values: image.values + image.values)
        let once = try model.encode(image, latentChannels: 5)
        #expect(try model.encode(two, latentChannels: 5).values == once.values + once.values)
    }

    /// The original asserts that there is no shortcut; of a mean over groups there is no first part.
    @Test func `are refused where a shortcut takes all channels`() throws {
        let sana = try TinyNetwork("sana")
        let model = try AutoencoderDC(config: sana.config, weights: sana.weights)
        let image = try sana.tensor("64x64.image")
        #expect(throws: NetworkError.shape(.partialShortcut)) { try model.encode(image, latentChannels: 4) }
        #expect(try model.encode(image, latentChannels: 8) == model.encode(image))
        let v15 = try TinyNetwork("v15")
        let other = try AutoencoderDC(config: v15.config, weights: v15.weights)
        for count in [0, 25, -1] {
            #expect(throws: NetworkError.shape(.partialLatent(asked: count, channels: 24))) {
                try other.encode(v15.tensor("64x64.image"), latentChannels: count)
            }
        }
        let wide = try FloatTensor(batch: 1, channels: 25, height: 1, width: 1, values: .init(repeating: 0, count: 25))
        #expect(throws: NetworkError.shape(.latentChannels(found: 25, expected: 24))) { try other.decode(wide) }
    }
}

/// What is read of the weights.
@Suite struct WeightReadingTests {
    /// Counts what it is asked for.
    private final class Counting: WeightSource {
        let inner: CheckpointWeights
        let count = Mutex(0)

        init(_ inner: CheckpointWeights) { self.inner = inner }

        func weight(_ name: String) throws(NetworkError) -> Weight {
            count.withLock { $0 += 1 }
            return try inner.weight(name)
        }
    }

    /// How much there is to do follows from shapes: no weight is read for it.
    @Test func `progress reads no weight twice`() throws {
        let network = try TinyNetwork("sana")
        let image = try network.tensor("64x64.image")
        let counts = try [false, true].map { hasProgress in
            let source = Counting(network.weights)
            let model = try AutoencoderDC(config: network.config, weights: source)
            var last = 0.0
            _ = try model.encode(image, progress: hasProgress ? { last = $0 } : nil)
            #expect(!hasProgress || abs(last - 1) < 1e-9)
            return source.count.withLock { $0 }
        }
        #expect(counts[0] == counts[1] && counts[0] > 0)
    }

    /// What a source throws comes out as it is.
    @Test func `a source's own error is kept`() throws {
        struct Lost: Refusal {
            var description: String { "the disk is gone" }
            var details: RefusalDetails { RefusalDetails(.system, "the disk is gone") }
        }
        struct Broken: WeightSource {
            func weight(_ name: String) throws(NetworkError) -> Weight { throw .source(Lost()) }
        }
        let network = try TinyNetwork("sana")
        let model = try AutoencoderDC(config: network.config, weights: Broken())
        let error = #expect(throws: NetworkError.self) { try model.encode(network.tensor("64x64.image")) }
        guard case .source(let cause)? = error else { throw NetworkError.stopped }
        #expect(cause is Lost)
        #expect(error?.description == "the disk is gone")
    }
}
