internal import CCurl

/// What to ask a server.
struct HTTPRequest {
    var address: WebAddress
    /// The bytes that are wanted, or nil for all.
    var range: Range<Int>?
    var token: String?
    /// How long the server may send next to nothing, and how long connecting may take.
    var stallSeconds: Int
    /// How long the whole exchange may take, or nil where its length says.
    var totalSeconds: Int?
}

/// One exchange with a server, as it runs: libcurl calls in with lines of the header and bytes of the body.
///
/// Nothing is trusted to end: the header is bounded here, the body by whom it is handed to.
final class Transfer {
    /// What a server may send before the body, in all answers of one exchange.
    static let headerLimit = 64 << 10

    let request: HTTPRequest
    let handle: UnsafeMutableRawPointer
    private let list: UnsafeMutablePointer<curl_slist>?
    /// Asked once when the header is there: whether the body is wanted.
    private let onHead: (Transfer) -> Bool
    /// Given the body in order; false ends the transfer.
    private let onBytes: (Transfer, UnsafeRawBufferPointer) -> Bool

    /// The status of the last answer, 0 before there is one.
    private(set) var status = 0
    private var headers: [String: String] = [:]
    private var headerBytes = 0
    /// Whether the header of an answer has been seen to its end.
    private var hasHeader = false
    /// Whether the header was looked at.
    private(set) var isHeadComplete = false
    private(set) var headersTooLarge = false
    /// Whether no server had answered before it began.
    var isFirstContact = false
    /// How it ended, nil while it runs.
    var result: CURLcode?

    init?(
        _ request: HTTPRequest,
        userAgent: String,
        certificates: String?,
        onHead: @escaping (Transfer) -> Bool,
        onBytes: @escaping (Transfer, UnsafeRawBufferPointer) -> Bool
    ) {
        guard let handle = dcae_curl_easy_init() else { return nil }
        self.request = request
        self.handle = handle
        self.onHead = onHead
        self.onBytes = onBytes
        var list: UnsafeMutablePointer<curl_slist>?
        if let token = request.token { list = dcae_curl_list_append(list, "Authorization: Bearer \(token)") }
        // Without it the size of what is sent would say nothing about the file.
        list = dcae_curl_list_append(list, "Accept-Encoding: identity")
        self.list = list
        dcae_curl_set_text(handle, CURLOPT_URL, request.address.text)
        dcae_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        dcae_curl_set_text(handle, CURLOPT_USERAGENT, userAgent)
        dcae_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
        // Redirects are followed by who knows which host may have the token.
        dcae_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
        // HTTP/2 would send all parts of a file through one connection.
        dcae_curl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        dcae_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        dcae_curl_set_number(handle, CURLOPT_BUFFERSIZE, 512 << 10)
        dcae_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, request.stallSeconds)
        dcae_curl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 512)
        dcae_curl_set_number(handle, CURLOPT_LOW_SPEED_TIME, request.stallSeconds)
        if let total = request.totalSeconds { dcae_curl_set_number(handle, CURLOPT_TIMEOUT, total) }
        if let certificates { dcae_curl_set_text(handle, CURLOPT_CAINFO, certificates) }
        if let range = request.range {
            dcae_curl_set_text(handle, CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound - 1)")
        }
        dcae_curl_set_receivers(
            handle,
            { bytes, _, count, context in
                Transfer.of(context).takeHeader(UnsafeRawBufferPointer(start: bytes, count: count))
            },
            { bytes, _, count, context in
                Transfer.of(context).takeBody(UnsafeRawBufferPointer(start: bytes, count: count))
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    deinit {
        dcae_curl_easy_cleanup(handle)
        dcae_curl_list_free(list)
    }

    /// Whether the answer is that something is elsewhere, known once its header is there.
    var isRedirect: Bool { hasHeader && [301, 302, 303, 307, 308].contains(status) }

    /// The value of a header of the last answer, by its name in lower case.
    subscript(_ name: String) -> String? { headers[name] }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context else { preconditionFailure("curl lost the transfer's context") }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headerBytes += line.count
        guard headerBytes <= Self.headerLimit else {
            headersTooLarge = true
            return 0
        }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // Another answer begins: after 100 Continue, or what a proxy said.
            headers = [:]
            hasHeader = false
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if text == "\r\n" || text == "\n" {
            hasHeader = true
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            headers[name] = String(text[text.index(after: colon)...].trimmed)
        }
        return line.count
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if !isHeadComplete {
            isHeadComplete = true
            // Whoever does not want the body ends the exchange, and with it the connection.
            guard onHead(self) else { return 0 }
        }
        // 0 means an error to curl, also for a call with no bytes, which is none.
        guard !bytes.isEmpty else { return 0 }
        return onBytes(self, bytes) ? bytes.count : 0
    }

    /// For an answer without a body, whose header nobody has been asked about.
    func askIfUnasked() {
        guard !isHeadComplete, result == CURLE_OK else { return }
        isHeadComplete = true
        _ = onHead(self)
    }
}

extension Substring {
    /// Without spaces, tabs and line ends around it.
    var trimmed: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r\n" || $0 == "\r" || $0 == "\n" }
        var text = self.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return text
    }
}
