import CheckpointIO
import Conversion
import Inspection
import ModelZoo
import Models
import Synthesis
import TensorCore
import TestSupport
import Testing

@Suite struct SynthesisTests {
    @Test(arguments: Fixtures.families) func bothLayoutsHoldTheSameWeights(family: String) throws {
        let folder = try TemporaryFolder()
        let registry = try folder.tinyRegistry()
        try registry.writeTiny(family, .original, to: folder("original"))
        try registry.writeTiny(family, .diffusers, to: folder("diffusers"))
        let plan = try ConversionPlan(OpenedModel(folder("original"), registry: registry), ConversionOptions())
        #expect(plan.model.variant?.name == "tiny-" + family, "config.json names the model")
        _ = try Conversion.run(plan, into: folder("converted"), level: .content, force: false)
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(try Fixtures.bytes(folder("converted" + name)) == Fixtures.bytes(folder("diffusers" + name)))
        #expect(try Fixtures.text(folder("converted/config.json")) == Fixtures.text(folder("diffusers/config.json")))
        for path in ["original", "diffusers"] {
            let result = try Verification.verify(OpenedModel(folder(path), registry: registry))
            #expect(result.findings.isEmpty, "\(result.findings)")
        }
    }

    /// A golden of the bytes: the same seed gives the same checkpoint in every release and on every machine.
    @Test func theSameSeedGivesTheSameBytes() throws {
        let folder = try TemporaryFolder()
        let registry = try folder.tinyRegistry()
        try registry.writeTiny("sana", .original, to: folder("a"))
        try registry.writeTiny("sana", .original, to: folder("b"))
        try registry.writeTiny("sana", .original, seed: 2, to: folder("c"))
        let digest = { try SHA256.hex(Fixtures.bytes(folder($0 + "/model.safetensors"))) }
        #expect(try digest("a") == digest("b"))
        #expect(try digest("a") != digest("c"))
        #expect(try digest("a") == "42e3f656b6647715ea6c1b226d9e3740d20785213f4256def36d985187b9db61")
    }
}

/// Weights built by hand; what they compute is tested with the network that computes it.
@Suite struct InterpretableSynthesisTests {
    static func write(_ registry: Registry, _ name: String, _ layout: Layout, to path: String) throws {
        let variant = try registry.variant(named: name)
        _ = try SynthesizedModel(variant: variant, layout: layout, weights: .interpretable, dtype: .f32)
            .write(to: path, force: false)
    }

    @Test(arguments: ["sana", "f32", "lite"]) func bothLayoutsHoldTheSameWeights(family: String) throws {
        let folder = try TemporaryFolder()
        let registry = try folder.tinyRegistry()
        try Self.write(registry, "tiny-" + family, .original, to: folder("original"))
        try Self.write(registry, "tiny-" + family, .diffusers, to: folder("diffusers"))
        let plan = try ConversionPlan(OpenedModel(folder("original"), registry: registry), ConversionOptions())
        _ = try Conversion.run(plan, into: folder("converted"), level: .content, force: false)
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(try Fixtures.bytes(folder("converted" + name)) == Fixtures.bytes(folder("diffusers" + name)))
    }

    /// A golden of the bytes: the weights are the same in every release and on every machine.
    @Test(
        arguments: zip(
            ["sana", "lite"],
            [
                "9480e02e88e2fed432ed11608f060e97264880c37f3337420a2d25861b60b44e",
                "d90a2c8c6bc98e789e4d9c91b4fc720c448f7992747f3d70675d7560abe60505",
            ]
        )
    )
    func theBytesAreTheSameEverywhere(family: String, digest: String) throws {
        let folder = try TemporaryFolder()
        try Self.write(try folder.tinyRegistry(), "tiny-" + family, .original, to: folder("a"))
        #expect(try SHA256.hex(Fixtures.bytes(folder("a/model.safetensors"))) == digest)
    }

    @Test func aNetworkThatIsTooNarrowIsRefused() throws {
        let folder = try TemporaryFolder()
        let registry = try folder.tinyRegistry()
        let error = #expect(throws: CheckpointError.self) {
            try Self.write(registry, "tiny-f64", .original, to: folder("a"))
        }
        #expect(
            error?.description
                == "tiny-f64: no picture codec fits into this network: stage 1 of the encoder has 8 channels but 12 "
                + "are needed; weights: \"seeded\" works for every network"
        )
    }
}
