import Calibration
import CheckpointIO
import DCAE
import Evaluation
import Files
import Foundation
import Images
import Inference
import ModelZoo
import Perception
import ReferenceNetwork
import TensorCore
import TestSupport
import Testing

/// Which pictures were measured, by their bytes and not by their names.
@Suite struct ChangedPicturesTests {
    private static func store(_ path: String) -> PartialStore {
        PartialStore(path, shard: .whole, interval: .zero, force: false)
    }

    private static func writePicture(_ folder: TemporaryFolder, _ name: String, seed: Int, noise: Int = 0) throws {
        try folder.write(name, [])
        try SeededPicture.make(80, 72, seed: seed, noise: noise).writePNG(to: folder(name), overwrite: true)
    }

    /// A state of pictures that changed since goes on to what a run of its own would give.
    @Test func picturesThatChangedAreMeasuredAgain() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 4)
        let model = try tiny("sana")
        let before = try evaluate([model], folder("p"), store: Self.store(folder("s.json")))
        try Self.writePicture(folder, "p/p1.png", seed: 99)
        var observer = PictureRunObserver()
        var (changed, again, resumed) = ([String](), 0, 0)
        observer.changed = { (changed, again) = ($0, $1) }
        observer.resumed = { resumed = $0 }
        let after = try evaluate([model], folder("p"), store: Self.store(folder("s.json")), observer: observer)
        #expect(changed == ["p1.png"] && again == 1 && resumed == 3)
        #expect(after == (try evaluate([model], folder("p"))) && after != before)
        #expect(after.contentDigest != before.contentDigest && after.subject == before.subject)
        #expect(try EvaluationPart.read(folder("s.json")) == after)
        // Nothing changed: nothing is measured.
        changed = []
        #expect(try evaluate([model], folder("p"), store: Self.store(folder("s.json")), observer: observer) == after)
        #expect(changed.isEmpty && resumed == 4)
    }

    /// Originals and reconstructions alike.
    @Test(arguments: ["a/p1.png", "b/p1.png"]) func pairsThatChangedAreMeasuredAgain(name: String) throws {
        let folder = try TemporaryFolder()
        for index in 0..<3 {
            try Self.writePicture(folder, "a/p\(index).png", seed: index)
            try Self.writePicture(folder, "b/p\(index).png", seed: index, noise: 5)
        }
        func run(_ store: PartialStore?, _ observer: PictureRunObserver = .init()) throws -> EvaluationPart {
            try EvaluationRun(
                .folders([try PictureFolderPairs(folder("b"))]),
                labels: ["b"],
                try PictureSet(at: [folder("a")]),
                shard: .whole,
                size: nil,
                crop: .adm,
                measures: noWeights,
                referenceDigest: nil,
                threads: 1,
                program: "tests"
            ).run(store, observer)
        }
        let store = Self.store(folder("s.json"))
        let before = try run(store)
        try Self.writePicture(folder, name, seed: 50)
        var observer = PictureRunObserver()
        var changed: [String] = []
        observer.changed = { keys, _ in changed = keys }
        let after = try run(store, observer)
        #expect(changed == ["p1.png"] && after != before)
        #expect(after == (try run(nil)))
        // What is out of reach is not lost.
        let kept = try Fixtures.bytes(folder("s.json"))
        try FileManager.default.removeItem(atPath: folder(name))
        if name == "b/p1.png" {
            let error = #expect(throws: CheckpointError.self) { try run(store) }
            #expect(error?.description.contains("p1.png was measured before, and cannot be read now: ") == true)
            #expect(try Fixtures.bytes(folder("s.json")) == kept)
        }
    }

    /// Pictures of the same names that are others are no pairs.
    @Test func resultsOverOtherPicturesAreNotCompared() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 3)
        try writePictures(folder, "q", count: 3)
        let model = try tiny("sana")
        let one = try evaluate([model], folder("p"), store: Self.store(folder("p.json")))
        let same = try evaluate([model], folder("q"), store: Self.store(folder("q.json")))
        #expect(one.contentDigest == same.contentDigest)
        #expect(try EvaluationPart.compare([folder("p.json"), folder("q.json")]).records.count == 3)
        try Self.writePicture(folder, "q/p1.png", seed: 99)
        let other = try evaluate([model], folder("q"), store: Self.store(folder("r.json")))
        #expect(other.subject.pictureDigest == one.subject.pictureDigest)
        let error = #expect(throws: CheckpointError.self) {
            try EvaluationPart.compare([folder("p.json"), folder("r.json")])
        }
        #expect(error?.fault as? EvaluationFault == .otherPicture(key: "p1.png", other: folder("p.json")))
    }

    /// Letters with accents have two forms in Unicode.
    @Test func pairsAreFoundInEitherFormOfLetters() throws {
        let folder = try TemporaryFolder()
        try Self.writePicture(folder, "a/caf\u{E9}.png", seed: 1)
        try Self.writePicture(folder, "b/cafe\u{301}.jpg.png", seed: 1)
        try Self.writePicture(folder, "c/cafe\u{301}.png", seed: 1)
        let entry = try #require(try PictureSet(at: [folder("a")]).entries.first)
        #expect(throws: ImageRefusal.self) { try PictureFolderPairs(folder("b")).path(for: entry) }
        let pairs = try PictureFolderPairs(folder("c"))
        #expect(try pairs.path(for: entry).hasSuffix("cafe\u{301}.png") && pairs.leftOver([entry]).isEmpty)
    }
}

