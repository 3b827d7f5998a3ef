internal import DCAENetwork
internal import LinearAlgebra
internal import ModelZoo
internal import TensorCore

/// What is done by products of matrices.
extension ReferenceForward {
    /// A parameter in double precision; of several tensors one after the other.
    func values(_ parameter: Parameter) throws(NetworkError) -> [Double] {
        var all: [Double] = []
        for tensor in parameter.diffusers {
            let weight = try weights.checked(tensor)
            let count = weight.shape.elementCount ?? 0
            all += [Double](unsafeUninitializedCapacity: count) { buffer, filled in
                let target = UnsafeMutableRawBufferPointer(buffer)
                NumberFormat.convert(weight.bytes, from: weight.dtype, into: target, to: .f64)
                filled = count
            }
        }
        return all
    }

    /// A convolution of 3×3 with a border of zeros, or of 1×1: [outputs, inputs × taps] times the inputs that lie under
    /// the taps of every output pixel.
    ///
    /// - Parameter outputs: how many of its outputs are computed, the first; nil for all. Of its inputs those are used that
    ///   `x` has, the first.
    func convolution(
        _ layer: NetworkDescription.Convolution,
        _ x: Planes,
        stride: Int = 1,
        outputs: Int? = nil
    ) throws(NetworkError) -> Planes {
        let weight = try values(layer.weight)
        let outputs = outputs ?? layer.outputs
        let y = try Planes(outputs, x.height / stride, x.width / stride, ledger)
        let bias = try layer.bias.map { bias throws(NetworkError) in try values(bias) }
        for channel in 0..<outputs { y[channel].initialize(repeating: bias?[channel] ?? 0, count: y.pixels) }
        let side = layer.taps == 9 ? 3 : 1
        let (length, rowLength) = (x.channels * layer.taps, layer.inputs * layer.taps)
        // Bands of rows whose inputs fill some megabytes; where the image has few, its outputs are shared out as well.
        let rows = max(1, min(y.height, (4 << 20) / 8 / max(1, length * y.width)))
        let bands = (y.height + rows - 1) / rows
        let part = bands < 8 ? 128 : outputs
        let parts = (outputs + part - 1) / part
        weight.withUnsafeBufferPointer { weight in
            guard let weights = weight.baseAddress else { return }
            pool.run(bands * parts) { task, _ in
                let (band, first) = (task / parts, task % parts * part)
                let top = band * rows
                let (height, count) = (min(rows, y.height - top), min(part, outputs - first))
                let pixels = height * y.width
                withUnsafeTemporaryAllocation(of: Double.self, capacity: length * pixels) { columns in
                    guard let columns = columns.baseAddress else { return }
                    gather(x, side: side, stride: stride, rows: top..<(top + height), width: y.width, into: columns)
                    algebra.multiply(
                        Matrix(weights + first * rowLength, rows: count, columns: length, stride: rowLength),
                        Matrix(columns, rows: length, columns: pixels),
                        into: y[first] + top * y.width,
                        stride: y.pixels,
                        beta: 1
                    )
                }
            }
        }
        return y
    }

    /// im2col: a row for each tap of each channel, a column for each output pixel.
    private func gather(
        _ x: Planes,
        side: Int,
        stride: Int,
        rows: Range<Int>,
        width: Int,
        into columns: UnsafeMutablePointer<Double>
    ) {
        var target = columns
        for channel in 0..<x.channels {
            for tap in 0..<(side * side) {
                let (dy, dx) = (tap / side - side / 2, tap % side - side / 2)
                for row in rows {
                    let y = row * stride + dy
                    let line = x[channel] + y * x.width
                    for column in 0..<width {
                        let x0 = column * stride + dx
                        target[column] = y < 0 || y >= x.height || x0 < 0 || x0 >= x.width ? 0 : line[x0]
                    }
                    target += width
                }
            }
        }
    }

