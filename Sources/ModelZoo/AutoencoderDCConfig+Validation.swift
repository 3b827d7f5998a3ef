/// What a configuration must fulfil for the network to exist, and to be no larger than what can be meant.
///
/// The one validator: whatever is read from a file or made in memory passes through it before a network is described. It bounds
/// the description's size too, so that a small file cannot ask for gigabytes: a published network has at most 700 parameters.
extension AutoencoderDCConfig {
    /// The most stages that are accepted; the spatial compression ratio is then 2^15.
    package static let stageLimit = 16
    /// The most additional attention scales of a stage.
    package static let scaleLimit = 16
    /// The most parameters of the whole network.
    package static let parameterLimit = 50_000

    private static let imageChannels = 1...1024
    private static let channels = 1...65536
    private static let headDim = 1...4096
    private static let layers = 0...1000
    private static let kernels = 1...63

    /// Checks every field, and what the fields must fulfil together.
    ///
    /// diffusers builds some networks that then fail on the first image, or cut lists that are too long; here they are
    /// refused beforehand.
    package func validate() throws(ConfigFault) {
        try Self.check("in_channels", inChannels, Self.imageChannels)
        try Self.check("latent_channels", latentChannels, Self.channels)
        try Self.check("attention_head_dim", attentionHeadDim, Self.headDim)
        try normalization.check(channels: latentChannels)
        try validate(encoder, "encoder")
        try validate(decoder, "decoder")
        guard encoder.stageCount == decoder.stageCount else {
            throw .stagesDiffer(encoder: encoder.stageCount, decoder: decoder.stageCount)
        }
        try Self.checkLength(decoderNormTypes, "decoder_norm_types", decoder.stageCount)
        try Self.checkLength(decoderActFns, "decoder_act_fns", decoder.stageCount)
        try validateSize()
        try validateSteps()
        try validateShortcut(encoderOutShortcut, "encoder_out_shortcut", encoder)
        try validateShortcut(decoderInShortcut, "decoder_in_shortcut", decoder)
    }

    private static func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(ConfigFault) {
        guard range.contains(value) else {
            throw .outOfRange(field: field, found: value, allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func checkLength(_ found: Int, _ field: String, _ stages: Int) throws(ConfigFault) {
        guard found == stages else { throw .lengths(field: field, found: found, expected: stages) }
    }

    private static func checkLength<T>(_ values: PerStage<T>, _ field: String, _ stages: Int) throws(ConfigFault) {
        if case .each(let list) = values { try checkLength(list.count, field, stages) }
    }

    private func validate(_ coder: Coder, _ side: String) throws(ConfigFault) {
        let stages = coder.stageCount
        try Self.check("the number of stages in \(side)_block_out_channels", stages, 1...Self.stageLimit)
        try Self.checkLength(coder.layersPerBlock.count, "\(side)_layers_per_block", stages)
        try Self.checkLength(coder.qkvMultiscales.count, "\(side)_qkv_multiscales", stages)
        try Self.checkLength(coder.blockTypes, "\(side)_block_types", stages)
        for stage in 0..<stages {
            try Self.check("\(side)_block_out_channels", coder.blockOutChannels[stage], Self.channels)
            let layers = coder.layersPerBlock[stage]
            try Self.check("\(side)_layers_per_block", layers, Self.layers)
            // Such a stage would neither compute nor resample, and the compression ratio would not be 2^(stages - 1).
            if layers == 0, stage > 0 || stages == 1, stage < stages - 1 || stages == 1 {
                throw .emptyStage(field: "\(side)_layers_per_block", stage: stage)
            }
            try validateScales(coder, side, stage)
        }
    }

    private func validateScales(_ coder: Coder, _ side: String, _ stage: Int) throws(ConfigFault) {
        let (field, kernels) = ("\(side)_qkv_multiscales", coder.qkvMultiscales[stage])
        for kernel in kernels { try Self.check(field, kernel, Self.kernels) }
        guard kernels.count <= Self.scaleLimit else {
            throw .tooManyScales(field: field, stage: stage, found: kernels.count, limit: Self.scaleLimit)
        }
        guard coder.blockTypes[stage] == .efficientViTBlock, coder.layersPerBlock[stage] > 0 else { return }
        let channels = coder.blockOutChannels[stage]
        if channels < attentionHeadDim {
            throw .noHead(coder: side, stage: stage, channels: channels, headDim: attentionHeadDim)
        }
        if let even = kernels.first(where: { $0 % 2 == 0 }) { throw .evenKernel(field: field, size: even) }
    }

    /// Bounds what the description will hold, by what a block of either kind has at most.
    private func validateSize() throws(ConfigFault) {
        var count = 0
        for coder in [encoder, decoder] {
            for stage in 0..<coder.stageCount {
                count += coder.layersPerBlock[stage] * (16 + 2 * coder.qkvMultiscales[stage].count) + 2
            }
        }
        guard count <= Self.parameterLimit else { throw .tooManyParameters(limit: Self.parameterLimit) }
    }

    /// What resampling asks of the channels before and after it.
    private func validateSteps() throws(ConfigFault) {
        for stage in 0..<(encoder.stageCount - 1) {
            let low = encoder.blockOutChannels[stage + 1]
            if downsamplesByPixelUnshuffle, low % 4 != 0 { throw .unshuffledChannels(stage: stage + 1, channels: low) }
            try validateStep(encoder, "encoder", stage)
        }
        for stage in 0..<(decoder.stageCount - 1) { try validateStep(decoder, "decoder", stage) }
    }

    private func validateStep(_ coder: Coder, _ side: String, _ stage: Int) throws(ConfigFault) {
        let (high, low) = (coder.blockOutChannels[stage], coder.blockOutChannels[stage + 1])
        guard coder.layersPerBlock[stage] > 0, 4 * high < low || 4 * high % low != 0 else { return }
        throw .unevenShortcut(coder: side, stage: stage, high: high, low: low)
    }

    private func validateShortcut(_ isThere: Bool, _ field: String, _ coder: Coder) throws(ConfigFault) {
        let last = coder.blockOutChannels[coder.stageCount - 1]
        if isThere, last % latentChannels != 0 {
            throw .unevenLatent(field: field, channels: last, latentChannels: latentChannels)
        }
    }
}
