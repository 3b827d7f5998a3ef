import Calibration
import CheckpointIO
import Evaluation
import Images
import ModelZoo
import Pages
import TensorCore
import TestSupport
import Testing

/// What follows from records of pictures.
@Suite struct ReportTests {
    private static func report(_ part: EvaluationPart, worst: Int = 3) throws -> EvaluationReport {
        try EvaluationReport(part, reference: nil, registry: try Registry(), worstCount: worst)
    }

    @Test func meanMedianAndWorst() throws {
        // 300 samples: an error of 300 is a mean square of 1, 48.13 dB.
        let found = try Self.report(part([[300], [30_000], [3_000], [0], [300_000]], ssim: [0.9, 0.8, nil, 1, 0.7]))
        let psnr = try #require(found.sides[0][.psnr])
        let one = 48.130_803_608_679_1
        #expect(psnr.estimate?.count == 4 && psnr.identicalCount == 1 && psnr.undefinedCount == 0)
        #expect(abs((psnr.estimate?.mean ?? 0) - (one - (0 + 20 + 10 + 30) / 4)) < 1e-9)
        #expect(abs((psnr.median ?? 0) - (one - 15)) < 1e-9)
        #expect(psnr.worst.map(\.key) == ["p1004", "p1001", "p1002"])
        let interval = try #require(psnr.estimate?.interval)
        #expect(interval.contains(psnr.estimate?.mean ?? 0) && interval.lowerBound >= one - 30)
        let ssim = try #require(found.sides[0][.ssim])
        #expect(ssim.estimate?.count == 4 && ssim.undefinedCount == 1 && abs((ssim.median ?? 0) - 0.85) < 1e-12)
        #expect(found.sides[0][.lpips] == nil && found.sides[0].rfid == nil)
        #expect(
            found.notes.map(\.description) == [
                "1 picture came back identical; no mean PSNR has them in it",
                "SSIM is not defined for 1 picture with a side below 6 pixels",
                "MS-SSIM is not defined for 5 pictures with a side below 176 pixels",
            ]
        )
        // Five latents of four values, sum 2, squares 10: a mean of 0.5, a mean square of 2.5.
        let latent = try #require(found.sides[0].latent)
        #expect(latent.mean == 0.5 && abs(latent.rms * latent.rms - 2.5) < 1e-12)
        #expect(abs(latent.std * latent.std - (2.5 - 0.25)) < 1e-12)
        #expect(found.sides[0].measures.first?.text.hasSuffix(" dB") == true)
    }

    @Test func differencesOfTwoModels() throws {
        let errors = (0..<40).map { 300 + $0 * 7 }
        let worse = try Self.report(part(errors.map { [$0, $0 + 3 + $0 % 5] }))
        let difference = try #require(worse.comparisons.first?.differences.first)
        #expect(difference.measure == .psnr && difference.verdict == .worse && difference.estimate.count == 40)
        let text = difference.text("fp16")
        #expect(text.hasPrefix("fp16 costs 0.0") && text.contains(" dB ± 0.0") && text.hasSuffix(" of PSNR"), "\(text)")
        let better = try Self.report(part(errors.map { [$0 + 9, $0] })).comparisons[0].differences[0]
        #expect(better.verdict == .better && better.text("b").hasPrefix("b gains "))
        let undecided = try Self.report(part(errors.enumerated().map { [$1, $1 + ($0 % 2 == 0 ? 9 : -9)] }))
        #expect(undecided.comparisons[0].differences[0].verdict == .undecided)
        #expect(undecided.comparisons[0].differences[0].text("b").hasPrefix("PSNR of b does not differ measurably: "))
        let same = try Self.report(part(errors.map { [$0, $0] })).comparisons[0].differences
        #expect(same.map(\.verdict) == [.equal, .equal])
        #expect(same[0].text("b") == "PSNR of b is the same for every picture")
        let identical = try Self.report(part([[0, 0], [0, 300], [300, 600]])).comparisons[0].differences[0]
        #expect(identical.estimate.count == 2 && identical.identicalCount == 2)
    }

    /// Of few pictures resampling finds differences that are none: nothing is concluded from them.
    @Test(arguments: [(2, PairedDifference.Verdict.tooFew), (9, .tooFew), (10, .worse)])
    func fewPicturesDecideNothing(count: Int, verdict: PairedDifference.Verdict) throws {
        let found = try Self.report(part((0..<count).map { [300 + $0, 330 + 2 * $0] })).comparisons[0].differences[0]
        #expect(found.verdict == verdict && found.estimate.interval != nil)
        let text = found.text("fp16")
        if verdict == .tooFew {
            #expect(text.hasPrefix("PSNR of fp16 differs by -0.") && text.contains("too few pictures to say more"))
            #expect(text.hasSuffix("at least 10") && (text.contains("±") || text.contains(" to ")), "\(text)")
        }
        // What is the same is the same, however few there are.
        let same = try Self.report(part([[300, 300], [400, 400]])).comparisons[0].differences[0]
        #expect(same.verdict == .equal)
    }

    /// Whatever is said of a difference, the figures beside it say the same, to the digits that are shown.
    @Test func figuresAgreeWithTheVerdict() throws {
        var state: UInt64 = 3
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var verdicts: Set<String> = []
        for round in 0..<400 {
            let (step, skew) = ([1, 3, 40, 900][round % 4], random(5))
            let errors = (0..<(10 + random(20))).map { _ -> [Int] in
                let error = 30_000 + random(20_000)
                let jump = random(8) == 0 ? skew * 6 * step : 0
                return [error, max(1, error + random(2 * step + 1) - step + jump)]
            }
            let found = try Self.report(part(errors)).comparisons[0].differences[0]
            let text = found.text("x")
            verdicts.insert(found.verdict.rawValue)
            guard found.verdict != .equal else { continue }
            let numbers = text.matches(of: /-?[0-9]+\.[0-9]+/).compactMap { Double($0.output) }
            let ends: ClosedRange<Double>
            if text.contains("±") {
                try #require(numbers.count == 2)
                ends = (numbers[0] - numbers[1])...(numbers[0] + numbers[1])
            } else {
                try #require(numbers.count == 3, "\(text)")
                #expect((numbers[1]...numbers[2]).contains(numbers[0]), "\(text)")
                ends = numbers[1]...numbers[2]
            }
            #expect(ends.contains(0) == (found.verdict == .undecided), "\(text)")
            #expect(numbers[0] != 0 && ends.lowerBound < ends.upperBound, "\(text)")
        }
        #expect(verdicts.isSuperset(of: ["better", "worse", "undecided"]), "\(verdicts)")
    }

    /// Both ends where the mean is not in the middle, and one number where it is.
    @Test func lopsidedIntervalsHaveBothEnds() throws {
        let even = try Self.report(part((0..<40).map { [3000 + $0 * 10] })).sides[0].measures[0].text
        #expect(even.contains(" ± ") && even.hasSuffix(" dB"), "\(even)")
        let outlier = (0..<12).map { [$0 == 0 ? 3 : 30_000] }
        let odd = try Self.report(part(outlier)).sides[0].measures[0].text
        #expect(odd.contains(" (") && odd.contains(" to ") && odd.hasSuffix(") dB"), "\(odd)")
    }

    /// What one model fails on is said of that model, and takes nothing from the others.
    @Test func failuresAreOfTheirModel() throws {
        var found = part((0..<12).map { [300 + $0, 330 + $0, 360 + $0] })
        for index in 0..<12 {
            var sides = found.records[index].sides
            sides[1] = PictureRecord.Side(failure: "3 values of its latent are NaN or infinite")
            if index == 5 { sides[2] = sides[1] }
            found.records[index].sides = sides
        }
        let report = try Self.report(found)
        #expect(report.sides.map(\.failures.count) == [0, 12, 1])
        #expect(report.sides[1].measures.allSatisfy { $0.estimate == nil && $0.text == "not measured" })
        #expect(report.sides[1].measures.allSatisfy { $0.undefinedCount == 0 && $0.identicalCount == 0 })
        #expect(report.sides[0].measures[0].estimate?.count == 12 && report.sides[2].measures[0].estimate?.count == 11)
        #expect(report.comparisons[0].differences.isEmpty)
        #expect(report.comparisons[1].differences[0].estimate.count == 11)
        let text = "m1 could not be measured on 12 of 12 pictures: of p1000, 3 values of its latent are NaN or infinite"
        #expect(report.notes.map(\.description).contains(text), "\(report.notes)")
        // The state keeps it.
        let folder = try TemporaryFolder()
        try found.write(to: folder("p.json"), force: false)
        #expect(try EvaluationPart.read(folder("p.json")) == found)
    }

    @Test func otherSizesThanPublishedAreSaid() throws {
        let name = "dc-ae-f32c32-sana-1.0"
        let notes = try Self.report(part([[300]], variant: name)).notes.map(\.description)
        #expect(
            notes.contains(
                "figures of \(name) were published at 1024 pixels, not at 512: size: \"1024\" measures there"
            ),
            "\(notes)"
        )
        for other in [part([[300]], variant: name, size: 1024), part([[300]], variant: name, size: nil), part([[300]])]
        {
            #expect(try Self.report(other).notes.allSatisfy { !$0.description.contains("published") })
        }
    }

    /// Only where crop and size are those of the published figures.
    @Test func publishedFigures() throws {
        let name = "dc-ae-f64c128-in-1.0"
        let found = try Self.report(part([[300], [600]], variant: name)).sides[0].published
        #expect(found.map(\.name) == ["PSNR", "SSIM", "latent mean", "latent rms", "latent std"])
        #expect(found[0].published == 26.1489)
        #expect(found[0].text.hasSuffix(" dB, published 26.15 (ImageNet validation)"), "\(found[0].text)")
        for other in [
            part([[300]], variant: name, size: 256), part([[300]], variant: name, crop: .torchvision),
            part([[300]], variant: name, size: nil), part([[300]]),
        ] {
            #expect(try Self.report(other).sides[0].published.isEmpty)
        }
    }

    @Test func nothingMeasured() throws {
        var empty = part([])
        empty.unreadable = [Unreadable(key: "a", reason: "is empty")]
        let error = #expect(throws: CheckpointError.self) { try Self.report(empty) }
        #expect(error?.fault as? CalibrationFault == .nothingMeasured(unreadable: 1))
    }

    @Test func pagesCarryNamesSafely() throws {
        var found = part([[300], [600]])
        found.records[0] = PictureRecord(
            key: "<script>.png",
            sampleCount: 300,
            sides: found.records[0].sides,
            features: []
        )
        let html = try Self.report(found).page([]).html
        #expect(html.contains("&lt;script&gt;.png") && !html.contains("<script>.png"))
        #expect(html == (try Self.report(found).page([]).html))
    }
}
