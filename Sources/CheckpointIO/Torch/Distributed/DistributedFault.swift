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
        case .chunkDiffers: "a chunk of it is not what the index says"
        case .cutOtherwise: "it was cut along another dimension than its first"
        case .fileOutside(let name):
            "the index places data in \"\(name.escaped(limit: 60))\", which is no file beside it"
        case .noIndex: "this is part of a distributed checkpoint, whose index .metadata is missing"
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
