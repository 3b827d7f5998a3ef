internal import DCAENetwork
internal import Libc
internal import ModelZoo
internal import TensorCore

/// What is done to values and pixels one by one.
extension ReferenceForward {
    /// As PyTorch's layers have it; `Norm.epsilon` is the nearest number of single precision.
    private static let epsilon = 1e-5

    /// A norm over each pixel's channels, or with known statistics of each channel; in place.
    func normalized(_ x: Planes, _ norm: NetworkDescription.Norm) throws(NetworkError) -> Planes {
        let scale = try values(norm.weight)
        let shift = try values(norm.bias)
        if let statistics = norm.statistics {
            let mean = try values(statistics.mean)
            let variance = try values(statistics.variance)
            pool.run(x.channels) { channel, _ in
                let factor = scale[channel] / (variance[channel] + Self.epsilon).squareRoot()
                let plane = x[channel]
                for pixel in 0..<x.pixels { plane[pixel] = (plane[pixel] - mean[channel]) * factor + shift[channel] }
            }
            return x
        }
        pool.run(x.height) { row, _ in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: x.width) { factors in
                factors.initialize(repeating: 0)
                for channel in 0..<x.channels {
                    let line = x[channel] + row * x.width
                    for column in 0..<x.width { factors[column] += line[column] * line[column] }
                }
                for column in 0..<x.width {
                    factors[column] = 1 / (factors[column] / Double(x.channels) + Self.epsilon).squareRoot()
                }
                for channel in 0..<x.channels {
                    let line = x[channel] + row * x.width
                    for column in 0..<x.width {
                        line[column] = line[column] * factors[column] * scale[channel] + shift[channel]
                    }
                }
            }
        }
        return x
    }

    /// In place.
    func activated(_ x: Planes, _ activation: AutoencoderDCConfig.Activation?) -> Planes {
        guard let activation else { return x }
        pool.run(x.channels) { channel, _ in
            let plane = x[channel]
            for pixel in 0..<x.pixels { plane[pixel] = Self.activation(activation, plane[pixel]) }
        }
        return x
    }

    private static func activation(_ kind: AutoencoderDCConfig.Activation, _ x: Double) -> Double {
        switch kind {
        case .relu: max(0, x)
        case .silu, .swish: x / (1 + exp(-x))
        case .gelu: 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
        case .mish: x * tanh(x > 20 ? x : log1p(exp(x)))
        }
    }

    /// The first half of the channels times silu of the second.
    func gatedHalves(_ x: Planes) throws(NetworkError) -> Planes {
        let half = x.channels / 2
        let y = try Planes(half, x.height, x.width, ledger)
        pool.run(half) { channel, _ in
            let (value, gate, target) = (x[channel], x[half + channel], y[channel])
            for pixel in 0..<x.pixels { target[pixel] = value[pixel] * Self.activation(.silu, gate[pixel]) }
        }
        return y
    }

    /// A convolution of every channel by itself, with a border of zeros.
    func depthwise(_ layer: NetworkDescription.Convolution, _ x: Planes) throws(NetworkError) -> Planes {
        let weight = try values(layer.weight)
        let bias = try layer.bias.map { bias throws(NetworkError) in try values(bias) }
        let side = layer.weight.original.shape.dimensions[2]
        let y = try Planes(x.channels, x.height, x.width, ledger)
        pool.run(x.channels) { channel, _ in
            let (source, target) = (x[channel], y[channel])
            target.initialize(repeating: bias?[channel] ?? 0, count: x.pixels)
            for tap in 0..<(side * side) {
                let factor = weight[channel * side * side + tap]
                let (dy, dx) = (tap / side - side / 2, tap % side - side / 2)
                for row in max(0, -dy)..<max(max(0, -dy), min(x.height, x.height - dy)) {
                    let (from, to) = (source + (row + dy) * x.width + dx, target + row * x.width)
                    let first = max(0, -dx)
                    for column in first..<max(first, min(x.width, x.width - dx)) { to[column] += factor * from[column] }
                }
            }
        }
        return y
    }

    /// The first plus the second, in place of the first.
    func sum(_ x: Planes, _ y: Planes) -> Planes {
        pool.run(x.channels) { channel, _ in
            let (target, other) = (x[channel], y[channel])
            for pixel in 0..<x.pixels { target[pixel] += other[pixel] }
        }
        return x
    }

    // MARK: Rearrangements

    /// A square of four pixels becomes four channels.
    func unshuffled(_ x: Planes) throws(NetworkError) -> Planes {
        let y = try Planes(4 * x.channels, x.height / 2, x.width / 2, ledger)
        pool.run(y.channels) { channel, _ in
            let (from, to) = (x[channel / 4], y[channel])
            let (dy, dx) = (channel % 4 / 2, channel % 2)
            for row in 0..<y.height {
                for column in 0..<y.width {
                    to[row * y.width + column] = from[(2 * row + dy) * x.width + 2 * column + dx]
                }
            }
        }
        return y
    }

    /// Four channels become a square of four pixels.
    func shuffled(_ x: Planes) throws(NetworkError) -> Planes {
        let y = try Planes(x.channels / 4, 2 * x.height, 2 * x.width, ledger)
        pool.run(y.channels) { channel, _ in
            let to = y[channel]
            for row in 0..<y.height {
                for column in 0..<y.width {
                    let from = x[4 * channel + row % 2 * 2 + column % 2]
                    to[row * y.width + column] = from[row / 2 * x.width + column / 2]
                }
            }
        }
        return y
    }

    /// Every pixel becomes a square of four.
    func doubled(_ x: Planes) throws(NetworkError) -> Planes {
        let y = try Planes(x.channels, 2 * x.height, 2 * x.width, ledger)
        pool.run(y.channels) { channel, _ in
            let (from, to) = (x[channel], y[channel])
            for row in 0..<y.height {
                for column in 0..<y.width { to[row * y.width + column] = from[row / 2 * x.width + column / 2] }
            }
        }
        return y
    }

    /// The mean of so many consecutive channels.
    func averaged(_ x: Planes, _ group: Int) throws(NetworkError) -> Planes {
        let y = try Planes(x.channels / group, x.height, x.width, ledger)
        pool.run(y.channels) { channel, _ in
            let to = y[channel]
            for pixel in 0..<x.pixels {
                to[pixel] = (0..<group).reduce(0) { $0 + x[channel * group + $1][pixel] } / Double(group)
            }
        }
        return y
    }

    /// Each channel so many times.
    func repeated(_ x: Planes, _ times: Int) throws(NetworkError) -> Planes {
        let y = try Planes(x.channels * times, x.height, x.width, ledger)
        pool.run(y.channels) { channel, _ in y[channel].update(from: x[channel / times], count: x.pixels) }
        return y
    }
}
