import CheckpointIO
import Inspection
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The numbers of a diff against NumPy's, and their bits against themselves.
@Suite struct DifferenceNumbersTests {
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

    @Test func numbersAreThoseOfNumPy() throws {
        let expected = try Fixtures.json("diff/expected.json")
        let tolerance = Tolerance(
            relative: try #require(expected["rtol"]?.number),
            absolute: try #require(expected["atol"]?.number)
        )
        let diff = try Self.compare(Fixtures.path("diff/a.safetensors"), Fixtures.path("diff/b.safetensors")) {
            $0.tolerance = tolerance
        }
        let tensors = try #require(expected["tensors"]?.members)
        #expect(tensors.count == diff.tensors.count && tensors.count > 20)
        for member in tensors {
            let found = try #require(diff.tensors.first { $0.name == member.key })
            let numbers = try #require(found.values).document
            #expect(found.firstIndex == member.value["first_index"]?.array?.compactMap(\.integer), "\(member.key)")
            for field in member.value.members ?? [] where field.key != "first_index" {
                // NumPy's side has shorter names.
                let names = ["count": "value_count", "differing": "differing_count"]
                let own = try #require(numbers[names[field.key] ?? field.key])
                guard let wanted = field.value.number, let number = own.number else {
                    #expect(own == field.value, "\(member.key) \(field.key)")
                    continue
                }
                // Counts and steps are exact; nothing else is allowed more than sums in another order need.
                let isExact = field.value.integer != nil
                let room = isExact ? 0 : 1e-9 * abs(wanted)
                #expect(abs(number - wanted) <= room, "\(member.key) \(field.key): \(number) instead of \(wanted)")
            }
        }
    }

    @Test func roundingIsFound() throws {
        let diff = try Self.compare(Fixtures.path("diff/a.safetensors"), Fixtures.path("diff/b.safetensors"))
        func casts(_ name: String) -> CastFinding? { diff.tensors.first { $0.name == name }?.casts }
        // NumPy's NaN is another one than PyTorch's, so what has NaN is not equal to the bit: see the next test.
        #expect(casts("F32.BF16")?.aGivesB == false)
        #expect(casts("F64.F32") == CastFinding(aGivesB: false, bGivesA: false), "which has NaN too")
        #expect(casts("F32") == nil)
    }

    /// Two files with tensors of several windows and blocks, of which parts are equal.
    private static func largePair(_ folder: TemporaryFolder) throws -> (String, String) {
        var tensors: [[(descriptor: TensorDescriptor, bytes: [UInt8])]] = [[], []]
        for (index, (count, dtype)) in [(2_300_000, DType.f32), (70_001, .f64), (131_072, .bf16), (7, .f32)]
            .enumerated()
        {
            for side in 0...1 {
                var values = [Float](repeating: 0, count: count)
                values.withUnsafeMutableBufferPointer {
                    NumberFormat.fillUniform($0, key: UInt64(index), from: 0, center: 0, halfWidth: 1)
                }
                if side == 1 {
                    // The first block but its last value is equal, so that it is looked at twice.
                    for i in stride(from: count > 1 << 21 ? (1 << 21) - 1 : 3, to: count, by: 3) { values[i] *= 1.01 }
                    values[count - 1] = .nan
                }
                let bytes: [UInt8]
                switch dtype {
                case .f64: bytes = values.map(Double.init).withUnsafeBytes { Array($0) }
                case .bf16:
                    bytes = values.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
                default: bytes = values.withUnsafeBytes { Array($0) }
                }
                tensors[side].append((.init(name: "t\(index)", dtype: dtype, shape: [count]), bytes))
            }
        }
        return (
            try folder.write("a.safetensors", tensors: tensors[0]),
            try folder.write("b.safetensors", tensors: tensors[1])
        )
    }

