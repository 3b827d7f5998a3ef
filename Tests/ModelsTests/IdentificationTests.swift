import CheckpointIO
import Conversion
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

/// A checkpoint with the tensors of a variant and no data: identification reads headers alone.
func hollow(_ variant: String, _ layout: Layout = .original, in folder: TemporaryFolder, at path: String) throws
    -> Checkpoint
{
    let config = try Registry().variant(named: variant).config
    let tensors = NetworkDescription(config).tensors(in: layout).map { tensor, kind in
        StoredTensor(
            descriptor: TensorDescriptor(
                name: tensor.name,
                dtype: kind == .batchCounter ? .i64 : .f32,
                shape: tensor.shape
            ),
            location: TensorLocation(file: 0, offset: 0, byteCount: tensor.shape.byteCount(of: .f32) ?? 0)
        )
    }
    let file = try InputFile(opening: try folder.write(path, [0]))
    return Checkpoint(path: file.path, format: .safetensors, files: [file], tensors: tensors)
}

@Suite struct IdentificationTests {
    static let inOrMix = ["dc-ae-f32c32-in-1.0", "dc-ae-f32c32-in-1.0-256px", "dc-ae-f32c32-mix-1.0"]

    @Test(
        arguments: [
            ("f32c32-in", inOrMix), ("f32c32-mix", inOrMix),
            ("f64c128-in", ["dc-ae-f64c128-in-1.0", "dc-ae-f64c128-mix-1.0"]),
            ("f128c512-mix", ["dc-ae-f128c512-in-1.0", "dc-ae-f128c512-mix-1.0"]),
            ("sana-1.0", ["dc-ae-f32c32-sana-1.0", "dc-ae-f32c32-sana-1.1"]), ("lite", ["dc-ae-lite-f32c32-sana-1.1"]),
            ("f32c128-1.5", ["dc-ae-f32c128-1.1", "dc-ae-f32c128-1.5"]), ("f64c128-1.5", ["dc-ae-f64c128-1.5"]),
        ],
        [Layout.original, .diffusers]
    )
    func structureLeavesTheVariantsOfOneNetwork(variant: (name: String, candidates: [String]), layout: Layout) throws {
        let folder = try TemporaryFolder()
        let found = try OpenedModel(hollow(variant.name, layout, in: folder, at: "m"), registry: Registry())
        #expect(found.candidates.map(\.name) == variant.candidates)
        #expect(found.layout == layout)
        #expect((found.variant == nil) == (variant.candidates.count > 1))
    }

    @Test func musicIsIdentifiedInItsOneLayout() throws {
        let folder = try TemporaryFolder()
        let found = try OpenedModel(
            hollow("ace-step", .diffusers, in: folder, at: "m"),
            registry: Registry()
        )
        #expect(found.variant?.name == "ace-step-f8c8" && found.layout == .diffusers)
    }

