import CheckpointIO
import DCAENetwork
import Kernels
import TensorCore
import TestSupport
import Testing

/// The network against what diffusers 0.42.1 computed (Tests/Fixtures/README.md says how).
@Suite struct ReferenceTests {
    @Test(arguments: Fixtures.families) func `equals the reference implementation`(family: String) throws {
        let network = try TinyNetwork(family)
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        #expect(!network.cases.isEmpty)
        for name in network.cases { try compare(model, network, name) }
    }

    @Test(arguments: InstructionSet.available, [1, 3])
    func `equals it on every instruction set and any number of threads`(set: InstructionSet, threads: Int) throws {
        for family in ["sana", "f32"] {
            let network = try TinyNetwork(family)
            let options = AutoencoderDC.Options(threads: threads, instructionSet: set)
            let model = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
            for name in network.cases { try compare(model, network, name) }
        }
    }

    @Test func `equals the original implementation at DC-AE 1.5`() throws {
        let network = try TinyNetwork("v15")
        #expect(network.cases == ["128x192", "64x64"])
        for set in InstructionSet.available {
            let options = AutoencoderDC.Options(instructionSet: set)
            let model = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
            for name in network.cases { try compare(model, network, name) }
        }
    }

    @Test(arguments: TinyNetwork.odd) func `equals it for configurations that no variant has`(name: String) throws {
        let network = try TinyNetwork(name, in: "odd")
        #expect(network.cases.count == 2)
        for set in InstructionSet.available {
            let options = AutoencoderDC.Options(instructionSet: set)
            let model = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
            for name in network.cases { try compare(model, network, name) }
        }
    }

    @Test(arguments: Fixtures.families) func `bf16 stays within its own error`(family: String) throws {
        let network = try TinyNetwork(family)
        var options = AutoencoderDC.Options(precision: .bf16)
        guard Precision.bf16.isAvailable(with: .best) else {
            #expect(throws: NetworkError.precision) {
                try AutoencoderDC(config: network.config, weights: network.weights, options: options)
            }
            return
        }
        let model = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
        let name = try #require(network.cases.first { !$0.hasPrefix("tiled.") })
        let latent = try network.tensor(name + ".latent")
        let encoded = try model.encode(try network.tensor(name + ".image"))
        let decoded = try model.decode(latent)
        for (found, expected) in [(encoded, latent), (decoded, try network.tensor(name + ".sample"))] {
            let distance = Distance(found, expected)
            #expect(distance.rms < 1.2e-2, "\(distance)")
            // The small lite network has hardly a product that is not Winograd's.
            #expect(family == "lite" || !distance.isRounding, "it is computed in bf16")
        }
        options.threads = 3
        let other = try AutoencoderDC(config: network.config, weights: network.weights, options: options)
        #expect(try other.decode(latent) == decoded)
    }

    private func compare(_ model: AutoencoderDC, _ network: TinyNetwork, _ name: String) throws {
        var tiling: Tiling?
        if name.hasPrefix("tiled.") {
            // tiled.<tile H>x<tile W>.stride.<stride H>x<stride W>.<H>x<W>
            let sizes = name.split(separator: ".").map { $0.split(separator: "x").compactMap { Int($0) } }
            tiling = Tiling(
                tileSampleMinHeight: sizes[1][0],
                tileSampleMinWidth: sizes[1][1],
                tileSampleStrideHeight: sizes[3][0],
                tileSampleStrideWidth: sizes[3][1]
            )
        }
        let latent = try network.tensor(name + ".latent")
        let encoded = Distance(try model.encode(try network.tensor(name + ".image"), tiling: tiling), latent)
        #expect(encoded.isRounding, "\(name) latent: \(encoded)")
        let decoded = Distance(try model.decode(latent, tiling: tiling), try network.tensor(name + ".sample"))
        #expect(decoded.isRounding, "\(name) sample: \(decoded)")
    }

    @Test(arguments: Fixtures.families) func `one thread and many give the same bits`(family: String) throws {
        let network = try TinyNetwork(family)
        let name = try #require(network.cases.first)
        let image = try network.tensor(name + ".image")
        let latent = try network.tensor(name + ".latent")
        let one = try AutoencoderDC(config: network.config, weights: network.weights, options: .init(threads: 1))
        for threads in [2, 3, 5] {
            let many = try AutoencoderDC(
                config: network.config,
                weights: network.weights,
                options: .init(threads: threads)
            )
            #expect(try many.encode(image) == one.encode(image))
            #expect(try many.decode(latent) == one.decode(latent))
        }
    }

    @Test(arguments: Fixtures.families) func `bands of a few rows give the bits of whole images`(family: String) throws
    {
        let network = try TinyNetwork(family)
        let name = try #require(network.cases.first { !$0.hasPrefix("tiled") })
        let image = try network.tensor(name + ".image")
        let latent = try network.tensor(name + ".latent")
        let whole = try AutoencoderDC(config: network.config, weights: network.weights)
        let banded = try AutoencoderDC(
            config: network.config,
            weights: network.weights,
            options: .init(memoryBudget: 0)
        )
        #expect(try banded.encode(image) == whole.encode(image))
        #expect(try banded.decode(latent) == whole.decode(latent))
    }

    @Test func `a batch gives what its images give one by one`() throws {
        let network = try TinyNetwork("sana")
        let model = try AutoencoderDC(config: network.config, weights: network.weights)
        let image = try network.tensor("64x64.image")
        let other = image.values.map { -$0 }
        let batch = try FloatTensor(batch: 2, channels: 3, height: 64, width: 64, values: image.values + other)
        let single = try FloatTensor(batch: 1, channels: 3, height: 64, width: 64, values: other)
        let expected = try model.encode(image).values + model.encode(single).values
        #expect(try model.encode(batch).values == expected)
        #expect(try model.decode(model.encode(batch)).dimensions == [2, 3, 64, 64])
    }

    @Test(arguments: [DType.bf16, .f16]) func `16-bit weights are those values in single precision`(dtype: DType) throws
    {
        let network = try TinyNetwork("lite")
        var narrow = network.weights
        narrow.dtype = dtype
        var wide = network.weights
        for tensor in network.weights.checkpoint.tensors where tensor.descriptor.dtype == .f32 {
            let weight = try narrow.weight(tensor.descriptor.name)
            var values = [Float](repeating: 0, count: weight.bytes.count / 2)
            values.withUnsafeMutableBytes { _ = NumberFormat.convert(weight.bytes, from: dtype, into: $0, to: .f32) }
            wide.replaced[tensor.descriptor.name] = values
        }
        let image = try network.tensor("64x64.image")
        let a = try AutoencoderDC(config: network.config, weights: narrow)
        let b = try AutoencoderDC(config: network.config, weights: wide)
        #expect(try a.encode(image) == b.encode(image))
        #expect(try a.decode(a.encode(image)) == b.decode(b.encode(image)))
    }
}
