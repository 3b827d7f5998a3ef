internal import TensorCore

extension NetworkDescription {
    /// Walks through the network in module order and names what it meets in both layouts.
    struct Builder {
        let config: AutoencoderDCConfig
        var parameters: [Parameter] = []

        init(config: AutoencoderDCConfig) {
            self.config = config
        }

        mutating func addEncoder() {
            let half = config.encoder
            // Where the input projection resamples, both layouts nest the convolution in a down block; the original's
            // strided convolution is itself the block.
            let inner = config.downsamplesByPixelUnshuffle
            let projected = half.projectionChannels
            convolution(
                half.projectionResamples && inner ? "encoder.project_in.conv.conv" : "encoder.project_in.conv",
                half.projectionResamples ? "encoder.conv_in.conv" : "encoder.conv_in",
                [half.projectionResamples && inner ? projected / 4 : projected, config.inChannels, 3, 3]
            )
            for stage in 0..<half.stageCount {
                let channels = half.blockOutChannels[stage]
                let layers = half.layersPerBlock[stage]
                for layer in 0..<layers {
                    block(
                        half.blockTypes[stage],
                        "encoder.stages.\(stage).op_list.\(layer)",
                        "encoder.down_blocks.\(stage).\(layer)",
                        channels,
                        norm: .rmsNorm,
                        scales: half.qkvMultiscales[stage]
                    )
                }
                if stage < half.stageCount - 1, layers > 0 {
                    let next = half.blockOutChannels[stage + 1]
                    convolution(
                        "encoder.stages.\(stage).op_list.\(layers).main.conv" + (inner ? ".conv" : ""),
                        "encoder.down_blocks.\(stage).\(layers).conv",
                        [inner ? next / 4 : next, channels, 3, 3]
                    )
                }
            }
            convolution(
                config.encoderOutShortcut
                    ? "encoder.project_out.main.op_list.0.conv" : "encoder.project_out.op_list.0.conv",
                "encoder.conv_out",
                [config.latentChannels, half.blockOutChannels[half.stageCount - 1], 3, 3]
            )
        }

        mutating func addDecoder() {
            let half = config.decoder
            let widening = config.upsamplesByInterpolation ? 1 : 4
            convolution(
                config.decoderInShortcut ? "decoder.project_in.main.conv" : "decoder.project_in.conv",
                "decoder.conv_in",
                [half.blockOutChannels[half.stageCount - 1], config.latentChannels, 3, 3]
            )
            for stage in 0..<half.stageCount {
                let channels = half.blockOutChannels[stage]
                let layers = half.layersPerBlock[stage]
                var position = 0
                if stage < half.stageCount - 1, layers > 0 {
                    convolution(
                        "decoder.stages.\(stage).op_list.0.main.conv.conv",
                        "decoder.up_blocks.\(stage).0.conv",
                        [channels * widening, half.blockOutChannels[stage + 1], 3, 3]
                    )
                    position = 1
                }
                for layer in position..<(position + layers) {
                    block(
                        half.blockTypes[stage],
                        "decoder.stages.\(stage).op_list.\(layer)",
                        "decoder.up_blocks.\(stage).\(layer)",
                        channels,
                        norm: config.decoderNormTypes[stage],
                        scales: half.qkvMultiscales[stage]
                    )
                }
            }
            let channels = half.projectionChannels
            norm("decoder.project_out.op_list.0", "decoder.norm_out", channels, .rmsNorm)
            let resamples = half.projectionResamples
            convolution(
                resamples ? "decoder.project_out.op_list.2.conv.conv" : "decoder.project_out.op_list.2.conv",
                resamples ? "decoder.conv_out.conv" : "decoder.conv_out",
                [config.inChannels * (resamples ? widening : 1), channels, 3, 3]
            )
        }

