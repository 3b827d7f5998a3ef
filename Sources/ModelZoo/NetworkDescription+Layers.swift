internal import TensorCore

/// The tree that a network is: two coders of stages of blocks of layers, whose leaves are the parameters.
///
/// Whatever goes over a network walks it: the forward pass, the synthesizer, the codec. None of them spells a name.
extension NetworkDescription {
    /// A 3×3 or 1×1 convolution, depthwise or not.
    package struct Convolution: Sendable, Equatable {
        /// The path of its module in diffusers: what messages and profiles call it.
        package let name: String
        /// [outputs, inputs per group, height, width].
        package let weight: Parameter
        /// [outputs], where there is one.
        package let bias: Parameter?

        /// The channels that it makes.
        package var outputs: Int { weight.original.shape.dimensions[0] }
        /// The channels that each of these is made of.
        package var inputs: Int { weight.original.shape.dimensions[1] }
        /// The weights of an output for one input.
        package var taps: Int { weight.original.shape.dimensions.dropFirst(2).reduce(1, *) }

        var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
    }

    /// A map of every pixel's channels; of `to_q`, `to_k` and `to_v` the three together.
    package struct Linear: Sendable, Equatable {
        /// The path of its module in diffusers; of the three the name of what they are joined into.
        package let name: String
        /// [outputs, inputs], below one another.
        package let weight: Parameter
    }

    /// A norm over a pixel's channels, or with known statistics of each channel.
    package struct Norm: Sendable, Equatable {
        /// What a batch norm has seen.
        package struct Statistics: Sendable, Equatable {
            package let mean: Parameter
            package let variance: Parameter
            /// How many batches; nothing reads it.
            package let count: Parameter
        }

        /// What is added to the mean square or the variance.
        package static let epsilon: Float = 1e-5

        /// The path of its module in diffusers.
        package let name: String
        package let weight: Parameter
        package let bias: Parameter
        /// Those of a batch norm; nil for a root mean square norm.
        package let statistics: Statistics?

        var parameters: [Parameter] {
            [weight, bias] + (statistics.map { [$0.mean, $0.variance, $0.count] } ?? [])
        }
    }

    /// One additional scale of attention: depthwise over q, k and v, then a map of each head's channels.
    package struct Scale: Sendable, Equatable {
        /// The kernel's side.
        package let kernel: Int
        package let depthwise: Convolution
        package let grouped: Convolution
    }

    /// Multiscale linear attention: SanaMultiscaleLinearAttention, LiteMLA in the original.
    package struct Attention: Sendable, Equatable {
        /// The path of its module in diffusers.
        package let name: String
        package let heads: Int
        /// Channels of a head.
        package let dim: Int
        /// Queries, keys and values.
        package let projection: Linear
        package let scales: [Scale]
        package let output: Linear
        package let norm: Norm

        var parameters: [Parameter] {
            [projection.weight] + scales.flatMap { $0.depthwise.parameters + $0.grouped.parameters } + [output.weight]
                + norm.parameters
        }
    }

    /// GLUMBConv: widened, filtered, gated and narrowed.
    package struct GatedConvolution: Sendable, Equatable {
        package let inverted: Convolution
        package let depth: Convolution
        package let point: Convolution
        package let norm: Norm

        var parameters: [Parameter] {
            inverted.parameters + depth.parameters + point.parameters + norm.parameters
        }
    }

    /// Two convolutions with an activation between them and a norm behind.
    package struct ResBlock: Sendable, Equatable {
        package let first: Convolution
        package let activation: AutoencoderDCConfig.Activation
        package let second: Convolution
        package let norm: Norm

        var parameters: [Parameter] { first.parameters + second.parameters + norm.parameters }
    }

    /// A block of a stage; what it makes is added to what it was given.
    package enum Block: Sendable, Equatable {
        case residual(ResBlock)
        /// Two steps, each added.
        case attention(Attention, GatedConvolution)

        var parameters: [Parameter] {
            switch self {
            case .residual(let block): block.parameters
            case .attention(let attention, let local): attention.parameters + local.parameters
            }
        }
    }

    /// How a convolution's pixels lie in its result.
    package enum Resampling: Sendable, Equatable {
        case none
        /// Stride 2.
        case stride
        /// A square of four pixels becomes four channels.
        case unshuffle
        /// Nearest-neighbour doubling before the convolution.
        case interpolate
        /// Four channels become a square of four pixels.
        case shuffle
    }

    /// What a convolution's input adds to its result without parameters.
    package enum Shortcut: Sendable, Equatable {
        case none
        /// The mean of so many consecutive channels.
        case average(Int)
        /// Each channel so many times.
        case `repeat`(Int)
        /// Pixel unshuffle, then the mean of so many consecutive channels.
        case down(Int)
        /// Each channel so many times, then pixel shuffle.
        case up(Int)
    }

    /// A convolution between stages, or at an end, that may change the resolution.
    package struct Step: Sendable, Equatable {
        package let convolution: Convolution
        package let resampling: Resampling
        package let shortcut: Shortcut
        /// The channels of its result.
        package let channels: Int
    }

    /// The blocks of one resolution, and the step to the next: an encoder's after them, a decoder's before them.
    package struct Stage: Sendable, Equatable {
        package let blocks: [Block]
        package let step: Step?

        /// Whether it needs all pixels at once.
        package var hasAttention: Bool {
            blocks.contains { if case .attention = $0 { true } else { false } }
        }
    }

    /// The encoder or the decoder.
    package struct Coder: Sendable, Equatable {
        /// The path of its module, the same in both layouts.
        package let name: String
        package let input: Step
        /// The stage of the highest resolution first: the encoder computes them in this order, the decoder in reverse.
        package let stages: [Stage]
        /// What the decoder does before its last convolution.
        package let norm: Norm?
        package let activation: AutoencoderDCConfig.Activation?
        package let output: Step

        /// All parameters in module order.
        package let parameters: [Parameter]

        init(
            name: String,
            input: Step,
            stages: [Stage],
            norm: Norm? = nil,
            activation: AutoencoderDCConfig.Activation? = nil,
            output: Step
        ) {
            (self.name, self.input, self.stages) = (name, input, stages)
            (self.norm, self.activation, self.output) = (norm, activation, output)
            let inner = stages.flatMap { stage in
                let blocks = stage.blocks.flatMap(\.parameters)
                guard let step = stage.step?.convolution.parameters else { return blocks }
                return norm == nil ? blocks + step : step + blocks
            }
            parameters =
                input.convolution.parameters + inner + (norm?.parameters ?? []) + output.convolution.parameters
        }
    }
}
