internal import CheckpointIO

/// One file on its way from the Hub: several parts at once where the server allows it, each tried again where it fails.
///
/// A part's bytes go into the partial file as they come. Whatever interrupts it, nothing that is there is fetched again.
final class Download {
    private let client: HubClient
    private let name: HubName
    private let entry: RemoteFileEntry
    private let file: PartialFile
    private let progress: (Int) -> Void
    private let flushing: Flushing

    /// Where the Hub redirects to: the parts go there directly.
    private var location: WebAddress?
    private var hops = 0
    /// Whether the server has been seen to send ranges; nil before it has answered.
    private var sendsRanges: Bool?
    private var parts: [ObjectIdentifier: Part] = [:]
    private var patience: Patience
    private var pausedUntil = 0.0
    /// Bytes since something failed; a server that sends one byte in each answer brings nothing forward.
    private var newBytes = 0
    private var received = 0
    /// Asked at every step what ends the work.
    private let stopped: @Sendable () -> CheckpointError?
    private var failure: CheckpointError?

    private static let worthwhileBytes = 64 << 10

    init(
        _ client: HubClient,
        _ name: HubName,
        _ entry: RemoteFileEntry,
        into file: PartialFile,
        flushing: Flushing,
        stopped: @escaping @Sendable () -> CheckpointError? = { nil },
        progress: @escaping (Int) -> Void
    ) {
        self.client = client
        self.name = name
        self.entry = entry
        self.file = file
        self.stopped = stopped
        self.progress = progress
        self.flushing = flushing
        patience = Patience(attempts: client.settings.attempts, firstPause: client.settings.firstPause)
    }

    /// Fetches what is missing, and hashes all of it.
    ///
    /// - Returns: the digest of the whole.
    /// - Throws: `HubFault` for what the Hub says or does, `HubFault.keepsChanging` where it is no longer the file that was listed.
    func run() throws(CheckpointError) -> String {
        let hash = FollowingHash(file, entry.blob.kind)
        received = file.available
        progress(received)
        var piece = 0
        do throws(CheckpointError) {
            repeat {
                if let end = stopped() { throw end }
                let (reached, offset) = file.frontier(from: piece)
                if reached > piece, flushing == .waiting {
                    file.beginFlushing(file.start(of: piece)..<file.start(of: reached))
                }
                piece = reached
                hash.advance(to: offset)
            } while try proceed()
        } catch {
            cancelAll()
            hash.abandon()
            throw error
        }
        hash.advance(to: entry.size)
        guard let digest = hash.finish() else {
            throw CheckpointError(name.description, .file, FileFault.shrank(expected: entry.size))
        }
        return digest
    }

    /// One step; false where all is there.
    private func proceed() throws(CheckpointError) -> Bool {
        guard file.available < entry.size else { return false }
        do throws(HubFault) {
            try beginParts()
        } catch {
            throw CheckpointError(name.description, .file, error)
        }
        if parts.isEmpty {
            System.sleep(min(0.2, pausedUntil - System.monotonic()))
            return true
        }
        let before = received
        let ended = client.session.proceed(milliseconds: 200)
        // Nothing waits in memory for what may not come: a kill would lose it.
        for part in parts.values { store(part) }
        for transfer in ended {
            guard let part = parts.removeValue(forKey: ObjectIdentifier(transfer)) else { continue }
            do throws(HubFault) {
                try settle(part)
            } catch {
                throw CheckpointError(name.description, .file, error)
            }
        }
        if let failure { throw failure }
        if received > before { progress(min(received, entry.size)) }
        return true
    }

    /// Begins as many exchanges as there may be at once.
    private func beginParts() throws(HubFault) {
        guard System.monotonic() >= pausedUntil else { return }
        // One alone until it is known where the file is and whether the server sends ranges.
        let most = sendsRanges == true ? client.settings.connections : 1
        let busy = Set(parts.values.map(\.piece))
        var piece = 0
        while parts.count < most, piece < file.pieceCount {
            defer { piece += 1 }
            guard !file.isWhole(piece), !busy.contains(piece) else { continue }
            try begin(piece)
            if sendsRanges != true { return }
        }
    }

    private func begin(_ piece: Int) throws(HubFault) {
        let isWholeFile = sendsRanges == false || (file.pieceCount == 1 && file.done[0] == 0)
        let start = isWholeFile ? 0 : file.start(of: piece) + file.done[piece]
        let end = file.start(of: piece) + file.length(of: piece)
        let address = if let location { location } else { try client.address(of: name) }
        let transfer = try client.session.begin(
            client.request(address, range: isWholeFile ? nil : start..<end),
            onHead: { [unowned self] in takeHead($0) },
            onBytes: { [unowned self] in takeBytes($0, $1) }
        )
        parts[ObjectIdentifier(transfer)] = Part(piece: piece, position: start, transfer: transfer)
    }

    private func cancelAll() {
        for part in parts.values {
            store(part)
            client.session.cancel(part.transfer)
        }
        parts = [:]
    }

    // MARK: - What curl calls

