internal import TensorCore

extension Checkpoint {
    /// The same with weights of 8 bits multiplied by the scales that stand beside them.
    ///
    /// ComfyUI writes such files: beside `x.weight` in F8 stands `x.scale_weight` (later `x.weight_scale`), which the weight is to be
    /// multiplied by, and a tensor `scaled_fp8` says that this was done. A reader that does not know this has every weight wrong
    /// by some factor. The weights show as F32 here, and the scales not at all.
    ///
    /// - Throws: where a scale cannot be read.
    func withScalesApplied() throws(CheckpointError) -> Checkpoint {
        guard tensors.contains(where: { Self.scaleNames.contains(Self.lastPart($0.descriptor.name)) }) else {
            return self
        }
        var scaled: [UTF8Name: StoredTensor] = [:]
        var spent: Set<UTF8Name> = []
        for tensor in tensors {
            let name = tensor.descriptor.name
            let last = Self.lastPart(name)
            guard Self.scaleNames.contains(last) else { continue }
            let module = String(name.utf8.dropLast(last.utf8.count)) ?? ""
            guard let weight = self[module + "weight"], weight.descriptor.dtype.isByteFloat,
                scaled[UTF8Name(weight.descriptor.name)] == nil, let scales = try scales(tensor, of: weight)
            else { continue }
            let count = weight.descriptor.shape.elementCount ?? 0
            scaled[UTF8Name(weight.descriptor.name)] = StoredTensor(
                descriptor: TensorDescriptor(
                    name: weight.descriptor.name,
                    dtype: .f32,
                    shape: weight.descriptor.shape
                ),
                location: weight.location.encoded(
                    .scaled(weight.descriptor.dtype, scales: scales),
                    byteCount: 4 * count
                )
            )
            spent.insert(UTF8Name(name))
            for other in Self.companions { spent.insert(UTF8Name(module + other)) }
        }
        guard !scaled.isEmpty else { return self }
        let left = tensors.filter { tensor in
            let name = tensor.descriptor.name
            return !spent.contains(UTF8Name(name)) && Self.lastPart(name) != "scaled_fp8"
        }
        let note =
            "\(scaled.count) weights of 8 bits were multiplied by the scale beside each, and are F32; "
            + "the scales and the marker were taken off"
        return with(
            tensors: left.map { scaled[UTF8Name($0.descriptor.name)] ?? $0 },
            notes: notes + [note]
        )
    }

    private static var scaleNames: Set<Substring> { ["scale_weight", "weight_scale"] }

    /// What else stands beside a scaled weight: the scale of a layer's input, which no weight depends on, and how it was quantized.
    private static var companions: [String] { ["scale_input", "input_scale", "comfy_quant"] }

    private static func lastPart(_ name: String) -> Substring {
        let bytes = name.utf8
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")) else { return Substring(name) }
        return Substring(bytes[bytes.index(after: dot)...])
    }

    /// One scale, or one for each row of the weight; nil where it is something else.
    private func scales(_ tensor: StoredTensor, of weight: StoredTensor) throws(CheckpointError) -> [Float]? {
        let (dtype, shape) = (tensor.descriptor.dtype, tensor.descriptor.shape)
        let count = shape.elementCount ?? 0
        let isPerRow = shape.dimensions.first == count && weight.descriptor.shape.dimensions.first == count
        guard dtype.isWeightFormat, count == 1 || isPerRow, count > 0 else { return nil }
        let bytes = try bytes(of: tensor)
        return [Float](unsafeUninitializedCapacity: count) { target, initialized in
            bytes.withUnsafeBytes {
                _ = NumberFormat.convert($0, from: dtype, into: UnsafeMutableRawBufferPointer(target), to: .f32)
            }
            initialized = count
        }
    }
}
