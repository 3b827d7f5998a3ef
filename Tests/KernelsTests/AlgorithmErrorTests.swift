import Foundation
import Kernels
import TensorCore
import Testing

/// The error of every algorithm against double precision, for the README's table:
/// `DCAE_TABLE=1 swift test -c release --filter AlgorithmErrorTests` prints it.
@Suite struct AlgorithmErrorTests {
    struct Row: Sendable {
        let name: String
        let taps: Int
        let resampling: Resampling
        /// The sides of the output; a few pixels are computed directly.
        let side: Int
        /// The bounds of the largest error over the largest value, for 128 and for 512 inputs.
        let bounds: [Double]
        var outputs = 16
        var precision = Precision.f32
    }

    static let rows = [
        Row(name: "winograd F(6,3)", taps: 9, resampling: .none, side: 96, bounds: [1.5e-5, 1.5e-5], outputs: 17),
        Row(name: "winograd F(4,3)", taps: 9, resampling: .none, side: 16, bounds: [4e-6, 5e-6]),
        Row(name: "upsample 9", taps: 9, resampling: .interpolate, side: 16, bounds: [1.5e-6, 3e-6]),
        Row(name: "halve 25", taps: 9, resampling: .stride, side: 12, bounds: [1.5e-6, 3e-6]),
        Row(name: "direct", taps: 9, resampling: .none, side: 12, bounds: [3e-6, 6e-6]),
        Row(name: "product", taps: 1, resampling: .none, side: 16, bounds: [1e-6, 2e-6]),
        Row(
            name: "upsample 9, bf16",
            taps: 9,
            resampling: .interpolate,
            side: 16,
            bounds: [8e-3, 8e-3],
            precision: .bf16
        ),
        Row(name: "halve 25, bf16", taps: 9, resampling: .stride, side: 12, bounds: [8e-3, 8e-3], precision: .bf16),
        Row(name: "direct, bf16", taps: 9, resampling: .none, side: 12, bounds: [5e-3, 5e-3], precision: .bf16),
        Row(name: "product, bf16", taps: 1, resampling: .none, side: 16, bounds: [5e-3, 5e-3], precision: .bf16),
    ]

    @Test(arguments: rows.filter { $0.precision.isAvailable(with: .best) })
    func errorStaysWithinItsBounds(row: Row) throws {
        var figures = "| \(row.name) |"
        for (inputs, bound) in zip([128, 512], row.bounds) {
            let error = try measure(row, inputs: inputs)
            #expect(error.largest < bound, "\(inputs) inputs: \(error)")
            figures += String(format: " %.1e | %.1e |", error.largest, error.rms)
        }
        if ProcessInfo.processInfo.environment["DCAE_TABLE"] != nil { print(figures) }
    }

    private func measure(_ row: Row, inputs: Int) throws -> (largest: Double, rms: Double) {
        let (outputs, side) = (row.outputs, row.side)
        let source = row.resampling == .stride ? 2 * side : row.resampling == .interpolate ? side / 2 : side
        let image = Planes.noise(inputs, source, source, seed: 1)
        let values = Noise.values(outputs * inputs * row.taps, seed: 5, by: 2 / Float(inputs * row.taps).squareRoot())
        let held = Held(values)
        var spec = ConvolutionSpec(
            name: row.name,
            weights: RawWeights(
                parts: [held.values],
                dtype: .f32,
                outputs: outputs,
                inputs: inputs,
                taps: row.taps,
                owners: [held]
            )
        )
        spec.resampling = row.resampling
        var algorithm = ""
        let found = try Bench(.best, precision: row.precision).run(image, to: (outputs, side, side)) {
            let convolution = Convolution(spec, from: $0, to: $1)
            algorithm = convolution.algorithm
            return [convolution]
        }
        #expect(algorithm == row.name.replacing(", bf16", with: ""), "the sizes lead to this algorithm")
        let input = row.resampling == .interpolate ? image.doubled() : image
        let stride = row.resampling == .stride ? 2 : 1
        let expected = input.convolved(values, outputs, taps: row.taps, bias: nil, stride: stride)
        let squares = zip(expected.values, found).reduce(0) { $0 + pow($1.0 - Double($1.1), 2) }
        let total = expected.values.reduce(0) { $0 + $1 * $1 }
        return (expected.distance(found), (squares / total).squareRoot())
    }
}
