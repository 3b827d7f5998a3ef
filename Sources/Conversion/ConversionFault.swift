internal import CheckpointIO
package import ModelZoo
internal import Models
package import TensorCore

/// Why a conversion cannot be planned, or was not right once it was done.
package enum ConversionFault: Fault {
    case alreadyThere(Layout)
    case layoutWithout(Layout)
    case shardsInOneFile
    case mixedDTypes(String)
    case becomesInfinite(count: Int, tensors: [String], dtype: String)
    case scalesOverflow(count: Int, tensors: [String])
    case badShardSize(String)
    case roundtrip(String)

    package var kind: RefusalKind {
        switch self {
        case .alreadyThere: .nothingToDo
        case .layoutWithout: .layoutNotPublished
        case .shardsInOneFile, .badShardSize: .badOption
        case .mixedDTypes: .wrongType
        case .becomesInfinite, .scalesOverflow: .castLoss
        case .roundtrip: .roundtripFailed
        }
    }

    package var message: String {
        switch self {
        case .alreadyThere(let layout):
            "nothing would change: it already has this layout (\(layout.rawValue)), dtype and number of files"
        case .layoutWithout(let layout): "programs that read the \(layout.rawValue) layout have no such network"
        case .shardsInOneFile: "the output is one file, so it cannot be split into shards"
        case .mixedDTypes(let name): "\(name.escaped(limit: 60)) combines tensors of different dtypes"
        case .becomesInfinite(let count, let tensors, let dtype):
            "\(count) finite value\(count == 1 ? "" : "s") would become \(DType.overflowWord(dtype)) in \(dtype), in "
                + tensors.prefix(3).map { $0.escaped(limit: 60) }.joined(separator: ", ")
                + (tensors.count > 3 ? " and \(tensors.count - 3) more tensors" : "")
        case .scalesOverflow(let count, let tensors):
            "\(count) finite value\(count == 1 ? "" : "s") of 8 bits would become infinite or NaN when multiplied by "
                + "their scale, in "
                + tensors.prefix(3).map { $0.escaped(limit: 60) }.joined(separator: ", ")
                + (tensors.count > 3 ? " and \(tensors.count - 3) more tensors" : "")
        case .badShardSize(let text): "\"\(text.escaped(limit: 30))\" is not a size"
        case .roundtrip(let what): "the roundtrip check failed: \(what)"
        }
    }

    package var lineLimit: Int { 400 }

    package var remedy: Words? {
        switch self {
        case .alreadyThere: "copy it, or ask for another dtype, layout or number of files"
        case .layoutWithout: "choose another layout"
        case .shardsInOneFile: "leave out \(.maxShardSize), or name a folder"
        case .mixedDTypes: "choose one with \(.dtype)"
        case .becomesInfinite: "use \(.dtype, "bf16"), or \(.allowInfinite) to write them anyway"
        case .scalesOverflow:
            "the scales are wrong or belong to another file; use \(.allowInfinite) to write them anyway"
        case .badShardSize: "write it as 5GB, 300MB, 100KB or 500000B"
        case .roundtrip: "nothing was written; please report this"
        }
    }
}

extension DType {
    /// What a number becomes that a type, by its name, cannot hold: NaN where the type has no infinity.
    package static func overflowWord(_ name: String) -> String {
        guard let dtype = DType(rawValue: name) else { return "infinite" }
        return dtype.isByteFloat && dtype != .f8E5M2 ? "NaN" : "infinite"
    }
}
