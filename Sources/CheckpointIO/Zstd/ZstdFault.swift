package import TensorCore

/// What can be wrong with a file that is compressed with zstd, or while compressing one.
package enum ZstdFault: Fault, Equatable {
    case damaged(String)
    case truncated
    case windowTooLarge(limit: Int)
    case noData
    case twice
    case shardIndex
    case expandsBeyond(limit: Int)
    case expandsBeyondHeader(size: Int)
    case noTemporary(folder: String, code: Int32)
    case notCompressed(String)
    case level(Int, lowest: Int, highest: Int)

    package var kind: RefusalKind {
        switch self {
        case .damaged, .truncated, .noData, .expandsBeyondHeader: .damagedFile
        case .windowTooLarge, .twice, .shardIndex: .unsupported
        case .expandsBeyond: .unsafeFile
        case .noTemporary, .notCompressed: .system
        case .level: .badOption
        }
    }

    package var message: String {
        switch self {
        case .damaged(let what): "the zstd data is damaged: \(what.escaped(limit: 60))"
        case .truncated: "the zstd data ends in the middle of a frame"
        case .windowTooLarge(let limit): "a zstd frame needs a window of more than \(limit) bytes"
        case .noData: "the zstd data holds nothing"
        case .twice: "the file is compressed more than once"
        case .shardIndex: "a compressed shard index is not read"
        case .expandsBeyond(let limit):
            "the file expands to more than \(limit) bytes, far more than compressed weights do"
        case .expandsBeyondHeader(let size):
            "the file expands beyond the \(size) bytes of the safetensors header inside it"
        case .noTemporary(let folder, let code):
            "no temporary file for the expanded data in \(folder.escaped(limit: 60)): "
                + FileFault.system(call: "open", code: code).message
        case .notCompressed(let what): "zstd cannot compress it: \(what.escaped(limit: 60))"
        case .level(let level, let lowest, let highest):
            "zstd has no level \(level); its levels are \(lowest) to \(highest)"
        }
    }

    package var remedy: Words? {
        switch self {
        case .damaged, .truncated, .noData: "download it again"
        case .windowTooLarge: "compress it again with a window of at most 128 MB"
        case .twice: "expand it with zstd -d first"
        case .shardIndex: "expand it with zstd -d"
        case .expandsBeyond: "raise \(.maxExpandedSize) if you trust the file"
        case .expandsBeyondHeader: "the file is malformed: compress the original again"
        case .noTemporary: "set TMPDIR to a folder with room"
        case .level, .notCompressed: nil
        }
    }
}
