import Calibration
import CheckpointIO
import Inference
import Synchronization
import TestSupport
import Testing

@Suite struct PictureSetTests {
    @Test func keys() throws {
        let folder = try TemporaryFolder()
        for name in ["in/b.png", "in/A.PNG", "in/below/a.jpg", "in/below.webp", "in/.hidden.png", "in/notes.md"] {
            try folder.write(name, [0])
        }
        let set = try PictureSet(at: [folder("in")])
        #expect(set.entries.map(\.key) == ["A.PNG", "b.png", "below.webp", "below/a.jpg"])
        #expect(set.entries[3].path == folder("in/below/a.jpg"))
        #expect(try PictureSet(at: [folder("in") + "/"]).entries.map(\.key) == set.entries.map(\.key))
        let several = try PictureSet(at: [folder("in/below"), folder("in/b.png")])
        #expect(several.entries.map(\.key) == [folder("in/b.png"), folder("in/below/a.jpg")])
        // The same pictures elsewhere are the same set.
        try folder.write("elsewhere/x", [0])
        for name in ["A.PNG", "b.png", "below.webp", "below/a.jpg"] { try folder.write("copy/" + name, [1]) }
        #expect(try PictureSet(at: [folder("copy")]).digest == set.digest)
        #expect(several.digest != set.digest)
    }

    @Test func lists() throws {
        let folder = try TemporaryFolder()
        try folder.write("lists/l.txt", Array("x/b.png\r\n\n  \n/abs/a.png\nc.png".utf8))
        let set = try PictureSet(at: [folder("lists/l.txt")])
        #expect(set.entries.map(\.key) == ["/abs/a.png", "c.png", "x/b.png"])
        #expect(set.entries.map(\.path) == ["/abs/a.png", folder("lists/c.png"), folder("lists/x/b.png")])
        try folder.write("empty.txt", Array("\n".utf8))
        let empty = #expect(throws: CheckpointError.self) { try PictureSet(at: [folder("empty.txt")]) }
        #expect(empty?.fault as? CalibrationFault == .emptyList)
        try folder.write("twice.txt", Array("a.png\na.png\n".utf8))
        let twice = #expect(throws: CheckpointError.self) { try PictureSet(at: [folder("twice.txt")]) }
        #expect(twice?.description == "images: a.png is named twice; name every picture once")
    }

    @Test func limitsSpreadEvenly() throws {
        let folder = try TemporaryFolder()
        try folder.write("l.txt", Array((10..<30).map { "\($0)\n" }.joined().utf8))
        #expect(try PictureSet(at: [folder("l.txt")], limit: 4).entries.map(\.key) == ["10", "15", "20", "25"])
        #expect(try PictureSet(at: [folder("l.txt")], limit: 50).entries.count == 20)
    }
}

@Suite struct ShardTests {
    @Test(arguments: ["1/1", "3/8", "8/8", "1000000/1000000"]) func written(text: String) throws {
        #expect(try #require(Shard(text)).description == text)
    }

    @Test(arguments: ["", "0/8", "9/8", "1", "1/", "/8", "1/0", "-1/8", "a/b", "1/2/3", "1/1000001", " 1/2"])
    func refused(text: String) { #expect(Shard(text) == nil) }

    @Test func partsShareOutEverything() throws {
        let all = Array(0..<10)
        for count in [1, 3, 10, 17] {
            let parts = (1...count).compactMap { Shard(index: $0, count: count)?.select(all) }
            #expect(parts.flatMap(\.self).sorted() == all)
            #expect((parts.map(\.count).max() ?? 0) - (parts.map(\.count).min() ?? 0) <= 1)
        }
    }

    /// SLURM_ARRAY_TASK_ID, _COUNT, _MIN and _STEP.
    @Test(
        arguments: [
            (["0", "8", "0", "1"], "1/8"), (["7", "8", "0", "1"], "8/8"), (["1", "8", "1", "1"], "1/8"),
            (["8", "8", "1", nil], "8/8"), (["3", "8", nil, nil], "4/8"), (["14", "3", "10", "2"], "3/3"),
            (["5", "1", "5", nil], "1/1"), ([nil, "8", nil, nil], nil), (["1", nil, nil, nil], nil),
        ] as [([String?], String?)]
    )
    func slurm(values: [String?], expected: String?) throws {
        let names = ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"]
        let shard = try Shard.ofSlurmTask { name in names.firstIndex(of: name).flatMap { values[$0] } }
        #expect(shard?.description == expected)
    }

    /// `--array=3,7` has two tasks whose numbers say nothing of parts.
    @Test(arguments: [["7", "2", "3"], ["x", "2", "0"], ["1", "", "0"], ["0", "2", "1"], ["1", "9999999", "0"]])
    func gapsInSlurmArraysAreRefused(values: [String]) throws {
        let names = ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"]
        let error = #expect(throws: ShardRefusal.self) {
            try Shard.ofSlurmTask { name in names.firstIndex(of: name).map { values[$0] } }
        }
        #expect(
            error?.description
                == "SLURM_ARRAY_TASK_ID \(values[0]) is not one of \(values[1]) consecutive tasks from \(values[2]); say which part "
                + "with shard:, for example shard: \"1/8\""
        )
    }
}

@Suite struct ReadAheadTests {
    @Test(arguments: [(0, 1), (1, 4), (100, 1), (100, 4)]) func valuesComeInOrder(count: Int, threads: Int) {
        let reader = ReadAhead(count: count, threads: threads) { $0 * $0 }
        var found: [Int] = []
        while let value = reader.next() { found.append(value) }
        #expect(found == (0..<count).map { $0 * $0 })
    }

    /// No more values exist than the reader may be ahead, however slow who takes them.
    @Test func readingAheadIsBounded() async throws {
        let made = Counter()
        let reader = ReadAhead(count: 1000, threads: 3) { index in
            made.increment()
            return index
        }
        for index in 0..<10 { #expect(reader.next() == index) }
        try await Task.sleep(for: .milliseconds(20))
        #expect(made.value <= 10 + 4)
        reader.cancel()
        try await Task.sleep(for: .milliseconds(5))
        #expect(made.value <= 10 + 5)
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    func increment() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
