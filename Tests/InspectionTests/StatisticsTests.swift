import CheckpointIO
import Inspection
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Statistics against those that NumPy computes in float64, in fixtures made by Tests/Fixtures/statistics/make.py.
@Suite struct StatisticsTests {
    private func scan(threads: Int = 2) throws -> TensorListing {
        let checkpoint = try Checkpoint.open(Fixtures.path("statistics/values.safetensors"))
        return try TensorListing(scanning: checkpoint, threads: threads)
    }

    @Test func theyAreThoseOfNumPy() throws {
        let truths = try #require(try Fixtures.json("statistics/truths.json").members)
        let tensors = try scan().tensors
        #expect(tensors.count == truths.count && tensors.count > 30)
        for truth in truths { try check(tensors, truth) }
    }

    /// The dtypes that safetensors does not have.
    @Test func andOfWhatPyTorchWrote() throws {
        let files = try #require(try Fixtures.json("statistics/torch.json").members)
        for file in files {
            let tensors = try TensorListing(scanning: try Checkpoint.open(Fixtures.path("torch/" + file.key))).tensors
            for truth in try #require(file.value.members) { try check(tensors, truth) }
        }
    }

    private func check(_ tensors: [ListedTensor], _ truth: JSONValue.Member) throws {
        let (name, truth) = (truth.key, truth.value)
        let found = try #require(tensors.first { $0.descriptor.name == name }?.statistics, "\(name)")
        let document = found.document
        #expect(document["value_count"] == truth["values"], "\(name)")
        for field in [
            "nan", "inf", "zeros", "subnormals", "fp16_overflows", "fp16_underflows", "bf16_overflows",
            "bf16_underflows",
        ] {
            #expect(document[field] == truth[field], "\(name) \(field)")
        }
        #expect(document["min"]?.number == truth["min"]?.number && document["max"]?.number == truth["max"]?.number)
        let scale = truth["rms"]?.number ?? 0
        for field in ["mean", "std", "rms"] {
            let (value, expected) = (document[field]?.number, truth[field]?.number)
            #expect((value == nil) == (expected == nil), "\(name) \(field)")
            guard let value, let expected else { continue }
            // Where positive and negative values cancel, no order of summation has a relative precision.
            let tolerance = 1e-9 * expected.magnitude + 1e-15 * scale
            #expect((value - expected).magnitude <= tolerance, "\(name) \(field): \(value) \(expected)")
        }
        try checkBins(found.histogram, try #require(truth["bins"]?.array), name)
    }

    private func checkBins(_ histogram: ExponentHistogram, _ truth: [JSONValue], _ name: String) throws {
        var bins: [[Int]] = []
        for (index, (positive, negative)) in zip(histogram.positive, histogram.negative).enumerated()
        where positive + negative > 0 {
            bins.append([histogram.lowestExponent + index, positive, negative])
        }
        #expect(bins == truth.map { $0.array?.compactMap(\.integer) ?? [] }, "\(name)")
    }

    /// The deviation of numbers whose mean is a million times as large, which a sum of squares would lose.
    @Test func nothingCancels() throws {
        let found = try #require(try scan().tensors.first { $0.descriptor.name == "f32.far" }?.statistics)
        let deviation = try #require(found.standardDeviation)
        #expect((deviation - 0.009971674887380653).magnitude < 1e-11)
    }

    @Test func threadsChangeNothing() throws {
        let one = JSONWriter.pretty(.array(try scan(threads: 1).tensors.map(\.document)))
        for threads in 2...4 {
            #expect(JSONWriter.pretty(.array(try scan(threads: threads).tensors.map(\.document))) == one)
        }
    }

    /// Numbers that are the same everywhere, not all of them finite: a multiplicative generator over bit patterns.
    private func patterns(_ count: Int) -> [Float] {
        var state: UInt32 = 12345
        return (0..<count).map { index in
            state = state &* 1_664_525 &+ 1_013_904_223
            // Mostly weights, now and then anything at all.
            return index % 5003 < 4000 ? (Float(state >> 8) / 8_388_608 - 1) * 0.02 : Float(bitPattern: state)
        }
    }

    @Test func instructionSetsAgreeToTheBit() throws {
        let floats = patterns(100_003)
        let doubles = floats.map { Double($0) * 1.000000000001 }
        #expect(InstructionSet.available.first == .baseline)
        var results: [(TensorStatistics, TensorStatistics)] = []
        for set in InstructionSet.available {
            var (first, second) = (PartialStatistics(), PartialStatistics())
            floats.withUnsafeBufferPointer {
                first.add($0, smallestNormal: .leastNormalMagnitude, on: set)
            }
            doubles.withUnsafeBufferPointer {
                second.add($0, smallestNormal: .leastNormalMagnitude, on: set)
            }
            results.append((first.result, second.result))
        }
        for result in results { #expect(result == results[0], "the same bits from each instruction set") }
        #expect(results[0].0.nan > 0 && results[0].0.subnormals > 0 && results[0].0.fp16.overflows > 0)
    }

    /// A tensor of several segments, each of which has several windows, is what it is in one piece.
    @Test func segmentsComeTogether() throws {
        let count = (1 << 20) * 2 + 777
        let values = patterns(count)
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "large.safetensors",
            tensors: [
                (.init(name: "w", dtype: .f32, shape: [count]), values.withUnsafeBytes { Array($0) })
            ]
        )
        let checkpoint = try Checkpoint.open(path)
        let found = try (1...4).map { try TensorListing(scanning: checkpoint, threads: $0).tensors[0].statistics }
        for statistics in found { #expect(statistics == found[0]) }
        let statistics = try #require(found[0])
        let finite = values.filter(\.isFinite).map(Double.init)
        #expect(statistics.count == count && statistics.nonFinite == count - finite.count)
        #expect(statistics.maximum == finite.max() && statistics.minimum == finite.min())
        let mean = finite.reduce(0, +) / Double(finite.count)
        #expect((try #require(statistics.mean) - mean).magnitude <= 1e-12 * (try #require(statistics.rms)))
        let bins = statistics.histogram.positive.reduce(0, +) + statistics.histogram.negative.reduce(0, +)
        #expect(bins + statistics.zeros == finite.count)
    }

    /// Every second element of a storage: statistics and digest are those of the same values stored one after another.
    @Test func whatIsSpreadOutInAFileIsTheSame() throws {
        let folder = try TemporaryFolder()
        let values = patterns(5000)
        let pickle = TorchFile.pickle(
            TorchFile.dict([
                ("w", TorchFile.tensor(TorchFile.storage("0", count: 5000), length: 2499, stride: 2, offset: 1))
            ])
        )
        let data = values.withUnsafeBytes { Array($0) }
        let spread = try folder.write("spread.pt", TorchFile.zip(pickle, storages: [("0", data)]))
        let kept = (0..<2499).map { values[2 * $0 + 1] }
        let plain = try folder.write(
            "plain.safetensors",
            tensors: [(.init(name: "w", dtype: .f32, shape: [2499]), kept.withUnsafeBytes { Array($0) })]
        )
        let (a, b) = (try Checkpoint.open(spread), try Checkpoint.open(plain))
        #expect(
            try TensorListing(scanning: a).tensors[0].statistics == TensorListing(scanning: b).tensors[0].statistics
        )
        let registry = try Registry()
        #expect(
            try Manifest(of: OpenedModel(a, registry: registry)).text
                == Manifest(of: OpenedModel(b, registry: registry)).text
        )
    }

    @Test(
        arguments: [
            ([Float](), ""),
            // One octave, one sign: everything is in the outermost bin to the right.
            ([1, 1.5, 1.25], "                   █"),
            ([-1, 1], "█                  █"),
            // What is below ten octaves is in the middle.
            ([1, 0x1p-20, 0x1p-30, 0x1p-40, 0x1p-50], "          █        ▃"),
        ] as [([Float], String)]
    )
    func sparklines(values: [Float], line: String) {
        var partial = PartialStatistics()
        values.withUnsafeBufferPointer { partial.add($0, smallestNormal: .leastNormalMagnitude) }
        #expect(partial.result.histogram.sparkline() == line)
    }
}
