internal import CKernels
internal import TensorCore

/// One additional scale of multiscale attention: depthwise k×k over q, k and v, then a map of `dim` channels each.
package struct AttentionScale {
    /// The kernel's side, odd.
    package var kernel: Int
    /// [3 × heads × dim][kernel²].
    package var depthwise: [Float]
    /// [3 × heads × dim][dim].
    package var grouped: [Float]

    /// A scale with its weights.
    package init(kernel: Int, depthwise: [Float], grouped: [Float]) {
        self.kernel = kernel
        self.depthwise = depthwise
        self.grouped = grouped
    }
}

/// The first part of attention: from q, k and v of all pixels the sums over them, and the queries, kept for the second.
///
/// Sums are taken row by row in single precision and added in double, so that they depend neither on threads nor on
/// how many rows come at a time. Where pixels are at most `dim`, the reference computes scores of all pairs: so does
/// this, and the second part has nothing left to do.
package final class AttentionGather: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let source: Rows
    private let target: Rows
    private let dim: Int
    private let heads: Int
    private let scales: [AttentionScale]
    let sums: AttentionSums
    private var tables: [ScaleTable] = []

    private struct ScaleTable {
        let buffer: FloatBuffer
        let operation: dcae_depthwise
    }

    /// - Parameters:
    ///   - source: q, k and v, 3 × heads × dim channels.
    ///   - target: heads × (1 + scales) × dim channels, whole.
    package init(name: String, from source: Rows, to target: Rows, heads: Int, dim: Int, scales: [AttentionScale]) {
        self.name = name
        self.source = source
        self.target = target
        self.heads = heads
        self.dim = dim
        self.scales = scales
        sums = AttentionSums(groups: heads * (1 + scales.count), dim: dim)
        inputs = [RowInput(rows: source, halo: (scales.map(\.kernel).max() ?? 1) / 2)]
        output = target
    }

    package static func isQuadratic(_ rows: Rows, dim: Int) -> Bool { rows.height * rows.width <= dim }

    private var isQuadratic: Bool { Self.isQuadratic(source, dim: dim) }

    /// The sums alone are no answer yet.
    package var isFinal: Bool { isQuadratic }
    package var algorithm: String { isQuadratic ? "quadratic attention" : "linear attention, sums" }
    package var outputHeight: Int { target.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int {
        isQuadratic ? target.height : engine.rows(of: source.rowFloats, steps: 2)
    }
    package var operations: Double {
        let pixels = Double(source.height * source.width)
        let channels = Double(3 * heads * dim)
        let maps = scales.reduce(0.0) { $0 + 2 * channels * Double($1.kernel * $1.kernel + dim) }
        return pixels * (maps + 2 * Double(heads * (1 + scales.count) * dim * (dim + 1)))
    }
    package var weightBytes: Double { Double(scales.reduce(0) { $0 + 4 * ($1.depthwise.count + $1.grouped.count) }) }

    private var span: Int { 3 * dim }
    private var paddedSpan: Int { (span + 15) / 16 * 16 }

    package func prepare(_ engine: Engine, steps: Int) throws(KernelError) {
        let channels = 3 * heads * dim
        let stride = channels + 32
        tables = []
        for scale in scales {
            let taps = scale.kernel * scale.kernel
            let buffer = try engine.arena.floats(taps * stride + channels * dim)
            buffer.clear()
            for channel in 0..<channels {
                for tap in 0..<taps { buffer.base[tap * stride + channel] = scale.depthwise[channel * taps + tap] }
            }
            // Each map transposed: [input][output].
            let maps = buffer.base + taps * stride
            for map in 0..<(3 * heads) {
                for o in 0..<dim {
                    for i in 0..<dim { maps[(map * dim + i) * dim + o] = scale.grouped[(map * dim + o) * dim + i] }
                }
            }
            let operation = dcae_depthwise(
                in: source.view,
                weights: buffer.base,
                bias: nil,
                zeros: try engine.zeros(stride + 64),
                weight_stride: Int64(stride),
                kernel: Int32(scale.kernel),
                channel: 0,
                count: Int32(paddedSpan),
                gate: 0
            )
            tables.append(ScaleTable(buffer: buffer, operation: operation))
        }
        let pixels = isQuadratic ? source.height * source.width : source.width
        try engine.reserveScratch((dim + 1) * dim + pixels * (paddedSpan + span + 3 * dim))
    }

    package func finish(_ engine: Engine) { tables = [] }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        let groups = heads * (1 + scales.count)
        let isQuadratic = isQuadratic
        engine.pool.run(groups) { group, worker in
            let scratch = engine.scratch(of: worker)
            let work = scratch + (dim + 1) * dim
            let collected = work + (isQuadratic ? source.height : 1) * source.width * (paddedSpan + span)
            for y in y0..<y1 {
                let (values, stride) = qkv(group, y, work, engine)
                if isQuadratic {
                    collect(values, stride, y, collected)
                } else {
                    engine.kernels.attend_sum(
                        values,
                        Int32(source.width),
                        Int64(stride),
                        Int32(dim),
                        sums.base + group * (dim + 1) * dim,
                        scratch
                    )
                    let out = target.row(y) + group * dim
                    for x in 0..<source.width {
                        (out + x * target.paddedChannels).update(from: values + x * stride, count: dim)
                    }
                }
            }
            if group == groups - 1, target.paddedChannels > target.channels {
                for y in y0..<y1 {
                    for x in 0..<target.width {
                        (target.row(y) + x * target.paddedChannels + target.channels)
                            .update(repeating: 0, count: target.paddedChannels - target.channels)
                    }
                }
            }
            guard isQuadratic else { return }
            let pixels = source.height * source.width
            dcae_attend_quadratic(
                collected,
                collected + pixels * dim,
                collected + 2 * pixels * dim,
                Int32(pixels),
                Int32(dim),
                target.row(0) + group * dim,
                Int64(target.paddedChannels)
            )
        }
    }

    /// The q, k and v of a group's pixels in row y, and the distance between pixels.
    private func qkv(
        _ group: Int,
        _ y: Int,
        _ work: UnsafeMutablePointer<Float>,
        _ engine: Engine
    ) -> (UnsafePointer<Float>, Int) {
        let head = group % heads
        let start = head * span
        guard group >= heads else { return (UnsafePointer(source.row(y) + start), source.paddedChannels) }
        let table = tables[group / heads - 1]
        let kernel = Int(table.operation.kernel)
        var operation = table.operation
        operation.channel = Int32(start)
        operation.weights += start
        let width = source.width
        engine.kernels.depthwise(&operation, Int32(y), 0, Int32(width), work, Int64(paddedSpan))
        let maps = table.buffer.base + kernel * kernel * Int(table.operation.weight_stride)
        let mapped = work + width * paddedSpan
        for part in 0..<3 {
            engine.kernels.map_pixels(
                work + part * dim,
                Int64(paddedSpan),
                Int32(width),
                Int32(dim),
                maps + (3 * head + part) * dim * dim,
                nil,
                mapped + part * dim,
                Int64(span)
            )
        }
        return (UnsafePointer(mapped), span)
    }

    private func collect(_ values: UnsafePointer<Float>, _ stride: Int, _ y: Int, _ all: UnsafeMutablePointer<Float>) {
        let pixels = source.height * source.width
        for x in 0..<source.width {
            for part in 0..<3 {
                let to = all + (part * pixels + y * source.width + x) * dim
                to.update(from: values + x * stride + part * dim, count: dim)
            }
        }
    }
}

