import CheckpointIO
import Conversion
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// A tiny family's hints, whose configuration is in no registry.
func hints(_ family: String) throws -> ModelHints {
    let path = Fixtures.path("tiny/\(family)/diffusers/config.json")
    return ModelHints(config: try AutoencoderDCConfig.read(try Fixtures.bytes(path), path: path))
}

@discardableResult
func convert(
    _ source: String,
    _ hints: ModelHints,
    _ options: ConversionOptions,
    to target: String
) throws -> Conversion.Report {
    let plan = try ConversionPlan(OpenedModel(source, hints, registry: Registry()), options)
    return try Conversion.run(plan, into: target, level: .content, force: false)
}

@Suite struct ConversionTests {
    /// What diffusers' save_pretrained wrote for the same weights: size and SHA-256 of every file.
    @Test(
        arguments: Fixtures.families,
        [("fp32", nil, nil), ("fp16", .f16, nil), ("bf16", .bf16, nil), ("fp32-shards-300KB", nil, 300_000)]
            as [(String, DType?, Int?)]
    )
    func outputEqualsSavePretrained(family: String, kind: (name: String, dtype: DType?, shards: Int?)) throws {
        let folder = try TemporaryFolder()
        var options = ConversionOptions()
        options.dtype = kind.dtype
        options.maxShardSize = kind.shards
        try convert(Fixtures.path("tiny/\(family)/original.safetensors"), hints(family), options, to: folder("out"))
        let truth = try #require(
            try Fixtures.json("tiny/\(family)/save_pretrained.json")["outputs"]?[kind.name]?.members
        )
        #expect(folder.contents("out") == (truth.map(\.key) + ["config.json"]).sorted())
        for file in truth {
            let bytes = try Fixtures.bytes(folder("out/" + file.key))
            #expect(bytes.count == file.value["bytes"]?.integer, "\(file.key)")
            #expect(SHA256.hex(bytes) == file.value["sha256"]?.string, "\(file.key)")
        }
        #expect(
            try Fixtures.text(folder("out/config.json"))
                == Fixtures.text(Fixtures.path("tiny/\(family)/diffusers/config.json"))
        )
    }

    @Test(arguments: Fixtures.families, [nil, 300_000]) func andBackToTheSameBytes(family: String, shards: Int?) throws
    {
        let folder = try TemporaryFolder()
        var options = ConversionOptions()
        options.maxShardSize = shards
        try convert(Fixtures.path("tiny/\(family)/original.safetensors"), hints(family), options, to: folder("out"))
        var back = ConversionOptions()
        back.target = .original
        try convert(folder("out"), .none, back, to: folder("back"))
        #expect(
            try Fixtures.bytes(folder("back/model.safetensors"))
                == Fixtures.bytes(Fixtures.path("tiny/\(family)/original.safetensors"))
        )
    }

    @Test func countersStayWhatTheyAre() throws {
        let folder = try TemporaryFolder()
        var options = ConversionOptions()
        options.dtype = .bf16
        try convert(Fixtures.path("tiny/f32/original.safetensors"), hints("f32"), options, to: folder("out"))
        let checkpoint = try Checkpoint.open(folder("out"))
        #expect(Set(checkpoint.tensors.map(\.descriptor.dtype)) == [.i64, .bf16])
    }

    @Test func wideningAndNarrowingAgainLosesNothing() throws {
        let folder = try TemporaryFolder()
        var options = ConversionOptions()
        options.dtype = .bf16
        try convert(Fixtures.path("tiny/sana/original.safetensors"), hints("sana"), options, to: folder("half"))
        options.dtype = .f32
        try convert(folder("half"), .none, options, to: folder("wide"))
        options.dtype = .bf16
        try convert(folder("wide"), .none, options, to: folder("again"))
        let name = "diffusion_pytorch_model.bf16.safetensors"
        #expect(try Fixtures.bytes(folder("half/" + name)) == Fixtures.bytes(folder("again/" + name)))
    }

    /// The check must see a single wrong bit: in the last byte of the output, after the writing and before the check.
    @Test func theRoundtripCheckFindsOneWrongBit() throws {
        let folder = try TemporaryFolder()
        let options = ConversionOptions()
        let model = try OpenedModel(
            Fixtures.path("tiny/lite/original.safetensors"),
            hints("lite"),
            registry: Registry()
        )
        let plan = try ConversionPlan(model, options)
        _ = try Conversion.run(plan, into: folder("out"), level: .content, force: false)
        let path = folder("out/diffusion_pytorch_model.safetensors")
        var bytes = try Fixtures.bytes(path)
        bytes[bytes.count - 1] ^= 1
        try folder.write("out/diffusion_pytorch_model.safetensors", bytes)
        let error = #expect(throws: CheckpointError.self) {
            try RoundtripCheck.check(plan, writtenIn: folder("out"), level: .content)
        }
        #expect(error?.description.contains("the roundtrip check failed: element") == true)
        let report = try RoundtripCheck.check(plan, writtenIn: folder("out"), level: .structure)
        #expect(report.byteCount == 0, "the structure alone is as it was")
    }

    @Test(arguments: Fixtures.families) func everyByteReturnsToItsPlace(family: String) throws {
        let model = try OpenedModel(Fixtures.path("tiny/\(family)/diffusers"), registry: Registry())
        let result = try LayoutRoundtrip(model)
        #expect(result.misplaced.isEmpty)
        #expect(result.layout == .diffusers)
    }

    @Test(arguments: [
        ("5GB", 5_000_000_000), ("300KB", 300_000), ("1.5 mb", 1_500_000), ("2GiB", 2_147_483_648), ("77", 77),
    ])
    func sizesAreDecimal(text: String, size: Int) throws {
        #expect(ByteSize.parse(text) == size)
    }

    @Test(arguments: ["", "GB", "-1GB", "0", "nan", "1e400GB", "five"]) func badSizesAreRefused(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }
}
