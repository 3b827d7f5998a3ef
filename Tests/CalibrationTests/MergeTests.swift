import Calibration
import CheckpointIO
import Images
import Inference
import ModelZoo
import StrictJSON
import TestSupport
import Testing

@Suite struct MergeTests {
    private static func document(_ result: PartialResult) throws -> String {
        JSONWriter.pretty(try ScaleReport(result, registry: try Registry()).document)
    }

    /// One run, and any number of parts merged in any order, give the same bytes.
    @Test func anyNumberOfPartsGivesTheSameBytes() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder)
        try folder.write("pictures/damaged.png", [0x89])
        let model = Fixtures.path("tiny/f32/diffusers")
        let whole = try measure(model, [pictures], side: 64)
        let expected = try Self.document(whole)
        #expect(whole.totals.pictures.count == 16 && whole.totals.unreadable.count == 1 && whole.isComplete)
        for count in [1, 2, 7, 100] {
            var files: [String] = []
            for index in 1...count {
                let shard = try #require(Shard(index: index, count: count))
                let store = PartialStore(folder("\(count)") + "/", shard: shard, interval: .zero, force: false)
                let part = try measure(model, [pictures], side: 64, shard: shard, threads: 1 + index % 2, store: store)
                #expect(part.isComplete)
                files.append(store.path)
            }
            #expect(folder.contents("\(count)").count == count)
            let merged = try PartialResult.merge(files.reversed(), allowsMissing: false)
            #expect(try Self.document(merged) == expected)
        }
    }

    @Test func filesHoldEverything() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 3)
        let result = try measure(Fixtures.path("tiny/sana/diffusers"), [pictures], side: 64)
        try result.write(to: folder("r.json"), force: false)
        #expect(try PartialResult.read(folder("r.json")) == result)
    }

    private static let config = try? Registry().variant(named: "lite").config

    private static func part(
        _ index: Int,
        of count: Int,
        fingerprint: String = "f",
        side: Int = 64,
        digest: String = "d",
        pictures: Int = 10,
        done: Int? = nil
    ) throws -> PartialResult {
        let subject = PartialResult.Subject(
            fingerprint: fingerprint,
            config: try #require(config),
            side: side,
            crop: .adm,
            pictureCount: pictures,
            pictureDigest: digest
        )
        let shard = try #require(Shard(index: index, count: count))
        var result = PartialResult(subject: subject, shard: shard)
        for key in shard.select(Array(0..<pictures)).prefix(done ?? pictures) {
            result.totals.pictures.append(.init(key: "\(key).png", sum: 1, squares: 2))
        }
        for index in result.totals.channels.indices where !result.totals.pictures.isEmpty {
            result.totals.channels[index].squares.add(2)
            result.totals.channels[index].minimum = 0
            result.totals.channels[index].maximum = 1
        }
        return result
    }

    /// What belongs to different measurements, comes twice or is missing is refused, to the letter.
    @Test(
        arguments: [
            (
                "fingerprint", "T/b: it is of another encoder than T/a; merge parts of one run"
            ),
            ("size", "T/b: its pictures have another size (32, not 64) than T/a; merge parts of one run"),
            (
                "pictures",
                "T/b: it is of other pictures (a set of 9, not this of 10) than T/a; merge parts of one run"
            ),
            ("count", "T/b: it is one of 3 parts, where T/a is one of 2; merge parts of one run"),
            ("twice", "T/b: it is part 1 of 2, as T/a is; give every part once"),
            ("missing", "T/a: part 2 of 2 is missing; run the missing parts, or add allowMissing:"),
            (
                "unfinished",
                "T/b: it is unfinished: 3 of 5 pictures were measured; run the same command again to finish it, or add "
                    + "allowMissing:"
            ),
            ("picture", "T/a: 0.png is in it and in another part; give every part once"),
        ]
    )
    func refusals(kind: String, line: String) throws {
        let folder = try TemporaryFolder()
        try Self.part(1, of: 2).write(to: folder("a"), force: false)
        var other =
            switch kind {
            case "fingerprint": try Self.part(2, of: 2, fingerprint: "g")
            case "size": try Self.part(2, of: 2, side: 32)
            case "pictures": try Self.part(2, of: 2, digest: "e", pictures: 9)
            case "count": try Self.part(2, of: 3)
            case "twice": try Self.part(1, of: 2)
            case "unfinished": try Self.part(2, of: 2, done: 3)
            default: try Self.part(2, of: 2)
            }
        if kind == "picture" { other.totals.pictures[0] = .init(key: "0.png", sum: 1, squares: 2) }
        try other.write(to: folder("b"), force: false)
        let files = kind == "missing" ? [folder("a")] : [folder("a"), folder("b")]
        let error = #expect(throws: CheckpointError.self) { try PartialResult.merge(files, allowsMissing: false) }
        #expect(error?.description.replacing(folder.path, with: "T") == line)
        if ["missing", "unfinished"].contains(kind) {
            let merged = try PartialResult.merge(files, allowsMissing: true)
            #expect(!merged.isComplete && merged.doneCount == (kind == "missing" ? 5 : 8))
        }
    }

    /// Files that no run wrote: every field changed by hand.
    @Test(
        arguments: [
            ("\"version\": 1", "\"version\": 2"), ("dcae latent statistics", "other"), ("\"size\": 64", "\"size\": 63"),
            ("\"size\": 64", "\"size\": -64"), ("\"shard\": \"1/2\"", "\"shard\": \"3/2\""),
            ("\"pictures\": 10,", "\"pictures\": 9223372036854775807,"), ("\"pictures\": 10,", "\"pictures\": 0,"),
            ("\"complete\": true", "\"complete\": false"), ("\"0.png\"", "\"2.png\""), ("\"0.png\"", "7"),
            ("p-", "q-"), ("\"latent_channels\": 32", "\"latent_channels\": 16"), ("\"config\"", "\"konfig\""),
            ("\"digest\"", "\"digets\""), ("\"sums\": [", "\"sums\": [1, "), ("\"minima\"", "\"minimum\""),
            ("\"sha256\": [", "\"sha256\": [\"x\", "), ("\"sha256\": [", "\"sha256\": [1, "),
            ("\"reasons\": []", "\"reasons\": [\"x\"]"), ("{", "["), ("}", ""), ("2.0", "-2.0"), ("2.0", "\"2.0\""),
        ]
    )
    func malformedFilesAreRefused(from: String, to: String) throws {
        let folder = try TemporaryFolder()
        try Self.part(1, of: 2).write(to: folder("a"), force: false)
        let text = try Fixtures.text(folder("a"))
        #expect(text.contains(from))
        let changed = text.replacing(from, with: to)
        try folder.write("b", Array(changed.utf8))
        let error = #expect(throws: CheckpointError.self) { try PartialResult.read(folder("b")) }
        guard case .notPartial? = error?.fault as? CalibrationFault else {
            Issue.record("\(error?.description ?? "")")
            return
        }
    }

    /// Whatever was changed in a file, reading it ends in a refusal or in figures, and nothing traps.
    @Test func damagedFilesTrapNothing() throws {
        let folder = try TemporaryFolder()
        try Self.part(1, of: 1).write(to: folder("a"), force: false)
        let bytes = try Fixtures.bytes(folder("a"))
        let registry = try Registry()
        var state: UInt64 = 11
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let letters = Array("0123456789-.eEpx\"[]{},:anf".utf8)
        var refused = 0
        for round in 0..<1500 {
            var changed = bytes
            for _ in 0..<(1 + round % 3) {
                let place = random(changed.count)
                switch random(4) {
                case 0: changed[place] = letters[random(letters.count)]
                case 1: changed.insert(letters[random(letters.count)], at: place)
                case 2: changed.removeSubrange(place..<min(changed.count, place + 1 + random(8)))
                default: changed = round % 100 == 0 ? Array(changed.prefix(place + 1)) : changed
                }
            }
            let path = try folder.write("b", changed)
            do {
                let merged = try PartialResult.merge([path], allowsMissing: true)
                let report = try ScaleReport(merged, registry: registry)
                #expect(!report.verdictLine.isEmpty && !JSONWriter.pretty(report.document).isEmpty)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 500)
    }

    @Test(arguments: [
        "", "{}", "null", "[1, 2]", "\u{0}\u{1}", "{\"format\": \"dcae latent statistics\", \"version\": 1}",
    ])
    func otherFilesAreRefused(text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("b", Array(text.utf8))
        let error = #expect(throws: CheckpointError.self) { try PartialResult.read(folder("b")) }
        #expect(error?.description.contains("this is not a partial result of `dcae scale`: ") == true)
    }
}
