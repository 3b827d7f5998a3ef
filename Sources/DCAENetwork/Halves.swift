internal import Kernels
internal import ModelZoo

extension Forward {
    /// The encoder: planes of an image of `height` × `width` to planes of the latent.
    ///
    /// Source: `Encoder.forward` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1.
    func encode(_ planes: UnsafePointer<Float>, height: Int, width: Int, into latent: UnsafeMutablePointer<Float>)
        throws
    {
        let half = config.encoder
        let pixels = image(height, width, config.inChannels, ring: true)
        try add(PlanesSource(name: "encoder", planes: planes, to: pixels))
        var x: Rows
        if half.projectionResamples {
            let whole = half.stageCount > 1 && hasAttention(half, 1)
            x = try down("encoder.conv_in", pixels, channels: half.projectionChannels, whole: whole, shortcut: false)
        } else {
            x = image(height, width, half.projectionChannels, whole: hasAttention(half, 0))
            let spec = try convolution("encoder.conv_in", config.inChannels, x.channels, bias: true)
            try add(Convolution(spec, from: pixels, to: x))
        }
        for stage in 0..<half.stageCount where half.layersPerBlock[stage] > 0 {
            let name = "encoder.down_blocks.\(stage)"
            try expect(x.channels, half.blockOutChannels[stage], name)
            for layer in 0..<half.layersPerBlock[stage] {
                x = try block(
                    "\(name).\(layer)",
                    half.blockTypes[stage],
                    x,
                    norm: .rmsNorm,
                    activation: .silu,
                    scales: half.qkvMultiscales[stage]
                )
            }
            if stage < half.stageCount - 1 {
                let layers = half.layersPerBlock[stage]
                let next = half.blockOutChannels[stage + 1]
                x = try down(
                    "\(name).\(layers)",
                    x,
                    channels: next,
                    whole: hasAttention(half, stage + 1),
                    shortcut: true
                )
            }
        }
        try expect(x.channels, half.blockOutChannels[half.stageCount - 1], "encoder.conv_out")
        var last = try convolution("encoder.conv_out", x.channels, config.latentChannels, bias: true)
        if config.encoderOutShortcut {
            let group = x.channels / config.latentChannels
            guard group * config.latentChannels == x.channels else {
                throw NetworkError.configuration(
                    "encoder.conv_out: the shortcut cannot average \(x.channels) channels into \(config.latentChannels)"
                )
            }
            last.shortcut = .average(x, group)
        }
        let out = image(x.height, x.width, config.latentChannels, ring: true)
        try add(Convolution(last, from: x, to: out))
        try add(PlanesSink(name: "encoder", from: out, planes: latent))
    }

    /// The decoder: planes of a latent of `height` × `width` to planes of the sample.
    ///
    /// Source: `Decoder.forward` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1.
    func decode(_ planes: UnsafePointer<Float>, height: Int, width: Int, into sample: UnsafeMutablePointer<Float>)
        throws
    {
        let half = config.decoder
        let deepest = half.stageCount - 1
        let latent = image(height, width, config.latentChannels, whole: true)
        try add(PlanesSource(name: "decoder", planes: planes, to: latent))
        var first = try convolution(
            "decoder.conv_in",
            config.latentChannels,
            half.blockOutChannels[deepest],
            bias: true
        )
        if config.decoderInShortcut {
            let repeats = half.blockOutChannels[deepest] / config.latentChannels
            guard repeats * config.latentChannels == half.blockOutChannels[deepest] else {
                throw NetworkError.configuration(
                    "decoder.conv_in: the shortcut cannot repeat \(config.latentChannels) channels into "
                        + "\(half.blockOutChannels[deepest])"
                )
            }
            first.shortcut = .repeat(latent, repeats)
        }
        var x = image(height, width, half.blockOutChannels[deepest], whole: hasAttention(half, deepest))
        try add(Convolution(first, from: latent, to: x))
        for stage in (0...deepest).reversed() where half.layersPerBlock[stage] > 0 {
            let name = "decoder.up_blocks.\(stage)"
            var index = 0
            if stage < deepest {
                try expect(x.channels, half.blockOutChannels[stage + 1], name)
                x = try up(
                    "\(name).0",
                    x,
                    channels: half.blockOutChannels[stage],
                    whole: hasAttention(half, stage),
                    shortcut: true
                )
                index = 1
            }
            try expect(x.channels, half.blockOutChannels[stage], name)
            for layer in 0..<half.layersPerBlock[stage] {
                x = try block(
                    "\(name).\(index + layer)",
                    half.blockTypes[stage],
                    x,
                    norm: config.decoderNormTypes[stage],
                    activation: config.decoderActFns[stage],
                    scales: half.qkvMultiscales[stage]
                )
            }
        }
        try expect(x.channels, half.projectionChannels, "decoder.norm_out")
        let channels = half.projectionChannels
        let normed = image(x.height, x.width, channels)
        try add(
            PixelNorm(
                name: "decoder.norm_out",
                from: x,
                to: normed,
                scale: try loader.values("decoder.norm_out.weight", [channels]),
                shift: try loader.values("decoder.norm_out.bias", [channels]),
                eps: 1e-5,
                activation: config.decoderConvActFn.kind
            )
        )
        let out: Rows
        if half.projectionResamples {
            out = try up("decoder.conv_out", normed, channels: config.inChannels, whole: false, shortcut: false)
        } else {
            out = image(x.height, x.width, config.inChannels, ring: true)
            let last = try convolution("decoder.conv_out", channels, config.inChannels, bias: true)
            try add(Convolution(last, from: normed, to: out))
        }
        try add(PlanesSink(name: "decoder", from: out, planes: sample))
    }

    private func hasAttention(_ half: AutoencoderDCConfig.Half, _ stage: Int) -> Bool {
        half.layersPerBlock[stage] > 0 && half.blockTypes[stage] == .efficientViTBlock
    }

    private func expect(_ channels: Int, _ wanted: Int, _ name: String) throws(NetworkError) {
        guard channels == wanted else {
            throw .configuration("\(name): \(wanted) channels are expected where the layer before makes \(channels)")
        }
    }
}
