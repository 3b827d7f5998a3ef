import Calibration
import CheckpointIO
import Conversion
import Inference
import ModelZoo
import Models
import TestSupport
import Testing

/// Which variant a measured factor speaks for, in which words.
@Suite struct VerdictTests {
    /// A report of pictures whose latents have the root mean square 1 / factor, each off by up to a part of it.
    static func report(
        _ factor: Double,
        _ variant: String,
        spread: Double = 0.02,
        count: Int = 40,
        stated: Double? = nil
    ) throws -> ScaleReport {
        var config = try Registry().variant(named: variant).config
        config.scalingFactor = stated
        let side = 4 * config.spatialCompressionRatio
        let area = Double(16 * config.latentChannels)
        let squares = (0..<count).map { index in
            let position = count > 1 ? Double(2 * index) / Double(count - 1) - 1 : 0
            return area / (factor * factor) * (1 + 2 * spread * position)
        }
        return try ScaleReport(result(squares: squares, config: config, side: side), registry: try Registry())
    }

    /// The pairs of variants that nothing else tells apart.
    @Test(
        arguments: [
            ("f32c32-in", 0.3189, "dc-ae-f32c32-in-1.0"), ("f32c32-in", 0.4552, "dc-ae-f32c32-mix-1.0"),
            ("f64c128-in", 0.2889, "dc-ae-f64c128-in-1.0"), ("f64c128-in", 0.4538, "dc-ae-f64c128-mix-1.0"),
            ("f128c512-in", 0.4883, "dc-ae-f128c512-in-1.0"), ("f128c512-in", 0.362, "dc-ae-f128c512-mix-1.0"),
            ("f32c32-in", 0.3189 * 1.07, "dc-ae-f32c32-in-1.0"), ("f32c32-in", 0.4552 / 1.07, "dc-ae-f32c32-mix-1.0"),
        ]
    )
    func pairsAreToldApart(variant: String, factor: Double, name: String) throws {
        let report = try Self.report(factor, variant)
        #expect(report.verdict.outcome == .agrees && report.verdict.variants == [name])
        #expect(report.verdict.candidates.count == 2 && report.warnings.isEmpty)
        #expect(report.verdictLine.hasPrefix("agrees with \(name): a factor of "))
        #expect(report.evidence.isDecided && report.evidence.variants == [name])
    }

    /// Halfway between two factors, whatever the number of pictures.
    @Test(arguments: [("f32c32-mix", 0.3189, 0.4552), ("f64c128-mix", 0.2889, 0.4538), ("f128c512-mix", 0.362, 0.4883)])
    func betweenTwoIsUndecided(variant: String, low: Double, high: Double) throws {
        let report = try Self.report((low * high).squareRoot(), variant, count: 400)
        #expect(report.verdict.outcome == .undecided && report.verdict.variants.isEmpty)
        #expect(report.verdictLine.hasPrefix("the pictures do not decide: "))
        #expect(report.verdict.reason.contains("which lies between the \(low) of "))
        #expect(report.verdict.reason.hasSuffix(" and is near neither"))
        #expect(!report.evidence.isDecided && report.evidence.variants == nil)
    }

