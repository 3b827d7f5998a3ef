/// The configuration of an AutoencoderDC: the fields of a diffusers `config.json`.
///
/// Source: `AutoencoderDC.__init__` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1.
public struct AutoencoderDCConfig: Sendable, Equatable {
    /// What a block of a stage is.
    public enum BlockType: String, Sendable, CaseIterable {
        /// Two 3×3 convolutions with an activation between and a norm after them, and a residual connection.
        case resBlock = "ResBlock"
        /// Multiscale linear attention, then GLUMBConv, each with a residual connection.
        case efficientViTBlock = "EfficientViTBlock"
    }

    /// The norm after a ResBlock's second convolution and after attention, in the decoder; the encoder's is `rmsNorm`.
    public enum NormType: String, Sendable, CaseIterable {
        /// Running statistics per channel, eps 1e-5.
        case batchNorm = "batch_norm"
        /// Root mean square over channels, eps 1e-5, with weight and bias.
        case rmsNorm = "rms_norm"
    }

    /// The activations that diffusers' `get_activation` knows; `swish` is another name of `silu`.
    public enum Activation: String, Sendable, CaseIterable {
        case relu, silu, swish, gelu, mish
    }

    /// A field that diffusers writes either as one value for all stages or as a list with one for each.
    public enum PerStage<Value: Sendable & Equatable>: Sendable, Equatable {
        case uniform(Value)
        case each([Value])

        /// The value of a stage.
        public subscript(stage: Int) -> Value {
            switch self {
            case .uniform(let value): value
            case .each(let values): values[stage]
            }
        }
    }

    /// The encoder or the decoder: one entry per stage, the stage of the highest resolution first.
    public struct Coder: Sendable, Equatable {
        /// What the blocks of each stage are.
        public var blockTypes: PerStage<BlockType>
        /// The channels of each stage.
        public var blockOutChannels: [Int]
        /// The number of blocks of each stage. 0 in the first: the input or output projection changes the resolution.
        public var layersPerBlock: [Int]
        /// The kernel sizes of the additional attention scales of each stage; empty for none.
        public var qkvMultiscales: [[Int]]

        /// The number of stages.
        public var stageCount: Int { blockOutChannels.count }

        /// Whether the projection at the image's end changes the resolution by 2.
        public var projectionResamples: Bool { layersPerBlock[0] == 0 }

        /// The channels at the image's end: the first stage's, or the second's where the projection resamples.
        public var projectionChannels: Int { blockOutChannels[projectionResamples ? 1 : 0] }
    }

    /// Channels of the image; 3 by default.
    public var inChannels: Int
    /// Channels of the latent.
    public var latentChannels: Int
    /// Channels of an attention head; 32 by default. It is also the number of pixels up to which attention is quadratic.
    public var attentionHeadDim: Int
    /// The encoder's stages.
    public var encoder: Coder
    /// The decoder's stages, the stage of the highest resolution (the last to be computed) first.
    public var decoder: Coder
    /// Whether upsampling is nearest-neighbour then 3×3 (`interpolate`) rather than 3×3 then pixel shuffle.
    public var upsamplesByInterpolation: Bool
    /// Whether downsampling is 3×3 then pixel unshuffle rather than 3×3 with stride 2 (`conv`).
    public var downsamplesByPixelUnshuffle: Bool
    /// The decoder's norms.
    public var decoderNormTypes: PerStage<NormType>
    /// The activations of the decoder's ResBlocks; the encoder's are silu.
    public var decoderActFns: PerStage<Activation>
    /// Whether the encoder's last convolution has a shortcut: the mean over groups of channels.
    public var encoderOutShortcut: Bool
    /// Whether the decoder's first convolution has a shortcut: each latent channel repeated.
    public var decoderInShortcut: Bool
    /// The activation before the decoder's last convolution.
    public var decoderConvActFn: Activation
    /// What a latent is multiplied by before a diffusion model sees it; nil where none is known.
    public var scalingFactor: Double?
    /// What is subtracted from a latent before it is multiplied; nil for nothing.
    ///
    /// This and the two below are names that diffusers has for its other autoencoders; its `AutoencoderDC` passes over them,
    /// and whoever scales latents applies them.
    public var shiftFactor: Double? = nil
    /// What is subtracted from each latent channel; nil for nothing.
    public var latentsMean: [Double]? = nil
    /// What each latent channel is divided by after that, above 0; nil for nothing.
    public var latentsStd: [Double]? = nil

    /// The factor between the image's size and the latent's, along each side: 2^(stages - 1).
    public var spatialCompressionRatio: Int { 1 << (encoder.stageCount - 1) }

    /// The channels of attention inside a block: heads × head dimension.
    public func attentionInnerChannels(_ channels: Int) -> Int {
        channels / attentionHeadDim * attentionHeadDim
    }
}
