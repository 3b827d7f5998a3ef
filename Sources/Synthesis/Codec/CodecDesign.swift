internal import ModelZoo

/// A linear codec that fits into a network: how many frequencies of which blocks, in which colours.
///
/// Each plane of each block is written as a sum of its lowest frequencies of the cosine transform. Pictures of three
/// channels are taken apart into luma and two chroma planes, of which luma gets most of the latent's channels.
struct CodecDesign: Sendable {
    let config: AutoencoderDCConfig
    let network: NetworkDescription
    let basis: CodecBasis
    /// The stages of interpolation that tell positions apart, where the decoder interpolates; see `InterpolatingCodec`.
    let builds: Int

    /// The largest value that is carried beside the picture to hold the last norm steady.
    ///
    /// Its square is far above the picture's, so that the norm divides by almost the same everywhere, and within F16.
    static let constant = 64.0

    /// What coefficients are multiplied by in the latent: the mean's is then that of the orthonormal cosine transform, and
    /// a latent is of the size that trained networks' latents have.
    var latentGain: Double { Double(basis.block) }

    /// From the picture's channels to planes: each row makes one.
    let analysis: [[Double]]
    /// From planes to the picture's channels.
    let synthesis: [[Double]]

    /// Finds the codec that keeps most of a picture.
    ///
    /// - Throws: `SynthesisFault.noCodec` where even one value per block and plane is too much.
    init(_ config: AutoencoderDCConfig) throws(SynthesisFault) {
        var best: (design: CodecDesign, kept: Int)?
        let network = NetworkDescription(config)
        var shortage = SynthesisFault.Shortage.latent(channels: config.latentChannels, picture: config.inChannels)
        let side = config.spatialCompressionRatio
        let last = config.upsamplesByInterpolation ? side : 1
        var block = side
        while block >= last {
            let parts = (side / block) * (side / block)
            var slots = config.latentChannels / parts
            while slots >= config.inChannels {
                let design = CodecDesign(config, network, block: block, slots: slots)
                let kept = design.basis.coefficients.reduce(0) { $0 + $1.count } * parts
                if let best, best.kept >= kept { break }
                guard let missing = design.shortage else {
                    best = (design, kept)
                    break
                }
                shortage = missing
                slots -= 1
            }
            block /= 2
        }
        guard let best else {
            throw .noCodec(shortage)
        }
        self = best.design
    }

    private init(_ config: AutoencoderDCConfig, _ network: NetworkDescription, block: Int, slots: Int) {
        self.config = config
        self.network = network
        let planes = config.inChannels
        var builds = 0
        if config.upsamplesByInterpolation {
            let levels = Self.levels(config.decoder)
            builds = min(3, levels.count - 1)
            while builds > 0, InterpolatingCodec.shortage(config, levels: levels, builds: builds) != nil { builds -= 1 }
        }
        self.builds = builds
        // Interpolation tells 2^builds positions of a block apart along each side, and so as many frequencies.
        let limit = config.upsamplesByInterpolation ? (1 << builds) * (1 << builds) / 2 + 1 : block * block
        if planes == 3 {
            let chroma = min(max(1, slots * 3 / 16), limit)
            basis = CodecBasis(block: block, counts: [min(slots - 2 * chroma, limit), chroma, chroma])
            // ITU-R BT.601, as in JPEG.
            analysis = [
                [0.299, 0.587, 0.114],
                [-0.299 / 1.772, -0.587 / 1.772, 0.886 / 1.772],
                [0.701 / 1.402, -0.587 / 1.402, -0.114 / 1.402],
            ]
            synthesis = [[1, 0, 1.402], [1, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1, 1.772, 0]]
        } else {
            basis = CodecBasis(block: block, counts: (0..<planes).map { _ in min(slots / planes, limit) })
            analysis = (0..<planes).map { plane in (0..<planes).map { $0 == plane ? 1 : 0 } }
            synthesis = analysis
        }
    }

    /// The latent's channels: for each, which of the atoms of a block of the latent it holds, lowest frequencies first.
    var latentOrder: [Int] {
        var ranks: [Int] = []
        let parts = config.spatialCompressionRatio / basis.block
        for coefficients in basis.coefficients {
            for _ in 0..<(parts * parts) { ranks += coefficients.indices }
        }
        return ranks.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    }

    /// The resolutions of the decoder from the latent on, and of the encoder in reverse: the block's side that a value
    /// stands for, and the channels.
    static func levels(_ coder: AutoencoderDCConfig.Coder) -> [(side: Int, channels: Int)] {
        let first = coder.projectionResamples ? 1 : 0
        return (first..<coder.stageCount).reversed().map { (1 << $0, coder.blockOutChannels[$0]) }
    }

    /// What the network lacks to hold this codec.
    private var shortage: SynthesisFault.Shortage? {
        let rows = config.downsamplesByPixelUnshuffle ? 4 : 1
        for (index, level) in Self.levels(config.encoder).enumerated().reversed() {
            // Pixel unshuffle makes four channels of each filter's output, of which one lies on the block.
            let width = level.side == 1 ? 1 : rows
            let needed = basis.atoms(level.side).count * width
            if needed > level.channels { return Self.lacks("encoder", config.encoder, index, level.channels, needed) }
        }
        let levels = Self.levels(config.decoder)
        if config.upsamplesByInterpolation {
            return InterpolatingCodec.shortage(config, levels: levels, builds: builds)
        }
        for (index, level) in levels.enumerated() {
            let count = basis.atoms(level.side).count
            let needed = index == levels.count - 1 ? 2 * count + 1 : count
            if needed > level.channels { return Self.lacks("decoder", config.decoder, index, level.channels, needed) }
        }
        return nil
    }

    static func lacks(
        _ side: String,
        _ coder: AutoencoderDCConfig.Coder,
        _ level: Int,
        _ found: Int,
        _ needed: Int
    ) -> SynthesisFault.Shortage {
        .channels(coder: side, stage: coder.stageCount - 1 - level, found: found, needed: needed)
    }
}
