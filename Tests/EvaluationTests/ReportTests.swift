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
            found.notes == [
                "1 picture came back identical; no mean PSNR has them in it",
                "SSIM is not defined for 1 picture with a side below 6 pixels",
                "MS-SSIM is not defined for 5 pictures with a side below 176 pixels",
            ]
        )
        // Five latents of four values, sum 2, squares 10: a mean of 0.5, a mean square of 2.5.
        let latent = try #require(found.sides[0].latent)
        #expect(latent.mean == 0.5 && abs(latent.rms * latent.rms - 2.5) < 1e-12)
        #expect(abs(latent.std * latent.std - (2.5 - 0.25) * 20 / 19) < 1e-12)
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
        #expect(undecided.comparisons[0].differences[0].text("b").hasPrefix("PSNR does not differ measurably"))
        let same = try Self.report(part(errors.map { [$0, $0] })).comparisons[0].differences
        #expect(same.map(\.verdict) == [.equal, .equal])
        #expect(same[0].text("b") == "PSNR is the same for every picture")
        let identical = try Self.report(part([[0, 0], [0, 300], [300, 600]])).comparisons[0].differences[0]
        #expect(identical.estimate.count == 2 && identical.identicalCount == 2)
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