/// Casts in memory.
@Suite struct CastTests {
    /// Whichever engine computes: a cast that is passed over would seem to cost nothing.
    @Test func theReferenceComputesWithCastWeights() throws {
        var model = try tiny("sana")
        model.reference = try ReferenceNetwork(model.network)
        let cast = try model.rounded(to: .f8E4M3, scaled: false, called: "fp8-e4m3")
        #expect(cast.arithmetic == "f64 reference, weights as fp8-e4m3")
        let planes = Picture.landscape(width: 64, height: 64).planes()
        let image = try FloatTensor(batch: 1, channels: 3, height: 64, width: 64, values: planes)
        let (own, other) = (try model.encode(image, from: "x"), try cast.encode(image, from: "x"))
        #expect(zip(own.values, other.values).contains { ($0 - $1).magnitude > 0.001 })
        #expect(cast.weightCast?.lost.underflows ?? 0 > 0)
    }

    /// What a cast lost is kept with its figures, and so is how far it is from the model as it is.
    @Test func whatACastCostsIsKept() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 3)
        let model = try tiny("sana")
        let models =
            [model]
            + (try [(DType.f16, "fp16"), (.f8E4M3, "fp8-e4m3")].map { dtype, name in
                try model.rounded(to: dtype, scaled: false, called: name)
            })
        let store = PartialStore(folder("s.json"), shard: .whole, interval: .zero, force: false)
        let part = try evaluate(models, folder("p"), store: store)
        #expect(part.subject.sides.map { $0.cast?.format } == [nil, "fp16", "fp8-e4m3"])
        let underflows = try #require(part.subject.sides[2].cast?.underflows)
        #expect(underflows > 0 && part.subject.sides[1].cast?.overflows == 0)
        #expect(try EvaluationPart.read(folder("s.json")) == part)
        let report = try report(part)
        #expect(
            report.notes.contains { $0.description.hasSuffix("weights become infinite and \(underflows.grouped) zero") }
        )
        #expect(report.sides[0].againstUncast == nil)
        let own = report.sides.dropFirst().compactMap { $0.againstUncast?.estimate?.mean }
        #expect(own.count == 2 && own[0] > own[1] && own[1] > 10)
    }

    /// A format that a weight does not fit into takes nothing from the others.
    @Test func aCastThatFailsIsNamed() throws {
        let folder = try TemporaryFolder()
        try writePictures(folder, "p", count: 2)
        let model = try tinyBeyondHalf(folder)
        let cast = try model.rounded(to: .f16, scaled: false, called: "fp16")
        let part = try evaluate([model, cast], folder("p"))
        #expect(part.unreadable.isEmpty && part.records.count == 2)
        #expect(part.records.allSatisfy { $0.sides[0].failure == nil })
        #expect(part.records.allSatisfy { $0.sides[1].failure?.contains("of its reconstruction are NaN") == true })
        #expect(try report(part).sides.map(\.failures.count) == [0, 2])
        // What nobody can do is no picture to measure with.
        let none = try evaluate([cast, cast], folder("p"))
        #expect(none.records.isEmpty && none.unreadable.allSatisfy { $0.reason.hasSuffix("infinite, by every model") })
        #expect(try evaluate([cast], folder("p")).unreadable.allSatisfy { $0.reason.hasSuffix("are NaN or infinite") })
    }

    /// The same model computed otherwise is no other model.
    @Test func otherArithmeticIsSaid() throws {
        let side = { (precision: String) in
            EvaluationSubject.Side(label: "m", variant: nil, fingerprint: "f", precision: precision)
        }
        let subject = { (precision: String) in
            EvaluationSubject(
                sides: [side(precision)],
                size: 64,
                crop: .adm,
                pictureCount: 1,
                pictureDigest: "d",
                weights: [],
                referenceDigest: nil,
                program: "tests"
            )
        }
        #expect(
            subject("f32").difference(from: subject("f64 reference"))
                == "its model was computed in another way (f32, not f64 reference)"
        )
        #expect(subject("f32").difference(from: subject("f32")) == nil)
    }

    /// FID against statistics that were made otherwise compares the ways, not the pictures.
    @Test func referencesThatWereMadeOtherwiseAreSaid() throws {
        let weights = String(repeating: "ab", count: 32)
        let subject = EvaluationSubject(
            sides: [],
            size: 128,
            crop: .adm,
            pictureCount: 5,
            pictureDigest: "d",
            weights: [WeightsIdentity(network: ForeignNetwork.inception.rawValue, sha256: weights, published: nil)],
            referenceDigest: nil,
            program: "tests"
        )
        var reference = FeatureStatistics(mean: [0], covariance: [1])
        #expect(subject.differences(from: reference).isEmpty)
        reference.origin = subject.origin(pictureCount: 5)
        #expect(subject.differences(from: reference).isEmpty)
        reference.origin = StatisticsOrigin(
            size: 64,
            crop: .torchvision,
            pictureCount: 9,
            weights: String(repeating: "cd", count: 32)
        )
        #expect(
            subject.differences(from: reference) == [
                "at 64 pixels, not 128", "of pictures cut in torchvision's way, not in ADM's",
                "with other weights of Inception", "of 9 pictures, not 5",
            ]
        )
    }

    private func report(_ part: EvaluationPart) throws -> EvaluationReport {
        try EvaluationReport(part, reference: nil, registry: try Registry(), worstCount: 1)
    }
}
