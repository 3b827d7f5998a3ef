internal import Dispatch
internal import Synchronization

/// Hashes a file while it is being downloaded: a thread that follows the bytes that are there without a hole.
final class FollowingHash: Sendable {
    private let reached = Atomic(0)
    private let isAbandoned = Atomic(false)
    private let news = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let result = Mutex<String?>(nil)

    /// Begins to follow a file.
    init(_ file: PartialFile, _ kind: BlobID.Kind) {
        let reader = Reader(file: file)
        let size = file.size
        DispatchQueue.global(qos: .userInitiated).async { [self] in
            var hasher = BlobHasher(kind, size: size)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            defer { buffer.deallocate() }
            var offset = 0
            while offset < size, !isAbandoned.load(ordering: .relaxed) {
                let end = reached.load(ordering: .acquiring)
                guard end > offset else {
                    news.wait()
                    continue
                }
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(min(buffer.count, end - offset)))
                guard reader.file.read(into: part, at: offset) else { break }
                hasher.update(UnsafeRawBufferPointer(part))
                offset += part.count
            }
            if offset == size {
                let digest = hasher.finish()
                result.withLock { $0 = digest }
            }
            ended.signal()
        }
    }

    /// A partial file, of which the thread reads what is there and no longer changes.
    private struct Reader: @unchecked Sendable {
        let file: PartialFile
    }

    /// Says up to where all bytes are there.
    func advance(to offset: Int) {
        guard offset > reached.load(ordering: .relaxed) else { return }
        reached.store(offset, ordering: .releasing)
        news.signal()
    }

    /// The digest, once all bytes have been there; nil where they could not be read.
    func finish() -> String? {
        ended.wait()
        return result.withLock { $0 }
    }

    /// Ends the thread.
    func abandon() {
        isAbandoned.store(true, ordering: .relaxed)
        news.signal()
        ended.wait()
    }
}
