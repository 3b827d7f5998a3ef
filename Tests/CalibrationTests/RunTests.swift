import Calibration
import CheckpointIO
import Conversion
import DCAE
import Foundation
import Images
import Inference
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct RunTests {
    /// A run that is stopped goes on from its last state, and ends with the same file.
    @Test func interruptedRunsGoOn() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder)
        try folder.write("pictures/a-damaged.png", [0x89])
        let model = Fixtures.path("tiny/sana/diffusers")
        let store = { PartialStore(folder($0), shard: .whole, interval: .zero, force: false) }
        let whole = try measure(model, [pictures], side: 64, store: store("whole.json"))
        // Eleven pictures, then the end: the state is that of eleven pictures.
        var state = PartialResult(subject: whole.subject, shard: .whole)
        for shard in [try #require(Shard(index: 1, count: 2))] {
            state.totals = try measure(model, [pictures], side: 64, shard: shard).totals
        }
        try state.write(to: folder("part.json"), force: false)
        var observer = MeasurementRun.Observer()
        var (resumed, seen) = (0, [Int]())
        observer.resumed = { resumed = $0 }
        observer.progress = { done, _ in seen.append(done) }
        let resumedRun = try measure(model, [pictures], side: 64, store: store("part.json"), observer: observer)
        // The damaged one is tried again.
        #expect(resumed == 8 && seen == Array(9...17))
        #expect(resumedRun == whole)
        #expect(try Fixtures.bytes(folder("part.json")) == Fixtures.bytes(folder("whole.json")))
        // What is complete is not measured again.
        seen = []
        #expect(try measure(model, [pictures], side: 64, store: store("part.json"), observer: observer) == whole)
        #expect(seen == [17] && resumed == 16)
    }

    @Test func statesOfOtherRunsAreRefused() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 4)
        let store = PartialStore(folder("s.json"), shard: .whole, interval: .zero, force: false)
        let model = Fixtures.path("tiny/sana/diffusers")
        _ = try measure(model, [pictures], side: 64, store: store)
        let before = try Fixtures.bytes(folder("s.json"))
        let remedy = "; choose another file, or add overwrite: to begin anew"
        let size = #expect(throws: CheckpointError.self) { try measure(model, [pictures], side: 96, store: store) }
        #expect(size?.description.hasSuffix("its pictures have another size (64, not 96)\(remedy)") == true)
        let encoder = #expect(throws: CheckpointError.self) {
            try measure(Fixtures.path("tiny/f32/diffusers"), [pictures], side: 64, store: store)
        }
        #expect(encoder?.description.hasSuffix("it is of another encoder\(remedy)") == true)
        let shard = try #require(Shard("1/2"))
        let part = #expect(throws: CheckpointError.self) {
            try measure(model, [pictures], side: 64, shard: shard, store: store)
        }
        #expect(
            part?.description.hasSuffix(
                "this is the state of part 1/1, not of part 1/2; choose another file, or a folder as in "
                    + "output: \"parts/\", which keeps a file for each part"
            ) == true
        )
        try folder.write("other.json", Array("{}".utf8))
        #expect(throws: CheckpointError.self) {
            try measure(
                model,
                [pictures],
                side: 64,
                store: PartialStore(folder("other.json"), shard: .whole, interval: .zero, force: false)
            )
        }
        #expect(try Fixtures.bytes(folder("s.json")) == before)
        let anew = PartialStore(folder("s.json"), shard: .whole, interval: .zero, force: true)
        #expect(try measure(model, [pictures], side: 96, store: anew).subject.side == 96)
        #expect(folder.contents().allSatisfy { !$0.contains(".dcae-") })
    }

    /// Totals of pictures that changed since are those of no set of pictures: all is measured again.
    @Test func picturesThatChangedAreMeasuredAgain() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 4)
        let store = PartialStore(folder("s.json"), shard: .whole, interval: .zero, force: false)
        let model = Fixtures.path("tiny/sana/diffusers")
        let before = try measure(model, [pictures], side: 64, store: store)
        try Picture.landscape(width: 80, height: 70).writePNG(to: folder("pictures/p1.png"), overwrite: true)
        var observer = MeasurementRun.Observer()
        var (changed, again) = ([String](), 0)
        observer.changed = { (changed, again) = ($0, $1) }
        let after = try measure(model, [pictures], side: 64, store: store, observer: observer)
        #expect(changed == ["p1.png"] && again == 4)
        #expect(after == (try measure(model, [pictures], side: 64)) && after != before)
        let digest = { (part: PartialResult) in
            PictureContents.digest(of: part.totals.pictures.map { ($0.key, $0.digest) })
        }
        #expect(digest(after) != digest(before) && after.subject == before.subject)
    }

    /// 0.2.0 kept no digests: such states can be merged, and nobody knows which pictures they are of.
    @Test func statesWithoutDigests() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 2)
        let store = PartialStore(folder("s.json"), shard: .whole, interval: .zero, force: false)
        let model = Fixtures.path("tiny/sana/diffusers")
        let found = try measure(model, [pictures], side: 64, store: store)
        let text = try Fixtures.text(folder("s.json"))
        let start = try #require(text.firstRange(of: /,\s*"sha256": \[[^\]]*\]/))
        try folder.write("s.json", Array(text.replacingCharacters(in: start, with: "").utf8))
        let merged = try PartialResult.merge([folder("s.json")], allowsMissing: false)
        #expect(merged.totals.pictures.map(\.sum) == found.totals.pictures.map(\.sum))
        #expect(try ScaleReport(merged, registry: try Registry()).document["pictures_sha256"] == .null)
        let error = #expect(throws: CheckpointError.self) { try measure(model, [pictures], side: 64, store: store) }
        #expect(error?.fault as? CalibrationFault == .noDigests)
    }

    @Test func picturesThatCannotBeMeasuredAreNamed() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 2)
        try folder.write("pictures/empty.png", [])
        try folder.write("pictures/text.jpg", Array("not a picture".utf8))
        let result = try measure(Fixtures.path("tiny/sana/diffusers"), [pictures], side: 64)
        #expect(result.totals.pictures.count == 2)
        #expect(
            result.totals.unreadable == [
                .init(key: "empty.png", reason: "the file is empty, but a picture was expected"),
                .init(
                    key: "text.jpg",
                    reason: "this is not a PNG, JPEG or WebP picture: it starts with 6e 6f 74 20 61 20 70 69"
                ),
            ]
        )
        let none = #expect(throws: CheckpointError.self) {
            try LatentStatistics(
                measure(Fixtures.path("tiny/sana/diffusers"), [folder("pictures/empty.png")], side: 64)
            )
        }
        #expect(none?.fault as? CalibrationFault == .nothingMeasured(unreadable: 1))
    }

    /// A latent that is not finite would spoil every figure; it is left out with its picture.
    @Test func latentsThatAreNotFinite() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 2)
        let model = try TinyModel("f32", in: folder).write("huge", gain: 1e38)
        let found = try measure(model, [pictures], side: 64)
        #expect(found.totals.unreadable.count == 2 && found.totals.pictures.isEmpty)
        #expect(found.totals.unreadable[0].reason.hasSuffix(" values of its latent are NaN or infinite"))
    }

    @Test func sizesMustFitTheNetwork() throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 1)
        let error = #expect(throws: CheckpointError.self) {
            try measure(Fixtures.path("tiny/sana/diffusers"), [pictures], side: 50)
        }
        #expect(
            error?.description
                == "size: 50 is no multiple of 32, the network's compression; choose a multiple, as size: \"256\""
        )
    }

    /// The encoder alone counts, in either layout.
    @Test(arguments: ["sana", "f32"]) func fingerprints(family: String) throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 1)
        let diffusers = try measure(Fixtures.path("tiny/\(family)/diffusers"), [pictures], side: 64)
        let tiny = try TinyModel(family, in: folder)
        let same = try measure(try tiny.write("same", gain: 1), [pictures], side: 64)
        let other = try measure(try tiny.write("other", gain: 1.001), [pictures], side: 64)
        let config = try AutoencoderDCConfig.read(file: Fixtures.path("tiny/\(family)/diffusers/config.json"))
        let original = try OpenedModel(
            Fixtures.path("tiny/\(family)/original.safetensors"),
            ModelHints(config: config),
            registry: try Registry()
        )
        #expect(try EncoderFingerprint.of(original) == diffusers.subject.fingerprint)
        #expect(diffusers.subject.fingerprint.count == 64)
        #expect(same.subject.fingerprint == diffusers.subject.fingerprint)
        #expect(other.subject.fingerprint != diffusers.subject.fingerprint)
    }
}

