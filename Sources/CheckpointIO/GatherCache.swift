internal import Synchronization

/// Whole tensors that were collected from elements that lie apart, kept while their parts are asked for.
final class GatherCache: Sendable {
    /// The bytes that are kept at most.
    static let capacity = 96 << 20

    private struct Entry: Sendable {
        let location: TensorLocation
        let bytes: CollectedBytes
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
        let found: Result<CollectedBytes, CheckpointError> = entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.location.isSame(as: location) }) {
                entries.append(entries.remove(at: index))
            } else {
                while !entries.isEmpty, entries.reduce(byteCount, { $0 + $1.bytes.count }) > Self.capacity {
                    entries.removeFirst()
                }
                let bytes = CollectedBytes(count: byteCount)
                do throws(CheckpointError) {
                    try fill(bytes.memory)
                } catch {
                    return .failure(error)
                }
                entries.append(Entry(location: location, bytes: bytes))
            }
            return .success(entries[entries.count - 1].bytes)
        }
        let bytes = try found.get()
        use(UnsafeRawBufferPointer(bytes.memory))
    }
}

/// Memory that is written once, before it is shared.
private final class CollectedBytes: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer

    init(count: Int) { memory = .allocate(byteCount: count, alignment: 64) }

    deinit { memory.deallocate() }

    var count: Int { memory.count }
}
