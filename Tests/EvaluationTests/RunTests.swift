import Calibration
import CheckpointIO
import Evaluation
import Images
import Inference
import ModelZoo
import Perception
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct RunTests {
    private static func document(_ part: EvaluationPart, _ reference: FeatureStatistics? = nil) throws -> String {
        JSONWriter.pretty(
            try EvaluationReport(part, reference: reference, registry: try Registry(), worstCount: 3).document
        )
    }

    /// One run, and 1, 3 and 50 parts in any order and with any number of threads, give the same bytes: all measures, two
    /// models, and statistics for FID.
    @Test func anyNumberOfPartsGivesTheSameBytes() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 4)
        try folder.write("p/damaged.png", [0x89])
        let measures = try seededMeasures(folder)
        let models = [try tiny("sana"), try tiny("f32")]
        let whole = try evaluate(models, folder("p"), measures: measures)
        #expect(whole.records.count == 4 && whole.unreadable.map(\.key) == ["damaged.png"])
        let expected = try Self.document(whole)
        let statistics = try FeatureStatistics(whole.originalFeatures)
        for count in [1, 3, 50] {
            var files: [String] = []
            for index in 1...min(count, 6) {
                let shard = try #require(Shard(index: index, count: count))
                let store = PartialStore(folder("parts\(count)") + "/", shard: shard, interval: .zero, force: false)
                _ = try evaluate(
                    models,
                    folder("p"),
                    shard: shard,
                    measures: measures,
                    threads: 1 + index % 2,
                    store: store
                )
                files.append(store.path)
            }
            let merged = try EvaluationPart.merge(files.reversed(), allowsMissing: false)
            #expect(merged == whole)
            #expect(try Self.document(merged) == expected)
            #expect(try FeatureStatistics(merged.originalFeatures).digest == statistics.digest)
        }
        // Against statistics from a file the originals are not looked at, and the distance is the same.
        let against = try evaluate(
            [models[0]],
            folder("p"),
            measures: PictureMeasures(
                lpips: nil,
                inception: measures.inception,
                needsOriginalFeatures: false
            ),
            reference: statistics
        )
        #expect(against.records.allSatisfy { $0.features.isEmpty && $0.sides[0].features.count == 2048 })
        let registry = try Registry()
        let found = try EvaluationReport(against, reference: statistics, registry: registry, worstCount: 0)
        let first = try EvaluationReport(whole, reference: nil, registry: registry, worstCount: 0)
        let (a, b) = (try #require(found.sides[0].rfid), try #require(first.sides[0].rfid))
        #expect(abs(a / b - 1) < 1e-6, "\(a) \(b)")
        let other = #expect(throws: CheckpointError.self) {
            try EvaluationReport(against, reference: nil, registry: registry, worstCount: 0)
        }
        #expect(other?.fault as? EvaluationFault == .otherReference(given: false))
    }

    /// The figures of a model are those of its pictures: what `PictureQuality` says of what comes back.
    @Test func recordsAreThoseOfThePictures() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 1)
        let set = try PictureSet(at: [folder("p")])
        let run = try EvaluationRun(
            .models([try tiny("sana")]),
            labels: ["a"],
            set,
            shard: .whole,
            size: 64,
            crop: .adm,
            measures: noWeights,
            referenceDigest: nil,
            threads: 1,
            program: "tests"
        )
        let part = try run.run(nil, PictureRunObserver())
        let images = try #require(try run.images(of: set.entries[0].key))
        let original = try Picture(file: set.entries[0].path).centreSquare(side: 64, crop: .adm, name: "p")
        #expect(images.original == original)
        let quality = PictureQuality(of: try #require(images.pictures[0]), comparedTo: original)
        #expect(part.records[0].psnr(0) == quality.psnr && part.records[0].sides[0].ssim == quality.ssim)
        #expect(part.records[0].sides[0].latent?.count == 8 * 2 * 2)
        #expect(try run.images(of: "other.png") == nil)
    }

    @Test func aFolderThatIsNotThereIsSaidToBeMissing() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: CheckpointError.self) { try PictureFolderPairs(folder("made")) }
        #expect(error?.description.hasPrefix(folder("made") + ": ") == true)
        #expect(error?.description.contains("there is no such file or folder") == true, "\(String(describing: error))")
    }

    @Test func foldersArePairedByName() throws {
        let folder = try TemporaryFolder()
        func write(_ name: String, _ width: Int, seed: Int, noise: Int = 0) throws {
            try folder.write(name, [])
            try SeededPicture.make(width, 40, seed: seed, noise: noise).writePNG(to: folder(name), overwrite: true)
        }
        for (index, name) in ["a.jpeg", "below/b.png", "c.png", "d.png", "e.png"].enumerated() {
            try write("originals/\(name)", 50, seed: index)
        }
        try write("made/a.png", 50, seed: 0, noise: 5)
        try write("made/below/b.png", 50, seed: 1)
        try write("made/c.webp", 50, seed: 2)
        try write("made/c.jpg", 50, seed: 2)
        try write("made/d.png", 51, seed: 3)
        try write("made/x.png", 50, seed: 3)
        let (originals, pairs) = (try PictureSet(at: [folder("originals")]), try PictureFolderPairs(folder("made")))
        let run = try EvaluationRun(
            .folders([pairs]),
            labels: ["made"],
            originals,
            shard: .whole,
            size: nil,
            crop: .adm,
            measures: noWeights,
            referenceDigest: nil,
            threads: 2,
            program: "tests"
        )
        let part = try run.run(nil, PictureRunObserver())
        #expect(part.records.map(\.key) == ["a.jpeg", "below/b.png"])
        #expect(part.records[1].psnr(0) == .infinity && part.records[0].psnr(0) < 50)
        #expect(
            part.unreadable.map { "\($0.key) \($0.reason.replacing(folder.path, with: "T"))" } == [
                "c.png there are several pictures of the same name in T/made: keep one of them",
                "d.png the picture has 50x40 pixels, but its reconstruction has 51x40: give a size, and both are cropped to squares",
                "e.png there is no picture of the same name in T/made",
            ]
        )
        #expect(
            pairs.leftOver(originals.entries).map { $0.replacing(folder.path, with: "T") }
                == ["T/made/c.jpg", "T/made/c.webp", "T/made/x.png"]
        )
    }

    @Test func partsOfOtherMeasurementsAreRefused() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 2)
        let half = { (index: Int) in Shard(index: index, count: 2) ?? .whole }
        let store = { (name: String, shard: Shard) in
            PartialStore(folder(name), shard: shard, interval: .zero, force: false)
        }
        let sana = try tiny("sana")
        _ = try evaluate([sana], folder("p"), shard: half(1), store: store("1.json", half(1)))
        _ = try evaluate([sana], folder("p"), size: 96, shard: half(2), store: store("2.json", half(2)))
        _ = try evaluate([try tiny("f32")], folder("p"), shard: half(2), store: store("3.json", half(2)))
        func refusal(_ paths: [String], compare: Bool = false) -> String {
            do {
                _ =
                    try compare
                    ? EvaluationPart.compare(paths.map(folder.callAsFunction))
                    : EvaluationPart.merge(paths.map(folder.callAsFunction), allowsMissing: false)
                return "nothing"
            } catch {
                return "\(error)".replacing(folder.path, with: "T")
            }
        }
        #expect(
            refusal(["1.json", "2.json"])
                == "T/2.json: its pictures have another size (96, not 64) than T/1.json; merge parts of one run"
        )
        #expect(refusal(["1.json", "3.json"]).contains("it is of another model"))
        #expect(refusal(["1.json"]).contains("part 2 of 2 is missing"))
        #expect(refusal(["1.json", "2.json"], compare: true).contains("it is part 1 of 2, not a result of all"))
        try folder.write("x.json", Array("{\"format\": \"dcae latent statistics\"}".utf8))
        #expect(refusal(["x.json"]).contains("this is not a partial result of `dcae eval`"))
    }

    /// Finished results of two models are held against each other as if both had run together.
    @Test func finishedResultsAreCompared() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 3)
        let models = [try tiny("sana"), try tiny("f32")]
        for (index, model) in models.enumerated() {
            let store = PartialStore(folder("\(index).json"), shard: .whole, interval: .zero, force: false)
            _ = try evaluate([model], folder("p"), store: store)
        }
        let together = try evaluate(models, folder("p"))
        let compared = try EvaluationPart.compare([folder("0.json"), folder("1.json")])
        #expect(compared.records == together.records)
        #expect(compared.subject.sides.map(\.fingerprint) == together.subject.sides.map(\.fingerprint))
    }

    @Test(
        arguments: [
            ("\"samples\": [", "\"samples\": [0, "), ("\"ssim\": [", "\"ssim\": [\"x\", "),
            ("\"protocol\": 2", "\"protocol\": 1"), ("\"version\": 2", "\"version\": 1"),
            ("\"failures\": [", "\"failures\": [1, "), ("\"d0\"", "7"), ("\"cast_errors\": [", "\"cast_errors\": [1, "),
            ("\"squared_errors\": [", "\"squared_errors\": [-1, "), ("\"complete\": true", "\"complete\": false"),
            ("\"shard\": \"1/1\"", "\"shard\": \"0/1\""), ("\"crop\": \"adm\"", "\"crop\": \"x\""),
        ]
    )
    func damagedPartsAreRefused(text: String, other: String) throws {
        let folder = try TemporaryFolder()
        try part([[300], [600]]).write(to: folder("p.json"), force: false)
        #expect(try EvaluationPart.read(folder("p.json")) == part([[300], [600]]))
        let good = try Fixtures.text(folder("p.json"))
        #expect(good.contains(text), "\(good)")
        try folder.write("q.json", Array(good.replacing(text, with: other).utf8))
        let error = #expect(throws: CheckpointError.self) { try EvaluationPart.read(folder("q.json")) }
        guard case .notPartial? = error?.fault as? CalibrationFault else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
