internal import CZstd

/// Compresses a stream of bytes into one zstd frame with a checksum.
package final class ZstdWriter {
    /// The levels that the library has; 3 is its own choice.
    package static var levels: ClosedRange<Int> { Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel()) }
    package static let defaultLevel = 3

    private let context: OpaquePointer
    private let path: String
    private let output: UnsafeMutableRawBufferPointer

    /// Begins a frame.
    ///
    /// - Parameters:
    ///   - path: the file that is written, for messages.
    ///   - level: one of `levels`.
    ///   - size: how many bytes will come, where that is known: it is written down, and checked.
    /// - Throws: where there is no such level, or no memory.
    package init(path: String, level: Int = defaultLevel, size: Int? = nil) throws(CheckpointError) {
        guard Self.levels.contains(level) else {
            let fault = ZstdFault.level(level, lowest: Self.levels.lowerBound, highest: Self.levels.upperBound)
            throw CheckpointError(path, .file, fault)
        }
        guard let context = ZSTD_createCCtx() else {
            throw CheckpointError(path, .file, FileFault.outOfMemory)
        }
        self.context = context
        self.path = path
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)))
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        if let size { try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(size))) }
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    /// Compresses bytes, and hands what comes out to `sink`.
    package func write(
        _ bytes: UnsafeRawBufferPointer,
        to sink: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try run(bytes, ZSTD_e_continue, sink)
    }

    /// Ends the frame.
    package func finish(
        to sink: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try run(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, sink)
    }

    private func run(
        _ bytes: UnsafeRawBufferPointer,
        _ directive: ZSTD_EndDirective,
        _ sink: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let left = ZSTD_compressStream2(context, &target, &input, directive)
            try check(left)
            if target.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[0..<target.pos])) }
            if directive == ZSTD_e_end ? left == 0 : input.pos == input.size { return }
        }
    }

    private func check(_ result: Int) throws(CheckpointError) {
        guard ZSTD_isError(result) != 0 else { return }
        let what = String(cString: ZSTD_getErrorName(result))
        throw CheckpointError(path, .file, ZstdFault.notCompressed(what))
    }
}