        private mutating func block(
            _ type: AutoencoderDCConfig.BlockType,
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            norm normType: AutoencoderDCConfig.NormType,
            scales: [Int]
        ) {
            switch type {
            case .resBlock:
                let square = [channels, channels, 3, 3]
                convolution("\(original).main.conv1.conv", "\(diffusers).conv1", square)
                convolution("\(original).main.conv2.conv", "\(diffusers).conv2", square, bias: false)
                norm("\(original).main.conv2.norm", "\(diffusers).norm", channels, normType)
            case .efficientViTBlock:
                attention("\(original).context_module.main", "\(diffusers).attn", channels, normType, scales)
                gatedConvolution("\(original).local_module.main", "\(diffusers).conv_out", channels)
            }
        }

        /// SanaMultiscaleLinearAttention; LiteMLA in the original.
        private mutating func attention(
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            _ normType: AutoencoderDCConfig.NormType,
            _ scales: [Int]
        ) {
            let inner = config.attentionInnerChannels(channels)
            parameters.append(
                Parameter(
                    original: .init(name: "\(original).qkv.conv.weight", shape: Shape([3 * inner, channels, 1, 1])),
                    diffusers: ["q", "k", "v"].map {
                        .init(name: "\(diffusers).to_\($0).weight", shape: Shape([inner, channels]))
                    },
                    kind: .linearWeight
                )
            )
            for (index, size) in scales.enumerated() {
                let target = "\(diffusers).to_qkv_multiscale.\(index)"
                let source = "\(original).aggreg.\(index)"
                convolution("\(source).0", "\(target).proj_in", [3 * inner, 1, size, size], bias: false)
                convolution(
                    "\(source).1",
                    "\(target).proj_out",
                    [3 * inner, config.attentionHeadDim, 1, 1],
                    bias: false
                )
            }
            let width = inner * (1 + scales.count)
            parameters.append(
                Parameter(
                    original: .init(name: "\(original).proj.conv.weight", shape: Shape([channels, width, 1, 1])),
                    diffusers: [.init(name: "\(diffusers).to_out.weight", shape: Shape([channels, width]))],
                    kind: .linearWeight
                )
            )
            norm("\(original).proj.norm", "\(diffusers).norm_out", channels, normType)
        }

        /// GLUMBConv; its norm is the rms norm whatever the stage's is.
        private mutating func gatedConvolution(_ original: String, _ diffusers: String, _ channels: Int) {
            let hidden = 8 * channels
            convolution("\(original).inverted_conv.conv", "\(diffusers).conv_inverted", [hidden, channels, 1, 1])
            convolution("\(original).depth_conv.conv", "\(diffusers).conv_depth", [hidden, 1, 3, 3])
            let point = [channels, hidden / 2, 1, 1]
            convolution("\(original).point_conv.conv", "\(diffusers).conv_point", point, bias: false)
            norm("\(original).point_conv.norm", "\(diffusers).norm", channels, .rmsNorm)
        }

        private mutating func convolution(_ original: String, _ diffusers: String, _ shape: [Int], bias: Bool = true) {
            add("\(original).weight", "\(diffusers).weight", Shape(shape), .convolutionWeight)
            if bias { add("\(original).bias", "\(diffusers).bias", [shape[0]], .convolutionBias) }
        }

        private mutating func norm(
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            _ type: AutoencoderDCConfig.NormType
        ) {
            add("\(original).weight", "\(diffusers).weight", [channels], .normWeight)
            add("\(original).bias", "\(diffusers).bias", [channels], .normBias)
            guard type == .batchNorm else { return }
            add("\(original).running_mean", "\(diffusers).running_mean", [channels], .runningMean)
            add("\(original).running_var", "\(diffusers).running_var", [channels], .runningVariance)
            add("\(original).num_batches_tracked", "\(diffusers).num_batches_tracked", [], .batchCounter)
        }

        private mutating func add(_ original: String, _ diffusers: String, _ shape: Shape, _ kind: Parameter.Kind) {
            parameters.append(
                Parameter(
                    original: .init(name: original, shape: shape),
                    diffusers: [.init(name: diffusers, shape: shape)],
                    kind: kind
                )
            )
        }
    }
}
