import Kernels
import TensorCore
import Testing

/// Every algorithm against plain double precision code, on every instruction set that this processor has.
@Suite struct ConvolutionTests {
    static let sets = InstructionSet.allCases.filter(\.isAvailable)

    private func weights(_ outputs: Int, _ inputs: Int, _ taps: Int, seed: Int = 5) -> ([Float], Held) {
        let scale = 1 / Float(inputs * taps).squareRoot()
        let values = Noise.values(outputs * inputs * taps, seed: seed, by: 2 * scale)
        return (values, Held(values))
    }

    private func spec(_ held: Held, _ outputs: Int, _ inputs: Int, _ taps: Int, bias: [Float]?) -> ConvolutionSpec {
        ConvolutionSpec(
            name: "convolution",
            weights: RawWeights(
                parts: [held.values],
                dtype: .f32,
                outputs: outputs,
                inputs: inputs,
                taps: taps,
                owners: [held]
            ),
            bias: bias
        )
    }

    /// Heights, widths, inputs and outputs: less than a tile, no multiples of one, channels of no round number; the last is large
    /// enough for F(6×6, 3×3), and is none of its multiples.
    static let sizes = [
        (1, 1, 3, 5), (2, 3, 8, 8), (5, 7, 16, 3), (4, 4, 20, 33), (13, 18, 40, 24), (9, 31, 32, 64), (12, 12, 128, 32),
        (94, 101, 8, 20),
    ]

    /// Which of Winograd's algorithms runs: by the products that each has, and not for a few tiles.
    @Test(arguments: [
        (94, 101, "F(6,3)"), (96, 96, "F(6,3)"), (90, 90, "F(4,3)"), (64, 64, "F(4,3)"), (512, 6, "F(4,3)"),
    ])
    func `winograd's tiles by the size`(height: Int, width: Int, name: String) throws {
        let (_, held) = weights(24, 8, 9)
        let rows = { Rows(height: height, width: width, channels: 24, isWhole: true) }
        let convolution = Convolution(spec(held, 24, 8, 9, bias: nil), from: rows(), to: rows())
        #expect(convolution.algorithm == "winograd \(name)")
    }

    @Test(arguments: sets, sizes) func `3×3 with bias and activation`(set: InstructionSet, size: (Int, Int, Int, Int))
        throws
    {
        let (height, width, inputs, outputs) = size
        let image = Planes.noise(inputs, height, width, seed: 1)
        let (values, held) = weights(outputs, inputs, 9)
        let bias = Noise.values(outputs, seed: 3)
        for activation in [ActivationKind.identity, .relu, .silu, .gelu, .mish] {
            var spec = spec(held, outputs, inputs, 9, bias: bias)
            spec.activation = activation
            let result = try Bench(set).run(image, to: (outputs, height, width)) {
                [Convolution(spec, from: $0, to: $1)]
            }
            let expected = image.convolved(values, outputs, taps: 9, bias: bias).map { activation($0) }
            #expect(expected.distance(result) < 2e-5, "\(activation)")
        }
    }

    @Test(arguments: sets, sizes) func `1×1`(set: InstructionSet, size: (Int, Int, Int, Int)) throws {
        let (height, width, inputs, outputs) = size
        let image = Planes.noise(inputs, height, width, seed: 1)
        let (values, held) = weights(outputs, inputs, 1)
        let result = try Bench(set).run(image, to: (outputs, height, width)) {
            [Convolution(spec(held, outputs, inputs, 1, bias: nil), from: $0, to: $1)]
        }
        #expect(image.convolved(values, outputs, taps: 1, bias: nil).distance(result) < 1e-6)
    }

    @Test(arguments: sets, sizes) func `stride 2, with and without its shortcut`(
        set: InstructionSet,
        size: (Int, Int, Int, Int)
    ) throws {
        let (height, width, inputs, _) = size
        let image = Planes.noise(inputs, 2 * height, 2 * width, seed: 1)
        for group in [1, 2, 4] where inputs % group == 0 {
            let outputs = 4 * inputs / group
            let (values, held) = weights(outputs, inputs, 9)
            let bias = Noise.values(outputs, seed: 3)
            let expected =
                image.convolved(values, outputs, taps: 9, bias: bias, stride: 2) + image.unshuffled().averaged(group)
            let result = try Bench(set).run(image, to: (outputs, height, width)) {
                var spec = spec(held, outputs, inputs, 9, bias: bias)
                spec.resampling = .stride
                spec.shortcut = .down($0, group)
                return [Convolution(spec, from: $0, to: $1)]
            }
            #expect(expected.distance(result) < 1e-6, "group \(group)")
        }
    }

