package import ModelZoo

/// Weights built by hand that make a network a linear codec: it keeps the low frequencies of a picture's blocks.
///
/// All residual blocks are the identity, as their last norms are zero. See `CodecEncoder`, `ShufflingCodec` and
/// `InterpolatingCodec` for the convolutions between them.
package struct InterpretableWeights: Sendable {
    private let tensors: [String: SparseTensor]

    /// Builds the weights of a network.
    ///
    /// - Throws: `ConversionFault.noCodec` where it has too few channels.
    package init(_ config: AutoencoderDCConfig) throws(ConversionFault) {
        let design = try CodecDesign(config)
        var tensors: [String: SparseTensor] = [:]
        func take(_ kernels: [String: CodecKernel]) {
            for (name, kernel) in kernels {
                tensors[name + ".weight"] = kernel.weight
                tensors[name + ".bias"] = kernel.bias
            }
        }
        take(CodecEncoder(design).kernels)
        let values: Int
        if config.upsamplesByInterpolation {
            take(InterpolatingCodec(design).kernels)
            values = config.inChannels
        } else {
            take(ShufflingCodec(design).kernels)
            values = design.basis.atoms(1 << design.normStage).count
        }
        let norm = design.norm(values: values)
        tensors["decoder.norm_out.weight"] = norm.weight
        tensors["decoder.norm_out.bias"] = norm.bias
        self.tensors = tensors
    }

    /// The values of a parameter.
    package func values(of parameter: Parameter) -> SparseTensor {
        if let name = parameter.diffusers.first?.name, let tensor = tensors[name] { return tensor }
        return SparseTensor(fill: parameter.kind == .runningVariance ? 1 : 0)
    }
}
