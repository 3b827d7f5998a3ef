import CheckpointIO
import FlyingFox
import FlyingSocks
import Foundation
import Hub
import StrictJSON
import Synchronization

/// A Hub with the answers of Benchmarks/peers/fake_hub.py, from which huggingface_hub 2.4.0 downloads as from the real one.
///
/// All tests share one server; each has a Hub of its own below a path of its own, as mirrors have.
final class FakeHub: Sendable {
    /// What goes wrong: the faults of fake_hub.py, and those of a Hub that is hostile or changes.
    enum Fault: String, Sendable, CaseIterable {
        case truncate, flip, noRange, stall, tooMany, failing, moved, gzip
        /// The first address of a file's content that is given is no longer valid.
        case expired
        /// The first answers have wrong bytes, later ones the right ones.
        case flipOnce
        /// The file is replaced after the first list of files.
        case replaced

        /// Those of fake_hub.py.
        static let common: [Fault] = [.truncate, .flip, .noRange, .stall, .tooMany, .failing, .moved, .gzip]
    }

    /// A request as it was seen.
    struct Request: Sendable {
        let method: String
        let path: String
        let range: String?
        let authorization: String?
    }

    private struct State {
        var requests: [Request] = []
        var seen: [String: Int] = [:]
        /// The ranges of content that were sent with the right bytes, by path in the repository.
        var sent: [String: [Range<Int>]] = [:]
        var files: [String: [String: [UInt8]]]
        var overrides: [String: @Sendable (HTTPRequest) -> HTTPResponse] = [:]
    }

    private let state: Mutex<State>
    private let faults: Set<Fault>
    private let token: String?
    private let retryAfter: Int
    private let prefix: String
    private let port: UInt16

    /// - Parameter repositories: the bytes of each file, by repository and path.
    init(
        _ repositories: [String: [String: [UInt8]]],
        faults: Set<Fault> = [],
        token: String? = nil,
        retryAfter: Int = 0
    ) async throws {
        state = Mutex(State(files: repositories))
        self.faults = faults
        self.token = token
        self.retryAfter = retryAfter
        port = try await Server.shared.port()
        prefix = "/" + UUID().uuidString
        Server.shared.register(prefix, self)
    }

    deinit {
        Server.shared.forget(prefix)
    }

    /// What HF_ENDPOINT is for this Hub.
    var endpoint: String { "http://127.0.0.1:\(port)\(prefix)" }

    /// Whether it stops sending on purpose.
    var stalls: Bool { faults.contains(.stall) }

    var requests: [Request] { state.withLock { $0.requests } }

    /// The ranges of a file that were sent with the right bytes.
    func sent(_ path: String) -> [Range<Int>] { state.withLock { $0.sent[path] ?? [] } }

    /// Answers one path in another way.
    func answer(_ path: String, _ handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse) {
        state.withLock { $0.overrides[path] = handler }
    }

    func replace(_ repository: String, _ path: String, _ bytes: [UInt8]) {
        state.withLock { $0.files[repository]?[path] = bytes }
    }

    // MARK: - What fake_hub.py does

    private func isFirst(_ what: String, _ key: String) -> Bool {
        state.withLock { state in
            state.seen[what + key, default: 0] += 1
            return state.seen[what + key] == 1
        }
    }

    static func isLFS(_ path: String, _ bytes: [UInt8]) -> Bool {
        path.hasSuffix(".safetensors") || bytes.count >= 1 << 20
    }

    /// The SHA-1 that git has of a file.
    static func gitBlob(_ bytes: [UInt8]) -> String {
        GitSHA1.digest(Array("blob \(bytes.count)\0".utf8) + bytes)
    }

