internal import CKernels
internal import TensorCore

/// Depthwise 3×3 with bias over values and as many gates, each value multiplied by silu of its gate.
package final class GatedDepthwise: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let source: Rows
    private let target: Rows
    private let weights: [Float]
    private let bias: [Float]
    private var constants: FloatBuffer?
    private var operation = dcae_depthwise()

    /// - Parameters:
    ///   - source: the values, then the gates, each rounded up to 16 channels.
    ///   - target: as many channels as there are values.
    ///   - weights: [2 × channels][9].
    ///   - bias: [2 × channels].
    package init(name: String, from source: Rows, to target: Rows, weights: [Float], bias: [Float]) {
        self.name = name
        self.source = source
        self.target = target
        self.weights = weights
        self.bias = bias
        inputs = [RowInput(rows: source, halo: 1)]
        output = target
    }

    package var algorithm: String { "depthwise" }
    package var outputHeight: Int { target.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int { engine.rows(of: source.rowFloats, steps: 4) }
    package var operations: Double { 2 * 9 * Double(target.height * target.width * 2 * target.channels) }
    package var weightBytes: Double { Double(4 * weights.count) }

    package func prepare(_ engine: Engine, steps: Int) throws(KernelError) {
        let padded = source.paddedChannels
        let count = target.channels
        let buffer = try engine.arena.floats(10 * padded)
        buffer.clear()
        for channel in 0..<(2 * count) {
            let place = channel < count ? channel : target.paddedChannels + channel - count
            for tap in 0..<9 { buffer.base[tap * padded + place] = weights[channel * 9 + tap] }
            buffer.base[9 * padded + place] = bias[channel]
        }
        constants = buffer
        operation = dcae_depthwise(
            in: source.view,
            weights: buffer.base,
            bias: buffer.base + 9 * padded,
            zeros: try engine.zeros(padded + 64),
            weight_stride: Int64(padded),
            kernel: 3,
            channel: 0,
            count: Int32(target.paddedChannels),
            gate: Int32(target.paddedChannels)
        )
    }

    package func finish(_ engine: Engine) { constants = nil }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        // Rows are shared out in parts where they are few.
        let parts = y1 - y0 >= 4 * engine.pool.count ? 1 : min(engine.pool.count * 2, (source.width + 3) / 4)
        engine.pool.run((y1 - y0) * parts) { task, _ in
            let y = y0 + task / parts
            let quads = (source.width + 3) / 4
            let x0 = quads * (task % parts) / parts * 4
            let x1 = min(source.width, quads * (task % parts + 1) / parts * 4)
            let out = target.row(y) + x0 * target.paddedChannels
            withUnsafePointer(to: operation) {
                engine.kernels.depthwise($0, Int32(y), Int32(x0), Int32(x1), out, Int64(target.paddedChannels))
            }
        }
    }
}
