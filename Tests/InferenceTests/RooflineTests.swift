import Inference
import Kernels
import TensorCore
import Testing

/// What layers must cost at least, by closed formulas.
@Suite struct RooflineTests {
    private static func layer(_ algorithm: String, operations: Double, bytes: Double, seconds: Double) -> LayerProfile {
        LayerProfile(
            name: algorithm,
            algorithm: algorithm,
            seconds: seconds,
            operations: operations,
            bytes: bytes,
            outputSize: [1, 1, 1]
        )
    }

    /// F(m, r) in two dimensions has (m + r - 1)^2 products for m^2 outputs, where direct computation has m^2 r^2.
    @Test func productsAreThoseOfTheAlgorithm() {
        let r = 3.0
        for m in [4.0, 6.0] {
            let name = "winograd F(\(Int(m)),3)"
            #expect(Roofline.share(ofProducts: name) == (m + r - 1) * (m + r - 1) / (m * m * r * r))
        }
        #expect(Roofline.share(ofProducts: "winograd F(4,3), panels") == 0.25)
        // Two kernels of F(2,2) side by side see 3 x 3 points for 2 x 2 outputs of 3 x 3 taps each.
        #expect(Roofline.share(ofProducts: "upsample 9, bf16") == 9.0 / 36)
        #expect(Roofline.share(ofProducts: "halve 25") == 25.0 / 36)
        for name in ["product", "direct", "depthwise", "linear attention, sums"] {
            #expect(Roofline.share(ofProducts: name) == 1)
        }
    }

    /// A layer is bound by the longer of its two times; groups and the total are sums.
    @Test func limitsFollowFromThePeaks() {
        let peaks = MachinePeaks(threads: 1, .best)
        #expect(peaks.f32 > 0 && peaks.cache > 0 && peaks.read > 0 && peaks.move > 0)
        let layers = [
            Self.layer("winograd F(4,3)", operations: 4 * peaks.f32, bytes: 0, seconds: 2),
            Self.layer("winograd F(4,3)", operations: 8 * peaks.f32, bytes: 0, seconds: 3),
            Self.layer("copy", operations: 0, bytes: peaks.cache / 2, seconds: 1),
        ]
        let roofline = Roofline(layers, peaks)
        #expect(roofline.layers.map(\.limit) == [1, 2, 0.5])
        #expect(roofline.layers.map(\.bound) == [.products, .products, .bytes])
        #expect(roofline.layers.map(\.share) == [0.5, 2.0 / 3, 0.5])
        // The largest loss first.
        #expect(roofline.algorithms.map(\.name) == ["winograd F(4,3)", "copy"])
        #expect(roofline.algorithms[0].count == 2 && roofline.algorithms[0].loss == 2)
        #expect(roofline.total.seconds == 6 && roofline.total.limit == 3.5 && roofline.total.bound == .products)
    }

    /// Wider vectors multiply no slower, and products of bf16 are those of AVX-512 alone.
    @Test func widerVectorsAreNoSlower() {
        for (narrow, wide) in zip(InstructionSet.available, InstructionSet.available.dropFirst()) {
            // Whatever else runs beside the tests slows one of the two down: once in ten times it must show.
            let holds = (0..<10).contains { _ in
                MachinePeaks(threads: 1, wide).f32 > 0.7 * MachinePeaks(threads: 1, narrow).f32
            }
            #expect(holds, "\(wide) beside \(narrow)")
        }
        #expect(MachinePeaks(threads: 1, .baseline).bf16 == nil)
    }
}
