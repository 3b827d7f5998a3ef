package import ModelZoo
public import TensorCore

/// Where the network's parameters come from: a checkpoint, seen in the diffusers layout.
public protocol WeightSource: Sendable {
    /// The parameter of that name in the diffusers layout, as in `decoder.up_blocks.0.1.conv1.weight`.
    ///
    /// - Throws: `NetworkError.parameter` where there is none, `NetworkError.source` with the reason where it cannot be read.
    func weight(_ name: String) throws(NetworkError) -> Weight
}

extension WeightSource {
    /// One tensor of the diffusers layout, its shape and type held against what the network asks for.
    package func checked(_ tensor: Parameter.Tensor) throws(NetworkError) -> Weight {
        let weight = try weight(tensor.name)
        guard weight.shape == tensor.shape else {
            throw .parameter(name: tensor.name, .shape(found: weight.shape, expected: tensor.shape))
        }
        guard weight.dtype.isWeightFormat, weight.shape.byteCount(of: weight.dtype) == weight.bytes.count else {
            throw .parameter(name: tensor.name, .dtype(weight.dtype))
        }
        return weight
    }
}

/// The values of one parameter, usually in a mapped file.
public struct Weight: @unchecked Sendable {
    // Sendable, as nothing writes to the bytes and `owner` keeps them.

    /// A weight format: F32, F16 and BF16 are computed with as they are, others widened to F32 when they are loaded.
    public let dtype: DType
    /// The sizes, outermost first.
    public let shape: Shape
    /// The values, contiguous, in the machine's byte order, aligned or not.
    public let bytes: UnsafeRawBufferPointer
    /// What keeps `bytes` valid.
    public let owner: (any AnyObject & Sendable)?

    /// Describes values that stay valid as long as `owner` lives.
    public init(dtype: DType, shape: Shape, bytes: UnsafeRawBufferPointer, owner: (any AnyObject & Sendable)?) {
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }
}
