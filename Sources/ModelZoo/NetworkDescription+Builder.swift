internal import TensorCore

extension NetworkDescription {
    /// Makes the tree of a configuration, and names its leaves in both layouts: the one place that spells names.
    struct Builder {
        let config: AutoencoderDCConfig

        var encoder: Coder {
            let coder = config.encoder
            let unshuffles = config.downsamplesByPixelUnshuffle
            let resampling = unshuffles ? Resampling.unshuffle : .stride
            // The original's strided convolution is itself the block that the other one is nested in.
            let inner = unshuffles ? ".conv" : ""
            let spread = unshuffles ? 4 : 1
            let projected = coder.projectionChannels
            let input =
                coder.projectionResamples
                ? Step(
                    convolution: convolution(
                        "encoder.project_in.conv" + inner,
                        "encoder.conv_in.conv",
                        [projected / spread, config.inChannels, 3, 3]
                    ),
                    resampling: resampling,
                    shortcut: .none,
                    channels: projected
                )
                : plain(
                    convolution("encoder.project_in.conv", "encoder.conv_in", [projected, config.inChannels, 3, 3])
                )
            let stages = (0..<coder.stageCount).map { stage in
                let channels = coder.blockOutChannels[stage]
                let layers = coder.layersPerBlock[stage]
                var step: Step?
                if stage < coder.stageCount - 1, layers > 0 {
                    let next = coder.blockOutChannels[stage + 1]
                    step = Step(
                        convolution: convolution(
                            "encoder.stages.\(stage).op_list.\(layers).main.conv" + inner,
                            "encoder.down_blocks.\(stage).\(layers).conv",
                            [next / spread, channels, 3, 3]
                        ),
                        resampling: resampling,
                        shortcut: .down(4 * channels / next),
                        channels: next
                    )
                }
                return Stage(
                    blocks: (0..<layers).map { layer in
                        block(
                            coder.blockTypes[stage],
                            "encoder.stages.\(stage).op_list.\(layer)",
                            "encoder.down_blocks.\(stage).\(layer)",
                            channels,
                            norm: .rmsNorm,
                            activation: .silu,
                            scales: coder.qkvMultiscales[stage]
                        )
                    },
                    step: step
                )
            }
            let last = coder.blockOutChannels[coder.stageCount - 1]
            let output = convolution(
                config.encoderOutShortcut
                    ? "encoder.project_out.main.op_list.0.conv" : "encoder.project_out.op_list.0.conv",
                "encoder.conv_out",
                [config.latentChannels, last, 3, 3]
            )
            let shortcut = config.encoderOutShortcut ? Shortcut.average(last / config.latentChannels) : .none
            return Coder(name: "encoder", input: input, stages: stages, output: plain(output, shortcut))
        }

        var decoder: Coder {
            let coder = config.decoder
            let interpolates = config.upsamplesByInterpolation
            let resampling = interpolates ? Resampling.interpolate : .shuffle
            let widening = interpolates ? 1 : 4
            let deepest = coder.blockOutChannels[coder.stageCount - 1]
            let input = convolution(
                config.decoderInShortcut ? "decoder.project_in.main.conv" : "decoder.project_in.conv",
                "decoder.conv_in",
                [deepest, config.latentChannels, 3, 3]
            )
            let stages = (0..<coder.stageCount).map { stage in
                let channels = coder.blockOutChannels[stage]
                let layers = coder.layersPerBlock[stage]
                var step: Step?
                if stage < coder.stageCount - 1, layers > 0 {
                    let before = coder.blockOutChannels[stage + 1]
                    step = Step(
                        convolution: convolution(
                            "decoder.stages.\(stage).op_list.0.main.conv.conv",
                            "decoder.up_blocks.\(stage).0.conv",
                            [channels * widening, before, 3, 3]
                        ),
                        resampling: resampling,
                        shortcut: .up(4 * channels / before),
                        channels: channels
                    )
                }
                let first = step == nil ? 0 : 1
                return Stage(
                    blocks: (first..<(first + layers)).map { layer in
                        block(
                            coder.blockTypes[stage],
                            "decoder.stages.\(stage).op_list.\(layer)",
                            "decoder.up_blocks.\(stage).\(layer)",
                            channels,
                            norm: config.decoderNormTypes[stage],
                            activation: config.decoderActFns[stage],
                            scales: coder.qkvMultiscales[stage]
                        )
                    },
                    step: step
                )
            }
            let channels = coder.projectionChannels
            let output =
                coder.projectionResamples
                ? Step(
                    convolution: convolution(
                        "decoder.project_out.op_list.2.conv.conv",
                        "decoder.conv_out.conv",
                        [config.inChannels * widening, channels, 3, 3]
                    ),
                    resampling: resampling,
                    shortcut: .none,
                    channels: config.inChannels
                )
                : plain(
                    convolution(
                        "decoder.project_out.op_list.2.conv",
                        "decoder.conv_out",
                        [config.inChannels, channels, 3, 3]
                    )
                )
            return Coder(
                name: "decoder",
                input: plain(input, config.decoderInShortcut ? .repeat(deepest / config.latentChannels) : .none),
                stages: stages,
                norm: norm("decoder.project_out.op_list.0", "decoder.norm_out", channels, .rmsNorm),
                activation: config.decoderConvActFn,
                output: output
            )
        }

