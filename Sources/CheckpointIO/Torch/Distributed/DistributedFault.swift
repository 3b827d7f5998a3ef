package import TensorCore

/// What can be wrong with a folder that torch.distributed.checkpoint wrote.
package enum DistributedFault: Fault, Equatable {
    case damaged(String)
    case chunkMissing
    case chunkDiffers
    case cutOtherwise
    case fileOutside(String)
    case noIndex

    package var kind: RefusalKind {
        switch self {
        case .cutOtherwise: .unsupported
        case .fileOutside: .unsafeFile
        case .noIndex: .noSuchFile
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .damaged(let what): "the distributed checkpoint is damaged: \(what)"
        case .chunkMissing: "no file holds one of its chunks"
        case .chunkDiffers: "one of its chunks does not match the index"
        case .cutOtherwise: "it was cut along a dimension other than the first"
        case .fileOutside(let name):
            "the index places data in \"\(name.escaped(limit: 60))\", but no such file is beside it"
        case .noIndex: "this is part of a distributed checkpoint, but its index .metadata is missing"
        }
    }

    package var remedy: Words? {
        switch self {
        case .cutOtherwise: "join it with torch.distributed.checkpoint.format_utils (dcp_to_torch_save)"
        case .noIndex: "copy the whole folder"
        default: "save or copy the folder again"
        }
    }
}