    func commit(_ repository: String) -> String {
        let files = state.withLock { $0.files[repository] ?? [:] }
        let text = files.keys.sorted().map { "\($0) \(SHA256.hex(files[$0] ?? []))" }.joined(separator: "\n")
        return String(SHA256.hex(Array(text.utf8)).prefix(40))
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let raw = String(request.target.path().dropFirst(prefix.count))
        let path = raw.removingPercentEncoding ?? raw
        let query = request.target.query()
        let authorization = request.headers[.authorization]
        state.withLock {
            $0.requests.append(
                Request(
                    method: request.method.rawValue,
                    path: raw,
                    range: request.headers[HTTPHeader("Range")],
                    authorization: authorization
                )
            )
        }
        if let handler = state.withLock({ $0.overrides[path] }) { return handler(request) }
        let key = raw + "?" + query
        if faults.contains(.tooMany), isFirst("429", key) {
            return Self.reply(429, ["Retry-After": String(retryAfter)], "slow down")
        }
        if faults.contains(.failing), isFirst("500", key) { return Self.reply(500, [:], "oops") }
        let parts = path.split(separator: "/").map(String.init)
        if parts.first == "cdn" { return content(request, parts) }
        if parts.count >= 4, parts[0] == "api", parts[1] == "models" {
            return api(parts[2] + "/" + parts[3], Array(parts.dropFirst(4)), authorization)
        }
        if parts.count >= 5, parts[2] == "resolve" {
            let name = parts.dropFirst(4).joined(separator: "/")
            return resolve(request, parts[0] + "/" + parts[1], parts[3], name, authorization)
        }
        return Self.error(404, "RepoNotFound", "Repository not found")
    }

    private func refusal(_ repository: String, _ authorization: String?) -> HTTPResponse? {
        let name = repository.split(separator: "/").last ?? ""
        if let token, authorization != "Bearer \(token)" {
            if name.hasPrefix("gated-") { return Self.error(403, "GatedRepo", "Access is restricted") }
            if name.hasPrefix("private-") { return Self.error(401, "RepoNotFound", "Invalid username or password.") }
        }
        let isThere = state.withLock { $0.files[repository] != nil }
        return isThere ? nil : Self.error(401, "RepoNotFound", "Repository not found")
    }

