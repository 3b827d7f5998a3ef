/// One exchange of a download: which piece it fetches, where its next byte belongs, and bytes that are yet to be written.
final class Part {
    let piece: Int
    /// Where the next byte that comes belongs.
    var position: Int
    /// Up to where the server said that it sends, once it has said so; nil where it sends no part of the file.
    var end: Int?
    /// Bytes of a body that nobody wants, as that of a redirect: read so that the connection can be used again.
    var dropped = 0
    /// Why it cannot be what was asked for.
    var fault: Setback?
    let transfer: Transfer

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 << 10, alignment: 4096)
    private var count = 0

    init(piece: Int, position: Int, transfer: Transfer) {
        self.piece = piece
        self.position = position
        self.transfer = transfer
    }

    deinit {
        buffer.deallocate()
    }

    /// The bytes before `position` that are in memory alone.
    var held: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    /// Takes bytes that have come; false where there is no room until those before them are written.
    func hold(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= buffer.count - count else { return false }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
        count += bytes.count
        position += bytes.count
        return true
    }

    /// Gives up what is held: it is written.
    func forget() {
        count = 0
    }
}
