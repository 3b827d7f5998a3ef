internal import ModelZoo

extension AutoencoderDCConfig {
    /// Refuses what describes no network, or one that the reference implementation could not run either.
    func checkNetwork() throws(NetworkError) {
        guard inChannels > 0, latentChannels > 0, attentionHeadDim > 0 else {
            throw .configuration("in_channels, latent_channels and attention_head_dim must be positive")
        }
        guard encoder.stageCount == decoder.stageCount else {
            throw .configuration(
                "the encoder has \(encoder.stageCount) stages and the decoder \(decoder.stageCount): their resolutions would differ"
            )
        }
        try check(encoder, "encoder", norms: .uniform(.rmsNorm), activations: .uniform(.silu))
        try check(decoder, "decoder", norms: decoderNormTypes, activations: decoderActFns)
    }

    private func check(
        _ half: Half,
        _ name: String,
        norms: PerStage<NormType>,
        activations: PerStage<Activation>
    ) throws(NetworkError) {
        let stages = half.stageCount
        let lengths = [
            ("layers_per_block", half.layersPerBlock.count), ("qkv_multiscales", half.qkvMultiscales.count),
            ("block_types", half.blockTypes.listCount ?? stages), ("norm_types", norms.listCount ?? stages),
            ("act_fns", activations.listCount ?? stages),
        ]
        for (field, count) in lengths where count != stages {
            throw .configuration("\(name) \(field) has \(count) entries for \(stages) stages")
        }
        guard stages <= 16 else {
            throw .configuration("\(name): \(stages) stages are more than the 16 that sizes are computed for")
        }
        guard stages > 0, half.blockOutChannels.allSatisfy({ $0 > 0 }), half.layersPerBlock.allSatisfy({ $0 >= 0 })
        else {
            throw .configuration("\(name): a stage has at least one channel and no fewer than 0 layers")
        }
        guard stages > 1 || half.layersPerBlock[0] > 0 else {
            throw .configuration("\(name): its only stage has no layers")
        }
        for stage in 0..<stages where half.layersPerBlock[stage] > 0 && half.blockTypes[stage] == .efficientViTBlock {
            let channels = half.blockOutChannels[stage]
            guard attentionInnerChannels(channels) > 0 else {
                throw .configuration(
                    "\(name) stage \(stage): \(channels) channels are too few for a head of \(attentionHeadDim)"
                )
            }
            for kernel in half.qkvMultiscales[stage] where kernel < 1 || kernel % 2 == 0 || kernel > 127 {
                throw .configuration(
                    "\(name) stage \(stage): a multiscale kernel of \(kernel) does not keep the size; it must be odd, at most 127"
                )
            }
        }
    }
}

extension AutoencoderDCConfig.Half {
    /// The factor between the image's sides and the latent's that the stages make up.
    ///
    /// It is the compression ratio, 2^(stages - 1), unless a stage between others has no layers: such a stage has no
    /// change of resolution either, as in the reference.
    var resolutionFactor: Int {
        1 << (0..<(stageCount - 1)).filter { layersPerBlock[$0] > 0 || $0 == 0 }.count
    }
}

extension AutoencoderDCConfig.PerStage {
    /// The number of entries, where there is a list.
    var listCount: Int? {
        switch self {
        case .uniform: nil
        case .each(let values): values.count
        }
    }
}
