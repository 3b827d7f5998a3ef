extension AutoencoderDCConfig {
    /// The most stages that are accepted; the spatial compression ratio is then 2^15.
    package static let stageLimit = 16

    /// Checks what the fields must fulfil together for the network to exist.
    ///
    /// diffusers builds some networks that then fail on the first image, or cut lists that are too long; here they are
    /// refused beforehand.
    package func validate() throws(ConfigFault) {
        try validate(encoder, "encoder")
        try validate(decoder, "decoder")
        guard encoder.stageCount == decoder.stageCount else {
            throw .stagesDiffer(encoder: encoder.stageCount, decoder: decoder.stageCount)
        }
        try Self.validateLength(decoderNormTypes, "decoder_norm_types", decoder.stageCount)
        try Self.validateLength(decoderActFns, "decoder_act_fns", decoder.stageCount)
        try validateResampling()
        let (encoderLast, decoderLast) = (encoder.blockOutChannels.last ?? 0, decoder.blockOutChannels.last ?? 0)
        if encoderOutShortcut, encoderLast % latentChannels != 0 {
            throw .impossible(
                "encoder_out_shortcut needs the last stage's \(encoderLast) channels to be a multiple of latent_channels, \(latentChannels)"
            )
        }
        if decoderInShortcut, decoderLast % latentChannels != 0 {
            throw .impossible(
                "decoder_in_shortcut needs the last stage's \(decoderLast) channels to be a multiple of latent_channels, \(latentChannels)"
            )
        }
    }

    private static func validateLength<T>(_ values: PerStage<T>, _ field: String, _ stages: Int) throws(ConfigFault) {
        if case .each(let list) = values, list.count != stages {
            throw .lengths(field: field, found: list.count, expected: stages)
        }
    }

    private func validate(_ half: Half, _ side: String) throws(ConfigFault) {
        let stages = half.stageCount
        guard (1...Self.stageLimit).contains(stages) else {
            throw .outOfRange(
                field: "the number of stages in \(side)_block_out_channels",
                found: stages,
                allowed: "1 to \(Self.stageLimit)"
            )
        }
        guard half.layersPerBlock.count == stages else {
            throw .lengths(field: "\(side)_layers_per_block", found: half.layersPerBlock.count, expected: stages)
        }
        guard half.qkvMultiscales.count == stages else {
            throw .lengths(field: "\(side)_qkv_multiscales", found: half.qkvMultiscales.count, expected: stages)
        }
        try Self.validateLength(half.blockTypes, "\(side)_block_types", stages)
        for stage in 0..<stages {
            // Such a stage would neither compute nor resample, and the compression ratio would not be 2^(stages - 1).
            if half.layersPerBlock[stage] == 0, stage > 0 || stages == 1, stage < stages - 1 || stages == 1 {
                throw .impossible(
                    "\(side)_layers_per_block is 0 for stage \(stage); only the first or last stage may have none"
                )
            }
            if half.blockTypes[stage] == .efficientViTBlock, half.layersPerBlock[stage] > 0 {
                if half.blockOutChannels[stage] < attentionHeadDim {
                    throw .impossible(
                        "stage \(stage) of the \(side) has \(half.blockOutChannels[stage]) channels, fewer than attention_head_dim, \(attentionHeadDim)"
                    )
                }
                if let even = half.qkvMultiscales[stage].first(where: { $0 % 2 == 0 }) {
                    throw .impossible(
                        "\(side)_qkv_multiscales has the even kernel size \(even), which changes the size of what it filters"
                    )
                }
            }
        }
    }

    /// What resampling asks of the channels before and after it.
    private func validateResampling() throws(ConfigFault) {
        func check(_ isFulfilled: Bool, _ what: @autoclosure () -> String) throws(ConfigFault) {
            if !isFulfilled { throw .impossible(what()) }
        }
        for stage in 0..<(encoder.stageCount - 1) {
            let (high, low) = (encoder.blockOutChannels[stage], encoder.blockOutChannels[stage + 1])
            if downsamplesByPixelUnshuffle {
                try check(
                    low % 4 == 0,
                    "pixel_unshuffle needs the \(low) channels of encoder stage \(stage + 1) to be a multiple of 4"
                )
            }
            guard encoder.layersPerBlock[stage] > 0 else { continue }
            try check(
                high * 4 >= low && high * 4 % low == 0,
                "the shortcut from \(high) to \(low) channels after encoder stage \(stage) needs 4 x \(high) to be a multiple of \(low)"
            )
        }
        for stage in 0..<(decoder.stageCount - 1) where decoder.layersPerBlock[stage] > 0 {
            let (high, low) = (decoder.blockOutChannels[stage], decoder.blockOutChannels[stage + 1])
            try check(
                high * 4 >= low && high * 4 % low == 0,
                "the shortcut from \(low) to \(high) channels before decoder stage \(stage) needs 4 x \(high) to be a multiple of \(low)"
            )
        }
    }
}