    /// A map of every pixel's channels.
    func product(_ weight: [Double], _ x: Planes, outputs: Int) throws(NetworkError) -> Planes {
        let y = try Planes(outputs, x.height, x.width, ledger)
        weight.withUnsafeBufferPointer { weight in
            guard let weights = weight.baseAddress else { return }
            let part = 64
            pool.run((outputs + part - 1) / part) { task, _ in
                let first = task * part
                algebra.multiply(
                    Matrix(weights + first * x.channels, rows: min(part, outputs - first), columns: x.channels),
                    Matrix(x.base, rows: x.channels, columns: x.pixels),
                    into: y[first]
                )
            }
        }
        return y
    }

    /// A map of every pixel's channels in groups of `size`, each group by itself.
    func grouped(
        _ layer: NetworkDescription.Convolution,
        _ x: Planes,
        size: Int
    ) throws(NetworkError) -> Planes {
        let weight = try values(layer.weight)
        let y = try Planes(x.channels, x.height, x.width, ledger)
        weight.withUnsafeBufferPointer { weight in
            guard let weights = weight.baseAddress else { return }
            pool.run(x.channels / size) { group, _ in
                algebra.multiply(
                    Matrix(weights + group * size * size, rows: size, columns: size),
                    Matrix(x[group * size], rows: size, columns: x.pixels),
                    into: y[group * size]
                )
            }
        }
        return y
    }

    /// Attention over all pixels, head by head, with ReLU in place of the exponential: linear in the pixels, or, where
    /// they are few, with all pairs.
    ///
    /// - Parameters:
    ///   - qkv: of every head `dim` channels of q, k and v.
    ///   - answers: `heads` × `dim` planes.
    func attend(_ qkv: Planes, heads: Int, dim: Int, into answers: UnsafeMutablePointer<Double>) {
        let pixels = qkv.pixels
        pool.run(heads) { head, _ in
            let q = qkv[3 * dim * head]
            let k = q + dim * pixels
            let v = k + dim * pixels
            for index in 0..<(2 * dim * pixels) { q[index] = max(0, q[index]) }
            let target = answers + head * dim * pixels
            let (queries, keys) = (Matrix(q, rows: dim, columns: pixels), Matrix(k, rows: dim, columns: pixels))
            let values = Matrix(v, rows: dim, columns: pixels)
            if pixels > dim {
                // (v, 1) kᵀ q, the last row being what the others are divided by.
                withUnsafeTemporaryAllocation(of: Double.self, capacity: dim * (dim + 1) + pixels) { memory in
                    guard let table = memory.baseAddress else { return }
                    let divisor = table + dim * (dim + 1)
                    let sums = table + dim * dim
                    algebra.multiply(values, keys.transposed, into: table)
                    for row in 0..<dim {
                        sums[row] = UnsafeBufferPointer(start: k + row * pixels, count: pixels).reduce(0, +)
                    }
                    algebra.multiply(Matrix(table, rows: dim, columns: dim), queries, into: target)
                    algebra.multiply(Matrix(sums, rows: 1, columns: dim), queries, into: divisor)
                    divide(target, rows: dim, columns: pixels, by: divisor)
                }
            } else {
                withUnsafeTemporaryAllocation(of: Double.self, capacity: pixels * (pixels + 1)) { memory in
                    guard let scores = memory.baseAddress else { return }
                    let divisor = scores + pixels * pixels
                    algebra.multiply(keys.transposed, queries, into: scores)
                    for column in 0..<pixels {
                        divisor[column] = (0..<pixels).reduce(0) { $0 + scores[$1 * pixels + column] }
                    }
                    divide(scores, rows: pixels, columns: pixels, by: divisor)
                    algebra.multiply(values, Matrix(scores, rows: pixels, columns: pixels), into: target)
                }
            }
        }
    }

    private func divide(
        _ values: UnsafeMutablePointer<Double>,
        rows: Int,
        columns: Int,
        by divisor: UnsafeMutablePointer<Double>
    ) {
        for row in 0..<rows {
            for column in 0..<columns { values[row * columns + column] /= divisor[column] + 1e-15 }
        }
    }
}
