import CheckpointIO
import Images
import Perception
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The two networks against PyTorch's own, with weights of the true shapes made by one formula
/// (Tests/Fixtures/quality/make.py).
@Suite struct NetworkTests {
    private static func cases() throws -> [(original: Picture, picture: Picture, expected: JSONValue)] {
        try #require(try Fixtures.json("quality/expected.json")["quality"]?.array).map { expected in
            func integer(_ name: String) throws -> Int { try #require(expected[name]?.integer) }
            let (width, height, seed) = (try integer("width"), try integer("height"), try integer("seed"))
            return (
                SeededPicture.make(width, height, seed: seed),
                SeededPicture.make(width, height, seed: seed, noise: try integer("noise")), expected
            )
        }
    }

    /// LPIPS to 1e-4 of torchmetrics and of lpips, relatively.
    @Test func perceptualDistance() throws {
        let folder = try TemporaryFolder()
        let heads = try folder.writeWeights("heads.safetensors", .heads)
        let alexNet = try folder.writeWeights("alexnet.safetensors", .alexNet)
        let found = try #require(try WeightsSearch { _ in nil }.lpips([heads, alexNet]))
        let distance = try PerceptualDistance(network: found.network, heads: found.heads)
        for (original, picture, expected) in try Self.cases() {
            let values = distance.distances(from: original, of: [picture, original])
            #expect(values[1] == 0)
            for name in ["lpips", "lpips_original"] {
                let wanted = try #require(expected[name]?.number)
                #expect(abs(values[0] / wanted - 1) < 1e-4, "\(values[0]) \(wanted)")
            }
        }
    }

    /// Inception's features to 1e-3 of pytorch-fid's, relatively, at 299 pixels, whatever the picture's size.
    @Test func features() throws {
        let folder = try TemporaryFolder()
        let path = try folder.writeWeights("inception.safetensors", .inception)
        let network = try InceptionNetwork(try #require(try WeightsSearch { _ in nil }.inception(path)))
        for (_, picture, expected) in try Self.cases().prefix(2) {
            let features = network.features(of: picture).map(Double.init)
            #expect(features.count == 2048)
            let wanted = try #require(expected["features"])
            let some = (wanted["some"]?.array ?? []).compactMap(\.number)
            #expect(some.count == 32)
            let scale = (try #require(wanted["squares"]?.number) / 2048).squareRoot()
            for (index, value) in some.enumerated() {
                #expect(abs(features[64 * index] - value) < 1e-3 * max(abs(value), 0.01 * scale))
            }
            let sum = try #require(wanted["sum"]?.number)
            #expect(abs(features.reduce(0, +) / sum - 1) < 1e-5)
        }
    }

    @Test func sizes() throws {
        #expect(PerceptualDistance.byteCount(width: .max, height: .max, count: 2) == nil)
        #expect(try #require(PerceptualDistance.byteCount(width: 1024, height: 1024, count: 2)) < 1 << 28)
        #expect(InceptionNetwork.parameters.count == 94 * 5)
        #expect(InceptionNetwork.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } == 21_820_000)
    }
}