    @Test func everyThreadCountAndInstructionSetGivesTheSameBits() throws {
        let folder = try TemporaryFolder()
        let (a, b) = try Self.largePair(folder)
        let reference = try Self.compare(a, b) { ($0.threads, $0.instructionSet) = (1, .baseline) }
        #expect(reference.tensors.count == 4 && reference.tensors.allSatisfy { $0.values != nil })
        for threads in [1, 2, 3, 7] {
            for set in InstructionSet.available {
                let diff = try Self.compare(a, b) { ($0.threads, $0.instructionSet) = (threads, set) }
                #expect(
                    diff.tensors.map(\.values) == reference.tensors.map(\.values),
                    "\(threads) threads, \(set)"
                )
                #expect(JSONWriter.pretty(diff.document) == JSONWriter.pretty(reference.document))
            }
        }
    }

    @Test func windowsAndBlocksAddUp() throws {
        let folder = try TemporaryFolder()
        let (a, b) = try Self.largePair(folder)
        let diff = try Self.compare(a, b)
        func floats(_ path: String) throws -> [Float] {
            let checkpoint = try Checkpoint.open(path)
            let bytes = try checkpoint.bytes(of: try #require(checkpoint["t0"]))
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        let pairs = zip(try floats(a), try floats(b)).filter { $0.isFinite && $1.isFinite }
            .map { (Double($0), Double($1)) }
        let (squares, own) = pairs.reduce((0.0, 0.0)) { sum, pair in
            (sum.0 + (pair.0 - pair.1) * (pair.0 - pair.1), sum.1 + pair.0 * pair.0)
        }
        let values = try #require(diff.tensors.first { $0.name == "t0" }?.values)
        #expect(values.count == 2_300_000 && values.nanMismatchCount == 1)
        #expect(abs(values.relativeRMS - (squares / own).squareRoot()) < 1e-9 * values.relativeRMS)
        #expect(values.largest == pairs.map { abs($0 - $1) }.max())
        #expect(values.firstIndex == (1 << 21) - 1)
        #expect(diff.tensors.first { $0.name == "t1" }?.values?.firstIndex == 3)
    }

    /// A transposed tensor of a .pt file is read in another way, and measured in the same windows.
    @Test func howElementsLieInTheFileChangesNoBit() throws {
        let folder = try TemporaryFolder()
        let (rows, columns) = (300, 400)
        let stored = (0..<(rows * columns)).map { Float($0 % 1013) / 7 }
        // Element (i, j) of the view lies at i + j * rows.
        let view = (0..<rows).flatMap { i in (0..<columns).map { j in stored[i + j * rows] } }
        let body =
            TorchFile.global("torch._utils", "_rebuild_tensor_v2") + Array("(".utf8)
            + TorchFile.storage("0", count: stored.count) + [0x4A] + TorchFile.number(0, 4) + [0x4A]
            + TorchFile.number(rows, 4) + [0x4A] + TorchFile.number(columns, 4) + [0x86, 0x4A] + TorchFile.number(1, 4)
            + [0x4A] + TorchFile.number(rows, 4) + [0x86, 0x89, 0x4E] + Array("tR".utf8)
        let torch = TorchFile.zip(
            TorchFile.pickle(TorchFile.dict([("t", body)])),
            storages: [("0", stored.withUnsafeBytes { Array($0) })]
        )
        let gathered = try folder.write("a.pt", torch)
        func plain(_ name: String, _ values: [Float]) throws -> String {
            let descriptor = TensorDescriptor(name: "t", dtype: .f32, shape: [rows, columns])
            return try folder.write(name, tensors: [(descriptor, values.withUnsafeBytes { Array($0) })])
        }
        let same = try plain("a.safetensors", view)
        let other = try plain("b.safetensors", view.map { $0 * 1.001 + 0.01 })
        #expect(try Self.compare(gathered, same).isSame)
        let (x, y) = (try Self.compare(gathered, other), try Self.compare(same, other))
        #expect(x.tensors[0].values == y.tensors[0].values && x.tensors[0].values?.differingCount == rows * columns)
    }
}
