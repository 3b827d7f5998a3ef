internal import Synchronization
internal import TensorCore

/// Whole tensors that were collected from elements that lie apart, kept while their parts are asked for.
final class GatherCache: Sendable {
    /// The bytes that are kept at most.
    static let capacity = 96 << 20

    private struct Entry: @unchecked Sendable {
        // Sendable, as nothing writes to the bytes once they have been collected.
        let location: TensorLocation
        let bytes: Buffer
    }

    /// The one that was used last at the end.
    private let entries = Mutex<[Entry]>([])

    /// Hands the whole tensor to `use`, collected by `fill` unless it is there already.
    func withWhole(
        _ location: TensorLocation,
        byteCount: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Void,
        use: (UnsafeRawBufferPointer) -> Void
    ) throws(CheckpointError) {
        // Whoever comes second waits for the first to have collected it.
        let found: Result<Buffer, CheckpointError> = entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.location.isSame(as: location) }) {
                entries.append(entries.remove(at: index))
            } else {
                while !entries.isEmpty, entries.reduce(byteCount, { $0 + $1.location.byteCount }) > Self.capacity {
                    entries.removeFirst()
                }
                let bytes = Buffer(count: byteCount)
                do throws(CheckpointError) {
                    try fill(bytes[0..<byteCount])
                } catch {
                    return .failure(error)
                }
                entries.append(Entry(location: location, bytes: bytes))
            }
            return .success(entries[entries.count - 1].bytes)
        }
        let bytes = try found.get()
        use(UnsafeRawBufferPointer(bytes[0..<byteCount]))
    }
}
