internal import CKernels
internal import TensorCore

/// A convolution with what follows it, computed by the algorithm that suits its shape.
///
/// - 1×1: one matrix product.
/// - 3×3 with stride 1: Winograd's F(6×6, 3×3), 64 products for 36 pixels, a fifth of the direct cost; on fewer pixels
///   F(4×4, 3×3), 36 products for 16, a quarter; on a few directly, as the weights' transform would cost more than it saves.
/// - Doubling and 3×3: nine products at the low resolution, a quarter of the cost at the high one, and exact.
/// - 3×3 with stride 2: 25 products for four results, 0.69 of the direct cost, and exact ones.
package final class Convolution: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let spec: ConvolutionSpec
    private let source: Rows
    private let target: Rows
    private let plan: dcae_plan
    private var prepared: Prepared?
    package private(set) var algorithm: String
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
        plan = dcae_plan(spec, inputChannels: source.paddedChannels, size: (ownHeight, ownWidth))
        algorithm = plan.name
    }

    /// What running takes, for as long as it goes on.
    private struct Prepared {
        let convolution: dcae_conv
        let kernels: dcae_network_kernels
        /// Bias, scale and shift.
        let constants: FloatBuffer
        /// All panels; nil where each is made just before it is used.
        let packed: FloatBuffer?

        var finishes: Bool { convolution.after.is_whole_pixel != 0 }
        var panelFloats: Int { withUnsafePointer(to: convolution) { dcae_panel_floats($0, kernels.panel_width) } }
        var scratchFloats: Int { withUnsafePointer(to: convolution) { dcae_panel_scratch($0, kernels.panel_width) } }
    }

    package var outputHeight: Int { target.height }

    package var granule: Int {
        let rows = Int(plan.tile)
        switch spec.resampling {
        case .shuffle: return rows * 2
        case .unshuffle: return max(1, rows / 2)
        case .none, .interpolate, .stride: return rows
        }
    }

    package func stepRows(_ engine: Engine) -> Int {
        // More than a step's bytes where much memory is read for the weights each time.
        let floats = max(target.rowFloats, source.rowFloats * source.height / max(1, target.height))
        let weights = spec.weights.outputs * spec.weights.inputs * Int(plan.points)
        let most = 4 * engine.rows(of: floats, steps: 1)
        let rows = max(engine.rows(of: floats), min(most, weights / 2 / max(1, floats)))
        return max(granule, rows / granule * granule)
    }

    package var operations: Double {
        2 * Double(spec.weights.outputs * spec.weights.inputs * spec.weights.taps) * Double(ownHeight * ownWidth)
    }

    package var weightBytes: Double { Double(spec.weights.byteCount) }

    package func prepare(_ engine: Engine, steps: Int) throws(KernelError) {
        // Winograd's transforms would make six times bf16's error of theirs (docs/performance.md, error per algorithm).
        let bf16 = plan.isWinograd ? nil : engine.bf16Kernels
        let kernels = bf16 ?? engine.kernels
        let plan = plan.using(kernels, isBF16: bf16 != nil)
        let (panels, panelWidth) = (Int(plan.panels), Int(kernels.panel_width))
        let constants = try engine.arena.floats(3 * panels * panelWidth)
        constants.clear()
        var after = dcae_finish(spec)
        after.setConstants(spec, at: constants.base, width: panels * panelWidth)
        var convolution = dcae_conv(
            plan: plan,
            weights: dcae_weight(spec.weights),
            after: after,
            in: source.view,
            out: target.view,
            zeros: try engine.zeros(source.paddedChannels + 64)
        )
        let panelFloats = dcae_panel_floats(&convolution, kernels.panel_width)
        var packed: FloatBuffer?
        if isPacked(plan, bytes: 4 * panelFloats * panels, steps: steps, threads: engine.pool.count) {
            packed = try engine.arena.floats(panelFloats * panels)
            try engine.reserveScratch(max(64, dcae_panel_scratch(&convolution, kernels.panel_width)))
        }
        algorithm = plan.name + (bf16 == nil ? "" : ", bf16") + (packed == nil ? ", panels" : "")
        prepared = Prepared(convolution: convolution, kernels: kernels, constants: constants, packed: packed)
        guard let base = packed?.base else { return }
        engine.pool.run(panels) { [convolution] panel, worker in
            withUnsafePointer(to: convolution) {
                kernels.prepare_panel($0, Int32(panel), base + panel * panelFloats, engine.scratch(of: worker))
            }
        }
    }

    /// Whether all weights are prepared beforehand.
    private func isPacked(_ plan: dcae_plan, bytes: Int, steps: Int, threads: Int) -> Bool {
        let tiles = (ownHeight + Int(plan.tile) - 1) / Int(plan.tile) * Int(plan.tiles_x)
        // Few tiles do not pay for weights written out and read again; their own side must be small enough to be read anew
        // for each panel.
        let leftBytes = (plan.bf16 != 0 ? 2 : 4) * tiles * Int(plan.points) * Int(plan.k16) * 16
        let fewTiles = steps == 1 && tiles <= 256 && leftBytes <= 10 << 20 && Int(plan.panels) >= 2 * threads
        let direct = plan.algorithm == DCAE_DIRECT && spec.resampling == .unshuffle
        return !direct && !(fewTiles && bytes > 1 << 20) && bytes <= 96 << 20
    }

    package func finish(_ engine: Engine) { prepared = nil }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        guard let prepared else { preconditionFailure("a convolution is prepared before it is run") }
        let rows =
            switch spec.resampling {
            case .shuffle: y0 / 2..<(y1 + 1) / 2
            case .unshuffle: 2 * y0..<2 * y1
            case .none, .interpolate, .stride: y0..<y1
            }
        let blocks = BlockPlan(
            prepared.convolution.plan,
            prepared.kernels,
            rows: rows,
            isUnshuffled: spec.resampling == .unshuffle,
            threads: engine.pool.count
        )
        if let packed = prepared.packed {
            try runByTiles(engine, prepared, blocks, weights: packed.base)
        } else {
            try runByPanels(engine, prepared, blocks)
        }
    }

    /// Every thread takes blocks of tiles from input to output, its share of the work staying in its own cache.
    private func runByTiles(
        _ engine: Engine,
        _ prepared: Prepared,
        _ plan: BlockPlan,
        weights: UnsafePointer<Float>
    ) throws(KernelError) {
        let v = plan.leftFloats(of: plan.largest)
        let m = plan.productFloats(of: plan.largest)
        let t = prepared.finishes ? plan.resultFloats(of: plan.largest) : 0
        let kernels = prepared.kernels
        try engine.reserveScratch(v + m + t)
        let panelFloats = prepared.panelFloats
        engine.pool.run(plan.blocks.count) { task, worker in
            let tiles = plan.tiles(plan.blocks[plan.order[task]])
            let left = engine.scratch(of: worker)
            withUnsafePointer(to: prepared.convolution) { c in
                kernels.transform_input(c, tiles, left)
                for panel in 0..<plan.panels {
                    let right = weights + panel * panelFloats
                    kernels.multiply(c, tiles, left, right, Int32(panel), left + v, left + v + m)
                }
                if t > 0 { kernels.finish(c, tiles.t0, tiles, left + v + m) }
            }
        }
    }

    /// Every thread takes panels of outputs, prepares each just before it is used, and multiplies all tiles by it.
    private func runByPanels(_ engine: Engine, _ prepared: Prepared, _ plan: BlockPlan) throws(KernelError) {
        let panelFloats = prepared.panelFloats
        let m = plan.productFloats(of: plan.largest)
        try engine.reserveScratch(panelFloats + m + prepared.scratchFloats)
        var first = 0
        while first < plan.blocks.count {
            let last = plan.endOfShare(from: first)
            try runShare(engine, prepared, plan, Array(plan.blocks[first..<last]), panelFloats, m)
            first = last
        }
    }

    private func runShare(
        _ engine: Engine,
        _ prepared: Prepared,
        _ plan: BlockPlan,
        _ blocks: [Range<Int>],
        _ panelFloats: Int,
        _ m: Int
    ) throws(KernelError) {
        let kernels = prepared.kernels
        let start = blocks[0].lowerBound
        let leftFloats = plan.leftFloats(of: plan.largest)
        let left = try engine.arena.floats(blocks.count * leftFloats)
        let tiles = blocks[blocks.count - 1].upperBound - start
        let results = try engine.arena.floats(prepared.finishes ? plan.resultFloats(of: tiles) : 16)
        let (leftBase, resultBase) = (left.base, results.base)
        engine.pool.run(blocks.count) { block, _ in
            let target = leftBase + block * leftFloats
            withUnsafePointer(to: prepared.convolution) {
                kernels.transform_input($0, plan.tiles(blocks[block]), target)
            }
        }
        engine.pool.run(plan.panels) { panel, worker in
            let right = engine.scratch(of: worker)
            withUnsafePointer(to: prepared.convolution) { c in
                kernels.prepare_panel(c, Int32(panel), right, right + panelFloats + m)
                for (block, range) in blocks.enumerated() {
                    kernels.multiply(
                        c,
                        plan.tiles(range),
                        leftBase + block * leftFloats,
                        right,
                        Int32(panel),
                        right + panelFloats,
                        resultBase + plan.resultFloats(of: range.lowerBound - start)
                    )
                }
            }
        }
        guard prepared.finishes else { return }
        let ranges = plan.finishRanges(start..<(start + tiles), threads: engine.pool.count)
        engine.pool.run(ranges.count) { index, _ in
            withUnsafePointer(to: prepared.convolution) {
                kernels.finish($0, Int32(start), plan.tiles(ranges[index]), resultBase)
            }
        }
    }
}