/// Networks whose weights are made so that their latents have a published factor over a set of pictures.
@Suite struct BuiltFactorTests {
    @Test(
        arguments: [("f32", 64, 0.3189, 0.4552), ("f64", 64, 0.2889, 0.4538), ("f128", 128, 0.362, 0.4883)]
    )
    func pairsAreToldApart(family: String, side: Int, low: Double, high: Double) throws {
        let folder = try TemporaryFolder()
        let pictures = try TinyModel.writePictures(folder, count: 200)
        let tiny = try TinyModel(family, in: folder)
        let registry = try Registry(adding: try tiny.writeRegistry((in: low, mix: high)))
        let rms = try LatentStatistics(measure(try tiny.write("plain", gain: 1), [pictures], side: side)).rms
        let cases: [(Double, [String])] = [(low, ["tiny-in"]), (high, ["tiny-mix"]), ((low * high).squareRoot(), [])]
        for (factor, names) in cases {
            let model = try tiny.write("m\(factor)", gain: 1 / (factor * rms))
            let report = try ScaleReport(try measure(model, [pictures], side: side, threads: 2), registry: registry)
            #expect(abs(report.statistics.factor / factor - 1) < 1e-5)
            #expect(report.verdict.outcome == (names.isEmpty ? .undecided : .agrees), "\(report.verdictLine)")
            #expect(report.verdict.variants == names)
            #expect(report.verdict.unpublished == ["tiny-256px"])
            let found = try OpenedModel(model, registry: registry).adding(report.evidence)
            #expect(found.candidates.map(\.name) == (names.isEmpty ? ["tiny-256px", "tiny-in", "tiny-mix"] : names))
            #expect(found.evidence.last?.source == .measurement)
            #expect(found.evidence.last?.text == report.evidence.text)
        }
    }
}
