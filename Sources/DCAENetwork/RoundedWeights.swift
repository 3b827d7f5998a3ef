internal import ModelZoo
public import TensorCore

extension AutoencoderDC {
    /// What a cast of one parameter lost.
    public struct WeightLoss: Sendable, Equatable {
        /// The parameter, by its name in the diffusers layout.
        public let name: String
        /// How many values became infinite (or NaN, where a format has no infinity), and how many zero.
        public let report: CastReport
    }

    /// This model with its weights rounded to a format, as a file of that dtype would have them.
    ///
    /// Each value is rounded once, to nearest, ties to even. Arithmetic stays as it is. Weights are rounded when they are read.
    ///
    /// - Parameters:
    ///   - dtype: a weight format: F16, BF16, F8_E4M3 and others.
    ///   - scaled: whether each weight of two dimensions or more has a scale of its own, as ComfyUI's `scaled_fp8` files do: its
    ///     largest value becomes the format's. Other parameters then stay as they are.
    /// - Returns: the model, and what the cast loses, by parameter, those that lose nothing left out.
    /// - Throws: `NetworkError.parameter` for a dtype that is not a weight format, and if a parameter cannot be read.
    public func rounded(
        to dtype: DType,
        scaled: Bool = false
    ) throws(NetworkError) -> (model: AutoencoderDC, losses: [WeightLoss]) {
        let source = RoundedWeights(base: weights, dtype: dtype, isScaled: scaled)
        var losses: [WeightLoss] = []
        for parameter in network.parameters where parameter.kind != .batchCounter {
            for tensor in parameter.diffusers {
                let (_, report) = try source.rounded(tensor.name)
                if report != CastReport() { losses.append(WeightLoss(name: tensor.name, report: report)) }
            }
        }
        return (try AutoencoderDC(config: config, weights: source, options: options), losses)
    }
}

/// Weights rounded to a format and widened again.
private struct RoundedWeights: WeightSource {
    let base: any WeightSource
    let dtype: DType
    let isScaled: Bool

    func weight(_ name: String) throws(NetworkError) -> Weight { try rounded(name).weight }

    func rounded(_ name: String) throws(NetworkError) -> (weight: Weight, report: CastReport) {
        let weight = try base.weight(name)
        guard dtype.isWeightFormat, let width = dtype.byteCount else { throw .parameter(name: name, .dtype(dtype)) }
        let count = weight.shape.elementCount ?? 0
        let wide = Buffer(count: 4 * count)
        guard NumberFormat.convert(weight.bytes, from: weight.dtype, into: wide.bytes, to: .f32) != nil else {
            throw .parameter(name: name, .dtype(weight.dtype))
        }
        let isPlain = weight.shape.dimensions.count < 2
        if isScaled, isPlain { return (weight, CastReport()) }
        let values = wide.bytes.bindMemory(to: Float.self)
        var scale: Float = 1
        if isScaled {
            let most = values.reduce(0) { max($0, $1.magnitude) }
            let limit = Self.largest(of: dtype)
            if most > 0, most.isFinite, limit.isFinite { scale = most / limit }
        }
        if scale != 1 { for index in values.indices { values[index] /= scale } }
        let narrow = Buffer(count: width * count)
        let report = NumberFormat.convert(UnsafeRawBufferPointer(wide.bytes), from: .f32, into: narrow.bytes, to: dtype)
        NumberFormat.convert(UnsafeRawBufferPointer(narrow.bytes), from: dtype, into: wide.bytes, to: .f32)
        if scale != 1 { for index in values.indices { values[index] *= scale } }
        let held = Weight(dtype: .f32, shape: weight.shape, bytes: UnsafeRawBufferPointer(wide.bytes), owner: wide)
        return (held, report ?? CastReport())
    }

    /// The largest number of a format.
    private static func largest(of dtype: DType) -> Float {
        switch dtype {
        case .f16: 65504
        case .f8E4M3: 448
        case .f8E5M2: 57344
        case .f8E4M3FNUZ: 240
        case .f8E5M2FNUZ: 57344
        default: .infinity
        }
    }
}
