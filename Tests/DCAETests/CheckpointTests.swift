import CheckpointIO
import Conversion
import DCAE
import DCAENetwork
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

@Suite struct CheckpointTests {
    /// Both layouts against what diffusers computed with the same weights, and against each other; one thread and many.
    @Test(arguments: Fixtures.families)
    func bothLayoutsGiveWhatDiffusersGives(family: String) throws {
        let original = try AutoencoderDC(singleFile: Tiny.original(family), config: Tiny.config(family))
        let diffusers = try AutoencoderDC(pretrained: Tiny.diffusers(family), options: .init(threads: 1))
        let many = try AutoencoderDC(pretrained: Tiny.diffusers(family), options: .init(threads: 5))
        #expect(original.config == diffusers.config)
        for item in try Expected(family).cases {
            let result = try original.run(item)
            expectNear(result.latent, item.latent, "\(item.name) latent")
            expectNear(result.sample, item.sample, "\(item.name) sample")
            #expect(try diffusers.run(item) == result, "\(item.name): the layouts differ")
            #expect(try many.run(item) == result, "\(item.name): the number of threads makes a difference")
        }
    }

    /// A copy in 16 bits computes what the same weights widened to 32 bits compute, to the bit.
    @Test(arguments: Fixtures.families, [DType.bf16, .f16])
    func halfPrecisionIsWidenedExactly(family: String, dtype: DType) throws {
        let folder = try TemporaryFolder()
        try Tiny.convert(family, Tiny.original(family), to: folder("half"), dtype: dtype)
        try Tiny.convert(family, folder("half"), to: folder("wide"), dtype: .f32)
        let half = try AutoencoderDC(pretrained: folder("half"))
        let wide = try AutoencoderDC(singleFile: folder("wide/model.safetensors"), config: Tiny.config(family))
        let item = try #require(try Expected(family).cases.first { $0.tiles == nil })
        let result = try half.run(item)
        #expect(try wide.run(item) == result)
        // Weights rounded to 8 or 11 bits: another result, but not a very different one.
        let error = relativeRMS(result.latent, item.latent)
        #expect(error > 1e-5 && error < 0.2, "\(error)")
    }

    /// Tensors that are stored transposed, or in the other byte order, are gathered.
    @Test func storedOtherwise() throws {
        let folder = try TemporaryFolder()
        let plain = try Checkpoint.open(Tiny.original("f32"))
        var bytes: [UInt8] = []
        var tensors: [StoredTensor] = []
        for (index, tensor) in plain.tensors.enumerated() {
            let descriptor = tensor.descriptor
            let values = try plain.bytes(of: tensor)
            let sizes = descriptor.shape.dimensions
            let size = try #require(descriptor.dtype.byteCount)
            var elements = stride(from: 0, to: values.count, by: size).map { Array(values[$0..<($0 + size)]) }
            var strides: [Int]?
            if sizes.count > 1, index % 2 == 0 {
                // The first dimension runs fastest.
                let (rows, rest) = (sizes[0], elements.count / sizes[0])
                elements = (0..<elements.count).map { elements[$0 % rows * rest + $0 / rows] }
                var step = rows
                strides =
                    [1]
                    + sizes.dropFirst().reversed().map { count in
                        defer { step *= count }
                        return step
                    }.reversed()
            }
            let isSwapped = index % 3 == 0
            let location = TensorLocation(
                file: 0,
                offset: bytes.count,
                byteCount: values.count,
                strides: strides,
                isByteSwapped: isSwapped
            )
            tensors.append(StoredTensor(descriptor: descriptor, location: location))
            bytes += elements.flatMap { isSwapped ? $0.reversed() : $0 }
        }
        let file = try InputFile(opening: try folder.write("data", bytes))
        let stored = Checkpoint(path: file.path, format: .torchZip, files: [file], tensors: tensors)
        let reference = try AutoencoderDC(pretrained: Tiny.diffusers("f32"))
        let hints = ModelHints(config: try AutoencoderDCConfig.read(file: Tiny.config("f32")))
        let model = try AutoencoderDC(OpenedModel(stored, hints, registry: Registry()), options: .init())
        let item = try Expected("f32").cases[0]
        #expect(try model.run(item) == reference.run(item))
    }

