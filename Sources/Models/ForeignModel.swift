internal import CheckpointIO
internal import Libc
package import TensorCore

/// A checkpoint of something else than a DC-AE that people have at hand, known by the names and shapes of its tensors.
package enum ForeignModel: Sendable, Equatable {
    /// A video autoencoder whose names begin like those of a DC-AE.
    case videoDCAE
    /// A video autoencoder of another kind.
    case video(String)
    /// The autoencoder of Stable Diffusion, FLUX and many others.
    case autoencoderKL
    /// A small autoencoder that stands in for another: TAESD, TAESANA.
    case tiny(latentChannels: Int?)
    /// SANA's diffusion model.
    case sanaTransformer
    /// Another diffusion model.
    case diffusion(String)
    /// A language model, as pipelines have one to read the prompt.
    case language
    /// Changes to the weights of another model.
    case lora
    /// Weights of which every process had a part.
    case partition
    /// An autoencoder whose latents are entries of a codebook.
    case codebook
    /// Weights in a few bits each, with what it takes to read them beside them.
    case quantized(String)

    /// What it is.
    package var text: String {
        switch self {
        case .videoDCAE: "a video autoencoder (DC-AE-V): its weights have five dimensions"
        case .video(let name): "\(name): its weights have five dimensions"
        case .autoencoderKL: "an AutoencoderKL, as Stable Diffusion and FLUX have it"
        case .tiny(32?): "TAESANA, a small autoencoder for the latents of SANA"
        case .tiny: "a small autoencoder of the TAESD kind"
        case .sanaTransformer: "SANA's diffusion transformer"
        case .diffusion(let name): "\(name) of a pipeline"
        case .language: "a language model, the text encoder of a pipeline"
        case .lora: "a LoRA: changes to the weights of another model"
        case .partition: "one process's part of a model that was trained on several"
        case .codebook: "a VQ model, whose latents are entries of a codebook"
        case .quantized(let name): "a model whose weights were quantized, by \(name)"
        }
    }

    /// What to do about it.
    package var remedy: Words? {
        switch self {
        case .videoDCAE, .video, .autoencoderKL, .tiny, .codebook: nil
        case .quantized: "give the checkpoint that it was made from"
        case .sanaTransformer, .diffusion, .language: "give the autoencoder, which is in the vae/ beside it"
        case .lora: "merge it into that model first, and give the result"
        case .partition: "gather the parts first, as with zero_to_fp32.py"
        }
    }

    /// What the names and shapes of tensors are those of; nil where they say nothing.
    init?(_ checkpoint: Checkpoint) {
        var shapes: [String: [Int]] = [:]
        var names: [UInt8] = []
        var has5D = false
        // A name beyond this length is nobody's, and a file may have any number of tensors.
        for tensor in checkpoint.tensors.prefix(20_000) {
            let (name, sizes) = (tensor.descriptor.name, tensor.descriptor.shape.dimensions)
            if sizes.count == 5 { has5D = true }
            guard name.utf8.count <= 512 else { continue }
            shapes[name] = sizes
            names += name.utf8.lazy.map { $0 == 0 ? 1 : $0 }
            names.append(UInt8(ascii: "\n"))
        }
        names.append(0)
        // All names at once, in the system's own search: forty parts are looked for.
        func any(_ parts: String...) -> Bool {
            names.withUnsafeBytes { bytes in
                guard let text = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return false }
                return parts.contains { strstr(text, $0) != nil }
            }
        }
        if any(
            ".lora_A.",
            ".lora_B.",
            "lora_up.",
            "lora_down.",
            ".lora.up.",
            ".lora.down.",
            ".lora_a",
            ".lokr_",
            ".loha_"
        ) {
            self = .lora
        } else if has5D {
            self = Self.video(any(_:))
        } else if any("fp32_flat_groups", "flat_param", "_flat_partition") {
            self = .partition
        } else if any(".mlp.inverted_conv.", ".ff.conv_inverted.") {
            self = .sanaTransformer
        } else if any(".qweight", ".qzeros") {
            self = .quantized("GPTQ or AWQ")
        } else if any(".quant_state.bitsandbytes", ".absmax", ".quant_map", ".SCB\n") {
            self = .quantized("bitsandbytes")
        } else if any("quantize.embedding", "quantizer.embedding", "quantize.codebook", "quantizer.codebook") {
            self = .codebook
        } else if any(
            "encoder.down_blocks.0.resnets.",
            "decoder.up_blocks.0.resnets.",
            "encoder.down.0.block.",
            "decoder.up.0.block."
        ) {
            self = .autoencoderKL
        } else if let channels = Self.tinyChannels(shapes) {
            self = .tiny(latentChannels: channels == 0 ? nil : channels)
        } else if any("down_blocks.0.resnets.", "down_blocks.0.attentions.", "input_blocks.", "time_embed") {
            self = .diffusion("the U-Net")
        } else if any("transformer_blocks.", "double_blocks.", "joint_blocks.", "x_embedder.", "noise_refiner.") {
            self = .diffusion("the diffusion transformer")
        } else if any(
            ".self_attn.q_proj.",
            "layer.0.SelfAttention.",
            "text_model.encoder.layers.",
            "embed_tokens.weight"
        ) {
            self = .language
        } else {
            return nil
        }
    }

    private static func video(_ any: (String...) -> Bool) -> ForeignModel {
        if any("conv3d.", "conv_s.", "patcher3d") { return .video("a Cosmos tokenizer for video") }
        if any("encoder.stages.", "encoder.project_in", "decoder.stages.", "decoder.project_out") { return .videoDCAE }
        return .video("a video autoencoder of another kind")
    }

    /// The channels of the latents of a TAESD, by its first convolution; 0 where that is not there, nil where it is none.
    private static func tinyChannels(_ shapes: [String: [Int]]) -> Int? {
        // As diffusers' AutoencoderTiny has it, and as its author's files, which hold one coder each.
        let isWhole = shapes["encoder.layers.0.weight"]?.count == 4 && shapes["decoder.layers.0.weight"]?.count == 4
        if isWhole || shapes["decoder.layers.1.conv.0.weight"] != nil {
            return shapes["decoder.layers.0.weight"]?.dropFirst().first ?? 0
        }
        // Its decoder begins with a clamp, so that its first convolution is the second layer.
        for place in ["", "decoder.", "encoder.", "taesd_decoder.", "taesd_encoder."] {
            for (first, block) in [("1.weight", "3.conv.0.weight"), ("0.weight", "1.conv.0.weight")] {
                guard let sizes = shapes[place + first], sizes.count == 4, sizes[0] == 64,
                    shapes[place + block]?.count == 4
                else { continue }
                return first == "1.weight" ? sizes[1] : 0
            }
        }
        return nil
    }
}