    @Test(arguments: sets, sizes) func `3×3 then pixel unshuffle`(set: InstructionSet, size: (Int, Int, Int, Int))
        throws
    {
        let (height, width, inputs, _) = size
        let image = Planes.noise(inputs, 2 * height, 2 * width, seed: 1)
        for outputs in [3, inputs] {
            let (values, held) = weights(outputs, inputs, 9)
            var expected = image.convolved(values, outputs, taps: 9, bias: nil).unshuffled()
            if outputs == inputs { expected = expected + image.unshuffled() }
            let result = try Bench(set).run(image, to: (4 * outputs, height, width)) {
                var spec = spec(held, outputs, inputs, 9, bias: nil)
                spec.resampling = .unshuffle
                if outputs == inputs { spec.shortcut = .down($0, 1) }
                return [Convolution(spec, from: $0, to: $1)]
            }
            #expect(expected.distance(result) < 2e-5)
        }
    }

    @Test(arguments: sets, sizes) func `3×3 then pixel shuffle`(set: InstructionSet, size: (Int, Int, Int, Int)) throws
    {
        let (height, width, inputs, _) = size
        let image = Planes.noise(inputs, height, width, seed: 1)
        for times in [0, 1, 2, 4, 8] where inputs * times % 4 == 0 {
            let outputs = times == 0 ? 12 : inputs * times
            let (values, held) = weights(outputs, inputs, 9)
            let bias = Noise.values(outputs, seed: 3)
            var expected = image.convolved(values, outputs, taps: 9, bias: bias).shuffled()
            if times > 0 { expected = expected + image.repeated(times).shuffled() }
            let result = try Bench(set).run(image, to: (outputs / 4, 2 * height, 2 * width)) {
                var spec = spec(held, outputs, inputs, 9, bias: bias)
                spec.resampling = .shuffle
                if times > 0 { spec.shortcut = .up($0, times) }
                return [Convolution(spec, from: $0, to: $1)]
            }
            #expect(expected.distance(result) < 2e-5, "times \(times)")
        }
    }

    @Test(arguments: sets, sizes) func `doubling then 3×3`(set: InstructionSet, size: (Int, Int, Int, Int)) throws {
        let (height, width, inputs, _) = size
        let image = Planes.noise(inputs, height, width, seed: 1)
        for outputs in [inputs, 2 * inputs] {
            let (values, held) = weights(outputs, inputs, 9)
            let bias = Noise.values(outputs, seed: 3)
            let times = 4 * outputs / inputs
            let expected =
                image.doubled().convolved(values, outputs, taps: 9, bias: bias) + image.repeated(times).shuffled()
            let result = try Bench(set).run(image, to: (outputs, 2 * height, 2 * width)) {
                var spec = spec(held, outputs, inputs, 9, bias: bias)
                spec.resampling = .interpolate
                spec.shortcut = .up($0, times)
                return [Convolution(spec, from: $0, to: $1)]
            }
            #expect(expected.distance(result) < 2e-6)
        }
    }

    @Test(arguments: sets) func `norms and shortcuts of one pixel`(set: InstructionSet) throws {
        let image = Planes.noise(24, 9, 11, seed: 1)
        let (values, held) = weights(24, 24, 9)
        let scale = Noise.values(24, seed: 7, around: 1, by: 0.5)
        let shift = Noise.values(24, seed: 8)
        let plain = image.convolved(values, 24, taps: 9, bias: nil)
        let normed = plain.rootMeanSquareNormed(scale, shift, 1e-5)
        let affine = Planes(24, 9, 11) { plain[$0, $1, $2] * Double(scale[$0]) + Double(shift[$0]) }
        let cases: [(NormKind, (Rows) -> Shortcut, Planes)] = [
            (.rms(scale: scale, shift: shift, eps: 1e-5), { .same($0) }, normed + image),
            (.rms(scale: scale, shift: shift, eps: 1e-5), { _ in .none }, normed),
            (.affine(scale: scale, shift: shift), { .same($0) }, affine + image),
            (.none, { .same($0) }, plain + image),
        ]
        for (norm, shortcut, expected) in cases {
            let result = try Bench(set).run(image, to: (24, 9, 11)) {
                var spec = spec(held, 24, 24, 9, bias: nil)
                spec.norm = norm
                spec.shortcut = shortcut($0)
                return [Convolution(spec, from: $0, to: $1)]
            }
            #expect(expected.distance(result) < 2e-5)
        }
    }

    @Test(arguments: sets) func `channels averaged and repeated`(set: InstructionSet) throws {
        let image = Planes.noise(24, 5, 6, seed: 1)
        let (narrow, heldNarrow) = weights(8, 24, 9)
        let averaged = try Bench(set).run(image, to: (8, 5, 6)) {
            var spec = spec(heldNarrow, 8, 24, 9, bias: nil)
            spec.shortcut = .average($0, 3)
            return [Convolution(spec, from: $0, to: $1)]
        }
        #expect((image.convolved(narrow, 8, taps: 9, bias: nil) + image.averaged(3)).distance(averaged) < 2e-5)
        let (wide, heldWide) = weights(72, 24, 9)
        let repeated = try Bench(set).run(image, to: (72, 5, 6)) {
            var spec = spec(heldWide, 72, 24, 9, bias: nil)
            spec.shortcut = .repeat($0, 3)
            return [Convolution(spec, from: $0, to: $1)]
        }
        #expect((image.convolved(wide, 72, taps: 9, bias: nil) + image.repeated(3)).distance(repeated) < 2e-5)
    }
}
