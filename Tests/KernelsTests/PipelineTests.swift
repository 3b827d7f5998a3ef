import Kernels
import TensorCore
import Testing

/// Rows that flow in bands give the very bits that whole images give.
@Suite struct PipelineTests {
    private func chain(_ held: [Held], _ source: Rows, _ target: Rows, isWhole: Bool) -> [any RowOperation] {
        func rows(_ height: Int, _ width: Int, _ channels: Int) -> Rows {
            Rows(height: height, width: width, channels: channels, isWhole: isWhole)
        }
        func spec(_ index: Int, _ outputs: Int, _ inputs: Int) -> ConvolutionSpec {
            ConvolutionSpec(
                name: "\(index)",
                weights: RawWeights(
                    parts: [held[index].values],
                    dtype: .f32,
                    outputs: outputs,
                    inputs: inputs,
                    taps: 9,
                    owners: [held[index]]
                )
            )
        }
        let (height, width) = (source.height, source.width)
        let hidden = rows(height, width, 16)
        let block = rows(height, width, 16)
        let halved = rows(height / 2, width / 2, 32)
        let doubled = rows(height, width, 16)
        let ones = [Float](repeating: 1, count: 16)
        let zeros = [Float](repeating: 0, count: 16)
        var first = spec(0, 16, 16)
        first.activation = .silu
        var second = spec(1, 16, 16)
        second.norm = .rms(scale: ones, shift: zeros, eps: 1e-5)
        second.shortcut = .same(source)
        var down = spec(2, 32, 16)
        down.resampling = .stride
        down.shortcut = .down(block, 2)
        var up = spec(3, 16, 32)
        up.resampling = .interpolate
        up.shortcut = .up(halved, 2)
        return [
            Convolution(first, from: source, to: hidden), Convolution(second, from: hidden, to: block),
            Convolution(down, from: block, to: halved), Convolution(up, from: halved, to: doubled),
            PixelNorm(
                name: "norm",
                from: doubled,
                to: target,
                scale: ones,
                shift: zeros,
                eps: 1e-5,
                activation: .relu
            ),
        ]
    }

    @Test(arguments: [(64, 1600), (200, 800), (38, 4096)])
    func `bands and whole images give the same bits, bands in less memory`(size: (Int, Int)) throws {
        let (height, width) = size
        let image = Planes.noise(16, height, width, seed: 4)
        let counts = [16 * 16, 16 * 16, 32 * 16, 16 * 32]
        let held = counts.enumerated().map { Held(Noise.values($1 * 9, seed: $0, by: 0.15)) }
        let (whole, banded) = (Bench(.best), Bench(.best))
        let expected = try whole.run(image, to: (16, height, width)) { chain(held, $0, $1, isWhole: true) }
        let result = try banded.run(image, to: (16, height, width), isWhole: false) {
            chain(held, $0, $1, isWhole: false)
        }
        #expect(result == expected)
        #expect(!result.contains { $0.isNaN })
        if height == 200 { #expect(banded.engine.arena.peakBytes < whole.engine.arena.peakBytes) }
    }

    @Test func `the pool runs every task once`() {
        for threads in [1, 2, 5] {
            let pool = ThreadPool(count: threads)
            for tasks in [0, 1, 2, 7, 1000] {
                let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: max(1, tasks))
                defer { counts.deallocate() }
                counts.initialize(repeating: 0)
                for _ in 0..<20 { pool.run(tasks) { task, _ in counts[task] += 1 } }
                #expect(counts.prefix(tasks).allSatisfy { $0 == 20 })
            }
        }
    }
}
