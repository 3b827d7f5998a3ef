package import CheckpointIO
package import Models
package import TensorCore

/// SHA-256 of tensors' data: of the elements in row-major order, each with its least significant byte first.
///
/// For a tensor that a safetensors file holds as it is, that is the SHA-256 of its bytes in the file.
package enum ContentDigest {
    /// The bytes that are read at once, of each thread.
    private static let windowSize = 256 << 10
    /// The same for data that must be gathered, where every read looks at all that its elements span.
    private static let gatheredWindowSize = 8 << 20

    /// The digest of a tensor's data, whatever lies between its elements in the file.
    ///
    /// - Parameters:
    ///   - tensor: one of the view's.
    ///   - dtype: what weights are rounded to first; nil to take them as they are.
    ///   - progress: is told how many stored bytes were read.
    /// - Throws: where the data cannot be read.
    package static func of(
        _ tensor: ViewedTensor,
        in view: LayoutView,
        as dtype: DType? = nil,
        progress: ((Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> SHA256Digest {
        let stored = tensor.descriptor.dtype
        let target = dtype.flatMap { stored.isWeightFormat && $0.isWeightFormat && $0 != stored ? $0 : nil }
        let isPlain = tensor.pieces.allSatisfy(\.tensor.location.isPlain)
        let total = tensor.byteCount
        let size = max(1, min(total, isPlain ? windowSize : gatheredWindowSize))
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { window.deallocate() }
        let growth = target.map { max(1, $0.bitCount / stored.bitCount) } ?? 0
        let cast = UnsafeMutableRawBufferPointer.allocate(byteCount: growth * size, alignment: 64)
        defer { cast.deallocate() }
        var hash = SHA256()
        var start = 0
        while start < total {
            let part = UnsafeMutableRawBufferPointer(rebasing: window[0..<min(size, total - start)])
            try view.read(tensor, from: start, into: part)
            if let target, let width = target.byteCount, let own = stored.byteCount {
                let rounded = UnsafeMutableRawBufferPointer(rebasing: cast[0..<(part.count / own * width)])
                NumberFormat.convert(UnsafeRawBufferPointer(part), from: stored, into: rounded, to: target)
                hash.update(UnsafeRawBufferPointer(rounded))
            } else {
                hash.update(UnsafeRawBufferPointer(part))
            }
            start += part.count
            try progress?(part.count)
        }
        return hash.finish()
    }

    /// The digests of all tensors of a view, in its order.
    ///
    /// The largest tensors come first, so that no thread is left with one when the others have finished.
    package static func all(
        of view: LayoutView,
        as dtype: DType? = nil,
        threads: Int = Workers.defaultCount,
        progress: (@Sendable (Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> [SHA256Digest] {
        let tensors = view.tensors
        let order = tensors.indices.sorted { (tensors[$1].byteCount, $0) < (tensors[$0].byteCount, $1) }
        return try Workers.map(order, threads: threads) { index throws(CheckpointError) in
            try of(tensors[index], in: view, as: dtype, progress: progress)
        }
    }
}