    @Test func words() throws {
        let agreeing = try Self.report(0.4562, "f32c32-mix", spread: 0)
        #expect(
            agreeing.verdictLine
                == "agrees with dc-ae-f32c32-mix-1.0: a factor of 0.4562 was measured (0.4562 to 0.4562, 95%, 40 pictures), "
                + "0.2% from the 0.4552 of dc-ae-f32c32-mix-1.0; so in 100.0% of resamples"
        )
        #expect(
            agreeing.evidence.text
                == agreeing.verdict.reason + " (dc-ae-f32c32-in-1.0-256px has no published factor to compare with)"
        )
        #expect(agreeing.verdict.unpublished == ["dc-ae-f32c32-in-1.0-256px"])
        let sana = try Self.report(0.41407, "sana-1.0", spread: 0)
        #expect(
            sana.verdictLine.hasPrefix("agrees with dc-ae-f32c32-sana-1.0 or dc-ae-f32c32-sana-1.1: a factor of 0.4141")
        )
        let none = try Self.report(0.8, "f64c128-in", spread: 0)
        #expect(none.verdict.outcome == .agreesWithNone)
        #expect(
            none.verdictLine
                == "agrees with no variant: a factor of 0.8000 was measured (0.8000 to 0.8000, 95%, 40 pictures), more than 10% "
                + "from the 0.2889 of dc-ae-f64c128-in-1.0 and the 0.4538 of dc-ae-f64c128-mix-1.0"
        )
        let few = try Self.report(0.4538, "f64c128-in", count: 9)
        #expect(few.verdictLine == "the pictures do not decide: 9 pictures are too few to decide; take at least 10")
        #expect(try Self.report(0.4538, "f64c128-in", count: 1).verdict.reason.hasPrefix("1 picture is too few"))
        let wide = try Self.report(0.4538, "f64c128-in", spread: 0.5, count: 10)
        #expect(wide.verdict.outcome == .undecided)
        #expect(wide.verdict.reason.hasSuffix(" that would be dc-ae-f64c128-mix-1.0; take more pictures"))
    }

    @Test func aNetworkOfNoVariantHasNoReference() throws {
        var config = try Registry().variant(named: "sana-1.0").config
        config.encoder.layersPerBlock[5] += 1
        let report = try ScaleReport(
            result(squares: [Double](repeating: 1, count: 20), config: config),
            registry: try Registry()
        )
        #expect(report.verdict.outcome == .noReference && report.verdict.candidates.isEmpty)
        #expect(report.verdictLine == "no variant with this network has a published factor to compare with")
    }

    /// Bands are a tenth to either side, or a third of the way to the next factor where that is less.
    @Test func bands() throws {
        let wide = try Self.report(0.4, "f64c128-in").verdict.candidates
        #expect(wide[0].band == (0.2889 / 1.1)...(0.2889 * 1.1) && wide[0].factor < wide[1].factor)
        // Published pairs are 1.35 times apart and more; a user's own may be closer.
        let narrow = FactorVerdict.band(of: 1, among: [0.5, 1, 1.1])
        #expect(abs(narrow.upperBound * narrow.upperBound * narrow.upperBound - 1.1) < 1e-12)
        #expect(narrow.lowerBound == 1 / narrow.upperBound)
    }

    /// The factor of the config held against what was measured.
    @Test(
        arguments: [
            (
                0.4552, 0.3189, 40,
                "the checkpoint says its factor is 0.3189, that of dc-ae-f32c32-in-1.0, but the latents are those of 0.4552"
            ),
            (0.4552, 0.46, 40, nil),
            (
                0.4552, 1 / 0.4552, 40,
                "the checkpoint says its factor is 2.196836555360281, but the latents are those of 0.4552"
            ),
            (
                0.7, 1 / 0.7, 40,
                "the factor seems to be the wrong way round: 1.4285714285714286, the factor of the checkpoint, is the latents' "
                    + "root mean square, 1.4286, rather than its inverse, 0.7000"
            ),
            (
                0.7, 0.49, 40,
                "the factor seems to be applied twice: 0.49, the factor of the checkpoint, is about the square of 0.7000, "
                    + "which was measured"
            ),
            (
                1.0, 0.4552, 40,
                "the factor would be applied twice: the encoder's latents are scaled already (root mean square 1.0000), and "
                    + "0.4552, the factor of the checkpoint, would come on top"
            ),
            (
                0.3189 * 0.3189, 0.3189, 40,
                "the factor seems to be applied the wrong way round: the latents' root mean square, 9.8331, is what latents have "
                    + "that were divided by 0.3189, the factor of the checkpoint, rather than multiplied"
            ),
            (
                1.0, nil, 40,
                "the factor would be applied twice: the encoder's latents are scaled already (root mean square 1.0000), and "
                    + "0.3189, the factor of dc-ae-f32c32-in-1.0, would come on top"
            ),
            (0.8, 0.9, 40, "the checkpoint says its factor is 0.9, but 0.8000 was measured"), (0.8, 0.78, 40, nil),
            (1.0, 0.4552, 5, nil),
        ] as [(Double, Double?, Int, String?)]
    )
    func mistakesAreSpotted(measured: Double, stated: Double?, count: Int, warning: String?) throws {
        let report = try Self.report(measured, "f32c32-in", spread: 0, count: count, stated: stated)
        #expect(report.warnings == [warning].compactMap(\.self))
    }
}
