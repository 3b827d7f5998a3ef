internal import Kernels
internal import ModelZoo
internal import TensorCore

/// Reads a layer's parameters and checks them against the shapes that the configuration asks for.
struct LayerLoader {
    /// Where they come from; nil where only costs are asked for, which follow from shapes.
    let source: (any WeightSource)?
    /// The bound on the magnitude of values, where they are to be checked.
    let limit: Float?

    /// A convolution with nothing after it.
    ///
    /// - Parameters:
    ///   - outputs: how many of its outputs are computed, the first; nil for all.
    ///   - inputs: how many of its inputs there are, the first; nil for all.
    ///   - segment: as in `RawWeights`.
    func convolution(
        _ layer: NetworkDescription.Convolution,
        outputs: Int? = nil,
        inputs: Int? = nil,
        segment: Int = 0
    ) throws(NetworkError) -> ConvolutionSpec {
        var weights = try raw(layer.weight, taps: layer.taps, segment: segment)
        if let outputs { weights.outputs = outputs }
        if let inputs { weights.inputs = inputs }
        var bias: [Float]?
        if let parameter = layer.bias { bias = try values(parameter) }
        return ConvolutionSpec(name: layer.name, weights: weights, bias: bias)
    }

    /// A map of pixels with nothing after it.
    func linear(_ layer: NetworkDescription.Linear) throws(NetworkError) -> ConvolutionSpec {
        ConvolutionSpec(name: layer.name, weights: try raw(layer.weight, taps: 1))
    }

    /// A norm, and the values it needs.
    func norm(_ layer: NetworkDescription.Norm) throws(NetworkError) -> NormKind {
        let scale = try values(layer.weight)
        let shift = try values(layer.bias)
        let epsilon = NetworkDescription.Norm.epsilon
        guard let statistics = layer.statistics else { return .rms(scale: scale, shift: shift, eps: epsilon) }
        let mean = try values(statistics.mean)
        let variance = try values(statistics.variance)
        let factor = zip(scale, variance).map { Double($0) / (Double($1) + Double(epsilon)).squareRoot() }
        return .affine(
            scale: factor.map(Float.init),
            shift: scale.indices.map { Float(Double(shift[$0]) - Double(mean[$0]) * factor[$0]) }
        )
    }

    /// A parameter as single precision values; none without a source.
    func values(_ parameter: Parameter) throws(NetworkError) -> [Float] {
        guard let source else { return [] }
        var values: [Float] = []
        for tensor in parameter.diffusers {
            let part = widened(try weight(tensor, source))
            if values.isEmpty { values = part } else { values += part }
        }
        return values
    }

    /// [outputs, inputs, taps] of one tensor, or of several below one another.
    private func raw(_ parameter: Parameter, taps: Int, segment: Int = 0) throws(NetworkError) -> RawWeights {
        var parts: [Weight] = []
        if let source {
            for tensor in parameter.diffusers { parts.append(try weight(tensor, source)) }
        }
        if parts.contains(where: { $0.dtype != parts[0].dtype }) { parts = parts.map(widenedCopy) }
        return RawWeights(
            parts: parts.map(\.bytes),
            dtype: parts.first?.dtype ?? .f32,
            outputs: parameter.original.shape.dimensions[0],
            inputs: parameter.original.shape.dimensions[1],
            taps: taps,
            owners: parts.map { $0.owner.map { $0 as AnyObject } },
            segment: segment
        )
    }

    /// One tensor, its shape and type checked.
    private func weight(_ tensor: Parameter.Tensor, _ source: any WeightSource) throws(NetworkError) -> Weight {
        let weight = try source.checked(tensor)
        if let limit { try check(weight, tensor.name, limit) }
        return weight.dtype.isComputeFormat ? weight : widenedCopy(weight)
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

    /// The same in single precision, in memory of its own: for parts of one product that are stored differently.
    private func widenedCopy(_ weight: Weight) -> Weight {
        let held = HeldFloats(widened(weight))
        return Weight(dtype: .f32, shape: weight.shape, bytes: held.bytes, owner: held)
    }

    private func check(_ weight: Weight, _ name: String, _ limit: Float) throws(NetworkError) {
        let size = weight.dtype.byteCount ?? 4
        var start = 0
        var buffer = [Float](repeating: 0, count: 4096)
        while start < weight.bytes.count {
            let part = UnsafeRawBufferPointer(
                rebasing: weight.bytes[start..<min(start + 4096 * size, weight.bytes.count)]
            )
            _ = buffer.withUnsafeMutableBytes { NumberFormat.convert(part, from: weight.dtype, into: $0, to: .f32) }
            if let index = buffer[..<(part.count / size)].firstIndex(where: { !($0.magnitude <= limit) }) {
                throw .outOfRange(ValueOutOfRange(buffer[index], at: .parameter(name, element: start / size + index)))
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
