internal import CZstd
internal import Libc

/// Expands a compressed file into a temporary one that has no name, so that it is gone whatever happens.
///
/// Blocks of zeros become holes: a file that is compressed a thousandfold takes no room on the disk.
struct ZstdExpansion: ~Copyable {
    /// What a frame may ask for to look back at: that of `zstd --long`.
    private static var windowLog: Int32 { 27 }

    private let file: InputFile
    private let limit: Int
    private let target: NamelessFile
    private var size = 0
    /// The first bytes of what comes out, which say what format is inside.
    private var start: [UInt8] = []
    private var kind: FileKind?
    /// The header of a safetensors file inside, which says how long that is.
    private var header: SafetensorsHeader?

    /// Expands a file.
    ///
    /// - Returns: the expanded bytes as a file, which goes by the name of the compressed one in messages; what they are; and
    ///   the header of a safetensors file, which has been read already.
    /// - Throws: where the data is damaged, holds no checkpoint, or expands too far.
    static func expand(
        _ file: InputFile,
        options: OpenOptions
    ) throws(CheckpointError) -> (file: InputFile, kind: FileKind, header: SafetensorsHeader?) {
        let limit = options.maxExpandedSize ?? ReadingBudget.expandedBytes(fileSize: file.size)
        var expansion = try ZstdExpansion(file, limit: limit)
        let kind = try expansion.run()
        let header = expansion.header
        return (try expansion.finish(), kind, header)
    }

    private init(_ file: InputFile, limit: Int) throws(CheckpointError) {
        self.file = file
        self.limit = limit
        target = try NamelessFile(of: file)
    }

    private mutating func run() throws(CheckpointError) -> FileKind {
        guard let context = ZSTD_createDCtx() else {
            throw CheckpointError(file.path, .file, FileFault.system(call: "malloc", code: ENOMEM))
        }
        defer { ZSTD_freeDCtx(context) }
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { output.deallocate() }
        var position = 0
        var isInFrame = true
        while position < file.size {
            let input = try file.bytes(at: position, count: min(1 << 20, file.size - position))
            var used = 0
            while used < input.count || isInFrame {
                var written = 0
                let result = input.withUnsafeBytes { bytes in
                    var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: used)
                    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                    defer { (used, written) = (source.pos, target.pos) }
                    return ZSTD_decompressStream(context, &target, &source)
                }
                guard ZSTD_isError(result) == 0 else {
                    if ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge {
                        let fault = ZstdFault.windowTooLarge(limit: 1 << Int(Self.windowLog))
                        throw CheckpointError(file.path, .byte(position + used), fault)
                    }
                    let what = String(cString: ZSTD_getErrorName(result))
                    throw CheckpointError(file.path, .byte(position + used), ZstdFault.damaged(what))
                }
                isInFrame = result != 0
                if written > 0 { try accept(UnsafeRawBufferPointer(rebasing: output[0..<written])) }
                // Nothing more comes out of what was put in.
                if used == input.count, written < output.count { break }
            }
            position += input.count
        }
        guard !isInFrame else { throw CheckpointError(file.path, .byte(file.size), ZstdFault.truncated) }
        guard size > 0 else { throw CheckpointError(file.path, .file, ZstdFault.noData) }
        if let kind { return kind }
        return try recognise()
    }

    private mutating func accept(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        let (sum, overflow) = size.addingReportingOverflow(bytes.count)
        if let declared = header?.declaredSize, overflow || sum > declared {
            throw CheckpointError(file.path, .file, ZstdFault.expandsBeyondHeader(size: declared))
        }
        guard !overflow, sum <= limit else {
            throw CheckpointError(file.path, .file, ZstdFault.expandsBeyond(limit: limit))
        }
        if !isZero(bytes) { try target.write(bytes, at: size) }
        size = sum
        if kind == nil {
            start += bytes.prefix(FileKind.prefixLength - start.count)
            if start.count >= FileKind.prefixLength { try recognise() }
        }
        if header == nil, kind == .safetensors { try readHeader() }
    }

    private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.baseAddress, bytes[0] == 0 else { return bytes.isEmpty }
        return memcmp(first, first + 1, bytes.count - 1) == 0
    }

    /// Finds out what is inside as soon as enough of it is there, so that nothing else is expanded further.
    @discardableResult
    private mutating func recognise() throws(CheckpointError) -> FileKind {
        let found = try FileKind.of(start: start, path: file.path)
        switch found {
        case .zstd: throw CheckpointError(file.path, .file, ZstdFault.twice)
        case .json: throw CheckpointError(file.path, .file, ZstdFault.shardIndex)
        default: kind = found
        }
        return found
    }

    /// Reads the safetensors header inside, once it is there.
    private mutating func readHeader() throws(CheckpointError) {
        let length = start.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= SafetensorsHeader.lengthLimit else {
            throw CheckpointError(file.path, .byte(0), SafetensorsFault.headerTooLarge(length))
        }
        guard size >= 8 + Int(length) else { return }
        let copy = try target.file(size: size)
        let found = try SafetensorsHeader(reading: copy, isPartial: true)
        guard size <= found.declaredSize else {
            throw CheckpointError(file.path, .file, ZstdFault.expandsBeyondHeader(size: found.declaredSize))
        }
        header = found
    }

    /// Gives the file its size, where it ends in a hole, and hands it over.
    private consuming func finish() throws(CheckpointError) -> InputFile { try target.file(size: size) }
}
