extension AutoencoderDCConfig {
    /// The network that a configuration builds, in one spelling, without anything about latents.
    ///
    /// Two configurations with equal architectures compute the same from the same weights: a value for all stages is the
    /// same as a list of equal values, `swish` is `silu`, and what a stage of ResBlocks or without layers has for
    /// attention counts for nothing.
    package var architecture: AutoencoderDCConfig {
        var config = self
        config.normalization = LatentNormalization()
        config.encoder = Self.canonical(encoder)
        config.decoder = Self.canonical(decoder)
        let stages = 0..<decoder.stageCount
        config.decoderNormTypes = .each(
            stages.map { decoder.layersPerBlock[$0] > 0 ? decoderNormTypes[$0] : .rmsNorm }
        )
        config.decoderActFns = .each(
            stages.map { stage in
                let isUsed = decoder.layersPerBlock[stage] > 0 && decoder.blockTypes[stage] == .resBlock
                return isUsed ? decoderActFns[stage].canonical : .silu
            }
        )
        config.decoderConvActFn = decoderConvActFn.canonical
        return config
    }

    /// Whether two configurations build one network and normalise its latents alike.
    package func means(_ other: AutoencoderDCConfig) -> Bool {
        normalization == other.normalization && architecture == other.architecture
    }

    private static func canonical(_ coder: Coder) -> Coder {
        let stages = 0..<coder.stageCount
        func hasAttention(_ stage: Int) -> Bool {
            coder.layersPerBlock[stage] > 0 && coder.blockTypes[stage] == .efficientViTBlock
        }
        return Coder(
            blockTypes: .each(stages.map { hasAttention($0) ? .efficientViTBlock : .resBlock }),
            blockOutChannels: coder.blockOutChannels,
            layersPerBlock: coder.layersPerBlock,
            qkvMultiscales: stages.map { hasAttention($0) ? coder.qkvMultiscales[$0] : [] }
        )
    }
}

extension AutoencoderDCConfig.Activation {
    /// The one name of an activation that has two.
    var canonical: Self { self == .swish ? .silu : self }
}
