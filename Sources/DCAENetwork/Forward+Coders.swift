internal import Kernels
internal import ModelZoo

extension Forward {
    /// The encoder: planes of an image of `height` × `width` to planes of the latent.
    ///
    /// Source: `Encoder.forward` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1; for the first of the
    /// latent's channels alone, `Encoder.forward` in DC-Gen's dc_gen/aecore/models/dc_ae.py.
    ///
    /// - Parameter latentChannels: how many channels of the latent are computed, the first.
    func encode(
        _ coder: NetworkDescription.Coder,
        _ planes: UnsafePointer<Float>,
        height: Int,
        width: Int,
        latentChannels: Int,
        into latent: UnsafeMutablePointer<Float>
    ) throws(NetworkError) {
        let pixels = image(height, width, coder.input.convolution.inputs, ring: true)
        try add(PlanesSource(name: coder.name, planes: planes, to: pixels))
        // Where the projection resamples, the first stage is empty.
        let first = coder.input.resampling == .none ? 0 : 1
        var x = try step(coder.input, pixels, whole: coder.stages[first].hasAttention)
        for (index, stage) in coder.stages.enumerated() {
            for block in stage.blocks { x = try self.block(block, x) }
            if let down = stage.step { x = try step(down, x, whole: coder.stages[index + 1].hasAttention) }
        }
        let isPartial = latentChannels < coder.output.channels
        let out = try step(coder.output, x, outputs: isPartial ? latentChannels : nil, ring: true)
        try add(PlanesSink(name: coder.name, from: out, planes: latent))
    }

    /// The decoder: planes of a latent of `height` × `width` to planes of the sample.
    ///
    /// Source: `Decoder.forward` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1; for a latent of fewer
    /// channels, `AdaptiveInputConvLayer.forward` in DC-Gen's dc_gen/models/nn/ops.py.
    ///
    /// - Parameter latentChannels: how many channels the latent has, the first of the network's.
    func decode(
        _ coder: NetworkDescription.Coder,
        _ planes: UnsafePointer<Float>,
        height: Int,
        width: Int,
        latentChannels: Int,
        into sample: UnsafeMutablePointer<Float>
    ) throws(NetworkError) {
        let latent = image(height, width, latentChannels, whole: true)
        try add(PlanesSource(name: coder.name, planes: planes, to: latent))
        var x = try step(coder.input, latent, whole: coder.stages.last?.hasAttention ?? false)
        for stage in coder.stages.reversed() {
            if let up = stage.step { x = try step(up, x, whole: stage.hasAttention) }
            for block in stage.blocks { x = try self.block(block, x) }
        }
        if let norm = coder.norm { x = try self.norm(norm, coder.activation, x) }
        // Of the pixels nothing is kept, unless they were made by doubling.
        let out = try step(coder.output, x, ring: coder.output.resampling == .none)
        try add(PlanesSink(name: coder.name, from: out, planes: sample))
    }

    private func norm(
        _ norm: NetworkDescription.Norm,
        _ activation: AutoencoderDCConfig.Activation?,
        _ input: Rows
    ) throws(NetworkError) -> Rows {
        let output = image(input.height, input.width, input.channels)
        try add(
            PixelNorm(
                name: norm.name,
                from: input,
                to: output,
                scale: try loader.values(norm.weight),
                shift: try loader.values(norm.bias),
                eps: NetworkDescription.Norm.epsilon,
                activation: activation?.kind ?? .identity
            )
        )
        return output
    }
}
