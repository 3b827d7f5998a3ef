internal import Kernels
internal import ModelZoo

/// One pass through the encoder or the decoder: walks its description, makes the operations in their order, and runs them as
/// soon as an image between them is one that is kept whole.
///
/// Images are kept whole where attention needs all their pixels at once, and where they are small; the others pass from
/// operation to operation in bands of rows.
final class Forward {
    let engine: Engine
    let loader: LayerLoader
    /// The cost of all operations so far.
    private(set) var operations = 0.0
    private var pipeline = Pipeline()

    /// - Parameter loader: of the parameters; without a source nothing is run, and costs are added up only.
    init(engine: Engine, loader: LayerLoader) {
        self.engine = engine
        self.loader = loader
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
    func add(_ operation: any RowOperation) throws(NetworkError) {
        operations += operation.operations
        guard loader.source != nil else { return }
        pipeline.append(operation)
        guard operation.output?.isWhole ?? true else { return }
        do throws(KernelError) {
            try pipeline.run(engine)
        } catch {
            throw NetworkError(error)
        }
    }

    // MARK: Blocks

    /// A block of a stage; attention works in place.
    func block(_ block: NetworkDescription.Block, _ input: Rows) throws(NetworkError) -> Rows {
        switch block {
        case .residual(let block):
            return try residual(block, input)
        case .attention(let attention, let local):
            try self.attention(attention, input)
            try gatedConvolution(local, input)
            return input
        }
    }

    private func residual(_ block: NetworkDescription.ResBlock, _ input: Rows) throws(NetworkError) -> Rows {
        let hidden = image(input.height, input.width, input.channels)
        var first = try loader.convolution(block.first)
        first.activation = block.activation.kind
        try add(Convolution(first, from: input, to: hidden))
        let output = image(input.height, input.width, input.channels)
        var second = try loader.convolution(block.second)
        second.norm = try loader.norm(block.norm)
        second.shortcut = .same(input)
        try add(Convolution(second, from: hidden, to: output))
        return output
    }

    private func attention(_ layer: NetworkDescription.Attention, _ input: Rows) throws(NetworkError) {
        let inner = layer.heads * layer.dim
        let isQuadratic = AttentionGather.isQuadratic(input, dim: layer.dim)
        var scales: [AttentionScale] = []
        for scale in layer.scales {
            scales.append(
                AttentionScale(
                    kernel: scale.kernel,
                    depthwise: try loader.values(scale.depthwise.weight),
                    grouped: try loader.values(scale.grouped.weight)
                )
            )
        }
        let projected = image(input.height, input.width, 3 * inner, ring: !isQuadratic)
        let answers = image(input.height, input.width, inner * (1 + scales.count), whole: true)
        let gather = AttentionGather(
            name: layer.name,
            from: projected,
            to: answers,
            heads: layer.heads,
            dim: layer.dim,
            scales: scales
        )
        try add(Convolution(try loader.linear(layer.projection), from: input, to: projected))
        try add(gather)
        if !isQuadratic { try add(AttentionMap(name: layer.name, after: gather, in: answers)) }
        var output = try loader.linear(layer.output)
        output.norm = try loader.norm(layer.norm)
        output.shortcut = .same(input)
        try add(Convolution(output, from: answers, to: input))
    }

    private func gatedConvolution(_ layer: NetworkDescription.GatedConvolution, _ input: Rows) throws(NetworkError) {
        // As many gates as values, each of the two beginning at a multiple of 16 channels.
        let count = layer.point.inputs
        let hidden = image(input.height, input.width, 2 * ((count + 15) / 16 * 16), ring: true)
        var inverted = try loader.convolution(layer.inverted, segment: count)
        inverted.activation = .silu
        try add(Convolution(inverted, from: input, to: hidden))
        let gated = image(input.height, input.width, count, ring: true)
        var bias: [Float] = []
        if let parameter = layer.depth.bias { bias = try loader.values(parameter) }
        try add(
            GatedDepthwise(
                name: layer.depth.name,
                from: hidden,
                to: gated,
                weights: try loader.values(layer.depth.weight),
                bias: bias
            )
        )
        var point = try loader.convolution(layer.point)
        point.norm = try loader.norm(layer.norm)
        point.shortcut = .same(input)
        try add(Convolution(point, from: gated, to: input))
    }

    // MARK: Changes of resolution and channels

    /// A convolution between stages or at an end.
    ///
    /// - Parameters:
    ///   - outputs: how many of its outputs are computed; nil for all.
    ///   - whole: whether its result must be kept whole.
    ///   - ring: whether its result is not kept however small.
    func step(
        _ step: NetworkDescription.Step,
        _ input: Rows,
        outputs: Int? = nil,
        whole: Bool = false,
        ring: Bool = false
    ) throws(NetworkError) -> Rows {
        let inputs = input.channels == step.convolution.inputs ? nil : input.channels
        var spec = try loader.convolution(step.convolution, outputs: outputs, inputs: inputs)
        var (height, width) = (input.height, input.width)
        switch step.resampling {
        case .none: break
        case .stride, .unshuffle: (height, width) = (height / 2, width / 2)
        case .interpolate, .shuffle: (height, width) = (height * 2, width * 2)
        }
        spec.resampling = step.resampling.kind
        spec.shortcut = step.shortcut.from(input)
        let output = image(height, width, outputs ?? step.channels, whole: whole, ring: ring)
        try add(Convolution(spec, from: input, to: output))
        return output
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

extension NetworkDescription.Resampling {
    fileprivate var kind: Resampling {
        switch self {
        case .none: .none
        case .stride: .stride
        case .unshuffle: .unshuffle
        case .interpolate: .interpolate
        case .shuffle: .shuffle
        }
    }
}

extension NetworkDescription.Shortcut {
    fileprivate func from(_ rows: Rows) -> Shortcut {
        switch self {
        case .none: .none
        case .average(let group): .average(rows, group)
        case .repeat(let times): .repeat(rows, times)
        case .down(let group): .down(rows, group)
        case .up(let times): .up(rows, times)
        }
    }
}
