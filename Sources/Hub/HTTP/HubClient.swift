internal import CCurl
internal import CheckpointIO

/// Asks the Hub: follows redirects, sends the token where it may go, waits where the Hub says so. For one thread at a time.
final class HubClient {
    let settings: HubSettings
    let session: HTTPSession

    /// The most redirects that are followed for one answer; the Hub has two.
    static let redirectLimit = 6

    /// - Throws: `HubFault.offline` where the network must not be used: no request can be made without a client.
    init(_ settings: HubSettings) throws(HubFault) {
        guard !settings.isOffline else { throw .offline }
        if settings.token != nil, settings.endpoint.origin.scheme != "https", !settings.endpoint.isLoopback {
            throw .tokenOverHTTP
        }
        self.settings = settings
        session = try HTTPSession(userAgent: Self.userAgent, certificates: settings.certificates)
    }

    private static let userAgent = "dcae/0.1"

    /// Whether an address is the Hub's own (a mirror may send a client there), so that it may be told who asks, and what it says of a file counts.
    func isHub(_ address: WebAddress) -> Bool {
        address.origin == settings.endpoint.origin || address.origin == WebAddress.hub.origin
    }

    /// The request for an address, with the token where it is the Hub's own.
    func request(_ address: WebAddress, range: Range<Int>? = nil, totalSeconds: Int? = nil) -> HTTPRequest {
        HTTPRequest(
            address: address,
            range: range,
            token: isHub(address) ? settings.token : nil,
            stallSeconds: settings.stallSeconds,
            totalSeconds: totalSeconds
        )
    }

    /// An address of the Hub; nil is only where a part of it is too long.
    func address(_ parts: [String], query: String = "") throws(HubFault) -> WebAddress {
        guard let address = settings.endpoint.appending(parts, query: query) else {
            throw .badEndpoint(settings.endpoint.shown)
        }
        return address
    }

    /// Where a file of a repository is to be asked for.
    func address(of name: HubName) throws(HubFault) -> WebAddress {
        let path = (name.path ?? "").split(separator: "/").map(String.init)
        return try address(name.repository.parts + ["resolve", name.revision] + path)
    }

    /// Where an answer redirects to; nil where it does not.
    ///
    /// - Throws: where that is no place to go: a file, another protocol, or unencrypted after encrypted.
    func redirect(of transfer: Transfer) throws(HubFault) -> WebAddress? {
        guard transfer.isRedirect else { return nil }
        let from = transfer.request.address
        guard let location = transfer["location"] else { throw .notAHub("a redirect leads nowhere") }
        guard let to = from.resolving(location) else {
            throw .badRedirect(String(location.prefix { $0 != "?" }))
        }
        if from.origin.scheme == "https", to.origin.scheme != "https" { throw .badRedirect(to.shown) }
        return to
    }

    /// Why an answer is not what was asked for.
    func setback(of transfer: Transfer, for name: HubName) -> Setback {
        let status = transfer.status
        switch status {
        case 429:
            let seconds = Self.retryAfter(transfer["retry-after"])
            return .transient(.rateLimited(seconds: seconds ?? 0), after: seconds)
        case 408, 500...599:
            return .transient(.serverError(status: status), after: Self.retryAfter(transfer["retry-after"]))
        default: break
        }
        switch transfer["x-error-code"] {
        case "RepoNotFound": return .final(.repositoryNotFound(hasToken: settings.token != nil))
        case "RevisionNotFound": return .final(.revisionNotFound(name.revision))
        case "EntryNotFound": return .final(.entryNotFound)
        case "GatedRepo":
            let page = (try? address(name.repository.parts))?.text ?? ""
            return .final(.gated(page: page))
        default: break
        }
        if status == 401 { return .final(.repositoryNotFound(hasToken: settings.token != nil)) }
        if status == 0 { return .final(.notAHub("it is not HTTP")) }
        return .final(.refused(status: status, message: transfer["x-error-message"] ?? ""))
    }

    /// The seconds that a server asks to wait, as a number or a date.
    static func retryAfter(_ value: String?) -> Int? {
        guard let value else { return nil }
        if let seconds = Int(value) { return max(0, seconds) }
        guard (try? CurlLibrary.load()) != nil else { return nil }
        let date = dcae_curl_date(value)
        return date < 0 ? nil : max(0, Int(date) - Int(System.now()))
    }

