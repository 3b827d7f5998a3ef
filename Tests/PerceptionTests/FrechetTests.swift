import CheckpointIO
import Images
import Perception
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The Fréchet distance against scipy's root of a matrix, and statistics in files.
@Suite struct FrechetTests {
    private static let width = 48

    /// Features by the formula of Tests/Fixtures/quality/make.py: numbers mixed in double precision.
    private static func features(_ name: String, _ count: Int) -> FeatureMatrix {
        let mix = SeededWeights.stream("mix", width * width).map { Double($0) - 0.5 }
        let rows = (0..<count).map { row -> [Float] in
            let unit = SeededWeights.stream("\(name)\(row)", width).map(Double.init)
            return (0..<width).map { column in
                Float((0..<width).reduce(0) { $0 + unit[$1] * mix[$1 * width + column] })
            }
        }
        return FeatureMatrix(rows, featureCount: width)
    }

    /// More pictures than features on both sides, fewer on one, fewer on both; and the same with one side as statistics.
    @Test(arguments: [("full", 120, "other", 90), ("full", 120, "few", 20), ("few", 20, "few2", 15)])
    func distances(first: String, firstCount: Int, second: String, secondCount: Int) throws {
        let name = "\(first) \(second)"
        let expected = try #require(try Fixtures.json("quality/expected.json")["fid"]?[name]?.number)
        let (a, b) = (Self.features(first, firstCount), Self.features(second, secondCount))
        let sides: [FrechetDistance.Side] = [.features(a), .statistics(try FeatureStatistics(a))]
        for side in sides {
            let found = try FrechetDistance.between(side, .features(b))
            #expect(abs(found / expected - 1) < 1e-6, "\(name): \(found), \(expected)")
            #expect(abs(try FrechetDistance.between(.features(b), side) / found - 1) < 1e-7)
        }
        #expect(abs(try FrechetDistance.between(.features(a), .features(a))) < 1e-6)
    }

    /// How they were made is in arrays of our own, and makes them no other statistics.
    @Test(arguments: [(64, SquareCrop.torchvision), (nil, .adm)] as [(Int?, SquareCrop)])
    func statisticsSayHowTheyWereMade(
        size: Int?,
        crop: SquareCrop
    ) throws {
        let folder = try TemporaryFolder()
        var statistics = try FeatureStatistics(Self.features("full", 120))
        let digest = statistics.digest
        let weights = "00ff" + String(repeating: "3c", count: 30)
        statistics.origin = StatisticsOrigin(size: size, crop: crop, pictureCount: 120, weights: weights)
        let path = try folder.write("ref.npz", Array(statistics.archive.parts.joined()))
        let back = try FeatureStatistics(reading: path, featureCount: Self.width)
        #expect(back == statistics && back.origin == statistics.origin && back.digest == digest)
    }

    @Test func aCovarianceIsSymmetric() throws {
        let folder = try TemporaryFolder()
        let statistics = try FeatureStatistics(Self.features("full", 120))
        var covariance = statistics.covariance
        covariance[Self.width] *= 1.01
        let odd = FeatureStatistics(mean: statistics.mean, covariance: covariance)
        let path = try folder.write("ref.npz", Array(odd.archive.parts.joined()))
        let error = #expect(throws: CheckpointError.self) {
            try FeatureStatistics(reading: path, featureCount: Self.width)
        }
        #expect(error?.fault as? PerceptionFault == .notSymmetric)
    }

    @Test func statisticsAreKeptInNumPysForm() throws {
        let folder = try TemporaryFolder()
        let statistics = try FeatureStatistics(Self.features("full", 120))
        let path = try folder.write("ref.npz", Array(statistics.archive.parts.joined()))
        let back = try FeatureStatistics(reading: path, featureCount: Self.width)
        #expect(back == statistics && back.digest == statistics.digest)
        #expect(try Checkpoint.open(path).format == .numpyArchive)
        let other = #expect(throws: CheckpointError.self) { try FeatureStatistics(reading: path) }
        #expect(
            other?.description.hasSuffix(
                "tensor \"mu\": its shape is [48], but [2048] was expected; make it again with fidReference: and the "
                    + "name of a new file"
            ) == true
        )
        for text in ["{}", "", "mu,sigma\n1,2\n"] {
            let name = try folder.write("text.npz", Array(text.utf8))
            let found = #expect(throws: CheckpointError.self) { try FeatureStatistics(reading: name) }
            #expect(found?.fault as? PerceptionFault == .notArchive)
        }
        let one = #expect(throws: CheckpointError.self) { try FeatureStatistics(Self.features("full", 1)) }
        #expect(one?.fault as? PerceptionFault == .tooFewPictures(1))
    }
}
