internal import CKernels

/// An image of many channels, kept whole or as the rows that are still needed.
///
/// Pixels are channels-last, their channels rounded up to 16 with zeros.
package final class Rows {
    package let height: Int
    package let width: Int
    package let channels: Int
    /// Whether all rows are kept until the image is no longer referenced.
    package let isWhole: Bool
    private(set) var buffer: FloatBuffer?
    private(set) var capacity = 0

    /// The channels with their padding.
    package var paddedChannels: Int { (channels + 15) / 16 * 16 }
    var rowFloats: Int { width * paddedChannels }

    /// An image whose memory comes with `allocate`.
    package init(height: Int, width: Int, channels: Int, isWhole: Bool) {
        self.height = height
        self.width = width
        self.channels = channels
        self.isWhole = isWhole
    }

    func allocate(rows: Int, in arena: Arena) throws(KernelError) {
        guard buffer == nil else { return }
        capacity = min(rows, height)
        // Some loops read, and ignore, up to two vectors beyond the last pixel.
        buffer = try arena.floats(capacity * rowFloats + 64)
    }

    func release() { if !isWhole { buffer = nil } }

    var view: dcae_rows {
        guard let buffer else { preconditionFailure("an image is allocated before it is used") }
        return dcae_rows(
            base: buffer.base,
            stride: Int64(rowFloats),
            capacity: Int32(capacity),
            height: Int32(height),
            width: Int32(width),
            channels: Int32(paddedChannels)
        )
    }

    /// The pixels of a row that is kept, each of `paddedChannels` values.
    package func pixels(ofRow y: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: row(y), count: rowFloats)
    }

    func row(_ y: Int) -> UnsafeMutablePointer<Float> {
        guard let buffer else { preconditionFailure("an image is allocated before it is used") }
        return buffer.base + y % capacity * rowFloats
    }
}

/// Which rows of an image an operation reads to make rows of its own.
package struct RowInput {
    let rows: Rows
    /// Input rows per output row, as a fraction.
    var multiply = 1
    var divide = 1
    /// Rows needed above and below.
    var halo = 0

    func low(_ y: Int) -> Int { max(0, y * multiply / divide - halo) }
    func high(_ y: Int) -> Int { min(rows.height, (y * multiply + divide - 1) / divide + halo) }
}

/// One step of the network over rows.
package protocol RowOperation: AnyObject {
    /// The layer, by its module path.
    var name: String { get }
    var algorithm: String { get }
    var inputs: [RowInput] { get }
    /// The image that is written, or nil where the result goes elsewhere.
    var output: Rows? { get }
    var outputHeight: Int { get }
    /// Rows come in multiples of this, but for the last.
    var granule: Int { get }
    /// Whether `output` then holds what the layer of that name puts out, rather than something on the way to it.
    var isFinal: Bool { get }
    /// Rows that are worth a step of their own.
    func stepRows(_ engine: Engine) -> Int
    var operations: Double { get }
    var weightBytes: Double { get }
    /// Makes ready to run, in so many steps.
    func prepare(_ engine: Engine, steps: Int) throws(KernelError)
    /// Makes rows y0 ..< y1.
    func run(_ engine: Engine, _ y0: Int, _ y1: Int) throws(KernelError)
    /// Gives up what `prepare` made.
    func finish(_ engine: Engine)
}

extension RowOperation {
    package func prepare(_ engine: Engine, steps: Int) throws(KernelError) {}
    package func finish(_ engine: Engine) {}
    package var weightBytes: Double { 0 }
    package var isFinal: Bool { true }
}