/// The sums of one linear attention: per group [dim + 1][dim], the last line without values.
package final class AttentionSums {
    let groups: Int
    let dim: Int
    let base: UnsafeMutablePointer<Double>

    init(groups: Int, dim: Int) {
        self.groups = groups
        self.dim = dim
        base = .allocate(capacity: groups * (dim + 1) * dim)
        base.initialize(repeating: 0, count: groups * (dim + 1) * dim)
    }

    deinit { base.deallocate() }
}

/// The second part of linear attention: every query becomes its answer, in place.
package final class AttentionMap: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let rows: Rows
    private let sums: AttentionSums
    private var tables: FloatBuffer?

    /// Works on what `gather` wrote, after it has run to its end.
    package init(name: String, after gather: AttentionGather, in rows: Rows) {
        self.name = name
        self.rows = rows
        sums = gather.sums
        // In place, and each row by itself: there is nothing to wait for.
        inputs = []
        output = rows
    }

    package var algorithm: String { "linear attention, map" }
    package var outputHeight: Int { rows.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int { engine.rows(of: rows.rowFloats, steps: 2) }
    package var operations: Double {
        2 * Double(rows.height * rows.width) * Double(sums.groups * sums.dim * (sums.dim + 1))
    }

    package func prepare(_ engine: Engine, steps: Int) throws(KernelError) {
        let dim = sums.dim
        let size = dim * (dim + 1)
        let buffer = try engine.arena.floats(sums.groups * size)
        for group in 0..<sums.groups {
            let from = sums.base + group * size
            let to = buffer.base + group * size
            for d in 0..<dim {
                for e in 0..<dim { to[e * dim + d] = Float(from[d * dim + e]) }
            }
            for e in 0..<dim { to[dim * dim + e] = Float(from[dim * dim + e]) }
        }
        tables = buffer
    }

    package func finish(_ engine: Engine) { tables = nil }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        guard let base = tables?.base else { preconditionFailure("tables were prepared") }
        let dim = sums.dim
        let size = dim * (dim + 1)
        let parts = 4
        engine.pool.run((y1 - y0) * parts) { task, _ in
            let y = y0 + task / parts
            let groups = (sums.groups * (task % parts) / parts)..<(sums.groups * (task % parts + 1) / parts)
            for group in groups {
                let place = rows.row(y) + group * dim
                let stride = Int64(rows.paddedChannels)
                let table = base + group * size
                engine.kernels.map_pixels(
                    place,
                    stride,
                    Int32(rows.width),
                    Int32(dim),
                    table,
                    table + dim * dim,
                    place,
                    stride
                )
            }
        }
    }
}
