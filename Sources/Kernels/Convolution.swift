internal import CKernels
internal import TensorCore

/// A convolution with what follows it, computed by the algorithm that suits its shape.
///
/// - 1×1: one matrix product.
/// - 3×3 with stride 1: Winograd's F(4×4, 3×3), 36 products of a quarter of the direct cost; on a few pixels directly,
///   as the weights' transform would cost more than it saves.
/// - Doubling and 3×3: nine products at the low resolution, a quarter of the cost at the high one, and exact.
/// - 3×3 with stride 2: 25 products for four results, 0.69 of the direct cost, and exact ones.
package final class Convolution: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let spec: ConvolutionSpec
    private let source: Rows
    private let target: Rows
    private var c = dcae_conv()
    private var constants: FloatBuffer?
    private var packed: FloatBuffer?
    private var steps = 1
    /// The convolution's own output, before pixels are shuffled.
    private let ownHeight: Int
    private let ownWidth: Int

    /// A convolution from `source` to `target`, both of the sizes that its resampling asks for.
    package init(_ spec: ConvolutionSpec, from source: Rows, to target: Rows) {
        self.spec = spec
        self.source = source
        self.target = target
        name = spec.name
        output = target
        let taps = spec.weights.taps
        var need = RowInput(rows: source, halo: taps == 1 ? 0 : 1)
        switch spec.resampling {
        case .none: break
        case .interpolate, .shuffle: need.divide = 2
        case .stride, .unshuffle: need.multiply = 2
        }
        var inputs = [need]
        if let residual = spec.shortcut.source {
            inputs.append(RowInput(rows: residual, multiply: need.multiply, divide: need.divide))
        }
        self.inputs = inputs
        (ownHeight, ownWidth) =
            switch spec.resampling {
            case .none, .interpolate, .stride: (target.height, target.width)
            case .shuffle: (target.height / 2, target.width / 2)
            case .unshuffle: (target.height * 2, target.width * 2)
            }
        describe()
    }

    private func describe() {
        let weights = spec.weights
        let pixels = ownHeight * ownWidth
        if weights.taps == 1 {
            c.algorithm = Int32(DCAE_POINTWISE)
        } else if spec.resampling == .stride {
            c.algorithm = Int32(pixels <= 16 ? DCAE_DIRECT : DCAE_HALVE)
        } else if spec.resampling == .interpolate {
            c.algorithm = Int32(DCAE_UPSAMPLE)
        } else {
            c.algorithm = Int32(pixels <= 144 && weights.inputs >= 128 ? DCAE_DIRECT : DCAE_WINOGRAD)
        }
        let (side, points): (Int32, Int32) =
            switch Int(c.algorithm) {
            case DCAE_WINOGRAD: (4, 36)
            case DCAE_UPSAMPLE: (2, 9)
            case DCAE_HALVE: (2, 25)
            default: (1, 1)
            }
        c.tile_height = side
        c.tile_width = side
        c.points = points
        c.stride = spec.resampling == .stride ? 2 : 1
        let blocks = source.paddedChannels / 16
        c.k16 = Int32(c.algorithm == DCAE_DIRECT ? 9 * blocks : blocks)
        c.outputs = Int32(weights.paddedOutputs)
        c.tiles_x = Int32((ownWidth + Int(side) - 1) / Int(side))
        c.activation = spec.activation.rawValue
        c.shuffle = Int32(
            spec.resampling == .shuffle
                ? DCAE_SHUFFLE : spec.resampling == .unshuffle ? DCAE_UNSHUFFLE : DCAE_NO_SHUFFLE
        )
        c.permuted = spec.resampling == .shuffle && weights.outputs / 4 % 16 == 0 ? 1 : 0
        c.shortcut = spec.shortcut.code
        c.group = Int32(spec.shortcut.group)
        switch spec.norm {
        case .none: c.norm = Int32(DCAE_NO_NORM)
        case .rms(_, _, let eps):
            c.norm = Int32(DCAE_RMS_NORM)
            c.eps = eps
        case .affine: c.norm = Int32(DCAE_AFFINE)
        }
        c.finishes = c.norm != DCAE_NO_NORM || c.shortcut != DCAE_NO_SHORTCUT || c.shuffle != DCAE_NO_SHUFFLE ? 1 : 0
    }

    package var outputHeight: Int { target.height }

    package var granule: Int {
        let rows = Int(c.tile_height)
        switch spec.resampling {
        case .shuffle: return rows * 2
        case .unshuffle: return max(1, rows / 2)
        case .none, .interpolate, .stride: return rows
        }
    }

    package func stepRows(_ engine: Engine) -> Int {
        // More than a step's bytes where much memory is read for the weights each time.
        let floats = max(target.rowFloats, source.rowFloats * source.height / max(1, target.height))
        let weights = spec.weights.outputs * spec.weights.inputs * Int(c.points)
        let most = 4 * engine.rows(of: floats, steps: 1)
        let rows = max(engine.rows(of: floats), min(most, weights / 2 / max(1, floats)))
        return max(granule, rows / granule * granule)
    }

    package var operations: Double {
        2 * Double(spec.weights.outputs * spec.weights.inputs * spec.weights.taps) * Double(ownHeight * ownWidth)
    }

    package var weightBytes: Double { Double(spec.weights.byteCount) }

    package var algorithm: String {
        let base =
            switch Int(c.algorithm) {
            case DCAE_WINOGRAD: "winograd F(4,3)"
            case DCAE_UPSAMPLE: "upsample 9"
            case DCAE_HALVE: "halve 25"
            case DCAE_DIRECT: "direct"
            default: "product"
            }
        return base + (c.brain != 0 ? ", bf16" : "") + (packed == nil && !usesPacked ? ", panels" : "")
    }

    private var usesPacked = true

    package func prepare(_ engine: Engine, steps: Int) throws {
        self.steps = steps
        // Winograd's transforms would make six times bf16's error of theirs (README, error per algorithm).
        c.brain = engine.halfKernels != nil && c.algorithm != DCAE_WINOGRAD ? 1 : 0
        let kernels = kernels(engine)
        let panelWidth = Int(kernels.panel_width)
        c.panels = (c.outputs + Int32(panelWidth) - 1) / Int32(panelWidth)
        fillWeights()
        try fillConstants(engine, width: Int(c.panels) * panelWidth)
        c.zeros = UnsafePointer(try engine.zeros(source.paddedChannels + 64))
        c.in = source.view
        c.out = target.view
        if let residual = spec.shortcut.source { c.residual = residual.view }
        let panelFloats = dcae_panel_floats(&c, Int32(panelWidth))
        let packedBytes = 4 * panelFloats * Int(c.panels)
        let tiles = (ownHeight + Int(c.tile_height) - 1) / Int(c.tile_height) * Int(c.tiles_x)
        // Few tiles do not pay for weights written out and read again; their own side must be small enough to be read anew
        // for each panel.
        let leftBytes = (c.brain != 0 ? 2 : 4) * tiles * Int(c.points) * Int(c.k16) * 16
        let fewTiles = steps == 1 && tiles <= 256 && leftBytes <= 10 << 20 && Int(c.panels) >= 2 * engine.pool.count
        let direct = c.algorithm == DCAE_DIRECT && c.shuffle == DCAE_UNSHUFFLE
        usesPacked = !direct && !(fewTiles && packedBytes > 1 << 20) && packedBytes <= 96 << 20
        guard usesPacked else { return }
        let buffer = try engine.arena.floats(panelFloats * Int(c.panels))
        let scratchFloats = dcae_panel_scratch(&c, Int32(panelWidth))
        try engine.reserveScratch(max(64, scratchFloats))
        let base = buffer.base
        engine.pool.run(Int(c.panels)) { panel, worker in
            withUnsafePointer(to: c) { c in
                kernels.prepare_panel(c, Int32(panel), base + panel * panelFloats, engine.scratch(of: worker))
            }
        }
        packed = buffer
        c.packed = UnsafePointer(base)
    }

    private func kernels(_ engine: Engine) -> dcae_kernels {
        if c.brain != 0, let kernels = engine.halfKernels { return kernels }
        return engine.kernels
    }

    package func finish(_ engine: Engine) throws {
        packed = nil
        constants = nil
    }

    private func fillWeights() {
        let weights = spec.weights
        c.raw.parts = Int32(weights.parts.count)
        c.raw.outputs = Int32(weights.outputs)
        c.raw.inputs = Int32(weights.inputs)
        c.raw.taps = Int32(weights.taps)
        c.raw.segment = Int32(weights.segment)
        c.raw.element_bits = Int32(weights.dtype.bitCount)
        c.raw.brain = weights.dtype == .bf16 ? 1 : 0
        let rowBytes = weights.inputs * weights.taps * weights.dtype.bitCount / 8
        withUnsafeMutableBytes(of: &c.raw.part) { parts in
            let parts = parts.assumingMemoryBound(to: UnsafeRawPointer?.self)
            for (index, part) in weights.parts.enumerated() { parts[index] = part.baseAddress }
        }
        withUnsafeMutableBytes(of: &c.raw.part_rows) { rows in
            let rows = rows.assumingMemoryBound(to: Int32.self)
            for (index, part) in weights.parts.enumerated() { rows[index] = Int32(part.count / max(1, rowBytes)) }
        }
    }

    /// Bias, scale and shift in the order of the product's outputs, zeros in between.
    private func fillConstants(_ engine: Engine, width: Int) throws(KernelError) {
        let buffer = try engine.arena.floats(3 * width)
        buffer.clear()
        constants = buffer
        let base = buffer.base
        let outputs = spec.weights.outputs
        let segment = spec.weights.segment
        let padded = (segment + 15) / 16 * 16
        if let bias = spec.bias {
            for (index, value) in bias.prefix(outputs).enumerated() {
                var place = index
                if segment > 0 { place = index / segment * padded + index % segment }
                if c.permuted != 0 { place = index % 4 * (outputs / 4) + index / 4 }
                base[place] = value
            }
            c.bias = UnsafePointer(base)
        }
        switch spec.norm {
        case .none: return
        case .rms(let scale, let shift, _), .affine(let scale, let shift):
            for (index, value) in scale.prefix(outputs).enumerated() { base[width + index] = value }
            for (index, value) in shift.prefix(outputs).enumerated() { base[2 * width + index] = value }
        }
        c.scale = UnsafePointer(base + width)
        c.shift = UnsafePointer(base + 2 * width)
    }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws {
        switch spec.resampling {
        case .shuffle: (c.y0, c.y1) = (Int32(y0 / 2), Int32((y1 + 1) / 2))
        case .unshuffle: (c.y0, c.y1) = (Int32(2 * y0), Int32(2 * y1))
        case .none, .interpolate, .stride: (c.y0, c.y1) = (Int32(y0), Int32(y1))
        }
        let plan = BlockPlan(c, engine, usesPacked: usesPacked)
        if usesPacked {
            try runByTiles(engine, plan)
        } else {
            try runByPanels(engine, plan)
        }
    }

    /// Every thread takes blocks of tiles from input to output, its share of the work staying in its own cache.
    private func runByTiles(_ engine: Engine, _ plan: BlockPlan) throws {
        let v = plan.leftFloats(of: plan.largest)
        let m = plan.productFloats(of: plan.largest)
        let t = c.finishes != 0 ? plan.resultFloats(of: plan.largest) : 0
        let kernels = kernels(engine)
        try engine.reserveScratch(v + m + t)
        let panelFloats = dcae_panel_floats(&c, kernels.panel_width)
        guard let weights = packed?.base else { preconditionFailure("weights were prepared") }
        engine.pool.run(plan.blocks.count) { block, worker in
            let tiles = plan.blocks[block]
            let (t0, t1) = (Int32(tiles.lowerBound), Int32(tiles.upperBound))
            let left = engine.scratch(of: worker)
            withUnsafePointer(to: c) { c in
                kernels.transform_input(c, t0, t1, left)
                for panel in 0..<plan.panels {
                    let right = weights + panel * panelFloats
                    kernels.multiply(c, t0, t1, left, right, Int32(panel), left + v, left + v + m)
                }
                if t > 0 { kernels.finish(c, t0, t0, t1, left + v + m) }
            }
        }
    }

    /// Every thread takes panels of outputs, prepares each just before it is used, and multiplies all tiles by it.
    private func runByPanels(_ engine: Engine, _ plan: BlockPlan) throws {
        let kernels = kernels(engine)
        let panelFloats = dcae_panel_floats(&c, kernels.panel_width)
        let m = plan.productFloats(of: plan.largest)
        let wide = dcae_panel_scratch(&c, kernels.panel_width)
        try engine.reserveScratch(panelFloats + m + wide)
        var first = 0
        while first < plan.blocks.count {
            let last = plan.endOfShare(from: first)
            let blocks = Array(plan.blocks[first..<last])
            let start = blocks[0].lowerBound
            let leftFloats = plan.leftFloats(of: plan.largest)
            let offsets = blocks.indices.map { $0 * leftFloats }
            let left = try engine.arena.floats(blocks.count * leftFloats)
            let tiles = blocks[blocks.count - 1].upperBound - start
            let results = try engine.arena.floats(c.finishes != 0 ? plan.resultFloats(of: tiles) : 16)
            let (leftBase, resultBase) = (left.base, results.base)
            engine.pool.run(blocks.count) { block, _ in
                let (t0, t1) = (Int32(blocks[block].lowerBound), Int32(blocks[block].upperBound))
                withUnsafePointer(to: c) { kernels.transform_input($0, t0, t1, leftBase + offsets[block]) }
            }
            engine.pool.run(plan.panels) { panel, worker in
                let right = engine.scratch(of: worker)
                withUnsafePointer(to: c) { c in
                    kernels.prepare_panel(c, Int32(panel), right, right + panelFloats + m)
                    for (block, range) in blocks.enumerated() {
                        let (t0, t1) = (Int32(range.lowerBound), Int32(range.upperBound))
                        kernels.multiply(
                            c,
                            t0,
                            t1,
                            leftBase + offsets[block],
                            right,
                            Int32(panel),
                            right + panelFloats,
                            resultBase + plan.resultFloats(of: range.lowerBound - start)
                        )
                    }
                }
            }
            if c.finishes != 0 {
                let rows = plan.finishRanges(start..<(start + tiles), threads: engine.pool.count)
                engine.pool.run(rows.count) { index, _ in
                    let (t0, t1) = (Int32(rows[index].lowerBound), Int32(rows[index].upperBound))
                    withUnsafePointer(to: c) { kernels.finish($0, Int32(start), t0, t1, resultBase) }
                }
            }
            first = last
        }
    }
}
