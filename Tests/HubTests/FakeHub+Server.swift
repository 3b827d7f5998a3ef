import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// A body in chunks, which may end before it is whole.
struct Chunks: AsyncBufferedSequence {
    enum Ending: Sendable {
        case nothing, end, silence
    }

    typealias Element = UInt8
    let bytes: [UInt8]
    let ending: Ending
    /// Whether the bytes come again and again.
    var isEndless = false
    var pause: Duration?

    init(_ bytes: [UInt8], then ending: Ending = .nothing, isEndless: Bool = false, pause: Duration? = nil) {
        (self.bytes, self.ending, self.isEndless, self.pause) = (bytes, ending, isEndless, pause)
    }

    func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        let body: Chunks
        var position = 0

        struct Broken: Error {}

        mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }

        mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
            if let pause = body.pause { try await Task.sleep(for: pause) }
            if position == body.bytes.count, body.isEndless { position = 0 }
            guard position < body.bytes.count else {
                switch body.ending {
                case .nothing: return nil
                case .end: throw Broken()
                case .silence:
                    try await Task.sleep(for: .seconds(60))
                    throw Broken()
                }
            }
            let part = body.bytes[position..<Swift.min(position + count, body.bytes.count)]
            position = part.endIndex
            return part
        }
    }
}

/// The one server of all tests.
final class Server: Sendable {
    static let shared = Server()

    private let starting: Task<UInt16, any Error>
    private let box: HandlerBox

    private init() {
        let box = HandlerBox()
        self.box = box
        starting = Task.detached {
            let server = HTTPServer(address: try sockaddr_in.inet(ip4: "127.0.0.1", port: 0), logger: .disabled)
            await server.appendRoute("*") { request in box.answer(request) }
            Task.detached { try await server.run() }
            try await server.waitUntilListening(timeout: 60)
            guard case .ip4(_, let port)? = await server.listeningAddress else { throw SocketError.unsupportedAddress }
            return port
        }
    }

    func port() async throws -> UInt16 { try await starting.value }

    func register(_ prefix: String, _ hub: FakeHub) { box.register(prefix, hub) }

    func forget(_ prefix: String) { box.forget(prefix) }
}

private struct FakeHubReference: @unchecked Sendable {
    weak var hub: FakeHub?
}

private final class HandlerBox: Sendable {
    private let hubs = Mutex<[String: FakeHubReference]>([:])

    func register(_ prefix: String, _ hub: FakeHub) { hubs.withLock { $0[prefix] = FakeHubReference(hub: hub) } }

    func forget(_ prefix: String) { hubs.withLock { $0[prefix] = nil } }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let prefix = "/" + (request.target.path().split(separator: "/").first.map(String.init) ?? "")
        guard let hub = hubs.withLock({ $0[prefix]?.hub }) else { return FakeHub.error(404, "RepoNotFound", "no Hub") }
        return hub.answer(request)
    }
}

/// SHA-1 for what git would say; the Hub's own is checked against git's known answers elsewhere.
enum GitSHA1 {
    static func digest(_ bytes: [UInt8]) -> String {
        var h: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var message = bytes + [0x80]
        while message.count % 64 != 56 { message.append(0) }
        message += (0..<8).reversed().map { UInt8(truncatingIfNeeded: (bytes.count * 8) >> (8 * $0)) }
        for block in stride(from: 0, to: message.count, by: 64) {
            var w = (0..<16).map { i in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(message[block + 4 * i + $1]) } }
            for i in 16..<80 {
                let x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]
                w.append(x << 1 | x >> 31)
            }
            var (a, b, c, d, e) = (h[0], h[1], h[2], h[3], h[4])
            for i in 0..<80 {
                let (f, k): (UInt32, UInt32) =
                    switch i {
                    case ..<20: (b & c | ~b & d, 0x5A82_7999)
                    case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                    case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
                    default: (b ^ c ^ d, 0xCA62_C1D6)
                    }
                (a, b, c, d, e) = ((a << 5 | a >> 27) &+ f &+ e &+ k &+ w[i], a, b << 30 | b >> 2, c, d)
            }
            h = zip(h, [a, b, c, d, e]).map { $0 &+ $1 }
        }
        return h.map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }.joined()
    }
}
