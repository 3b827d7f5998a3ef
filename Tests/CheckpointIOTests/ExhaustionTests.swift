import CheckpointIO
import TestSupport
import Testing

/// Files that are made to exhaust memory or time: each is refused early. The time limit is the test.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ExhaustionTests {
    static func repeated(_ ops: String, _ count: Int) -> [UInt8] {
        Array("(".utf8) + Array(repeatElement(Array(ops.utf8), count: count).joined()) + Array("t.".utf8)
    }

    @Test(
        arguments: [
            ("N", 4_000_000, "instructions"), ("]", 1_000_000, "values"), ("}", 1_000_000, "values"),
            (")", 3_000_000, "values"), ("(", 3_500_000, "instructions"), ("}K\u{1}Ns", 600_000, "values"),
            ("X\u{1}\0\0\0a", 3_000_000, "values"), ("ctorch\nSize\n", 600_000, "values"), ("]Na", 700_000, "values"),
            ("NNNl", 1_000_000, "writes no such instruction"),
        ]
    )
    func aFloodOfInstructionsEnds(_ ops: String, _ count: Int, _ word: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("flood.pt", TorchFile.zip(Self.repeated(ops, count)))
        let start = ContinuousClock.now
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error.description.contains(word))
        #expect(ContinuousClock.now - start < .seconds(20), "no hang, on a busy machine either")
    }

    /// OrderedDict(d) copies d: a thousand copies of a large one are a bomb.
    @Test func copiesAreCounted() throws {
        let large = "}q\u{1}(" + String(repeating: "K\u{1}K\u{2}", count: 50_000) + "u0"
        let copies = String(repeating: "ccollections\nOrderedDict\nh\u{1}\u{FF}R", count: 1000)
        let bytes = Array((large + "(" + copies + "t.").utf8).filter { $0 != 0xC3 }.map { $0 == 0xBF ? 0x85 : $0 }
        let folder = try TemporaryFolder()
        let path = try folder.write("copies.pt", TorchFile.zip(bytes))
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error.description.contains("builds more than 2000000 values"))
    }

    /// Forty dicts, each with a hundred ways to the next: 10^80 paths to one tensor.
    @Test func pathsAreCounted() throws {
        let tensor = TorchFile.tensor(TorchFile.storage("0", count: 1), length: 1)
        var body = TorchFile.dict([("w", tensor)]) + [0x71, 0] + Array("0".utf8)
        for level in 1...40 {
            body += Array("}(".utf8)
            for key in 0..<100 { body += TorchFile.text("k\(key)") + [0x68, UInt8(level - 1)] }
            body += Array("u".utf8) + [0x71, UInt8(level)] + Array("0".utf8)
        }
        let folder = try TemporaryFolder()
        let pickle = TorchFile.pickle(body + [0x68, 40])
        let path = try folder.write("paths.pt", TorchFile.zip(pickle, storages: [("0", [0, 0, 0, 0])]))
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error.description.contains("nested dicts lead to more than 200000 tensors"))
    }

    @Test(
        arguments: [
            ("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":[", "{},", "{}]}}"),
            ("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4],\"shape\":[", "1,", "1]}}"),
            ("{\"__metadata__\":{\"a\":[", "[],", "[]]}}"), ("{\"a\":[", "\"\",", "0]}"),
        ]
    )
    func aFloodOfValuesEnds(_ head: String, _ part: String, _ tail: String) throws {
        let header = Array((head + String(repeating: part, count: 10_000_000) + tail).utf8)
        let folder = try TemporaryFolder()
        let path = try folder.write("flood.safetensors", TorchFile.number(header.count, 8) + header + [0, 0, 0, 0])
        let start = ContinuousClock.now
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error.description.contains("more than 200000 values in one part of it"))
        #expect(ContinuousClock.now - start < .seconds(20), "no hang, on a busy machine either")
    }
}
