import CheckpointIO
import Foundation
import Hub
import Synchronization
import TestSupport

/// A Hub, a cache of its own, and what was said on the way.
final class Scene: Sendable {
    let server: FakeHub
    let folder: TemporaryFolder
    private let said = Mutex<[String]>([])

    static let repository = "mit-han-lab/dc-ae-f32c32-in-1.0"

    /// Bytes that no two places share, so that a piece at the wrong place is seen.
    static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
    }

    static let config = Array("{\"model_name\": \"dc-ae-f32c32-in-1.0\"}".utf8)
    /// Five pieces and a bit.
    static let weights = bytes(pieceSize * 5 + 1234)
    static let pieceSize = 128 << 10

    static let files: [String: [UInt8]] = [
        "config.json": config, "model.safetensors": weights, "README.md": Array("# Read me".utf8),
    ]

    init(
        _ repositories: [String: [String: [UInt8]]] = [repository: files],
        faults: Set<FakeHub.Fault> = [],
        token: String? = nil,
        retryAfter: Int = 0
    ) async throws {
        server = try await FakeHub(repositories, faults: faults, token: token, retryAfter: retryAfter)
        folder = try TemporaryFolder()
    }

    var notes: [String] { said.withLock { $0 } }

    func hub(_ change: (inout HubSettings) -> Void = { _ in }) throws -> Hub {
        guard let endpoint = WebAddress(server.endpoint) else { throw CocoaError(.coderInvalidValue) }
        var settings = HubSettings(endpoint: endpoint, cacheRoot: folder("hub"))
        // A busy machine is no stall: where none is wanted, nothing ends for being slow.
        settings.stallSeconds = server.stalls ? 4 : 100
        settings.firstPause = 0.01
        settings.pieceSize = Self.pieceSize
        settings.flushes = false
        change(&settings)
        return Hub(settings, reporter: HubReporter(note: { line in self.said.withLock { $0.append(line) } }))
    }

    func name(_ text: String = "hf://" + repository) throws -> HubName {
        guard let name = try HubName.parse(text) else { throw CocoaError(.coderInvalidValue) }
        return name
    }

    /// Pulls in a thread of its own: the Hub's work blocks, and the server needs the threads of Swift's tasks.
    @discardableResult
    func pull(_ text: String = "hf://" + repository, _ change: (inout HubSettings) -> Void = { _ in }) async throws
        -> String
    {
        let (hub, name) = (try hub(change), try name(text))
        return try await blocking { try hub.pull(name) }
    }

    /// What a pull is refused with.
    func refusal(
        of text: String = "hf://" + repository,
        _ change: (inout HubSettings) -> Void = { _ in }
    ) async throws -> CheckpointError? {
        do {
            try await pull(text, change)
            return nil
        } catch let error as CheckpointError {
            return error
        }
    }

    /// The folder of the one snapshot.
    var snapshot: String {
        folder("hub/models--mit-han-lab--dc-ae-f32c32-in-1.0/snapshots/\(server.commit(Self.repository))")
    }
    var blobs: String { folder("hub/models--mit-han-lab--dc-ae-f32c32-in-1.0/blobs") }
}

/// Runs what blocks outside of the threads of Swift's tasks.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// How many bytes were sent more than once.
func overlap(_ ranges: [Range<Int>]) -> Int {
    var seen = 0
    var end = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        seen += max(0, min(end, range.upperBound) - range.lowerBound)
        end = max(end, range.upperBound)
    }
    return seen
}
