package import CheckpointIO
internal import TensorCore

/// Where the Hub is, where its cache is, and how patient to be with it.
package struct HubSettings: Sendable {
    /// The Hub, or a mirror.
    package var endpoint: WebAddress
    /// The cache's root, which huggingface_hub has too.
    package var cacheRoot: String
    /// What proves who the user is. It is sent to the Hub alone and is in no message.
    package var token: String?
    /// Whether the network must not be used.
    package var isOffline = false
    /// Whether files in snapshots are links to blobs.
    package var usesLinks = true
    /// How many parts of a file are fetched at once.
    package var connections = 4
    /// How many bytes of a file one request asks for.
    package var pieceSize = 16 << 20
    /// How long a server may send nothing, in seconds.
    package var stallSeconds = 10
    /// How often a request is made again that brought nothing, and after what first pause in seconds.
    package var attempts = 5
    package var firstPause = 0.5
    /// How long another program's download of the same file is waited for, in seconds without news of it.
    package var lockSeconds = 600.0
    /// A file with the certificate authorities that are trusted, where it is not the system's.
    package var certificates: String?
    /// Whether what goes into a folder of the user's own is flushed to the disk before it gets its name.
    package var flushes = true

    /// Makes settings for a Hub and a cache.
    package init(endpoint: WebAddress, cacheRoot: String) {
        self.endpoint = endpoint
        self.cacheRoot = cacheRoot
    }

    /// Reads what huggingface_hub 2.4.0 reads (`constants.py`, `utils/_auth.py`).
    ///
    /// - Parameters:
    ///   - variable: the value of a variable of the environment, nil where it is not set.
    ///   - givenToken: a token that the user names.
    ///   - givenCache: a cache that the user names.
    /// - Throws: `HubFault.badEndpoint` or `.badToken`.
    package init(
        environment variable: (String) -> String?,
        token givenToken: String? = nil,
        cache givenCache: String? = nil
    ) throws(CheckpointError) {
        func text(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
        func isTrue(_ name: String) -> Bool { ["1", "ON", "YES", "TRUE"].contains(text(name)?.uppercased() ?? "") }
        func expanded(_ path: String) -> String { Self.expand(path, variable) }

        endpoint = .hub
        if let address = text("HF_ENDPOINT") {
            do throws(HubFault) {
                try CurlLibrary.load()
            } catch {
                throw CheckpointError("HF_ENDPOINT", .file, error)
            }
            guard let given = WebAddress(address) else {
                throw CheckpointError("HF_ENDPOINT", .file, HubFault.badEndpoint(address))
            }
            endpoint = given
        }
        let home = expanded(
            text("HF_HOME") ?? (text("XDG_CACHE_HOME").map { $0 + "/huggingface" } ?? "~/.cache/huggingface")
        )
        cacheRoot = expanded(
            givenCache ?? text("HF_HUB_CACHE") ?? text("HUGGINGFACE_HUB_CACHE") ?? home + "/hub"
        )
        isOffline = isTrue(text("HF_HUB_OFFLINE") == nil ? "TRANSFORMERS_OFFLINE" : "HF_HUB_OFFLINE")
        usesLinks = !isTrue("HF_HUB_DISABLE_SYMLINKS")
        let seconds = text("HF_HUB_DOWNLOAD_TIMEOUT").flatMap { Int($0) } ?? 0
        if (1...3600).contains(seconds) { stallSeconds = seconds }
        // The names by which curl, Python and OpenSSL know it.
        certificates = text("CURL_CA_BUNDLE") ?? text("REQUESTS_CA_BUNDLE") ?? text("SSL_CERT_FILE")
        var token = givenToken
        if token == nil, !isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            token = text("HF_TOKEN") ?? text("HUGGING_FACE_HUB_TOKEN")
            if token == nil {
                token = Self.read(expanded(text("HF_TOKEN_PATH") ?? home + "/token"))
            }
        }
        if let token {
            let clean = String(token[...].trimmed)
            // What a header cannot hold must not get into one.
            guard clean.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), clean.utf8.count <= 4096 else {
                throw CheckpointError("HF_TOKEN", .file, HubFault.badToken)
            }
            if !clean.isEmpty { self.token = clean }
        }
    }

    /// A text file of a line, or nil where there is none.
    private static func read(_ path: String) -> String? {
        guard let file = try? InputFile(opening: path), let bytes = try? file.contents(limit: 65536) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A path with `~` and `$NAME` or `${NAME}` replaced; names that are not set stay, as in Python.
    static func expand(_ path: String, _ variable: (String) -> String?) -> String {
        var text = path[...]
        var result = ""
        if text == "~" || text.hasPrefix("~/") {
            result = variable("HOME") ?? System.homeFolder ?? "~"
            text = text.dropFirst()
        }
        while let dollar = text.firstIndex(of: "$") {
            result += text[..<dollar]
            let rest = text[text.index(after: dollar)...]
            let isBraced = rest.first == "{"
            let body = isBraced ? rest.dropFirst() : rest
            let name = body.prefix { isBraced ? $0 != "}" : ($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
            let after = isBraced ? body.dropFirst(name.count + 1) : body.dropFirst(name.count)
            let isClosed = !isBraced || body.dropFirst(name.count).first == "}"
            if isClosed, !name.isEmpty, let value = variable(String(name)) {
                result += value
                text = after
            } else {
                result += "$"
                text = rest
            }
        }
        return result + text
    }
}
