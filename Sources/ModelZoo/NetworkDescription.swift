public import TensorCore

/// A parameter or buffer of the network: one tensor of the original layout, and the tensors of the diffusers layout that
/// hold the same values.
///
/// Each target holds a run of the source's bytes: `qkv` becomes `to_q`, `to_k` and `to_v` in this order, a 1×1 convolution
/// without its last two sizes becomes a linear map, and all else keeps its shape. So both directions move whole ranges.
public struct Parameter: Sendable, Equatable {
    /// What a parameter does, which decides its dtype and how it is initialised.
    public enum Kind: String, Sendable {
        case convolutionWeight, convolutionBias, linearWeight
        case normWeight, normBias
        case runningMean, runningVariance
        /// The number of batches that batch norm has seen: an I64 without dimensions.
        case batchCounter

        /// Whether it is state rather than something that is learned; not counted among the parameters.
        public var isBuffer: Bool {
            self == .runningMean || self == .runningVariance || self == .batchCounter
        }
    }

    /// A tensor's name and shape.
    public struct Tensor: Sendable, Equatable {
        /// The full name.
        public let name: String
        /// The sizes.
        public let shape: Shape
        /// Which of the parameter's own dimensions each stored one is, where a layout permutes them; nil for the same.
        package var axes: [Int]?
    }

    /// The tensor of the original layout.
    public let original: Tensor
    /// The tensors of the diffusers layout, in the order in which they fill the original one.
    public let diffusers: [Tensor]
    /// What it does.
    public let kind: Kind

    /// Whether it belongs to the encoder.
    public var isEncoder: Bool { original.name.hasPrefix("encoder.") }

    /// The values that go into one output value: the product of all sizes but the first.
    public var fanIn: Int { original.shape.dimensions.dropFirst().reduce(1, *) }
}

/// A network as it follows from its configuration: a tree whose leaves are the parameters, and these in module order.
///
/// This is the one place that knows the names of either layout. Sources: efficientvit/models/efficientvit/dc_ae.py for
/// the original, diffusers/models/autoencoders/autoencoder_dc.py for the other.
public struct NetworkDescription: Sendable, Equatable {
    /// The parameters and buffers in module order, which is the same in both layouts.
    public let parameters: [Parameter]
    /// The encoder.
    package let encoder: Coder
    /// The decoder.
    package let decoder: Coder

    /// Describes the network of a configuration that has been validated.
    public init(_ config: AutoencoderDCConfig) {
        let builder = Builder(config: config)
        encoder = builder.encoder
        decoder = builder.decoder
        parameters = encoder.parameters + decoder.parameters
    }

    /// The tensors of a layout in module order, with the kind of the parameter that each belongs to.
    public func tensors(in layout: Layout) -> [(tensor: Parameter.Tensor, kind: Parameter.Kind)] {
        parameters.flatMap { parameter in layout.tensors(of: parameter).map { ($0, parameter.kind) } }
    }

    /// The number of learned values.
    public var parameterCount: Int { Self.count(parameters) }

    /// The number of learned values in the encoder.
    public var encoderParameterCount: Int { Self.count(encoder.parameters) }

    private static func count(_ parameters: [Parameter]) -> Int {
        parameters.filter { !$0.kind.isBuffer }.reduce(0) { $0 + ($1.original.shape.elementCount ?? 0) }
    }
}
