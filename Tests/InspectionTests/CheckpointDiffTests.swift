import CheckpointIO
import Inspection
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// What a diff finds and what it says.
@Suite struct CheckpointDiffTests {
    private static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    private static func compare(
        _ a: String,
        _ b: String,
        _ change: (inout CheckpointDiff.Request) -> Void = { _ in }
    ) throws -> CheckpointDiff {
        var request = CheckpointDiff.Request()
        change(&request)
        return try CheckpointDiff.compare(
            OpenedModel(a, registry: Registry()),
            OpenedModel(b, registry: Registry()),
            request
        )
    }

    private typealias Tensors = [(descriptor: TensorDescriptor, bytes: [UInt8])]

    private static func tensor(
        _ name: String,
        _ values: [Float],
        shape: Shape? = nil
    ) -> (descriptor: TensorDescriptor, bytes: [UInt8]) {
        (TensorDescriptor(name: name, dtype: .f32, shape: shape ?? Shape([values.count])), bytes(values))
    }

    private static func compare(
        _ a: Tensors,
        _ b: Tensors,
        _ change: (inout CheckpointDiff.Request) -> Void = { _ in }
    ) throws -> CheckpointDiff {
        let folder = try TemporaryFolder()
        return try compare(
            try folder.write("a.safetensors", tensors: a),
            try folder.write("b.safetensors", tensors: b),
            change
        )
    }

    @Test(arguments: Fixtures.families) func layoutsAreTheSame(family: String) throws {
        let original = Fixtures.path("tiny/\(family)/original.safetensors")
        let diffusers = Fixtures.path("tiny/\(family)/diffusers")
        for (a, b) in [(original, diffusers), (diffusers, original)] {
            let diff = try Self.compare(a, b)
            #expect(diff.isSame && diff.tensors.allSatisfy { $0.relation == .identical })
            #expect(diff.answer == ["identical: all \(diff.tensors.count) tensors hold the same bytes"])
        }
    }

    @Test func eachNetworkIsNamedByItsOwnDescription() throws {
        let folder = try TemporaryFolder()
        let registry = try Registry()
        let sana = try registry.variant(named: "sana-1.0")
        let mix = try registry.variant(named: "f32c32-mix")
        let diff = try Self.compare(
            try folder.writeHollow("a.safetensors", sana.config, .original),
            try folder.writeHollow("b.safetensors", mix.config, .diffusers)
        ) { $0.selection = TensorSelection(only: ["*.bias", "*.running_mean"].map(Glob.init)) }
        let names = diff.tensors.compactMap { ($0.a ?? $0.b)?.name }
        #expect(names.contains { $0.hasPrefix("decoder.stages.5.op_list.") })
        #expect(!names.contains { $0.contains("_blocks.") || $0.contains("conv_in.") }, "all are named as in A")
    }

