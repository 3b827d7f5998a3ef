internal import Kernels
internal import ModelZoo

/// One pass through the encoder or the decoder: makes the operations in their order, and runs them as soon as an image
/// between them is one that is kept whole.
///
/// Images are kept whole where attention needs all their pixels at once, and where they are small; the others pass from
/// operation to operation in bands of rows.
final class Forward {
    let engine: Engine
    let loader: LayerLoader
    let config: AutoencoderDCConfig
    /// The cost of all operations so far.
    private(set) var operations = 0.0
    private let isDryRun: Bool
    private var pipeline = Pipeline()

    /// - Parameter isDryRun: whether to add up costs only.
    init(engine: Engine, loader: LayerLoader, config: AutoencoderDCConfig, isDryRun: Bool = false) {
        self.engine = engine
        self.loader = loader
        self.config = config
        self.isDryRun = isDryRun
    }

    /// An image between operations; whole if it must be, or is small enough.
    func image(_ height: Int, _ width: Int, _ channels: Int, whole: Bool = false, ring: Bool = false) -> Rows {
        let bytes = 4 * height * width * ((channels + 15) / 16 * 16)
        return Rows(
            height: height,
            width: width,
            channels: channels,
            isWhole: whole || (!ring && bytes <= engine.wholeLimit)
        )
    }

    /// Adds an operation, and runs all that were added if its output is kept whole.
    func add(_ operation: any RowOperation) throws {
        operations += operation.operations
        guard !isDryRun else { return }
        pipeline.append(operation)
        if operation.output?.isWhole ?? true { try pipeline.run(engine) }
    }

    // MARK: Blocks

    /// A block of a stage; attention works in place.
    func block(
        _ name: String,
        _ type: AutoencoderDCConfig.BlockType,
        _ input: Rows,
        norm: AutoencoderDCConfig.NormType,
        activation: AutoencoderDCConfig.Activation,
        scales: [Int]
    ) throws -> Rows {
        switch type {
        case .resBlock:
            return try resBlock(name, input, norm: norm, activation: activation)
        case .efficientViTBlock:
            try attention(name + ".attn", input, norm: norm, scales: scales)
            try gatedConvolution(name + ".conv_out", input)
            return input
        }
    }

    private func resBlock(
        _ name: String,
        _ input: Rows,
        norm: AutoencoderDCConfig.NormType,
        activation: AutoencoderDCConfig.Activation
    ) throws -> Rows {
        let channels = input.channels
        let hidden = image(input.height, input.width, channels)
        var first = try convolution(name + ".conv1", channels, channels, bias: true)
        first.activation = activation.kind
        try add(Convolution(first, from: input, to: hidden))
        let output = image(input.height, input.width, channels)
        var second = try convolution(name + ".conv2", channels, channels, bias: false)
        second.norm = try loader.norm(name + ".norm", channels: channels, isBatchNorm: norm == .batchNorm)
        second.shortcut = .same(input)
        try add(Convolution(second, from: hidden, to: output))
        return output
    }

    private func attention(
        _ name: String,
        _ input: Rows,
        norm: AutoencoderDCConfig.NormType,
        scales kernels: [Int]
    ) throws {
        let channels = input.channels
        let dim = config.attentionHeadDim
        let inner = config.attentionInnerChannels(channels)
        let heads = inner / dim
        let scales = try kernels.enumerated().map { index, kernel in
            let scale = "\(name).to_qkv_multiscale.\(index)"
            return AttentionScale(
                kernel: kernel,
                depthwise: try loader.values(scale + ".proj_in.weight", [3 * inner, 1, kernel, kernel]),
                grouped: try loader.values(scale + ".proj_out.weight", [3 * inner, dim, 1, 1])
            )
        }
        let qkv = image(input.height, input.width, 3 * inner, ring: !AttentionGather.isQuadratic(input, dim: dim))
        let shape = [inner, channels]
        let projection = ConvolutionSpec(
            name: name + ".to_qkv",
            weights: try loader.raw(
                [name + ".to_q.weight", name + ".to_k.weight", name + ".to_v.weight"],
                [shape, shape, shape],
                taps: 1
            )
        )
        let answers = image(input.height, input.width, inner * (1 + kernels.count), whole: true)
        let gather = AttentionGather(name: name, from: qkv, to: answers, heads: heads, dim: dim, scales: scales)
        try add(Convolution(projection, from: input, to: qkv))
        try add(gather)
        if !AttentionGather.isQuadratic(input, dim: dim) {
            try add(AttentionMap(name: name, after: gather, in: answers))
        }
        var out = ConvolutionSpec(
            name: name + ".to_out",
            weights: try loader.raw([name + ".to_out.weight"], [[channels, inner * (1 + kernels.count)]], taps: 1)
        )
        out.norm = try loader.norm(name + ".norm_out", channels: channels, isBatchNorm: norm == .batchNorm)
        out.shortcut = .same(input)
        try add(Convolution(out, from: answers, to: input))
    }

