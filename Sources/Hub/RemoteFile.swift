internal import CheckpointIO
internal import Synchronization

/// A file on the Hub that is read where it lies, by range requests: its header, not its values.
///
/// What is read is kept in blocks, since readers of headers come back for the next few bytes. It is not held against the
/// file's digest, which only the whole of it has.
final class RemoteFile: ByteSource, @unchecked Sendable {
    let entry: RemoteFileEntry
    private let name: HubName
    /// Shared with all files of its kind, and what is below is read and written under its lock alone.
    private let connection: HubConnection
    private var location: WebAddress?
    private var blocks: [Int: [UInt8]] = [:]
    private var heldBytes = 0

    /// One request brings the header of nearly every safetensors file.
    static let blockSize = 128 << 10
    /// A header may have 100 MB; what wants more is no reader of headers.
    private static let limit = 128 << 20

    /// - Parameter content: its bytes, where they are known without asking; they fit into a block.
    init(_ name: HubName, _ entry: RemoteFileEntry, _ connection: HubConnection, content: [UInt8]?) {
        if let content, content.count <= Self.blockSize { blocks[0] = content }
        self.name = name
        self.entry = entry
        self.connection = connection
    }

    var size: Int { entry.size }

    /// The beginning of its digest.
    var identity: UInt64 { UInt64(entry.blob.description.prefix(16), radix: 16) ?? 0 }

    var digest: String? { entry.blob.kind == .sha256 ? entry.blob.description : nil }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
        guard !buffer.isEmpty else { return }
        guard offset >= 0, offset <= size, buffer.count <= size - offset else {
            throw CheckpointError(name.description, .file, FileFault.shrank(expected: size))
        }
        let end = offset + buffer.count
        let wanted = offset / Self.blockSize...(end - 1) / Self.blockSize
        try connection.use(name) { client throws(HubFault) in
            try bring(wanted, client)
            for index in wanted {
                guard let block = blocks[index] else { throw .notAHub("it sends the wrong bytes") }
                let start = index * Self.blockSize
                let part = max(offset, start)..<min(end, start + block.count)
                block.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: buffer[(part.lowerBound - offset)...])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(
                                rebasing: bytes[(part.lowerBound - start)..<(part.upperBound - start)]
                            )
                        )
                }
            }
        }
    }

    /// Fetches the blocks of a range that are not there, from the first that is missing to the last in one request.
    private func bring(_ wanted: ClosedRange<Int>, _ client: HubClient) throws(HubFault) {
        let missing = wanted.filter { blocks[$0] == nil }
        guard let first = missing.first, let last = missing.last else { return }
        var range = first * Self.blockSize..<min(size, (last + 1) * Self.blockSize)
        if heldBytes + range.count > Self.limit {
            blocks = [:]
            heldBytes = 0
            range = wanted.lowerBound * Self.blockSize..<min(size, (wanted.upperBound + 1) * Self.blockSize)
            guard range.count <= Self.limit else { throw .answerTooLarge(limit: Self.limit) }
        }
        let bytes = try fetch(range, client)
        for start in stride(from: 0, to: bytes.count, by: Self.blockSize) {
            let end = min(start + Self.blockSize, bytes.count)
            blocks[(range.lowerBound + start) / Self.blockSize] = Array(bytes[start..<end])
        }
        heldBytes += bytes.count
    }

    private func fetch(_ range: Range<Int>, _ client: HubClient) throws(HubFault) -> [UInt8] {
        let isWhole = range == 0..<size
        let (answer, body) = try ask(isWhole ? nil : range, limit: range.count, client)
        if answer.status == 206 {
            let sent = ContentRange(answer["content-range"])
            guard sent?.start == range.lowerBound, sent?.total ?? size == size else {
                throw .notAHub("it sends the wrong bytes")
            }
        }
        guard body.count == range.count, isWhole || answer.status == 206 else { throw Self.noRanges }
        return body
    }

    private static let noRanges = HubFault.notAHub(
        "it does not send parts of files, so dcae cannot read only the headers"
    )

    private func ask(
        _ range: Range<Int>?,
        limit: Int,
        _ client: HubClient
    ) throws(HubFault) -> (answer: Transfer, body: [UInt8]) {
        do throws(HubFault) {
            let start = if let location { location } else { try client.address(of: name) }
            return try client.get(start, for: name, range: range, limit: limit) { location = $0 }
        } catch {
            if case .answerTooLarge = error, range != nil { throw Self.noRanges }
            // The address was signed for a time that may be over: the Hub gives another.
            guard case .refused = error, location != nil else { throw error }
            location = nil
            return try client.get(try client.address(of: name), for: name, range: range, limit: limit) { location = $0 }
        }
    }
}

/// A client that several files share, one at a time.
final class HubConnection: Sendable {
    private struct State: @unchecked Sendable {
        var client: HubClient?
    }

    private let settings: HubSettings
    private let state = Mutex(State())

    init(_ settings: HubSettings) {
        self.settings = settings
    }

    /// Asks the Hub.
    ///
    /// - Parameter name: what is asked about, for errors.
    func use<Value: Sendable>(
        _ name: HubName,
        _ work: (HubClient) throws(HubFault) -> Value
    ) throws(CheckpointError) -> Value {
        let result: Result<Value, HubFault> = state.withLock { state in
            do throws(HubFault) {
                let client = if let client = state.client { client } else { try HubClient(settings) }
                state.client = client
                return .success(try work(client))
            } catch {
                return .failure(error)
            }
        }
        do throws(HubFault) {
            return try result.get()
        } catch {
            throw CheckpointError(name.description, .file, error)
        }
    }
}