    /// A small answer, whole.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that it may have.
    ///   - onRedirect: told where redirects led in the end.
    /// - Returns: the exchange that brought it, for its headers, and its body.
    func get(
        _ start: WebAddress,
        for name: HubName,
        range: Range<Int>? = nil,
        limit: Int,
        onRedirect: (WebAddress) -> Void = { _ in }
    ) throws(HubFault) -> (answer: Transfer, body: [UInt8]) {
        var patience = Patience(attempts: settings.attempts, firstPause: settings.firstPause)
        var address = start
        var hops = 0
        while true {
            var body: [UInt8] = []
            var isTooLarge = false
            let transfer = try session.begin(
                request(address, range: range, totalSeconds: max(60, settings.stallSeconds)),
                onHead: { _ in true },
                onBytes: { _, bytes in
                    isTooLarge = body.count + bytes.count > limit
                    if !isTooLarge { body.append(contentsOf: bytes) }
                    return !isTooLarge
                }
            )
            // Where a redirect leads is in its header: its body, which may come later, ends by itself meanwhile.
            while transfer.result == nil, !transfer.isRedirect { _ = session.proceed(milliseconds: 500) }
            if isTooLarge, transfer.status == 200 || transfer.status == 206 { throw .answerTooLarge(limit: limit) }
            if let setback = transfer.setback, !isTooLarge {
                System.sleep(try patience.pause(after: setback))
                continue
            }
            if let next = try redirect(of: transfer) {
                hops += 1
                guard hops <= Self.redirectLimit else { throw .tooManyRedirects }
                address = next
                continue
            }
            if transfer.status == 200 || transfer.status == 206 {
                if hops > 0 { onRedirect(address) }
                return (transfer, body)
            }
            System.sleep(try patience.pause(after: setback(of: transfer, for: name)))
        }
    }

    /// The files of a repository.
    ///
    /// - Parameter name: the repository and its revision.
    func listing(_ name: HubName) throws(HubFault) -> RepositoryListing {
        let api = ["api", "models"] + name.repository.parts
        var revision = name.revision
        for _ in 0..<3 {
            var page = try address(api + ["tree", revision], query: "?recursive=true")
            var files: [RemoteFileEntry] = []
            var unsafe: [String] = []
            var commits: Set<String?> = []
            while true {
                let (answer, body) = try get(page, for: name, limit: RepositoryListing.pageLimit)
                let rows = try RepositoryListing.readPage(body)
                files += rows.files
                unsafe += rows.unsafe
                guard files.count <= RepositoryListing.valueLimit else {
                    throw .notAHub("its list of files has no end")
                }
                commits.insert(answer["x-repo-commit"].flatMap { HubPath.isCommit($0) ? $0 : nil })
                guard let next = try Self.nextPage(answer, page) else { break }
                guard isHub(next), next != page else { throw .notAHub("its list of files continues on another server") }
                page = next
            }
            // Several commits: the branch moved meanwhile. A list of a commit is always of that one.
            let commit = commits.count == 1 ? commits.first.flatMap { $0 } : nil
            if HubPath.isCommit(revision) {
                guard commit == nil || commit == revision else { throw .notAHub("it lists another commit") }
            }
            if let commit = HubPath.isCommit(revision) ? revision : commit {
                return RepositoryListing(commit: commit, files: files, unsafeNames: unsafe)
            }
            let (_, body) = try get(
                try address(api + ["revision", name.revision]),
                for: name,
                limit: RepositoryListing.pageLimit
            )
            revision = try RepositoryListing.readCommit(body)
        }
        throw .keepsChanging
    }

    /// The next page of a list, as the Link header has it: `<address>; rel="next"`.
    private static func nextPage(_ answer: Transfer, _ page: WebAddress) throws(HubFault) -> WebAddress? {
        guard let link = answer["link"], link.contains("rel=\"next\"") else { return nil }
        guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">"),
            let next = page.resolving(String(link[link.index(after: start)..<end]))
        else { throw .notAHub("its list of files has a broken continuation") }
        return next
    }
}