        private func plain(_ convolution: Convolution, _ shortcut: Shortcut = .none) -> Step {
            Step(convolution: convolution, resampling: .none, shortcut: shortcut, channels: convolution.outputs)
        }

        // MARK: - Blocks

        private func block(
            _ type: AutoencoderDCConfig.BlockType,
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            norm normType: AutoencoderDCConfig.NormType,
            activation: AutoencoderDCConfig.Activation,
            scales: [Int]
        ) -> Block {
            switch type {
            case .resBlock:
                let square = [channels, channels, 3, 3]
                return .residual(
                    ResBlock(
                        first: convolution("\(original).main.conv1.conv", "\(diffusers).conv1", square),
                        activation: activation,
                        second: convolution("\(original).main.conv2.conv", "\(diffusers).conv2", square, bias: false),
                        norm: norm("\(original).main.conv2.norm", "\(diffusers).norm", channels, normType)
                    )
                )
            case .efficientViTBlock:
                return .attention(
                    attention("\(original).context_module.main", "\(diffusers).attn", channels, normType, scales),
                    gatedConvolution("\(original).local_module.main", "\(diffusers).conv_out", channels)
                )
            }
        }

        private func attention(
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            _ normType: AutoencoderDCConfig.NormType,
            _ scales: [Int]
        ) -> Attention {
            let inner = config.attentionInnerChannels(channels)
            let dim = config.attentionHeadDim
            let width = inner * (1 + scales.count)
            return Attention(
                name: diffusers,
                heads: inner / dim,
                dim: dim,
                projection: linear(
                    "\(original).qkv.conv",
                    "\(diffusers).to_qkv",
                    parts: ["q", "k", "v"].map { "\(diffusers).to_\($0)" },
                    [inner, channels]
                ),
                scales: scales.enumerated().map { index, size in
                    let target = "\(diffusers).to_qkv_multiscale.\(index)"
                    let source = "\(original).aggreg.\(index)"
                    return Scale(
                        kernel: size,
                        depthwise: convolution(
                            "\(source).0",
                            "\(target).proj_in",
                            [3 * inner, 1, size, size],
                            bias: false
                        ),
                        grouped: convolution("\(source).1", "\(target).proj_out", [3 * inner, dim, 1, 1], bias: false)
                    )
                },
                output: linear(
                    "\(original).proj.conv",
                    "\(diffusers).to_out",
                    parts: ["\(diffusers).to_out"],
                    [channels, width]
                ),
                norm: norm("\(original).proj.norm", "\(diffusers).norm_out", channels, normType)
            )
        }

        /// Its norm is the root mean square norm whatever the stage's is.
        private func gatedConvolution(_ original: String, _ diffusers: String, _ channels: Int) -> GatedConvolution {
            let hidden = 8 * channels
            return GatedConvolution(
                inverted: convolution(
                    "\(original).inverted_conv.conv",
                    "\(diffusers).conv_inverted",
                    [hidden, channels, 1, 1]
                ),
                depth: convolution("\(original).depth_conv.conv", "\(diffusers).conv_depth", [hidden, 1, 3, 3]),
                point: convolution(
                    "\(original).point_conv.conv",
                    "\(diffusers).conv_point",
                    [channels, hidden / 2, 1, 1],
                    bias: false
                ),
                norm: norm("\(original).point_conv.norm", "\(diffusers).norm", channels, .rmsNorm)
            )
        }

        // MARK: - Layers

        private func convolution(
            _ original: String,
            _ diffusers: String,
            _ shape: [Int],
            bias: Bool = true
        ) -> Convolution {
            Convolution(
                name: diffusers,
                weight: parameter("\(original).weight", "\(diffusers).weight", Shape(shape), .convolutionWeight),
                bias: bias
                    ? parameter("\(original).bias", "\(diffusers).bias", [shape[0]], .convolutionBias) : nil
            )
        }

        /// - Parameter shape: of each of the parts that diffusers has.
        private func linear(_ original: String, _ name: String, parts: [String], _ shape: [Int]) -> Linear {
            Linear(
                name: name,
                weight: Parameter(
                    original: .init(
                        name: "\(original).weight",
                        shape: Shape([parts.count * shape[0], shape[1], 1, 1])
                    ),
                    diffusers: parts.map { .init(name: "\($0).weight", shape: Shape(shape)) },
                    kind: .linearWeight
                )
            )
        }

        private func norm(
            _ original: String,
            _ diffusers: String,
            _ channels: Int,
            _ type: AutoencoderDCConfig.NormType
        ) -> Norm {
            func part(_ name: String, _ shape: Shape, _ kind: Parameter.Kind) -> Parameter {
                parameter("\(original).\(name)", "\(diffusers).\(name)", shape, kind)
            }
            return Norm(
                name: diffusers,
                weight: part("weight", [channels], .normWeight),
                bias: part("bias", [channels], .normBias),
                statistics: type == .batchNorm
                    ? Norm.Statistics(
                        mean: part("running_mean", [channels], .runningMean),
                        variance: part("running_var", [channels], .runningVariance),
                        count: part("num_batches_tracked", [], .batchCounter)
                    ) : nil
            )
        }

        private func parameter(
            _ original: String,
            _ diffusers: String,
            _ shape: Shape,
            _ kind: Parameter.Kind
        ) -> Parameter {
            Parameter(
                original: .init(name: original, shape: shape),
                diffusers: [.init(name: diffusers, shape: shape)],
                kind: kind
            )
        }
    }
}
