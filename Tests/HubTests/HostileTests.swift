import CheckpointIO
import FlyingFox
import Foundation
import Hub
import TestSupport
import Testing

/// Servers that mean harm: each ends in one line, within seconds and in bounded memory.
@Suite(.timeLimit(.minutes(1)))
struct HostileTests {
    private static let tree = "/api/models/\(Scene.repository)/tree/main"

    private func refusal(
        at path: String,
        _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) async throws -> HubFault? {
        let scene = try await Scene()
        scene.server.answer(path, answer)
        let start = ContinuousClock.now
        let error = try await scene.refusal()
        #expect(ContinuousClock.now - start < .seconds(20))
        if let line = error?.description {
            #expect(!line.contains("\n"))
            #expect(line.utf8.count <= 300)
        }
        #expect(
            scene.folder.contents("hub").allSatisfy { !$0.contains("snapshots/") || !$0.hasSuffix("model.safetensors") }
        )
        return error?.fault as? HubFault
    }

    private func endless(_ text: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: .ok,
            body: HTTPBodySequence(from: Chunks(Array(text.utf8), isEndless: true), suggestedBufferSize: 1 << 16)
        )
    }

    @Test func aListWithoutEnd() async throws {
        let row = "[" + String(repeating: " ", count: 100_000)
        let fault = try await refusal(at: Self.tree) { _ in endless(row) }
        #expect(fault == .answerTooLarge(limit: 16 << 20))
    }

    @Test func headersWithoutEnd() async throws {
        let fault = try await refusal(at: Self.tree) { _ in
            let lines = (0..<5000).map { ("X-\($0)", String(repeating: "a", count: 1000)) }
            return FakeHub.reply(200, Dictionary(uniqueKeysWithValues: lines), "[]")
        }
        #expect(fault == .headersTooLarge)
    }

    @Test(arguments: [
        "[" + String(repeating: "[", count: 1_000_000), "[" + String(repeating: "0,", count: 2_000_000) + "0]", "{}",
        "",
        "<html>", "null", "[{}]", "[{\"type\": \"file\", \"path\": \"model.safetensors\"}]",
        "[{\"type\": \"file\", \"path\": \"m.safetensors\", \"size\": -1, \"oid\": \"\(String(repeating: "a", count: 40))\"}]",
        "[{\"type\": \"file\", \"path\": \"m.safetensors\", \"size\": 1e300, \"oid\": \"\(String(repeating: "a", count: 40))\"}]",
        "[{\"type\": \"file\", \"path\": \"m.safetensors\", \"size\": 1, \"oid\": \"../../etc/passwd\"}]",
    ])
    func aListThatIsNone(text: String) async throws {
        let fault = try await refusal(at: Self.tree) { _ in FakeHub.reply(200, [:], text) }
        guard case .notAHub? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test(arguments: ["main", "../../../../etc", String(repeating: "g", count: 40), String(repeating: "a", count: 39)])
    func aCommitThatIsNone(commit: String) async throws {
        let scene = try await Scene()
        scene.server.answer(Self.tree) { _ in FakeHub.reply(200, ["X-Repo-Commit": commit], "[]") }
        // Not taken from the header: the Hub is asked for the commit, and then for its list.
        #expect(try await scene.pull() == scene.snapshot)
    }

    @Test func redirectsWithoutEnd() async throws {
        let path = "/\(Scene.repository)/resolve/"
        let scene = try await Scene()
        let commit = scene.server.commit(Scene.repository)
        scene.server.answer(path + commit + "/model.safetensors") { [endpoint = scene.server.endpoint] _ in
            FakeHub.reply(302, ["Location": endpoint + path + commit + "/model.safetensors"], "")
        }
        #expect(try await scene.refusal()?.fault as? HubFault == .tooManyRedirects)
        #expect(scene.server.requests.count < 20)
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x", "http://user:pass@127.0.0.1/", "\u{1}",
    ])
    func redirectsToElsewhere(target: String) async throws {
        let scene = try await Scene()
        let commit = scene.server.commit(Scene.repository)
        scene.server.answer("/\(Scene.repository)/resolve/\(commit)/model.safetensors") { _ in
            FakeHub.reply(302, ["Location": target], "")
        }
        guard case .badRedirect? = try await scene.refusal()?.fault as? HubFault else {
            Issue.record("followed")
            return
        }
    }

    private func content(_ scene: Scene) -> String { "/cdn/\(Scene.repository)/model.safetensors" }

    @Test func aBodyWithoutEnd() async throws {
        let scene = try await Scene()
        scene.server.answer(content(scene)) { _ in endless(String(repeating: "x", count: 50_000)) }
        guard case .sizeMismatch? = try await scene.refusal()?.fault as? HubFault else {
            Issue.record("taken")
            return
        }
    }

    @Test(arguments: [0, 17, Scene.weights.count - 1, Scene.weights.count + 1, 1 << 50])
    func aSizeThatLies(size: Int) async throws {
        let scene = try await Scene()
        scene.server.answer(content(scene)) { _ in
            HTTPResponse(
                statusCode: HTTPStatusCode(206, phrase: "Partial"),
                headers: FakeHub.headers(["Content-Range": "bytes 0-\(Scene.pieceSize - 1)/\(size)"]),
                body: Data(repeating: 1, count: Scene.pieceSize)
            )
        }
        #expect(
            try await scene.refusal()?.fault as? HubFault == .sizeMismatch(expected: Scene.weights.count, found: size)
        )
    }

    @Test(arguments: [
        "bytes 5-9/100", "bytes 0-99999999/*", "bytes 9-5/*", "bytes -/*", "", "bytes 0-18446744073709551615/*",
    ])
    func otherBytesThanWereAskedFor(range: String) async throws {
        let scene = try await Scene()
        scene.server.answer(content(scene)) { _ in
            HTTPResponse(
                statusCode: HTTPStatusCode(206, phrase: "Partial"),
                headers: FakeHub.headers(["Content-Range": range]),
                body: Data(repeating: 1, count: 100)
            )
        }
        guard case .notAHub? = try await scene.refusal()?.fault as? HubFault else {
            Issue.record("taken")
            return
        }
    }

    /// One byte in each answer, and then the end of the connection: no progress worth the name.
    @Test func aByteAtATime() async throws {
        let scene = try await Scene()
        scene.server.answer(content(scene)) { request in
            let range = request.headers[HTTPHeader("Range")] ?? ""
            let start = Int(range.dropFirst(6).prefix { $0 != "-" }) ?? 0
            return HTTPResponse(
                statusCode: HTTPStatusCode(206, phrase: "Partial"),
                headers: FakeHub.headers(["Content-Range": "bytes \(start)-\(start)/\(Scene.weights.count)"]),
                body: Data([0])
            )
        }
        #expect(try await scene.refusal() != nil)
        #expect(scene.server.requests.count < 60)
    }

    @Test func namesThatLeadElsewhereAreNeverPaths() async throws {
        let scene = try await Scene()
        let outside = scene.folder("escaped")
        let bad = [
            "../../../../escaped", "/etc/escaped", "a/../../escaped", "C:/escaped", "con.safetensors", "a\\\\..\\\\b",
        ]
        scene.server.answer(Self.tree) { [server = scene.server] _ in
            let rows = bad.map {
                "{\"type\": \"file\", \"path\": \"\($0)\", \"size\": 3, \"oid\": \"\(FakeHub.gitBlob(Array("abc".utf8)))\"}"
            }
            let list = "[" + rows.joined(separator: ",") + "]"
            return FakeHub.reply(200, ["X-Repo-Commit": server.commit(Scene.repository)], list)
        }
        #expect(try await scene.refusal()?.fault as? HubFault == .noWeights)
        #expect(!FileManager.default.fileExists(atPath: outside))
        #expect(scene.server.requests.count == 1)
    }

    @Test func namesThatAreOneFileOnManyDisks() async throws {
        let scene = try await Scene(["org/twice": ["model.safetensors": [1], "Model.safetensors": [2]]])
        guard case .collidingNames? = try await scene.refusal(of: "org/twice")?.fault as? HubFault else {
            Issue.record("taken")
            return
        }
    }

    /// The addresses that a Hub gives are signed; what they sign is in no message.
    @Test func signaturesAreInNoMessage() async throws {
        let scene = try await Scene()
        scene.server.answer(content(scene)) { _ in FakeHub.reply(404, [:], "") }
        let refused = try await scene.refusal()
        #expect(refused != nil)
        #expect(refused?.description.contains("secret") == false)
    }
}
