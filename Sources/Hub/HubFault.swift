internal import CheckpointIO
package import TensorCore

/// What can go wrong between here and the Hub. No case holds a token, nor an address with its signature.
package enum HubFault: Fault, Equatable {
    /// The network must not be used, and the cache does not have it.
    case offline
    case notCached
    case network(String)
    /// libcurl is not there, or cannot be used.
    case noNetworkLibrary(String)
    case timedOut(seconds: Int)
    case untrustedTLS(String)
    case serverError(status: Int)
    case rateLimited(seconds: Int)
    case refused(status: Int, message: String)
    case repositoryNotFound(hasToken: Bool)
    case revisionNotFound(String)
    case entryNotFound
    case gated(page: String)
    case tooManyRedirects
    case badRedirect(String)
    case notAHub(String)
    case answerTooLarge(limit: Int)
    case headersTooLarge
    case sizeMismatch(expected: Int, found: Int)
    case digestMismatch(kind: String, expected: String, found: String)
    case keepsChanging
    case noSpace(needed: Int, free: Int)
    case badFileName(String)
    case collidingNames(String, String)
    case badRepository(String)
    case badRevision(String)
    case badEndpoint(String)
    case badToken
    case tokenOverHTTP
    case noWeights
    case severalWeights([String])
    case missingShards(have: Int, of: Int)
    case differsLocally
    case locked
    case inUse

    package var kind: RefusalKind {
        switch self {
        case .offline: .offline
        case .notCached: .notCached
        case .network, .timedOut, .untrustedTLS, .serverError, .rateLimited, .refused, .tooManyRedirects, .badRedirect,
            .notAHub, .answerTooLarge, .headersTooLarge:
            .network
        case .noNetworkLibrary: .missingLibrary
        case .repositoryNotFound, .revisionNotFound, .entryNotFound: .notOnHub
        case .gated, .badToken, .tokenOverHTTP: .accessDenied
        case .sizeMismatch, .digestMismatch, .keepsChanging: .badDownload
        case .noSpace: .noSpace
        case .badFileName, .collidingNames: .unsafeFile
        case .badRepository, .badRevision, .badEndpoint: .badOption
        case .noWeights, .missingShards: .noCheckpoint
        case .severalWeights: .severalCheckpoints
        case .differsLocally: .alreadyExists
        case .locked, .inUse: .inUse
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        if case .severalWeights(let names) = self { names.map { .name($0) } } else { [] }
    }

    package var message: String {
        switch self {
        case .offline: "it is not in the cache, and offline mode is on"
        case .notCached: "it is not in the cache"
        case .network(let words): "the Hub cannot be reached: \(words)"
        case .noNetworkLibrary(let words):
            "libcurl, which speaks to the Hub, cannot be loaded: \(words.escaped(limit: 160))"
        case .timedOut(let seconds): "the server repeatedly sent nothing for \(seconds) seconds"
        case .untrustedTLS(let words): "the server's certificate is not trusted: \(words)"
        case .serverError(let status): "the server repeatedly answered \(status)"
        case .rateLimited(let seconds): "there were too many requests: the Hub asks to wait \(seconds) seconds"
        case .refused(let status, let message):
            "the server answered \(status)" + (message.isEmpty ? "" : ": \(message.escaped(limit: 120))")
        case .repositoryNotFound(let hasToken):
            hasToken
                ? "there is no such repository, or your token may not see it"
                : "there is no such repository, or it is private"
        case .revisionNotFound(let name): "the repository has no revision \"\(name.escaped(limit: 60))\""
        case .entryNotFound: "the repository has no such file or folder"
        case .gated: "its authors require a login and consent to their terms"
        case .tooManyRedirects: "the server redirects without end"
        case .badRedirect(let to): "the server redirects to \(to.escaped(limit: 80)), which dcae does not follow"
        case .notAHub(let what): "the answer is not that of a Hub: \(what)"
        case .answerTooLarge(let limit): "the answer is longer than \(limit) bytes, the limit"
        case .headersTooLarge: "the answer's headers have no end"
        case .sizeMismatch(let expected, let found):
            "the server sends \(found) bytes, but the repository lists \(expected) for this file"
        case .digestMismatch(let kind, let expected, let found):
            "two downloads had the \(kind) \(found.prefix(12))…, not \(expected.prefix(12))…"
        case .keepsChanging: "the repository changes while it is being read"
        case .noSpace(let needed, let free):
            "\(ByteSize.show(needed)) are needed on the disk, and \(ByteSize.show(free)) are free"
        case .badFileName(let name): "the name \"\(name.escaped(limit: 80))\" cannot be a path"
        case .collidingNames(let a, let b):
            "\"\(a.escaped(limit: 60))\" and \"\(b.escaped(limit: 60))\" are one file on many disks"
        case .badRepository(let name): "\"\(name.escaped(limit: 100))\" is not a repository name"
        case .badRevision(let name): "\"\(name.escaped(limit: 80))\" is not a revision name"
        case .badEndpoint(let text): "\"\(text.escaped(limit: 100))\" is not the address of a Hub"
        case .badToken: "the token has characters that are not allowed in tokens"
        case .tokenOverHTTP: "the token would be sent unencrypted to another machine"
        case .noWeights: "the repository holds no weights that dcae can read"
        case .severalWeights(let names):
            "the repository holds several sets of weights: "
                + names.prefix(4).map { $0.escaped(limit: 60) }.joined(separator: ", ")
                + (names.count > 4 ? ", and \(names.count - 4) more" : "")
        case .missingShards(let have, let count): "the repository lists \(have) shards of \(count)"
        case .differsLocally: "another file of that name exists already"
        case .inUse: "another program is downloading to it"
        case .locked: "another program has been downloading it for a long time"
        }
    }

    package var remedy: Words? {
        switch self {
        case .offline: "pull it while there is a network, or unset HF_HUB_OFFLINE"
        case .notCached: "`dcae cache ls` lists what is"
        case .network: "check the connection, the proxy and HF_ENDPOINT"
        case .noNetworkLibrary:
            "install it (Debian and Ubuntu: libcurl4, Fedora: libcurl, macOS has it), or name its file in DCAE_CURL"
        case .timedOut, .serverError: "run the command again; it resumes where it stopped"
        case .untrustedTLS: "name your organisation's certificates in SSL_CERT_FILE"
        case .rateLimited: "wait, or log in: `hf auth login`, or HF_TOKEN"
        case .refused: nil
        case .repositoryNotFound(let hasToken):
            hasToken ? "check its name" : "check its name; for a private one set HF_TOKEN"
        case .revisionNotFound: "name a branch, a tag or a commit"
        case .entryNotFound: "check the path in the repository"
        case .gated(let page): "accept them at \(page), and set HF_TOKEN"
        case .tooManyRedirects, .badRedirect, .notAHub, .headersTooLarge, .answerTooLarge: "check HF_ENDPOINT"
        case .sizeMismatch: "try again later, or use another mirror"
        case .digestMismatch: "nothing was kept; try again later, or use another mirror"
        case .keepsChanging: "run the command again, or name a commit"
        case .noSpace: "free some space, or choose another folder (HF_HUB_CACHE)"
        case .badFileName, .collidingNames: "ask the repository's owner to rename it"
        case .badRepository: "a repository is written as organisation/name"
        case .badRevision: "name a branch, a tag or a commit"
        case .badEndpoint: "HF_ENDPOINT is written as https://host"
        case .badToken: "check HF_TOKEN, or log in again"
        case .tokenOverHTTP: "use https in HF_ENDPOINT, or set HF_HUB_DISABLE_IMPLICIT_TOKEN"
        case .noWeights: "name the file: hf://organisation/name/path"
        case .severalWeights: "name the one you mean: hf://organisation/name/path"
        case .missingShards: "name another revision"
        case .differsLocally: "move it away, or choose another folder"
        case .inUse: "wait until it is done"
        case .locked: "end the other program, then run the command again"
        }
    }
}