    private func gatedConvolution(_ name: String, _ input: Rows) throws {
        let channels = input.channels
        let half = 4 * channels
        let paddedHalf = (half + 15) / 16 * 16
        let hidden = image(input.height, input.width, 2 * paddedHalf, ring: true)
        var inverted = ConvolutionSpec(
            name: name + ".conv_inverted",
            weights: try loader.raw(
                [name + ".conv_inverted.weight"],
                [[2 * half, channels, 1, 1]],
                taps: 1,
                segment: half
            ),
            bias: try loader.values(name + ".conv_inverted.bias", [2 * half])
        )
        inverted.activation = .silu
        try add(Convolution(inverted, from: input, to: hidden))
        let gated = image(input.height, input.width, half, ring: true)
        try add(
            GatedDepthwise(
                name: name + ".conv_depth",
                from: hidden,
                to: gated,
                weights: try loader.values(name + ".conv_depth.weight", [2 * half, 1, 3, 3]),
                bias: try loader.values(name + ".conv_depth.bias", [2 * half])
            )
        )
        var point = ConvolutionSpec(
            name: name + ".conv_point",
            weights: try loader.raw([name + ".conv_point.weight"], [[channels, half, 1, 1]], taps: 1)
        )
        point.norm = try loader.norm(name + ".norm", channels: channels, isBatchNorm: false)
        point.shortcut = .same(input)
        try add(Convolution(point, from: gated, to: input))
    }

    // MARK: Changes of resolution and channels

    /// Half the resolution.
    func down(_ name: String, _ input: Rows, channels: Int, whole: Bool, shortcut: Bool) throws -> Rows {
        let output = image(input.height / 2, input.width / 2, channels, whole: whole)
        let unshuffles = config.downsamplesByPixelUnshuffle
        guard !unshuffles || channels % 4 == 0 else {
            throw NetworkError.configuration("\(name): pixel unshuffle makes a multiple of 4 channels, not \(channels)")
        }
        var spec = try convolution(name + ".conv", input.channels, unshuffles ? channels / 4 : channels, bias: true)
        spec.resampling = unshuffles ? .unshuffle : .stride
        if shortcut {
            let group = input.channels * 4 / channels
            guard group * channels == input.channels * 4 else {
                throw NetworkError.configuration(
                    "\(name): the shortcut cannot make \(channels) channels of 4 × \(input.channels) in groups of one size"
                )
            }
            spec.shortcut = .down(input, group)
        }
        try add(Convolution(spec, from: input, to: output))
        return output
    }

    /// Twice the resolution.
    func up(_ name: String, _ input: Rows, channels: Int, whole: Bool, shortcut: Bool) throws -> Rows {
        let output = image(input.height * 2, input.width * 2, channels, whole: whole)
        let interpolates = config.upsamplesByInterpolation
        var spec = try convolution(name + ".conv", input.channels, interpolates ? channels : 4 * channels, bias: true)
        spec.resampling = interpolates ? .interpolate : .shuffle
        if shortcut {
            let repeats = channels * 4 / input.channels
            guard repeats * input.channels == channels * 4 else {
                throw NetworkError.configuration(
                    "\(name): the shortcut cannot make 4 × \(channels) channels of \(input.channels), each repeated alike"
                )
            }
            spec.shortcut = .up(input, repeats)
        }
        try add(Convolution(spec, from: input, to: output))
        return output
    }

    /// A 3×3 convolution.
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool) throws -> ConvolutionSpec {
        ConvolutionSpec(
            name: name,
            weights: try loader.raw([name + ".weight"], [[outputs, inputs, 3, 3]], taps: 9),
            bias: bias ? try loader.values(name + ".bias", [outputs]) : nil
        )
    }
}

extension AutoencoderDCConfig.Activation {
    var kind: ActivationKind {
        switch self {
        case .relu: .relu
        case .silu, .swish: .silu
        case .gelu: .gelu
        case .mish: .mish
        }
    }
}
