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
            ("NNNl", 1_000_000, "does not write such an instruction"),
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
        #expect(error.description.contains("the dicts lead to more than 200000 tensors"))
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

    /// Opens a file, which must end soon, and gives the error or nil.
    private func outcome(_ pickle: [UInt8], storage: [UInt8] = [0, 0, 0, 0]) throws -> CheckpointError? {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.pt", TorchFile.zip(pickle, storages: [("0", storage)]))
        let start = ContinuousClock.now
        defer { #expect(ContinuousClock.now - start < .seconds(20), "no hang, on a busy machine either") }
        do throws(CheckpointError) {
            _ = try Checkpoint.open(path)
            return nil
        } catch {
            return error
        }
    }

    private static func put(_ index: Int) -> [UInt8] { [0x72] + TorchFile.number(index, 4) + Array("0".utf8) }
    private static func get(_ index: Int) -> [UInt8] { [0x6A] + TorchFile.number(index, 4) }
    private static let tensor = TorchFile.tensor(TorchFile.storage("0", count: 1), length: 1)

    /// Instructions one after the other.
    private static func run(_ parts: [[UInt8]]) -> [UInt8] { parts.reduce(into: []) { $0 += $1 } }

    /// The instructions of each number below a count.
    private static func each(_ count: Int, _ instructions: (Int) -> [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        for index in 0..<count { for part in instructions(index) { result += part } }
        return result
    }

    private static let mark = Array("(".utf8)
    private static let setItems = Array("u".utf8)

    /// A tuple of three hundred thousand None, kept as value 1.
    private static let longTuple = run([mark, [UInt8](repeating: 0x4E, count: 300_000), Array("t".utf8), put(1)])

    /// A hundred and fifty thousand entries of a dict have one long tuple as their key. (Report 70, p1.)
    @Test func aLongTupleIsLookedThroughOnce() throws {
        let entries = Self.each(150_000) { _ in [Self.get(1), [0x4E]] }
        let dict = Self.run([Array("}(".utf8), entries, TorchFile.text("w"), Self.tensor, Self.setItems])
        #expect(try outcome(TorchFile.pickle(Self.longTuple + dict)) == nil)
    }

    /// A call with one long tuple, again and again.
    @Test(arguments: ["cbuiltins\nset\n", "ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n"])
    func argumentsAreCountedBeforeTheyAreCopied(function: String) throws {
        let calls = Self.each(60_000) { _ in [Array(function.utf8), Self.get(1), Array("R0".utf8)] }
        let error = try #require(try outcome(TorchFile.pickle(Self.longTuple + calls + [0x4E])))
        #expect(error.fault is PickleFault)
    }

    /// Twenty thousand tensors have one dict of a hundred thousand flags. (Report 70, p3.)
    @Test func flagsThatAreSharedAreCounted() throws {
        let flags = Self.each(100_000) { [[0x4A], TorchFile.number($0, 4), [0x89]] }
        let dict = Self.run([Array("}(".utf8), flags, Self.setItems, Self.put(1)])
        let storage = TorchFile.storage("0", count: 1) + Self.put(2)
        let function = TorchFile.global("torch._utils", "_rebuild_tensor_v2")
        let sizes: [UInt8] = [0x4B, 0, 0x4B, 1, 0x85, 0x4B, 1, 0x85, 0x89, 0x4E]
        let tensors = Self.each(20_000) { index in
            [TorchFile.text("t\(index)"), function, Self.mark, Self.get(2), sizes, Self.get(1), Array("tR".utf8)]
        }
        let body = Self.run([dict, storage, Array("}(".utf8), tensors, Self.setItems])
        let error = try outcome(TorchFile.pickle(body))
        guard case .tooManyLooks? = error?.fault as? PickleFault else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Sixty dicts, each the only one of the next under names of 1000 bytes, and 60,000 names for the last. (Report 70, p4.)
    @Test func prefixesAreMadeForTensorsAlone() throws {
        var body = TorchFile.dict([("w", Self.tensor)]) + Self.put(0)
        let names = Self.each(60_000) { [[0x4A], TorchFile.number($0, 4), Self.get(0)] }
        body += Self.run([Array("}(".utf8), names, Self.setItems, Self.put(1)])
        for level in 1..<60 {
            let name = String(repeating: "n", count: 1000)
            // Two names, so that none is chosen.
            body += TorchFile.dict([(name, Self.get(level)), ("o", Self.get(level))]) + Self.put(level + 1)
        }
        let error = try #require(try outcome(TorchFile.pickle(body + Self.get(60))))
        #expect(error.description.contains("the dicts lead to more than 200000 tensors"))
    }

    /// Tensors of few elements that lie far apart, each of which spans all of a storage of 16 MB. (Report 70, a2.)
    @Test func scatteredElementsAreCounted() throws {
        let storage = TorchFile.storage("0", count: 4 << 20) + Self.put(2)
        let tensors = Self.each(20_000) { index in
            [TorchFile.text("t\(index)"), TorchFile.tensor(Self.get(2), length: 4000, stride: 1024)]
        }
        let pickle = TorchFile.pickle(Self.run([storage, Array("}(".utf8), tensors, Self.setItems]))
        let error = try #require(try outcome(pickle, storage: [UInt8](repeating: 0, count: 16 << 20)))
        #expect(error.fault as? TorchFault == .scattered)
    }

    @Test func whatExpandsAHundredfoldIsRefusedUnlessAllowed() throws {
        for (name, word) in [
            ("latent_6000.safetensors.zst", "expands to more than 268435456 bytes"),
            ("latent_bomb.safetensors.zst", "expands to more than 268435456 bytes"),
            ("pickle_bomb.pt.zst", "expands to more than 268435456 bytes"),
            ("a2_many_strided.pt.zst", "the elements of the tensors lie so far apart"),
        ] {
            let path = Fixtures.path("reports/70-hostile/" + name)
            let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
            #expect(error.description.contains(word), "\(name): \(error)")
        }
    }
}
