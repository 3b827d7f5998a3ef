internal import LinearAlgebra

/// The sizes of a convolution, and where its parameters are found.
struct ConvolutionSpec: Sendable {
    let name: String
    let inChannels: Int
    let outChannels: Int
    let kernel: (height: Int, width: Int)
    let stride: Int
    let padding: (height: Int, width: Int)

    /// The values that one output value is the sum of.
    var depth: Int { inChannels * kernel.height * kernel.width }

    func outputSize(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
        (
            (height + 2 * padding.height - kernel.height) / stride + 1,
            (width + 2 * padding.width - kernel.width) / stride + 1
        )
    }
}

/// A convolution with a bias and ReLU: the pixels under the kernel as columns of a matrix, and one product (im2col).
///
/// It runs on the calling thread; many pictures are measured at a time.
struct ConvolutionLayer: Sendable {
    let spec: ConvolutionSpec
    /// outChannels rows of `spec.depth` weights.
    let weights: [Float]
    let bias: [Float]

    /// So many values of columns are made at a time: they stay in the second cache until they are used.
    private static let columnValues = 1 << 18

    func apply(_ input: Activation, _ algebra: LinearAlgebra) -> Activation {
        precondition(input.channels == spec.inChannels, "a layer's channels")
        let size = spec.outputSize(input.height, input.width)
        let area = size.height * size.width
        let isPlain = spec.kernel == (1, 1) && spec.stride == 1 && spec.padding == (0, 0)
        let values = [Float](unsafeUninitializedCapacity: spec.outChannels * area) { target, count in
            count = spec.outChannels * area
            guard let output = target.baseAddress else { return }
            weights.withUnsafeBufferPointer { weights in
                input.values.withUnsafeBufferPointer { pixels in
                    guard let weights = weights.baseAddress, let pixels = pixels.baseAddress else { return }
                    let matrix = Matrix(weights, rows: spec.outChannels, columns: spec.depth)
                    if isPlain {
                        algebra.multiply(matrix, Matrix(pixels, rows: spec.depth, columns: area), into: output)
                    } else {
                        multiplyInParts(matrix, pixels, input, size.height, size.width, output, algebra)
                    }
                }
            }
            finish(output, area)
        }
        return Activation(channels: spec.outChannels, height: size.height, width: size.width, values: values)
    }

    private func multiplyInParts(
        _ matrix: Matrix<Float>,
        _ pixels: UnsafePointer<Float>,
        _ input: Activation,
        _ height: Int,
        _ width: Int,
        _ output: UnsafeMutablePointer<Float>,
        _ algebra: LinearAlgebra
    ) {
        let rowsAtOnce = max(1, min(height, Self.columnValues / (spec.depth * width)))
        let columns = UnsafeMutablePointer<Float>.allocate(capacity: spec.depth * rowsAtOnce * width)
        defer { columns.deallocate() }
        for start in stride(from: 0, to: height, by: rowsAtOnce) {
            let rows = start..<min(height, start + rowsAtOnce)
            gather(pixels, input.height, input.width, rows, width, into: columns)
            algebra.multiply(
                matrix,
                Matrix(columns, rows: spec.depth, columns: rows.count * width),
                into: output + start * width,
                stride: height * width
            )
        }
    }

    /// The pixels under the kernel at the positions of some output rows: a row for each channel and place in the kernel.
    private func gather(
        _ pixels: UnsafePointer<Float>,
        _ height: Int,
        _ width: Int,
        _ rows: Range<Int>,
        _ outWidth: Int,
        into columns: UnsafeMutablePointer<Float>
    ) {
        var target = columns
        for channel in 0..<spec.inChannels {
            let plane = pixels + channel * height * width
            for ky in 0..<spec.kernel.height {
                for kx in 0..<spec.kernel.width {
                    // The first and the last output column whose pixel lies in the picture.
                    let offset = kx - spec.padding.width
                    let first = offset >= 0 ? 0 : (-offset + spec.stride - 1) / spec.stride
                    let end = max(first, min(outWidth, (width - offset + spec.stride - 1) / spec.stride))
                    for row in rows {
                        let y = row * spec.stride + ky - spec.padding.height
                        if y < 0 || y >= height {
                            target.initialize(repeating: 0, count: outWidth)
                        } else {
                            let line = plane + y * width + offset
                            target.initialize(repeating: 0, count: first)
                            if spec.stride == 1 {
                                (target + first).initialize(from: line + first, count: end - first)
                            } else {
                                for x in first..<end { (target + x).initialize(to: line[x * spec.stride]) }
                            }
                            (target + end).initialize(repeating: 0, count: outWidth - end)
                        }
                        target += outWidth
                    }
                }
            }
        }
    }

    private func finish(_ output: UnsafeMutablePointer<Float>, _ area: Int) {
        for channel in 0..<spec.outChannels {
            let (plane, bias) = (output + channel * area, bias[channel])
            for pixel in 0..<area { plane[pixel] = max(0, plane[pixel] + bias) }
        }
    }
}
