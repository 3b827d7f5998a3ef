internal import CKernels
internal import TensorCore

/// Planes of a caller's tensor, NCHW, to rows of pixels.
package final class PlanesSource: RowOperation {
    package let name: String
    package let output: Rows?
    private let target: Rows
    private let planes: UnsafePointer<Float>

    /// Reads `target.channels` planes of the target's size, which stay valid until the operation has run.
    package init(name: String, planes: UnsafePointer<Float>, to target: Rows) {
        self.name = name
        self.planes = planes
        self.target = target
        output = target
    }

    package var algorithm: String { "copy" }
    package var isFinal: Bool { false }
    package var inputs: [RowInput] { [] }
    package var outputHeight: Int { target.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int { engine.rows(of: target.rowFloats) }
    package var operations: Double { 0 }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        engine.pool.run(y1 - y0) { row, _ in
            var view = target.view
            let y = Int32(y0 + row)
            dcae_planes_to_rows(planes, Int32(target.channels), &view, y, y + 1)
        }
    }
}

/// Rows of pixels to planes of a caller's tensor, NCHW.
package final class PlanesSink: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows? = nil
    private let source: Rows
    private let planes: UnsafeMutablePointer<Float>

    /// Writes `source.channels` planes of the source's size.
    package init(name: String, from source: Rows, planes: UnsafeMutablePointer<Float>) {
        self.name = name
        self.source = source
        self.planes = planes
        inputs = [RowInput(rows: source)]
    }

    package var algorithm: String { "copy" }
    package var outputHeight: Int { source.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int { engine.rows(of: source.rowFloats) }
    package var operations: Double { 0 }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        engine.pool.run(y1 - y0) { row, _ in
            var view = source.view
            let y = Int32(y0 + row)
            dcae_rows_to_planes(&view, y, y + 1, Int32(source.channels), planes)
        }
    }
}

/// A norm over the channels of each pixel, then an activation.
package final class PixelNorm: RowOperation {
    package let name: String
    package let inputs: [RowInput]
    package let output: Rows?
    private let source: Rows
    private let target: Rows
    private let scale: [Float]
    private let shift: [Float]
    private let eps: Float
    private let activation: ActivationKind

    /// Root mean square norm with scale and shift per channel.
    package init(
        name: String,
        from source: Rows,
        to target: Rows,
        scale: [Float],
        shift: [Float],
        eps: Float,
        activation: ActivationKind
    ) {
        self.name = name
        self.source = source
        self.target = target
        let padding = [Float](repeating: 0, count: source.paddedChannels - source.channels)
        self.scale = scale + padding
        self.shift = shift + padding
        self.eps = eps
        self.activation = activation
        inputs = [RowInput(rows: source)]
        output = target
    }

    package var algorithm: String { "pixels" }
    package var outputHeight: Int { target.height }
    package var granule: Int { 1 }
    package func stepRows(_ engine: Engine) -> Int { engine.rows(of: target.rowFloats) }
    package var operations: Double { 4 * Double(target.height * target.width * target.channels) }

    package func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError) {
        engine.pool.run(y1 - y0) { row, _ in
            engine.kernels.norm_row(
                source.row(y0 + row),
                target.row(y0 + row),
                Int32(source.width),
                Int32(source.paddedChannels),
                Int32(source.channels),
                DCAE_RMS_NORM,
                scale,
                shift,
                eps,
                activation.code
            )
        }
    }
}
