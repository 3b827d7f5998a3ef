import Foundation
import Kernels
import TensorCore

/// An image in double precision, [channels][height][width], and the plainest code for what the kernels do.
struct Planes: Equatable {
    var channels: Int
    var height: Int
    var width: Int
    var values: [Double]

    init(_ channels: Int, _ height: Int, _ width: Int, _ value: (Int, Int, Int) -> Double = { _, _, _ in 0 }) {
        (self.channels, self.height, self.width) = (channels, height, width)
        values = []
        for c in 0..<channels { for y in 0..<height { for x in 0..<width { values.append(value(c, y, x)) } } }
    }

    /// The value at a place; zero beyond the edges.
    subscript(c: Int, y: Int, x: Int) -> Double {
        y < 0 || x < 0 || y >= height || x >= width ? 0 : values[(c * height + y) * width + x]
    }

    static func noise(_ channels: Int, _ height: Int, _ width: Int, seed: Int) -> Planes {
        var random = Noise(seed: seed)
        return Planes(channels, height, width) { _, _, _ in Double(random.next()) }
    }

    func convolved(_ weights: [Float], _ outputs: Int, taps: Int, bias: [Float]?, stride: Int = 1) -> Planes {
        let half = taps == 1 ? 0 : 1
        let side = taps == 1 ? 1 : 3
        return Planes(outputs, (height + stride - 1) / stride, (width + stride - 1) / stride) { o, y, x in
            var total = bias.map { Double($0[o]) } ?? 0
            for c in 0..<channels {
                for tap in 0..<taps {
                    let value = self[c, y * stride + tap / side - half, x * stride + tap % side - half]
                    total += value * Double(weights[(o * channels + c) * taps + tap])
                }
            }
            return total
        }
    }

    func doubled() -> Planes { Planes(channels, height * 2, width * 2) { self[$0, $1 / 2, $2 / 2] } }

    func shuffled() -> Planes {
        Planes(channels / 4, height * 2, width * 2) { self[4 * $0 + $1 % 2 * 2 + $2 % 2, $1 / 2, $2 / 2] }
    }

    func unshuffled() -> Planes {
        Planes(channels * 4, height / 2, width / 2) { self[$0 / 4, 2 * $1 + $0 % 4 / 2, 2 * $2 + $0 % 2] }
    }

    func repeated(_ times: Int) -> Planes { Planes(channels * times, height, width) { self[$0 / times, $1, $2] } }

    func averaged(_ group: Int) -> Planes {
        Planes(channels / group, height, width) { c, y, x in
            (0..<group).reduce(0) { $0 + self[c * group + $1, y, x] } / Double(group)
        }
    }

    func rootMeanSquareNormed(_ scale: [Float], _ shift: [Float], _ eps: Float) -> Planes {
        Planes(channels, height, width) { c, y, x in
            let mean = (0..<channels).reduce(0) { $0 + self[$1, y, x] * self[$1, y, x] } / Double(channels)
            return self[c, y, x] / (mean + Double(eps)).squareRoot() * Double(scale[c]) + Double(shift[c])
        }
    }

    func map(_ body: (Double) -> Double) -> Planes {
        var result = self
        result.values = values.map(body)
        return result
    }

    static func + (a: Planes, b: Planes) -> Planes {
        precondition((a.channels, a.height, a.width) == (b.channels, b.height, b.width), "same sizes")
        var result = a
        result.values = zip(a.values, b.values).map(+)
        return result
    }

    /// The largest difference over the largest value.
    func distance(_ other: [Float]) -> Double {
        guard other.count == values.count else { return .infinity }
        let most = values.map { abs($0) }.max() ?? 0
        return zip(values, other).map { abs($0 - Double($1)) }.max().map { $0 / most } ?? .infinity
    }
}

/// Seeded numbers in -1 ..< 1.
struct Noise {
    private var state: UInt64

    init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }

    static func values(_ count: Int, seed: Int, around: Float = 0, by: Float = 1) -> [Float] {
        var noise = Noise(seed: seed)
        return (0..<count).map { _ in around + by * noise.next() }
    }
}

extension ActivationKind {
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .identity: x
        case .relu: max(0, x)
        case .silu: x / (1 + exp(-x))
        case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .mish: x * tanh(log1p(exp(x)))
        }
    }
}

/// Bytes of weights that stay where they are.
final class Held {
    let bytes: UnsafeMutableRawBufferPointer

    /// F32 values at an address that is no multiple of 4, as in a file.
    init(_ values: [Float]) {
        bytes = .allocate(byteCount: values.count * 4 + 1, alignment: 16)
        values.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyBytes(from: $0) }
    }

    deinit { bytes.deallocate() }

    var values: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[1...]) }
}

/// Runs operations over planes.
struct Bench {
    let engine: Engine

    init(_ set: InstructionSet, threads: Int = 2, precision: Precision = .f32) {
        engine = Engine(threads: threads, instructionSet: set, precision: precision)
    }

    /// Runs `operations` from the planes of `input`; in bands where `isWhole` is false.
    func run(
        _ input: Planes,
        to output: (channels: Int, height: Int, width: Int),
        isWhole: Bool = true,
        _ operations: (Rows, Rows) -> [any RowOperation]
    ) throws -> [Float] {
        let source = Rows(height: input.height, width: input.width, channels: input.channels, isWhole: isWhole)
        let target = Rows(height: output.height, width: output.width, channels: output.channels, isWhole: isWhole)
        let planes = input.values.map { Float($0) }
        var result = [Float](repeating: .nan, count: output.channels * output.height * output.width)
        try planes.withUnsafeBufferPointer { planes in
            try result.withUnsafeMutableBufferPointer { result in
                guard let from = planes.baseAddress, let to = result.baseAddress else { return }
                var pipeline = Pipeline()
                pipeline.append(PlanesSource(name: "in", planes: from, to: source))
                for operation in operations(source, target) { pipeline.append(operation) }
                pipeline.append(PlanesSink(name: "out", from: target, planes: to))
                try pipeline.run(engine)
            }
        }
        return result
    }
}
