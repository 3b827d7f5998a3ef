package import StrictJSON

extension AutoencoderDCConfig {
    /// The release of diffusers whose `save_pretrained` our output equals to the byte.
    package static let diffusersVersion = "0.42.1"

    /// The text of `config.json`, as diffusers' `save_pretrained` writes it.
    package var text: String {
        JSONWriter.pretty(json, sortKeys: true) + "\n"
    }

    /// The fields of `config.json`.
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("_class_name", "AutoencoderDC"),
            .init("_diffusers_version", .string(Self.diffusersVersion)),
            .init("attention_head_dim", .integer(attentionHeadDim)),
            .init("decoder_act_fns", Self.json(decoderActFns)),
            .init("decoder_block_out_channels", JSONValue(decoder.blockOutChannels)),
            .init("decoder_block_types", Self.json(decoder.blockTypes)),
            .init("decoder_conv_act_fn", .string(decoderConvActFn.rawValue)),
            .init("decoder_in_shortcut", .bool(decoderInShortcut)),
            .init("decoder_layers_per_block", JSONValue(decoder.layersPerBlock)),
            .init("decoder_norm_types", Self.json(decoderNormTypes)),
            .init("decoder_qkv_multiscales", .array(decoder.qkvMultiscales.map { JSONValue($0) })),
            .init("downsample_block_type", downsamplesByPixelUnshuffle ? "pixel_unshuffle" : "conv"),
            .init("encoder_block_out_channels", JSONValue(encoder.blockOutChannels)),
            .init("encoder_block_types", Self.json(encoder.blockTypes)),
            .init("encoder_layers_per_block", JSONValue(encoder.layersPerBlock)),
            .init("encoder_out_shortcut", .bool(encoderOutShortcut)),
            .init("encoder_qkv_multiscales", .array(encoder.qkvMultiscales.map { JSONValue($0) })),
            .init("in_channels", .integer(inChannels)),
            .init("latent_channels", .integer(latentChannels)),
        ]
        members.append(.init("upsample_block_type", upsamplesByInterpolation ? "interpolate" : "pixel_shuffle"))
        members += normalization.members
        return .object(members.sorted { $0.key < $1.key })
    }

    private static func json<Choice: RawRepresentable<String>>(_ values: PerStage<Choice>) -> JSONValue {
        switch values {
        case .uniform(let value): .string(value.rawValue)
        case .each(let list): JSONValue(list.map(\.rawValue))
        }
    }
}