    private func api(_ repository: String, _ rest: [String], _ authorization: String?) -> HTTPResponse {
        if let refusal = refusal(repository, authorization) { return refusal }
        let commit = commit(repository)
        let revision = rest.count > 1 ? rest[1] : "main"
        guard ["main", commit].contains(revision) else {
            return Self.error(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        let files = state.withLock { $0.files[repository] ?? [:] }
        let value: StrictJSON.JSONValue
        if rest.first == "tree" {
            value = .array(
                files.keys.sorted().map { path in
                    let bytes = files[path] ?? []
                    var row: [StrictJSON.JSONValue.Member] = [
                        .init("type", "file"), .init("path", .string(path)), .init("size", .integer(bytes.count)),
                        .init("oid", .string(Self.gitBlob(Array(path.utf8)))),
                    ]
                    if Self.isLFS(path, bytes) {
                        row.append(
                            .init(
                                "lfs",
                                ["oid": .string(SHA256.hex(bytes)), "size": .integer(bytes.count), "pointerSize": 135]
                            )
                        )
                    } else {
                        row[3] = .init("oid", .string(Self.gitBlob(bytes)))
                    }
                    return .object(row)
                }
            )
            if faults.contains(.replaced), isFirst("replaced", repository) {
                for (path, bytes) in files where path.hasSuffix(".safetensors") {
                    replace(repository, path, bytes.reversed())
                }
            }
        } else {
            value = ["id": .string(repository), "sha": .string(commit)]
        }
        return Self.reply(
            200,
            ["Content-Type": "application/json", "X-Repo-Commit": commit],
            JSONWriter.pretty(value)
        )
    }

    private func resolve(
        _ request: HTTPRequest,
        _ repository: String,
        _ revision: String,
        _ name: String,
        _ authorization: String?
    ) -> HTTPResponse {
        if let refusal = refusal(repository, authorization) { return refusal }
        let commit = commit(repository)
        // A Hub knows its older commits too; this one answers them with what it has now.
        guard let bytes = state.withLock({ $0.files[repository]?[name] }) else {
            return Self.error(404, "EntryNotFound", "Entry not found")
        }
        guard Self.isLFS(name, bytes) else {
            return body(request, bytes, name, ["X-Repo-Commit": commit, "ETag": "\"\(Self.gitBlob(bytes))\""], false)
        }
        let digest = SHA256.hex(bytes)
        let number = state.withLock { state in
            state.seen["signed", default: 0] += 1
            return state.seen["signed"] ?? 0
        }
        let encoded = name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
        return Self.reply(
            302,
            [
                "X-Repo-Commit": commit, "X-Linked-Etag": "\"\(digest)\"", "X-Linked-Size": String(bytes.count),
                "Accept-Ranges": "bytes",
                "Location":
                    "http://localhost:\(port)\(prefix)/cdn/\(repository)/\(encoded)?X-Amz-Signature=secret\(number)",
            ],
            "Found"
        )
    }

    private func content(_ request: HTTPRequest, _ parts: [String]) -> HTTPResponse {
        if request.headers[.authorization] != nil { return Self.error(400, "Leak", "the CDN was sent the Hub's token") }
        let repository = parts[1] + "/" + parts[2]
        let name = parts.dropFirst(3).joined(separator: "/")
        guard let bytes = state.withLock({ $0.files[repository]?[name] }) else { return Self.error(404, "", "") }
        if faults.contains(.expired), request.target.query() == "X-Amz-Signature=secret1",
            !isFirst("expired", name)
        {
            return Self.reply(403, [:], "expired")
        }
        let etag = faults.contains(.moved) ? "\"moved\"" : "\"cdn-\(SHA256.hex(bytes).prefix(8))\""
        return body(request, bytes, name, ["ETag": etag], true)
    }

    private func body(
        _ request: HTTPRequest,
        _ bytes: [UInt8],
        _ name: String,
        _ headers: [String: String],
        _ isWeights: Bool
    ) -> HTTPResponse {
        var headers = headers
        var (start, end, status) = (0, bytes.count, 200)
        if let range = request.headers[HTTPHeader("Range")], range.hasPrefix("bytes="), !faults.contains(.noRange) {
            let bounds = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            start = bounds[0] ?? 0
            end = min(bytes.count, (bounds[1] ?? bytes.count - 1) + 1)
            guard start < bytes.count else {
                return Self.reply(416, ["Content-Range": "bytes */\(bytes.count)"], "")
            }
            status = 206
            headers["Content-Range"] = "bytes \(start)-\(end - 1)/\(bytes.count)"
        }
        headers["Accept-Ranges"] = "bytes"
        var part = Array(bytes[start..<end])
        if isWeights, start == 0, !part.isEmpty,
            faults.contains(.flip) || (faults.contains(.flipOnce) && isFirst("flip", name))
        {
            part[0] ^= 1
        }
        if request.method == .HEAD {
            headers["Content-Length"] = faults.contains(.gzip) ? nil : String(part.count)
            return Self.reply(status, headers, "")
        }
        let isCut = isWeights && (faults.contains(.truncate) || faults.contains(.stall)) && isFirst("cut", name)
        let stop = isCut ? part.count / 2 : part.count
        let isStalling = faults.contains(.stall)
        state.withLock { $0.sent[name, default: []].append(start..<(start + stop)) }
        let stream = Chunks(Array(part[..<stop]), then: isCut ? (isStalling ? .silence : .end) : .nothing)
        return HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: "OK"),
            headers: Self.headers(headers),
            body: HTTPBodySequence(from: stream, count: part.count, suggestedBufferSize: 1 << 16)
        )
    }

    // MARK: - Answers

    static func headers(_ values: [String: String]) -> HTTPHeaders {
        HTTPHeaders(Dictionary(uniqueKeysWithValues: values.map { (HTTPHeader($0), $1) }))
    }

    static func reply(_ status: Int, _ headers: [String: String], _ body: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: "Status"),
            headers: self.headers(headers),
            body: Data(body.utf8)
        )
    }

    static func error(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
        reply(status, ["X-Error-Code": code, "X-Error-Message": message], message)
    }
}
