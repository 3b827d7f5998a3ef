package import ModelZoo

/// Weights built by hand that make a network a linear codec: it keeps the low frequencies of a picture's blocks.
///
/// All residual blocks are the identity, as their last norms are zero. See `CodecEncoder`, `ShufflingCodec` and
/// `InterpolatingCodec` for the convolutions between them.
package struct InterpretableWeights: Sendable {
    private let tensors: [String: SparseTensor]

    /// Builds the weights of a network.
    ///
    /// - Throws: `SynthesisFault.noCodec` where it has too few channels.
    package init(_ config: AutoencoderDCConfig) throws(SynthesisFault) {
        let design = try CodecDesign(config)
        var tensors: [String: SparseTensor] = [:]
        func take(_ parameter: Parameter?, _ tensor: SparseTensor) {
            if let parameter { tensors[parameter.original.name] = tensor }
        }
        func take(_ layers: [CodecLayer]) {
            for layer in layers {
                take(layer.convolution.weight, layer.kernel.weight)
                take(layer.convolution.bias, layer.kernel.bias)
            }
        }
        take(CodecEncoder(design).layers)
        let values: Int
        if config.upsamplesByInterpolation {
            take(InterpolatingCodec(design).layers)
            values = config.inChannels
        } else {
            take(ShufflingCodec(design).layers)
            values = design.basis.atoms(1 << design.normStage).count
        }
        let norm = design.norm(values: values)
        take(design.network.decoder.norm?.weight, norm.weight)
        take(design.network.decoder.norm?.bias, norm.bias)
        self.tensors = tensors
    }

    /// The values of a parameter.
    package func values(of parameter: Parameter) -> SparseTensor {
        if let tensor = tensors[parameter.original.name] { return tensor }
        return SparseTensor(fill: parameter.kind == .runningVariance ? 1 : 0)
    }
}