    /// The configuration is that beside the weights, also of a model that is no published one.
    @Test func configurationIsFound() throws {
        let model = try AutoencoderDC(pretrained: Tiny.diffusers("lite"))
        #expect(model.config == (try AutoencoderDCConfig.read(file: Tiny.config("lite")).config))
        #expect(model.spatialCompressionRatio == 32)
        #expect(model.scalingFactor == model.config.scalingFactor)
    }

    @Test func whatIsNoModelIsRefusedInOneLine() throws {
        let folder = try TemporaryFolder()
        func refusal(_ body: () throws -> AutoencoderDC) -> String {
            do {
                _ = try body()
                return "no error"
            } catch let error as any Refusal {
                return error.description.replacing(Fixtures.folder, with: "F").replacing(folder.path, with: "T")
            } catch {
                return "\(type(of: error))"
            }
        }
        #expect(
            refusal { try AutoencoderDC(singleFile: Tiny.original("sana")) }.hasPrefix(
                "F/tiny/sana/original.safetensors: this is no checkpoint of a known DC-AE: nearest is dc-ae-"
            )
        )
        #expect(
            refusal { try AutoencoderDC(singleFile: Tiny.original("sana"), config: Tiny.config("f64")) }.hasPrefix(
                "F/tiny/sana/original.safetensors: it does not have the tensors of the given configuration: "
            )
        )
        #expect(
            refusal { try AutoencoderDC(pretrained: folder("none")) }
                == "T/none: there is no such file or folder; check the path"
        )
        // Another model's config.json beside the weights.
        try folder.write(
            "mixed/diffusion_pytorch_model.safetensors",
            try Fixtures.bytes(Tiny.diffusers("sana") + "/diffusion_pytorch_model.safetensors")
        )
        try folder.write("mixed/config.json", try Fixtures.bytes(Tiny.config("lite")))
        #expect(
            refusal { try AutoencoderDC(pretrained: folder("mixed")) }.hasPrefix(
                "T/mixed: it does not have the tensors of the config.json beside it: "
            )
        )
    }

    /// `in` and `mix` are one network: it runs, and has no scaling factor until something says which.
    @Test func ambiguityIsLeftToTheScalingFactor() throws {
        let folder = try TemporaryFolder()
        let registry = try Registry()
        let variant = try registry.variant(named: "f64c128-mix-1.0")
        let path = try folder.writeHollow("unnamed.safetensors", variant.config, .original)
        let model = try OpenedModel(path, registry: registry)
        #expect(model.config != nil && model.config?.scalingFactor == nil)
        #expect(model.config?.encoder.blockOutChannels == variant.config.encoder.blockOutChannels)
        let error = #expect(throws: CheckpointError.self) { try model.scalingFactor }
        #expect(
            error?.description.hasSuffix(
                "unnamed.safetensors: this could be dc-ae-f64c128-in-1.0 (0.2889) or dc-ae-f64c128-mix-1.0 (0.4538), which need "
                    + "different scaling factors; say which with variant: or scalingFactor:, as variant: \"dc-ae-f64c128-in-1.0\"; `dcae identify` can measure it over pictures"
            ) == true
        )
        #expect(try OpenedModel(path, ModelHints(variant: variant), registry: registry).scalingFactor == 0.4538)
        #expect(try OpenedModel(path, ModelHints(scalingFactor: 0.2889), registry: registry).scalingFactor == 0.2889)
    }
}

/// The bounds that issue 4 sets: 1e-4 of the largest value, and 2e-5 of the root mean square.
func expectNear(_ found: FloatTensor, _ expected: FloatTensor, _ what: String) {
    #expect(found.dimensions == expected.dimensions, "\(what)")
    guard found.dimensions == expected.dimensions else { return }
    let largest = expected.values.map(\.magnitude).max() ?? 0
    let most = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? 0
    #expect(most <= 1e-4 * largest, "\(what): \(most / largest) of the largest")
    let error = relativeRMS(found, expected)
    #expect(error <= 2e-5, "\(what): relative RMS \(error)")
}

func relativeRMS(_ found: FloatTensor, _ expected: FloatTensor) -> Double {
    let squares = zip(found.values, expected.values).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let total = expected.values.reduce(0.0) { $0 + Double($1) * Double($1) }
    return (squares / total).squareRoot()
}
