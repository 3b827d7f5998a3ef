internal import CCurl

/// An http or https address, taken apart and put together by libcurl.
package struct WebAddress: Sendable, Hashable {
    /// What decides whether a token may be sent there.
    package struct Origin: Sendable, Hashable {
        package let scheme: String
        package let host: String
        package let port: String
    }

    /// The whole address. It may hold a signature: errors show `shown`.
    package let text: String
    package let origin: Origin
    private let path: String

    /// The address without its query, which signs it.
    package var shown: String { "\(origin.scheme)://\(origin.host)\(path)" }

    /// Whether nothing sent there leaves this machine.
    package var isLoopback: Bool {
        origin.host == "localhost" || origin.host == "[::1]" || origin.host.hasPrefix("127.")
    }

    /// The Hub's own, which is known without libcurl: most commands that could go there do not.
    static let hub = WebAddress(
        text: "https://huggingface.co/",
        origin: Origin(scheme: "https", host: "huggingface.co", port: "443"),
        path: "/"
    )

    private init(text: String, origin: Origin, path: String) {
        (self.text, self.origin, self.path) = (text, origin, path)
    }

    /// Reads an address; nil where it is malformed, of another scheme, or holds a user's name.
    package init?(_ text: String) {
        self.init(text, relativeTo: nil)
    }

    /// The address that a redirect from this one leads to.
    package func resolving(_ reference: String) -> WebAddress? {
        WebAddress(reference, relativeTo: self)
    }

    private init?(_ reference: String, relativeTo base: WebAddress?) {
        // What curl would take as the end of a text, or a header as the end of a line.
        guard reference.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), reference.utf8.count <= Self.lengthLimit,
            (try? CurlLibrary.load()) != nil, let parts = dcae_curl_url()
        else { return nil }
        // Servers send spaces and letters beyond ASCII as they are.
        let ascii = reference.unicodeScalars.map { $0 == " " || !$0.isASCII ? Self.encoded(String($0)) : String($0) }
        defer { dcae_curl_url_cleanup(parts) }
        if let base, dcae_curl_url_set(parts, CURLUPART_URL, base.text) != CURLUE_OK { return nil }
        guard dcae_curl_url_set(parts, CURLUPART_URL, ascii.joined()) == CURLUE_OK else {
            return nil
        }
        func part(_ name: CURLUPart) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard dcae_curl_url_get(parts, name, &value) == CURLUE_OK, let value else { return nil }
            defer { dcae_curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), ["http", "https"].contains(scheme),
            let host = part(CURLUPART_HOST)?.lowercased(), let port = part(CURLUPART_PORT),
            let whole = part(CURLUPART_URL), part(CURLUPART_USER) == nil
        else { return nil }
        text = whole
        origin = Origin(scheme: scheme, host: host, port: port)
        path = part(CURLUPART_PATH) ?? "/"
    }

    private static let lengthLimit = 16384

    /// This address with more path: parts are percent-encoded, slashes in between are not.
    func appending(_ parts: [String], query: String = "") -> WebAddress? {
        var base = text[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        return WebAddress(base + parts.map { "/" + Self.encoded($0) }.joined() + query)
    }

    /// A text as one part of a path: all but letters, digits and `-._~` as %XX.
    static func encoded(_ part: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var result = ""
        for byte in part.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%"
                result.unicodeScalars.append(digits[Int(byte >> 4)])
                result.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
        return result
    }
}