    @Test func relationsAreFound() throws {
        let diff = try Self.compare(
            [
                Self.tensor("same", [1, 2]), Self.tensor("changed", [1, 2, 3, 4], shape: [2, 2]),
                Self.tensor("gone", [1, 2, 3]), Self.tensor("old.name", [5, 6]), Self.tensor("old.twin", [5, 6]),
                Self.tensor("reshaped", [1, 2, 3, 4], shape: [4, 1]), Self.tensor("resized", [1]),
                (.init(name: "typed", dtype: .i32, shape: [1]), [1, 0, 0, 0]),
                (.init(name: "packed", dtype: .f4, shape: [4]), [1, 2]),
            ],
            [
                Self.tensor("same", [1, 2]), Self.tensor("changed", [1, 2, 3.5, 4], shape: [2, 2]),
                Self.tensor("new", [9, 9, 9]), Self.tensor("new.name", [5, 6]),
                Self.tensor("reshaped", [1, 2, 3, 4]), Self.tensor("resized", [1, 2]), Self.tensor("typed", [1]),
                (.init(name: "packed", dtype: .f4, shape: [4]), [1, 3]),
            ]
        )
        let words = Dictionary(uniqueKeysWithValues: diff.tensors.map { ($0.name, $0.words) })
        #expect(
            words == [
                "same": "identical", "changed": "changed", "gone": "only in A", "old.name": "now new.name",
                "old.twin": "only in A", "reshaped": "[4, 1] -> [4], same bytes", "resized": "[1] -> [2]",
                "typed": "I32 -> F32", "packed": "changed", "new": "only in B",
            ]
        )
        let changed = try #require(diff.tensors.first { $0.name == "changed" })
        #expect(changed.firstIndex == [1, 0] && changed.values?.largest == 0.5 && changed.values?.differingCount == 1)
        #expect(diff.tensors.first { $0.name == "packed" }?.values == nil)
        #expect(
            diff.answer == [
                "5 of 10 tensors differ, relative RMS 0.0898; 2 tensors are only in A; 1 tensor is only in B; "
                    + "1 tensor has another name but the same content"
            ]
        )
        #expect(!diff.isSame)
    }

    @Test func signsOfZeroAreBytesWithoutATolerance() throws {
        let (a, b) = ([Self.tensor("t", [0, .nan, 1])], [Self.tensor("t", [-0.0, -.nan, 1])])
        let strict = try Self.compare(a, b)
        #expect(!strict.isSame && strict.tensors[0].words == "equal values" && strict.tensors[0].firstIndex == nil)
        #expect(strict.answer == ["1 of 1 tensors differ, with equal values"])
        let loose = try Self.compare(a, b) { $0.tolerance = Tolerance(relative: 0, absolute: 0) }
        #expect(loose.isSame)
        #expect(loose.answer == ["equal within the tolerance (1 of 1 tensors differs)"])
    }

    @Test(arguments: [
        (0.0, 0.05, true), (0.0, 0.049, false), (0.025, 0.0, true), (0.0243, 0.0, false), (0.02, 0.02, true),
    ])
    func toleranceIsThatOfNumPy(rtol: Double, atol: Double, isSame: Bool) throws {
        let diff = try Self.compare([Self.tensor("t", [1, 2])], [Self.tensor("t", [1, 2.05])]) {
            $0.tolerance = Tolerance(relative: rtol, absolute: atol + 1e-7)
        }
        #expect(diff.isSame == isSame)
    }

    @Test func infinityAndNaNAreCountedByThemselves() throws {
        let inf = Float.infinity
        let diff = try Self.compare(
            [Self.tensor("t", [inf, inf, .nan, 1, .nan, 3])],
            [Self.tensor("t", [inf, -inf, 1, inf, .nan, 4])]
        ) { $0.tolerance = Tolerance(relative: 0, absolute: 10) }
        let values = try #require(diff.tensors[0].values)
        #expect(values.nanMismatchCount == 1 && values.infinityMismatchCount == 2 && values.differingCount == 4)
        #expect(values.outsideCount == 3 && values.finiteCount == 1 && values.rms == 1 && values.firstIndex == 1)
        #expect(
            diff.answer == ["1 of 1 tensors differ, relative RMS 0.3333, 3 values NaN or infinite on one side"]
        )
    }

    /// The tiny sana network with a change made to some of its tensors.
    private static func sana(_ folder: TemporaryFolder, _ change: (String, [Float]) -> [Float]) throws -> String {
        let checkpoint = try Checkpoint.open(Fixtures.path("tiny/sana/original.safetensors"))
        return try folder.write(
            "changed.safetensors",
            tensors: try checkpoint.tensors.map { tensor in
                let stored = try checkpoint.bytes(of: tensor)
                guard tensor.descriptor.dtype == .f32 else { return (tensor.descriptor, stored) }
                let values = stored.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
                return (tensor.descriptor, bytes(change(tensor.descriptor.name, values)))
            }
        )
    }

    @Test func theEncoderIsTheSameAndTheDecoderIsNot() throws {
        let folder = try TemporaryFolder()
        let other = try Self.sana(folder) { name, values in
            name.hasPrefix("decoder.stages.1.") ? values.map { $0 * 1.013 } : values
        }
        let diff = try Self.compare(Fixtures.path("tiny/sana/diffusers"), other)
        let count = diff.tensors.count { $0.name.hasPrefix("decoder.") }
        let changed = diff.tensors.count { $0.relation == .changed }
        #expect(changed > 3 && diff.layout == .diffusers)
        #expect(
            diff.answer == [
                "the encoder is identical; the decoder differs in \(changed) of \(count) tensors, relative RMS 0.0130"
            ]
        )
        let modules = diff.modules.filter { $0.differingCount > 0 }.map(\.name)
        #expect(modules == ["decoder", "decoder.up_blocks.1"])
        // The same question by a pattern of either layout's names.
        for pattern in ["encoder.*", "*.down_blocks.*", "*.stages.0.*"] {
            let encoder = try Self.compare(Fixtures.path("tiny/sana/diffusers"), other) {
                $0.selection = TensorSelection(only: [Glob(pattern)])
            }
            #expect(encoder.isSame && encoder.ignoredCount > 0, "\(pattern)")
        }
        let rest = try Self.compare(Fixtures.path("tiny/sana/diffusers"), other) {
            $0.selection = TensorSelection(ignored: [Glob("decoder.stages.1.*")])
        }
        #expect(rest.isSame && rest.ignoredCount == changed)
    }

    @Test func nothingSelectedIsRefused() throws {
        let error = #expect(throws: CheckpointError.self) {
            try Self.compare([Self.tensor("t", [1])], [Self.tensor("t", [1])]) {
                $0.selection = TensorSelection(only: [Glob("x")])
            }
        }
        #expect(
            error?.description
                == "only: no tensor is selected on either side; `dcae inspect` with tensors: lists the names"
        )
    }

    @Test func roundingIsRecognised() throws {
        let values: [Float] = [1, 1.003, -0.0001234, 65504, 3e38, 0]
        func rounded(_ dtype: DType) -> [UInt8] {
            var result = [UInt8](repeating: 0, count: values.count * 2)
            Self.bytes(values).withUnsafeBytes { source in
                result.withUnsafeMutableBytes { _ = NumberFormat.convert(source, from: .f32, into: $0, to: dtype) }
            }
            return result
        }
        let wide = [Self.tensor("t", values)]
        let narrow: Tensors = [(.init(name: "t", dtype: .bf16, shape: [6]), rounded(.bf16))]
        var truncated = narrow
        truncated[0].bytes[2] ^= 1
        let exact: Tensors = [(.init(name: "t", dtype: .f32, shape: [6]), Self.bytes([1, 2, 3, 4, 5, 6]))]
        let exactNarrow: Tensors = [
            (
                .init(name: "t", dtype: .f16, shape: [6]),
                [0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
            )
        ]
        let cases: [(Tensors, Tensors, String)] = [
            (wide, narrow, "B is A rounded to BF16 (nearest even): 1 of 1 tensors"),
            (narrow, wide, "A is B rounded to BF16 (nearest even): 1 of 1 tensors"),
            (exact, exactNarrow, "B holds exactly A's values as F16 instead of F32: 1 of 1 tensors"),
        ]
        for (a, b, answer) in cases {
            let diff = try Self.compare(a, b)
            #expect(diff.answer == [answer] && !diff.isSame)
        }
        let wrong = try Self.compare(wide, truncated)
        #expect(
            wrong.answer[0].hasPrefix("B is not A rounded to BF16: 1 of 1 tensors differ from that, relative RMS ")
        )
        #expect(try Self.compare(exact, exactNarrow) { $0.tolerance = Tolerance(relative: 0, absolute: 0) }.isSame)
    }

    @Test func configurationsCount() throws {
        let registry = try Registry()
        func side(_ name: String) throws -> ConfigComparison.Side {
            .known(try registry.variant(named: name).config, modelName: name)
        }
        let pair = ConfigComparison(try side("dc-ae-f32c32-in-1.0"), try side("dc-ae-f32c32-mix-1.0"))
        #expect(pair.isDifferent && pair.fields.map(\.name) == ["scaling_factor"])
        #expect(pair.answer == "the configs differ: scaling_factor is 0.3189 in A and 0.4552 in B")
        let same = ConfigComparison(try side("sana-1.0"), try side("sana-1.1"))
        #expect(!same.isDifferent && same.isCompared && same.oddity == nil)
        let one = ConfigComparison(.none, try side("sana-1.1"))
        #expect(!one.isDifferent && one.oddity == "the configs are not compared: A has none beside it")
        let unknown = ConfigComparison(.unknownModel("x\u{1B}"), .unknownModel("y"))
        #expect(unknown.isDifferent)
        #expect(unknown.answer == "the configs name different models: x\\u{1b} in A, y in B")
    }

    @Test func tensorsWithoutElementsAreTheSame() throws {
        let diff = try Self.compare(
            [Self.tensor("t", [], shape: [0, 3]), Self.tensor("u", [], shape: [0])],
            [Self.tensor("t", [], shape: [0, 3]), (.init(name: "u", dtype: .bf16, shape: [0]), [])]
        )
        #expect(diff.tensors.map(\.relation) == [.identical, .dtype])
    }
}