    /// Looks at the header of an answer: whether its body is the bytes that were asked for.
    private func takeHead(_ transfer: Transfer) -> Bool {
        guard let part = parts[ObjectIdentifier(transfer)] else { return false }
        if let encoding = transfer["content-encoding"], encoding.lowercased() != "identity" {
            part.fault = .final(.notAHub("it compresses the file"))
            return false
        }
        if let fault = changed(transfer) {
            part.fault = .final(fault)
            return false
        }
        switch transfer.status {
        case 206:
            guard let range = ContentRange(transfer["content-range"]), range.start == part.position,
                range.end <= file.start(of: part.piece) + file.length(of: part.piece)
            else {
                part.fault = .final(.notAHub("it sends the wrong bytes"))
                return false
            }
            if let total = range.total, total != entry.size {
                part.fault = .final(.sizeMismatch(expected: entry.size, found: total))
                return false
            }
            if sendsRanges == nil { sendsRanges = true }
            part.end = range.end
        case 200:
            let length = transfer["content-length"].flatMap { Int($0) }
            if let length, length != entry.size {
                part.fault = .final(.sizeMismatch(expected: entry.size, found: length))
                return false
            }
            // A file of one piece says nothing about ranges, since none was asked for.
            if transfer.request.range != nil { sendsRanges = false }
            part.position = 0
            part.end = entry.size
        default: break
        }
        return true
    }

    /// Whether the Hub says that the file is another than was listed.
    private func changed(_ transfer: Transfer) -> HubFault? {
        guard client.isHub(transfer.request.address) else { return nil }
        let isFinal = transfer.status == 200 || transfer.status == 206
        let header = transfer["x-linked-etag"] ?? (isFinal ? transfer["etag"] : nil)
        guard let header, let blob = BlobID(header: header), blob != entry.blob else { return nil }
        return .keepsChanging
    }

    private func takeBytes(_ transfer: Transfer, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let part = parts[ObjectIdentifier(transfer)] else { return false }
        guard let end = part.end else {
            // What an error says in its body is not shown: the status and the Hub's own headers tell.
            part.dropped += bytes.count
            return part.dropped <= Self.worthwhileBytes
        }
        guard part.position + bytes.count <= end else {
            part.fault = .final(.sizeMismatch(expected: entry.size, found: part.position + bytes.count))
            return false
        }
        // curl hands over a few kilobytes at a time.
        if !part.hold(bytes) {
            store(part)
            guard failure == nil, part.hold(bytes) else { return false }
        }
        return true
    }

    /// Writes what a part holds in memory.
    private func store(_ part: Part) {
        guard !part.held.isEmpty, failure == nil else { return }
        do throws(CheckpointError) {
            let new = try file.write(part.held, at: part.position - part.held.count)
            part.forget()
            newBytes += new
            received += new
        } catch {
            failure = error
        }
    }

    // MARK: - What follows from an exchange that has ended

    private func settle(_ part: Part) throws(HubFault) {
        if failure != nil { return }
        if newBytes >= Self.worthwhileBytes || file.available == entry.size {
            patience.sawProgress()
            newBytes = 0
        }
        let transfer = part.transfer
        if let fault = part.fault { return try pause(after: fault) }
        if part.end != nil || !transfer.isHeadComplete {
            if let setback = transfer.setback { return try pause(after: setback) }
            // A body without a length ends where the connection does.
            if let end = part.end, part.position < end {
                return try pause(after: .transient(.network("the connection ended early")))
            }
            if part.end != nil {
                let isAll = part.end == entry.size || file.isWhole(part.piece)
                // Less than was asked for is allowed, but not for ever.
                return isAll ? () : try pause(after: .transient(.notAHub("it sends too few bytes")))
            }
        }
        if let next = try client.redirect(of: transfer) {
            if let fault = changed(transfer) { throw fault }
            hops += 1
            guard hops <= HubClient.redirectLimit else { throw .tooManyRedirects }
            location = next
            return
        }
        let isAtHub = client.isHub(transfer.request.address)
        switch transfer.status {
        case 416:
            location = nil
            hops = 0
            try pause(after: .transient(.notAHub("it has no such range of the file")))
        case 400...407 where !isAtHub, 409...428 where !isAtHub:
            // The address was signed for a time that is over: the Hub gives another.
            location = nil
            hops = 0
            try pause(after: .transient(.refused(status: transfer.status, message: "")))
        default:
            try pause(after: client.setback(of: transfer, for: name))
        }
    }

    private func pause(after setback: Setback) throws(HubFault) {
        pausedUntil = System.monotonic() + (try patience.pause(after: setback))
    }
}

/// What a Content-Range header says: `bytes 0-99/1000`.
struct ContentRange {
    let start: Int
    /// One beyond the last byte.
    let end: Int
    /// The size of the whole, where the server says it.
    let total: Int?

    init?(_ header: String?) {
        guard let header, header.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = header.dropFirst(6)[...].trimmed.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count == 2, let start = bounds[0], let last = bounds[1], start >= 0, last >= start, last < .max
        else { return nil }
        self.start = start
        end = last + 1
        total = Int(parts[1])
        guard parts[1] == "*" || total != nil else { return nil }
    }
}
