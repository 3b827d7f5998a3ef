internal import Kernels
internal import TensorCore

/// Reads a layer's parameters and checks them against the shapes that the configuration asks for.
struct LayerLoader {
    let source: any WeightSource
    /// The bound on the magnitude of values, where they are to be checked.
    let limit: Float?

    /// One parameter, its shape and type checked.
    func weight(_ name: String, _ shape: [Int]) throws -> Weight {
        let weight = try source.weight(name)
        guard weight.shape.dimensions == shape else {
            throw NetworkError.parameter(
                name: name,
                "is shaped \(weight.shape) where the configuration asks for \(Shape(shape))"
            )
        }
        guard weight.dtype.isWeightFormat, weight.shape.byteCount(of: weight.dtype) == weight.bytes.count else {
            throw NetworkError.parameter(
                name: name,
                "is \(weight.dtype.rawValue), and only floats can be computed with"
            )
        }
        if let limit { try check(weight, name, limit) }
        return weight.dtype.isComputeFormat ? weight : widenedCopy(weight)
    }

    /// A parameter as single precision values.
    func values(_ name: String, _ shape: [Int]) throws -> [Float] {
        widened(try weight(name, shape))
    }

    /// The same in single precision, in memory of its own: for parameters of one product that are stored differently.
    private func widenedCopy(_ weight: Weight) -> Weight {
        let held = HeldFloats(widened(weight))
        return Weight(dtype: .f32, shape: weight.shape, bytes: held.bytes, owner: held)
    }

    private func widened(_ weight: Weight) -> [Float] {
        [Float](unsafeUninitializedCapacity: weight.shape.elementCount ?? 0) { buffer, count in
            NumberFormat.convert(
                weight.bytes,
                from: weight.dtype,
                into: UnsafeMutableRawBufferPointer(buffer),
                to: .f32
            )
            count = weight.shape.elementCount ?? 0
        }
    }

    /// The weights of a convolution, [outputs, inputs, taps], of one parameter or of several below one another.
    func raw(_ names: [String], _ shapes: [[Int]], taps: Int, segment: Int = 0) throws -> RawWeights {
        var parts = try zip(names, shapes).map { try weight($0, $1) }
        if parts.contains(where: { $0.dtype != parts[0].dtype }) { parts = parts.map(widenedCopy) }
        return RawWeights(
            parts: parts.map(\.bytes),
            dtype: parts[0].dtype,
            outputs: shapes.reduce(0) { $0 + $1[0] },
            inputs: shapes[0][1],
            taps: taps,
            owners: parts.map { $0.owner.map { $0 as AnyObject } },
            segment: segment
        )
    }

    /// The norm of a module, and the values it needs.
    func norm(_ name: String, channels: Int, isBatchNorm: Bool) throws -> NormKind {
        let eps: Float = 1e-5
        let scale = try values(name + ".weight", [channels])
        let shift = try values(name + ".bias", [channels])
        guard isBatchNorm else { return .rms(scale: scale, shift: shift, eps: eps) }
        let mean = try values(name + ".running_mean", [channels])
        let variance = try values(name + ".running_var", [channels])
        let factor = zip(scale, variance).map { Double($0) / (Double($1) + Double(eps)).squareRoot() }
        return .affine(
            scale: factor.map(Float.init),
            shift: (0..<channels).map { Float(Double(shift[$0]) - Double(mean[$0]) * factor[$0]) }
        )
    }

    private func check(_ weight: Weight, _ name: String, _ limit: Float) throws {
        let size = weight.dtype.byteCount ?? 4
        var start = 0
        var buffer = [Float](repeating: 0, count: 4096)
        while start < weight.bytes.count {
            let part = UnsafeRawBufferPointer(
                rebasing: weight.bytes[start..<min(start + 4096 * size, weight.bytes.count)]
            )
            _ = buffer.withUnsafeMutableBytes { NumberFormat.convert(part, from: weight.dtype, into: $0, to: .f32) }
            if let index = buffer[..<(part.count / size)].firstIndex(where: { !($0.magnitude <= limit) }) {
                throw NetworkError(
                    .outside(
                        layer: name,
                        value: buffer[index],
                        channel: start / size + index,
                        row: 0,
                        column: 0,
                        weights: true
                    )
                )
            }
            start += part.count
        }
    }
}

/// Values that stay where they are as long as this object lives.
private final class HeldFloats: @unchecked Sendable {
    // Sendable, as nothing writes to the values.
    let bytes: UnsafeRawBufferPointer

    init(_ values: [Float]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * values.count, alignment: 64)
        values.withUnsafeBytes { copy.copyBytes(from: $0) }
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
