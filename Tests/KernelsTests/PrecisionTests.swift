import Kernels
import TensorCore
import Testing

/// Products of bf16, where this processor has them, against plain double precision code.
@Suite(.enabled(if: Precision.bf16.isAvailable(with: .avx512), "this processor cannot multiply bf16"))
struct PrecisionTests {
    /// The value without what bf16 cannot hold.
    private func cut(_ value: Float) -> Float { Float(bitPattern: value.bitPattern & 0xFFFF_0000) }

    private func distance(
        _ size: (height: Int, width: Int, inputs: Int, outputs: Int),
        taps: Int,
        _ resampling: Resampling = .none,
        isCut: Bool
    ) throws -> Double {
        let factor = resampling == .stride ? 2 : 1
        let noise = Planes.noise(size.inputs, size.height * factor, size.width * factor, seed: 1)
        let image = isCut ? noise.map { Double(cut(Float($0))) } : noise
        let scale = 2 / Float(size.inputs * taps).squareRoot()
        let values = Noise.values(size.outputs * size.inputs * taps, seed: 5, by: scale).map { isCut ? cut($0) : $0 }
        let held = Held(values)
        var spec = ConvolutionSpec(
            name: "convolution",
            weights: RawWeights(
                parts: [held.values],
                dtype: .f32,
                outputs: size.outputs,
                inputs: size.inputs,
                taps: taps,
                owners: [held]
            )
        )
        spec.resampling = resampling
        let times = resampling == .interpolate ? 2 : 1
        let result = try Bench(.avx512, precision: .bf16)
            .run(image, to: (size.outputs, times * size.height, times * size.width)) {
                [Convolution(spec, from: $0, to: $1)]
            }
        let expected = (times == 2 ? image.doubled() : image)
            .convolved(values, size.outputs, taps: taps, bias: nil, stride: factor)
        return expected.distance(result)
    }

    static let sizes = [(1, 1, 3, 5), (2, 3, 8, 8), (13, 18, 40, 24), (9, 31, 32, 64), (4, 5, 128, 34)]

    /// Factors that bf16 holds have exact products: only the sums are rounded, to float32.
    @Test(arguments: sizes) func `factors of bf16 give the products of float32`(size: (Int, Int, Int, Int)) throws {
        #expect(try distance(size, taps: 1, isCut: true) < 1e-6)
        let few = (4, 5, 128, size.3)
        #expect(try distance(few, taps: 9, isCut: true) < 1e-6, "3×3, directly")
        #expect(try distance((4, 4, size.2, size.3), taps: 9, .stride, isCut: true) < 1e-6, "3×3 of stride 2, directly")
    }

    /// The unit of bf16 is 2⁻⁸, half of which a factor can be off; sums over many terms are off by less.
    @Test(arguments: sizes) func `other factors are rounded`(size: (Int, Int, Int, Int)) throws {
        for (taps, resampling) in [(1, Resampling.none), (9, .stride), (9, .interpolate)] {
            let error = try distance(size, taps: taps, resampling, isCut: false)
            #expect(error < 1.0 / 128, "\(resampling)")
            #expect(error > 1e-5, "they are computed in bf16")
        }
    }

    @Test func `3×3 of stride 1 stays in float32`() throws {
        #expect(try distance((13, 18, 40, 24), taps: 9, isCut: false) < 2e-5)
    }

    @Test func bandsAndThreadsMakeNoDifference() throws {
        let image = Planes.noise(40, 26, 18, seed: 1)
        let held = Held(Noise.values(48 * 40 * 9, seed: 5, by: 0.1))
        let weights = RawWeights(parts: [held.values], dtype: .f32, outputs: 48, inputs: 40, taps: 9, owners: [held])
        let results = try [(1, true), (3, true), (2, false)].map { threads, isWhole in
            try Bench(.avx512, threads: threads, precision: .bf16).run(image, to: (48, 13, 9), isWhole: isWhole) {
                var spec = ConvolutionSpec(name: "convolution", weights: weights)
                spec.resampling = .stride
                return [Convolution(spec, from: $0, to: $1)]
            }
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }
}
