import Calibration
import CheckpointIO
import Inference
import ModelZoo
import StrictJSON
import TestSupport
import Testing

/// What PyTorch and diffusers compute of the same weights and pictures (Benchmarks/latent_statistics.py --fixtures).
@Suite struct StatisticsTests {
    static func isNear(_ a: Double, _ b: Double?, scale: Double? = nil) -> Bool {
        guard let b else { return false }
        return abs(a - b) <= 1e-5 * max(abs(b), scale ?? 0)
    }

    @Test(arguments: Fixtures.families) func equalThoseOfPyTorch(family: String) throws {
        let expected = try Fixtures.json("scale/\(family).json")
        let side = try #require(expected["size"]?.integer)
        let result = try measure(
            Fixtures.path("tiny/\(family)/diffusers"),
            [Fixtures.path("scale/pictures")],
            side: side,
            threads: 2
        )
        #expect(result.totals.pictures.map(\.key) == ["a.png", "below/b.png", "below/d.png", "c.png"])
        let found = try LatentStatistics(result)
        let std = try #require(expected["std"]?.number)
        #expect(found.pictureCount == expected["pictures"]?.integer)
        #expect(Self.isNear(found.mean, expected["mean"]?.number, scale: std))
        #expect(Self.isNear(found.std, std) && Self.isNear(found.rms, expected["rms"]?.number))
        #expect(Self.isNear(found.factor, expected["scaling_factor"]?.number))
        #expect(Self.isNear(found.minimum, expected["min"]?.number))
        #expect(Self.isNear(found.maximum, expected["max"]?.number))
        let deviations = (expected["latents_std"]?.array ?? []).compactMap(\.number)
        #expect(found.channels.count == deviations.count)
        for (index, channel) in found.channels.enumerated() {
            func value(_ name: String) -> Double? { expected[name]?.array?[index].number }
            #expect(Self.isNear(channel.std, deviations[index]))
            #expect(Self.isNear(channel.mean, value("latents_mean"), scale: deviations[index]))
            #expect(Self.isNear(channel.minimum, value("latents_min"), scale: deviations[index]))
            #expect(Self.isNear(channel.maximum, value("latents_max"), scale: deviations[index]))
        }
    }

    @Test func intervalComesFromPictures() throws {
        let config = try Registry().variant(named: "sana-1.0").config
        let same = try LatentStatistics(result(squares: [Double](repeating: 4 * 128, count: 20), config: config))
        // 64 pixels make 2 x 2 positions of 32 channels: 128 values.
        #expect(same.rms == 2 && same.factor == 0.5 && same.factorInterval == 0.5...0.5)
        #expect(same.std == 2 && same.mean == 0 && same.inverseStd == 0.5)
        let varied = try LatentStatistics(result(squares: (0..<400).map { Double($0) }, config: config))
        let interval = try #require(varied.rmsInterval)
        // The mean of 0...399 has a standard error of 115.5 / 20: 199.5 ± 11.3.
        #expect(abs(interval.lowerBound * interval.lowerBound * 128 - 188.2) < 1)
        #expect(abs(interval.upperBound * interval.upperBound * 128 - 210.8) < 1)
        #expect(varied.resamples.count == Bootstrap.resampleCount)
        let single = try LatentStatistics(result(squares: [1], config: config))
        #expect(single.rmsInterval == nil && single.factorInterval == nil)
    }

    @Test func nothingToGoBy() throws {
        let config = try Registry().variant(named: "sana-1.0").config
        let odd = Unreadable(key: "a.png", reason: "is empty")
        let none = #expect(throws: CheckpointError.self) {
            try LatentStatistics(result(squares: [], config: config, unreadable: [odd]))
        }
        #expect(none?.description == "images: the only picture could not be measured")
        let zero = #expect(throws: CheckpointError.self) {
            try LatentStatistics(result(squares: [0, 0], config: config))
        }
        #expect(
            zero?.description
                == "images: the latents' root mean square is 0.0, from which no factor follows; these are no weights of a trained encoder"
        )
    }

    @Test(arguments: [(0.414_069_9, 0.41407), (2.891_234_9, 2.8912), (123_456.7, 123_457), (0.000_123_456, 0.00012346)])
    func factorsHaveFiveDigits(number: Double, expected: Double) {
        #expect(MeasuredConfig.rounded(number) == expected)
    }

    @Test func configWithWhatWasMeasured() throws {
        let config = try Registry().variant(named: "f32c32-mix").config
        let found = try LatentStatistics(result(squares: [Double](repeating: 4 * 128, count: 20), config: config))
        let plain = try MeasuredConfig.text(config, found, withMeanStd: false)
        #expect(plain == config.text.replacing("0.4552", with: "0.5"))
        let full = try JSONReader.read(Array(try MeasuredConfig.text(config, found, withMeanStd: true).utf8))
        #expect(full["latents_mean"]?.array?.count == 32 && full["latents_std"]?.array?.first == .double(2))
        // With means and deviations latents have a root mean square of 1: a factor beside them would scale them again.
        #expect(full["scaling_factor"] == .double(1))
        let read = try AutoencoderDCConfig.read(full).config
        #expect(
            read.normalization
                == LatentNormalization(
                    scalingFactor: 1,
                    means: found.channels.map(\.mean),
                    standardDeviations: found.channels.map(\.std)
                )
        )
        // What is said of latents is replaced as a whole.
        var shifted = config
        shifted.shiftFactor = 0.25
        #expect(try MeasuredConfig.text(shifted, found, withMeanStd: false) == plain)
        #expect(
            try AutoencoderDCConfig.read(Array(MeasuredConfig.text(read, found, withMeanStd: false).utf8), path: "c")
                .config.latentsMean == nil
        )
        #expect(full.members?.map(\.key) == full.members?.map(\.key).sorted())
    }
}
