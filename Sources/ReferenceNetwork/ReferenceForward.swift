internal import DCAENetwork
internal import LinearAlgebra
internal import ModelZoo
internal import TensorCore

/// One pass through the encoder or the decoder, block by block.
///
/// Source: diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1, and the DC-AE paper, arXiv 2410.10733.
struct ReferenceForward {
    let algebra: LinearAlgebra
    let pool: ThreadPool
    let ledger: MemoryLedger
    let weights: any WeightSource
    /// Told of every layer's name, what it puts out, and how many operations that took.
    let done: (_ layer: String, _ output: Planes, _ operations: Double) throws(NetworkError) -> Void

    func encode(
        _ coder: NetworkDescription.Coder,
        _ image: Planes,
        latentChannels: Int
    ) throws(NetworkError) -> Planes {
        var x = try step(coder.input, image)
        for stage in coder.stages {
            for block in stage.blocks { x = try self.block(block, x) }
            if let down = stage.step { x = try step(down, x) }
        }
        return try step(coder.output, x, outputs: latentChannels)
    }

    func decode(_ coder: NetworkDescription.Coder, _ latent: Planes) throws(NetworkError) -> Planes {
        var x = try step(coder.input, latent)
        for stage in coder.stages.reversed() {
            if let up = stage.step { x = try step(up, x) }
            for block in stage.blocks { x = try self.block(block, x) }
        }
        if let norm = coder.norm {
            x = activated(try normalized(x, norm), coder.activation)
            try done(norm.name, x, 0)
        }
        return try step(coder.output, x)
    }

    /// How often `done` is called.
    static func layerCount(_ network: NetworkDescription, _ direction: AutoencoderDC.Direction) -> Int {
        let coder = direction == .encode ? network.encoder : network.decoder
        let inner = coder.stages.reduce(0) { count, stage in
            let blocks = stage.blocks.reduce(0) { if case .residual = $1 { $0 + 2 } else { $0 + 6 } }
            return count + blocks + (stage.step == nil ? 0 : 1)
        }
        return inner + 2 + (coder.norm == nil ? 0 : 1)
    }

    // MARK: Blocks

    private func block(_ block: NetworkDescription.Block, _ x: Planes) throws(NetworkError) -> Planes {
        switch block {
        case .residual(let block): return try residual(block, x)
        case .attention(let layer, let local): return try gatedConvolution(local, try attention(layer, x))
        }
    }

    private func residual(_ block: NetworkDescription.ResBlock, _ x: Planes) throws(NetworkError) -> Planes {
        let hidden = activated(try convolution(block.first, x), block.activation)
        try done(block.first.name, hidden, operations(block.first, hidden))
        let y = sum(try normalized(try convolution(block.second, hidden), block.norm), x)
        try done(block.second.name, y, operations(block.second, y))
        return y
    }

    private func gatedConvolution(
        _ layer: NetworkDescription.GatedConvolution,
        _ x: Planes
    ) throws(NetworkError) -> Planes {
        let hidden = activated(try convolution(layer.inverted, x), .silu)
        try done(layer.inverted.name, hidden, operations(layer.inverted, hidden))
        let gated = try gatedHalves(try depthwise(layer.depth, hidden))
        try done(layer.depth.name, gated, 2 * Double(layer.depth.taps * hidden.channels * hidden.pixels))
        let y = sum(try normalized(try convolution(layer.point, gated), layer.norm), x)
        try done(layer.point.name, y, operations(layer.point, y))
        return y
    }

    private func attention(_ layer: NetworkDescription.Attention, _ x: Planes) throws(NetworkError) -> Planes {
        let inner = layer.heads * layer.dim
        let projection = try values(layer.projection.weight)
        let qkv = try product(projection, x, outputs: 3 * inner)
        try done(layer.projection.name, qkv, 2 * Double(3 * inner * x.channels * x.pixels))
        var all = [qkv]
        for scale in layer.scales {
            all.append(try grouped(scale.grouped, try depthwise(scale.depthwise, qkv), size: layer.dim))
        }
        let answers = try Planes(inner * all.count, x.height, x.width, ledger)
        for (index, values) in all.enumerated() {
            attend(values, heads: layer.heads, dim: layer.dim, into: answers[index * inner])
        }
        let sums = 4 * Double(answers.channels * (layer.dim + 1) * x.pixels)
        try done(layer.name, answers, sums)
        let output = try product(try values(layer.output.weight), answers, outputs: x.channels)
        let y = sum(try normalized(output, layer.norm), x)
        try done(layer.output.name, y, 2 * Double(x.channels * answers.channels * x.pixels))
        return y
    }

    // MARK: Changes of resolution and channels

    private func step(
        _ step: NetworkDescription.Step,
        _ x: Planes,
        outputs: Int? = nil
    ) throws(NetworkError) -> Planes {
        let input = step.resampling == .interpolate ? try doubled(x) : x
        let stride = step.resampling == .stride ? 2 : 1
        var y = try convolution(step.convolution, input, stride: stride, outputs: outputs)
        let cost = operations(step.convolution, y)
        if step.resampling == .unshuffle { y = try unshuffled(y) }
        if step.resampling == .shuffle { y = try shuffled(y) }
        switch step.shortcut {
        case .none: break
        case .average(let group): y = sum(y, try averaged(x, group))
        case .repeat(let times): y = sum(y, try repeated(x, times))
        case .down(let group): y = sum(y, try averaged(try unshuffled(x), group))
        case .up(let times): y = sum(y, try shuffled(try repeated(x, times)))
        }
        try done(step.convolution.name, y, cost)
        return y
    }

    private func operations(_ layer: NetworkDescription.Convolution, _ output: Planes) -> Double {
        2 * Double(layer.inputs * layer.taps) * Double(output.channels * output.pixels)
    }
}
