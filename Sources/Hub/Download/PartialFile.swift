internal import CPlatform
internal import CheckpointIO
internal import Libc

/// Whether the disk is waited for.
enum Flushing {
    case never, waiting
    /// Not waited for, and noted on the file: see `FlushMark`.
    case noted
}

/// A file that is being downloaded in pieces: its bytes, and behind them a record of which are there.
///
/// Both are in one file, so that no moment leaves one without the other: what a kill interrupts goes on from its last
/// byte. A file without the record is the beginning of the whole, as older clients leave it.
final class PartialFile {
    private static let magic = Array("dcae partial 1\n\0".utf8)

    let size: Int
    /// How many bytes are fetched by one request.
    let pieceSize: Int
    private let path: String
    private let name: String
    private let descriptor: Int32
    /// How many bytes are there of each piece, from its beginning.
    private(set) var done: [Int]

    /// Opens or creates a partial file.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - older: where an older client may have left the beginning of the same file.
    ///   - size: the size of the whole.
    ///   - pieceSize: how many bytes are fetched by one request; a record with another is not gone on with.
    ///   - name: what is being downloaded, for errors.
    init(at path: String, adopting older: String?, size: Int, pieceSize: Int, name: String) throws(CheckpointError) {
        self.path = path
        self.name = name
        self.size = size
        self.pieceSize = pieceSize
        let count = (size + pieceSize - 1) / pieceSize
        done = [Int](repeating: 0, count: count)
        // A leftover that is no file of ours is not written into, wherever it leads.
        if let kind = System.kind(path, following: false), case .file = kind {} else { System.remove(path) }
        if System.kind(path, following: false) == nil, let older, case .file = System.kind(older, following: false) {
            System.rename(older, path)
        }
        descriptor = System.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw System.failure(path, "open") }
        let found = System.size(path) ?? 0
        if !readRecord(fileSize: found) {
            if found > size {
                guard ftruncate(descriptor, 0) == 0 else { throw System.failure(path, "ftruncate") }
            } else {
                for piece in 0..<count { done[piece] = min(max(0, found - start(of: piece)), length(of: piece)) }
            }
            try writeRecord()
        }
        available = done.reduce(0, +)
        let missing = size - available
        if missing > 0, let free = System.freeSpace(at: path), System.size(path) ?? 0 < size || isSparse(),
            free < missing
        {
            throw CheckpointError(name, .file, HubFault.noSpace(needed: missing, free: free))
        }
        let code = dcae_preallocate(descriptor, Int64(size + recordSize))
        if code == ENOSPC {
            throw CheckpointError(name, .file, HubFault.noSpace(needed: missing, free: System.freeSpace(at: path) ?? 0))
        }
        guard code == 0 else { throw System.failure(path, "reserving \(size) bytes", code) }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the file has less room on the disk than its size.
    private func isSparse() -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && Int(status.st_blocks) * 512 < size
    }

    var pieceCount: Int { done.count }

    func start(of piece: Int) -> Int { piece * pieceSize }

    func length(of piece: Int) -> Int { min(pieceSize, size - start(of: piece)) }

    func isWhole(_ piece: Int) -> Bool { done[piece] == length(of: piece) }

    /// How many bytes are there in all.
    private(set) var available = 0

    /// Up to where all bytes are there, looked for from a piece that is known to be reached.
    func frontier(from first: Int) -> (piece: Int, offset: Int) {
        var piece = first
        while piece < pieceCount, isWhole(piece) { piece += 1 }
        return piece < pieceCount ? (piece, start(of: piece) + done[piece]) : (piece, size)
    }

    // MARK: - The record

    private var recordSize: Int { Self.magic.count + 16 + 4 * pieceCount }

    private func readRecord(fileSize: Int) -> Bool {
        guard fileSize == size + recordSize else { return false }
        var bytes = [UInt8](repeating: 0, count: recordSize)
        let count = bytes.withUnsafeMutableBytes { System.read(descriptor, into: $0, at: size) }
        guard count == recordSize, bytes.starts(with: Self.magic) else { return false }
        func number(_ offset: Int, _ width: Int) -> Int {
            (0..<width).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        let head = Self.magic.count
        guard number(head, 7) == size, number(head + 8, 4) == pieceSize, number(head + 12, 4) == pieceCount else {
            return false
        }
        let read = (0..<pieceCount).map { number(head + 16 + 4 * $0, 4) }
        guard read.indices.allSatisfy({ read[$0] <= length(of: $0) }) else { return false }
        done = read
        return true
    }

    private func writeRecord() throws(CheckpointError) {
        func bytes(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var record = Self.magic + bytes(size, 8) + bytes(pieceSize, 4) + bytes(pieceCount, 4)
        for count in done { record += bytes(count, 4) }
        let isWritten = record.withUnsafeBytes { System.write(descriptor, $0, at: size) }
        guard isWritten else { throw failure("write") }
    }

    private func failure(_ call: String) -> CheckpointError {
        let code = errno
        if code == ENOSPC || code == EDQUOT {
            let fault = HubFault.noSpace(needed: size - available, free: System.freeSpace(at: path) ?? 0)
            return CheckpointError(name, .file, fault)
        }
        return System.failure(path, call, code)
    }

    // MARK: - Bytes

    /// Writes bytes that continue what is there of their pieces, or repeat it.
    ///
    /// - Returns: how many of them were not there.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) -> Int {
        let before = available
        guard System.write(descriptor, bytes, at: offset) else { throw failure("write") }
        let end = offset + bytes.count
        var piece = offset / pieceSize
        while piece < pieceCount, start(of: piece) < end {
            let reached = min(end - start(of: piece), length(of: piece))
            if reached > done[piece], max(0, offset - start(of: piece)) <= done[piece] {
                available += reached - done[piece]
                done[piece] = reached
                // After the bytes: a record never says more than there is, however the program ends.
                var value = UInt32(reached).littleEndian
                let place = size + Self.magic.count + 16 + 4 * piece
                let isWritten = withUnsafeBytes(of: &value) { System.write(descriptor, $0, at: place) }
                guard isWritten else { throw failure("write") }
            }
            piece += 1
        }
        return available - before
    }

    /// Fills a buffer with bytes that are there; from any thread.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
        System.read(descriptor, into: buffer, at: offset) == buffer.count
    }

    /// Begins to write to the disk what is there, so that less is left at the end.
    func beginFlushing(_ range: Range<Int>) {
        dcae_begin_flushing(descriptor, Int64(range.lowerBound), Int64(range.count))
    }

    /// Takes the record off and gives the file its name, flushed or with a note that it may not be.
    func finish(as target: String, flushing: Flushing) throws(CheckpointError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw System.failure(path, "ftruncate") }
        let waits =
            switch flushing {
            case .never: false
            case .waiting: true
            case .noted: !FlushMark.set(on: path)
            }
        if waits, !System.flush(descriptor) { throw System.failure(path, "fsync") }
        guard System.rename(path, target) else { throw System.failure(target, "renaming the finished file") }
        if waits { System.flush(folder: Path.parent(of: target)) }
    }

    /// Throws the file away.
    func discard() {
        System.remove(path)
    }
}
