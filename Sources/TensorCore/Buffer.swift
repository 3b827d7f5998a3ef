/// A piece of memory that is freed with its owner. Whoever shares it among threads sees to it that none writes what another reads.
package final class Buffer: @unchecked Sendable {
    /// All of it.
    package let bytes: UnsafeMutableRawBufferPointer

    package init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 64)
    }

    deinit {
        bytes.deallocate()
    }

    /// The first byte, or nil where there is none.
    package var start: UnsafeMutableRawPointer? { bytes.count == 0 ? nil : bytes.baseAddress }

    package subscript(range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    }
}
