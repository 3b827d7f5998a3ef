package import TensorCore

/// What can be wrong with the index of a sharded checkpoint, or between it and its shards.
package enum ShardIndexFault: Fault, Equatable {
    case json(String)
    case notIndex
    case weightMapMissing
    case weightMapNotObject
    case shardNotName
    case shardOutside(String)
    case tensorMissing(shard: String)
    case tensorUnlisted(shard: String)
    case tensorTwice(first: String, second: String)
    case mixedFormats
    case notSafetensors(found: String)

    package var kind: RefusalKind {
        switch self {
        case .notIndex: .unknownFormat
        case .shardOutside: .unsafeFile
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .json(let message): "not valid JSON: \(message)"
        case .notIndex: "this JSON file is not a shard index"
        case .weightMapMissing: "the index has no \"weight_map\""
        case .weightMapNotObject: "\"weight_map\" is not an object"
        case .shardNotName: "the index does not name the shard that holds it"
        case .shardOutside(let name):
            "the shard \"\(name.escaped(limit: 60))\" is not a plain file name in the index's folder"
        case .tensorMissing(let shard): "the index places it in \(shard.escaped(limit: 60)), which does not hold it"
        case .tensorUnlisted(let shard): "\(shard.escaped(limit: 60)) holds it, but the index does not list it there"
        case .tensorTwice(let first, let second):
            "both \(first.escaped(limit: 60)) and \(second.escaped(limit: 60)) hold it"
        case .notSafetensors(let found): "the shard is called safetensors, but its bytes are \(found)"
        case .mixedFormats: "the shards are of different formats"
        }
    }

    package var remedy: Words? {
        switch self {
        case .notIndex: "give a checkpoint, a shard index or a model folder"
        case .shardOutside: "an index names files beside it; download the checkpoint again"
        default: "download or write the checkpoint again"
        }
    }
}
