internal import CCurl
internal import CheckpointIO

/// Connections to servers, kept open between exchanges; several exchanges run at once. For one thread at a time.
final class HTTPSession {
    private let multi: UnsafeMutableRawPointer
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    private let userAgent: String
    private let certificates: String?
    /// Whether any server has answered yet.
    private var hasAnswered = false

    /// - Parameter certificates: a file with the authorities that are trusted, instead of the system's.
    init(userAgent: String, certificates: String?) throws(HubFault) {
        try CurlLibrary.load()
        guard let multi = dcae_curl_multi_init() else { throw .network("libcurl has no memory") }
        self.multi = multi
        self.userAgent = userAgent
        self.certificates = certificates
    }

    deinit {
        for transfer in running.values { dcae_curl_multi_remove(multi, transfer.handle) }
        running = [:]
        dcae_curl_multi_cleanup(multi)
    }

    /// Begins an exchange.
    func begin(
        _ request: HTTPRequest,
        onHead: @escaping (Transfer) -> Bool,
        onBytes: @escaping (Transfer, UnsafeRawBufferPointer) -> Bool
    ) throws(HubFault) -> Transfer {
        let made = Transfer(
            request,
            userAgent: userAgent,
            certificates: certificates,
            onHead: onHead,
            onBytes: onBytes
        )
        guard let transfer = made, dcae_curl_multi_add(multi, transfer.handle) == CURLM_OK else {
            throw .network("libcurl has no memory")
        }
        transfer.isFirstContact = !hasAnswered
        running[transfer.handle] = transfer
        return transfer
    }

    /// Ends an exchange; what it has not delivered is lost.
    func cancel(_ transfer: Transfer) {
        guard running.removeValue(forKey: transfer.handle) != nil else { return }
        dcae_curl_multi_remove(multi, transfer.handle)
    }

    /// Lets exchanges go on until something happened, or for a while.
    ///
    /// - Returns: those that have ended.
    func proceed(milliseconds: Int) -> [Transfer] {
        var count: Int32 = 0
        dcae_curl_multi_perform(multi, &count)
        var ended = takeEnded()
        if ended.isEmpty {
            dcae_curl_multi_poll(multi, Int32(milliseconds))
            dcae_curl_multi_perform(multi, &count)
            ended = takeEnded()
        }
        return ended
    }

    private func takeEnded() -> [Transfer] {
        var ended: [Transfer] = []
        var result = CURLE_OK
        while let handle = dcae_curl_next_ended(multi, &result) {
            guard let transfer = running.removeValue(forKey: handle) else { continue }
            dcae_curl_multi_remove(multi, handle)
            transfer.result = result
            if result == CURLE_OK { hasAnswered = true }
            transfer.askIfUnasked()
            ended.append(transfer)
        }
        return ended
    }
}

extension Transfer {
    /// Why it failed for reasons other than what the server answered; nil where it did not.
    var setback: Setback? {
        guard let result, result != CURLE_OK else { return nil }
        if headersTooLarge { return .final(.headersTooLarge) }
        let words = String(cString: dcae_curl_words(result)).lowercased()
        switch result {
        case CURLE_OPERATION_TIMEDOUT: return .transient(.timedOut(seconds: request.stallSeconds))
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return .final(.untrustedTLS(words))
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_COULDNT_RESOLVE_PROXY:
            return .final(.network(words))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT:
            return isFirstContact ? .unreached(.network(words)) : .transient(.network(words))
        default: return .transient(.network(words))
        }
    }
}

/// Why an exchange has to be made again, or cannot be.
enum Setback {
    case final(HubFault)
    /// Nobody has been reached at all: without a network there is nothing to wait for, so that one more try is enough.
    case unreached(HubFault)
    /// Worth another try, after so many seconds where the server says how many.
    case transient(HubFault, after: Int? = nil)
}

/// How often and after what pauses something is tried again. What brings it forward begins the count anew.
struct Patience {
    /// So many failures in a row end it.
    let attempts: Int
    let firstPause: Double
    /// A server that asks for a longer pause is not waited for.
    static let longestPause = 120

    private var failures = 0

    init(attempts: Int, firstPause: Double) {
        self.attempts = attempts
        self.firstPause = firstPause
    }

    mutating func sawProgress() {
        failures = 0
    }

    /// The seconds to wait before the next try.
    ///
    /// - Throws: the fault, where there is to be no other try.
    mutating func pause(after setback: Setback) throws(HubFault) -> Double {
        switch setback {
        case .final(let fault): throw fault
        case .unreached(let fault):
            failures += 1
            guard failures < min(attempts, 2) else { throw fault }
            return firstPause
        case .transient(let fault, let wanted):
            failures += 1
            guard failures < attempts else { throw fault }
            if let wanted {
                guard wanted <= Self.longestPause else { throw .rateLimited(seconds: wanted) }
                return Double(wanted)
            }
            // Many clients that failed at once should not all come back at once.
            return firstPause * Double(1 << min(failures - 1, 5)) * Double.random(in: 0.75...1.25)
        }
    }
}