    /// 1.1 and 1.5 of f32c128 are told apart by what lies around them alone.
    @Test(arguments: ["dc-ae-f32c128-1.1", "dc-ae-f32c128-1.5"]) func aNameSettlesTheRelease(name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", Array("{\"model_name\": \"\(name)\"}".utf8))
        let found = try OpenedModel(hollow("f32c128-1.5", in: folder, at: "m"), registry: Registry())
        #expect(found.variant?.name == name && found.config?.scalingFactor == nil)
    }

    /// What settles `in` against `mix`.
    @Test(
        arguments: [
            ("model/config.json", "{\"model_name\": \"dc-ae-f32c32-in-1.0\"}", "model/m", "dc-ae-f32c32-in-1.0"),
            ("model/config.json", "{\"model_name\": \"dc-ae-f32c32-mix-1.0\"}", "model/m", "dc-ae-f32c32-mix-1.0"),
            ("x", "", "hub/models--mit-han-lab--dc-ae-f32c32-mix-1.0/snapshots/0123/m", "dc-ae-f32c32-mix-1.0"),
            ("x", "", "hub/models--mit-han-lab--dc-ae-f32c32-in-1.0-diffusers/snapshots/0123/m", "dc-ae-f32c32-in-1.0"),
        ]
    )
    func whatLiesAroundSettlesIt(file: String, text: String, path: String, name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(file, Array(text.utf8))
        let found = try OpenedModel(hollow("f32c32-in", in: folder, at: path), registry: Registry())
        #expect(found.variant?.name == name)
        #expect(found.evidence.count == 2)
    }

    @Test func theScalingFactorOfADiffusersConfigSettlesIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", Array(try Registry().variant(named: "f32c32-mix").config.text.utf8))
        let found = try OpenedModel(hollow("f32c32-in", .diffusers, in: folder, at: "m"), registry: Registry())
        #expect(found.variant?.name == "dc-ae-f32c32-mix-1.0")
    }

    /// A file system without extended attributes has no note, and then there is nothing to find.
    @Test(.enabled(if: Notes.areKept, "the file system keeps no extended attributes"))
    func theNoteOfThisProgramSettlesIt() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try hollow("f32c32-in", in: folder, at: "m")
        ProvenanceNote.write("dc-ae-f32c32-mix-1.0", to: checkpoint.files[0].path)
        #expect(try OpenedModel(checkpoint, registry: Registry()).variant?.name == "dc-ae-f32c32-mix-1.0")
    }

    @Test func contradictionsAreReported() throws {
        let folder = try TemporaryFolder()
        let path = "hub/models--mit-han-lab--dc-ae-f32c32-mix-1.0/snapshots/0/"
        try folder.write(path + "config.json", Array("{\"model_name\": \"dc-ae-f32c32-in-1.0\"}".utf8))
        let checkpoint = try hollow("f32c32-in", in: folder, at: path + "m")
        let found = try OpenedModel(checkpoint, registry: Registry())
        #expect(found.isContradictory && found.variant == nil && found.candidates.isEmpty)
        let error = #expect(throws: CheckpointError.self) {
            try ConversionPlan(OpenedModel(checkpoint, registry: Registry()), ConversionOptions())
        }
        #expect(
            error?.description.hasSuffix(
                ": the evidence contradicts itself: config.json beside it has model_name dc-ae-f32c32-in-1.0, but it lies in the Hugging Face cache of mit-han-lab/dc-ae-f32c32-mix-1.0; settle it with variant:"
            ) == true,
            "\(String(describing: error))"
        )
    }

    /// There is no default between `in` and `mix`.
    @Test func ambiguityStopsAConversionAndNamesTheFlags() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try hollow("f64c128-in", in: folder, at: "m")
        let error = #expect(throws: CheckpointError.self) {
            try ConversionPlan(OpenedModel(checkpoint, registry: Registry()), ConversionOptions())
        }
        #expect(
            error?.description.hasSuffix(
                ": this could be dc-ae-f64c128-in-1.0 (0.2889) or dc-ae-f64c128-mix-1.0 (0.4538), which need different scaling factors; say which with variant: or scalingFactor:, as variant: \"dc-ae-f64c128-in-1.0\"; `dcae identify` can measure it over pictures"
            ) == true,
            "\(String(describing: error))"
        )
    }

    @Test(
        arguments: [("f64c128-mix", nil, 0.4538), (nil, 0.4538, 0.4538), ("f64c128-in", nil, 0.2889)]
            as [(String?, Double?, Double)]
    )
    func flagsSettleIt(variant: String?, factor: Double?, result: Double) throws {
        let folder = try TemporaryFolder()
        var hints = ModelHints()
        hints.variant = try variant.map { try Registry().variant(named: $0) }
        hints.scalingFactor = factor
        let plan = try ConversionPlan(
            OpenedModel(hollow("f64c128-in", in: folder, at: "m"), hints, registry: Registry()),
            ConversionOptions()
        )
        #expect(plan.model.config?.scalingFactor == result)
        #expect(plan.model.variant?.config.scalingFactor == result, "the factor alone tells the variant")
    }

    @Test func theUnpublishedFactorIsAskedFor() throws {
        let folder = try TemporaryFolder()
        var hints = ModelHints()
        hints.variant = try Registry().variant(named: "f32c32-in-256px")
        let checkpoint = try hollow("f32c32-in", in: folder, at: "m")
        let error = #expect(throws: CheckpointError.self) {
            try ConversionPlan(OpenedModel(checkpoint, hints, registry: Registry()), ConversionOptions())
        }
        #expect(
            error?.description.hasSuffix(
                ": no scaling factor is published for dc-ae-f32c32-in-1.0-256px; give it with scalingFactor:, or measure it with `dcae scale`"
            ) == true
        )
        hints.scalingFactor = 0.33
        #expect(
            try ConversionPlan(OpenedModel(checkpoint, hints, registry: Registry()), ConversionOptions()).model.config?
                .scalingFactor == 0.33
        )
    }

    /// One network with one factor: the name that is written is said, and how to have the other.
    @Test func sanaConvertsWithoutAQuestion() throws {
        let folder = try TemporaryFolder()
        let there = try OpenedModel(hollow("sana-1.1", in: folder, at: "m"), registry: Registry())
        #expect(try there.scalingFactor == 0.41407, "both releases have one configuration")
        let checkpoint = try hollow("sana-1.1", .diffusers, in: folder, at: "d/m")
        var options = ConversionOptions()
        options.target = .original
        let plan = try ConversionPlan(OpenedModel(checkpoint, registry: Registry()), options)
        #expect(plan.config == "{\n  \"model_name\": \"dc-ae-f32c32-sana-1.0\"\n}")
        #expect(
            plan.notes == [
                "config.json has model_name dc-ae-f32c32-sana-1.0; dc-ae-f32c32-sana-1.1 is the same network; name it to write its name"
            ]
        )
        let hints = ModelHints(variant: try Registry().variant(named: "sana-1.1"))
        #expect(
            try ConversionPlan(OpenedModel(checkpoint, hints, registry: Registry()), options).config
                == "{\n  \"model_name\": \"dc-ae-f32c32-sana-1.1\"\n}"
        )
    }

    /// One network and no factor that is known: which of two models it is stays open.
    @Test func releasesWithoutAFactorAreNotGuessedAt() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try hollow("f32c128-1.5", .diffusers, in: folder, at: "d/m")
        var options = ConversionOptions()
        options.target = .original
        let plan = try ConversionPlan(OpenedModel(checkpoint, registry: Registry()), options)
        #expect(plan.config == nil)
        #expect(
            plan.notes == [
                "no config.json is written: the model can be dc-ae-f32c128-1.1 or dc-ae-f32c128-1.5, and you did not say which"
            ]
        )
        let hints = ModelHints(variant: try Registry().variant(named: "f32c128-1.1"))
        #expect(
            try ConversionPlan(OpenedModel(checkpoint, hints, registry: Registry()), options).config
                == "{\n  \"model_name\": \"dc-ae-f32c128-1.1\"\n}"
        )
    }

    @Test func somethingElseIsNotGuessedAt() throws {
        let folder = try TemporaryFolder()
        let file = try InputFile(opening: try folder.write("m", [0]))
        let tensor = StoredTensor(
            descriptor: TensorDescriptor(name: "decoder.up.0.weight", dtype: .f32, shape: [1]),
            location: TensorLocation(file: 0, offset: 0, byteCount: 4)
        )
        let checkpoint = Checkpoint(path: "m", format: .safetensors, files: [file], tensors: [tensor])
        let found = try OpenedModel(checkpoint, registry: Registry())
        #expect(found.layout == nil && found.candidates.isEmpty)
        #expect(found.mismatch == "its tensors have the names of no layout of a DC-AE")
    }

    @Test func theNearestVariantIsNamedWithTheDifference() throws {
        let folder = try TemporaryFolder()
        let whole = try hollow("lite", in: folder, at: "m")
        let checkpoint = Checkpoint(
            path: "m",
            format: .safetensors,
            files: whole.files,
            tensors: Array(whole.tensors.dropLast(2))
        )
        let found = try OpenedModel(checkpoint, registry: Registry())
        #expect(
            found.mismatch
                == "nearest is dc-ae-lite-f32c32-sana-1.1, from which it differs: 2 missing (first decoder.project_out.op_list.2.conv.conv.weight: missing)"
        )
    }
}
