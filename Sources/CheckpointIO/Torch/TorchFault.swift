package import TensorCore

/// What can be wrong with a PyTorch checkpoint beyond its pickle and its archive.
package enum TorchFault: Fault, Equatable {
    case notArchive(names: [String])
    case severalPickles([String])
    case torchScript
    case byteOrder(String)
    case recordMissing(String)
    case recordSize(declared: Int, found: Int)
    case countMismatch(declared: Int, found: Int64)
    case notStateDict(kind: String)
    case tensorsWithoutNames(kind: String)
    case noTensors
    case noSection(String, there: [String])
    case tooManyPaths(limit: Int)
    case nameTwice
    case keyNotName(kind: String)
    case unreadable(UnreadableTensor)
    case expands(total: Int)
    case scattered
    case savingBrokenOff
    case partitioned
    case ambiguousSection(String, there: [String])
    case notLegacy
    case legacyProtocol
    case keysNotList
    case keyTwice
    case keyUnknown
    case keyMissing
    case keyConflict
    case trailingBytes(Int)
    case tarDamaged(String)
    case tarMemberMissing

    package var kind: RefusalKind {
        switch self {
        case .notArchive, .notLegacy: .unknownFormat
        case .torchScript, .notStateDict, .tensorsWithoutNames, .noTensors, .keyNotName, .unreadable, .scattered,
            .partitioned,
            .legacyProtocol, .tooManyPaths:
            .unsupported
        case .noSection: .noSuchSection
        case .ambiguousSection: .ambiguousSection
        case .expands: .unsafeFile
        default: .damagedFile
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        switch self {
        case .noSection(_, let there), .ambiguousSection(_, let there): there.map { .name($0) }
        default: []
        }
    }

    package var message: String {
        switch self {
        case .notArchive(let names):
            "torch.save did not write this zip archive: it has no data.pkl"
                + (names.isEmpty ? "" : " but " + names.prefix(3).map { $0.escaped(limit: 30) }.joined(separator: ", "))
        case .severalPickles(let names):
            "several entries look like the checkpoint: "
                + names.prefix(3).map { $0.escaped(limit: 40) }.joined(separator: ", ")
        case .torchScript: "this is a TorchScript archive: a program with its weights, not a state dict"
        case .byteOrder(let found): "the byte order is neither little nor big, but \"\(found.escaped(limit: 20))\""
        case .recordMissing(let name): "no entry \"\(name.escaped(limit: 60))\" holds this storage's data"
        case .recordSize(let declared, let found): "the storage needs \(declared) bytes, but there are \(found)"
        case .countMismatch(let declared, let found):
            "the storage has \(declared) elements in the pickle, \(found) before its data"
        case .notStateDict(let kind): "the checkpoint is \(kind), not a dict of named tensors"
        case .tensorsWithoutNames(let kind): "it holds \(kind) of tensors, which have no names"
        case .noTensors: "the checkpoint holds no named tensors"
        case .noSection(let name, let there):
            there.isEmpty
                ? "there is no section \"\(name.escaped(limit: 40))\", nor any other"
                : "there is no section \"\(name.escaped(limit: 40))\" with weights, but "
                    + there.prefix(6).map { $0.escaped(limit: 24) }.joined(separator: ", ")
        case .tooManyPaths(let limit): "the dicts lead to more than \(limit) tensors, or are nested too deep"
        case .nameTwice: "two tensors have this name"
        case .keyNotName(let kind): "a tensor is stored under \(kind.escaped(limit: 60)) instead of a name"
        case .unreadable(let reason): reason.message
        case .expands(let total): "the tensors share storages and would take \(total) bytes when written out"
        case .scattered:
            "the elements of the tensors lie so far apart that collecting them would read many times the file's size"
        case .savingBrokenOff: "the archive has no data.pkl: its saving did not finish"
        case .partitioned:
            "each process of the training saved only a part of every tensor (DeepSpeed ZeRO)"
        case .ambiguousSection(let name, let there):
            "the section \"\(name.escaped(limit: 40))\" holds several sets of weights: "
                + there.prefix(6).map { $0.escaped(limit: 24) }.joined(separator: ", ")
        case .notLegacy: "this pickle was not written by torch.save: it does not begin with its magic number"
        case .legacyProtocol: "the version of the legacy format is not 1001"
        case .keysNotList: "the list of storages is not a list of names"
        case .keyTwice: "the list of storages names it twice"
        case .keyUnknown: "its data is in the file, but no tensor uses it"
        case .keyMissing: "the file has no data for it"
        case .keyConflict: "it is used with two different sizes"
        case .trailingBytes(let count): "\(count) bytes follow the last storage"
        case .tarDamaged(let what): "the tar archive is damaged: \(what)"
        case .tarMemberMissing: "the tar archive has no such member"
        }
    }

    package var remedy: Words? {
        switch self {
        case .notArchive, .notLegacy: "give a file that torch.save wrote, or safetensors"
        case .torchScript: "in Python, save torch.jit.load(…).state_dict() instead"
        case .notStateDict, .noTensors, .tooManyPaths: "in Python, save model.state_dict()"
        case .tensorsWithoutNames: "in Python, save a dict of tensors by name, or one tensor alone"
        case .noSection(_, let there): there.isEmpty ? "leave out \(.section)" : "name one that is there"
        case .unreadable(let reason): Words(reason.remedy)
        case .keyNotName: "save it with model.state_dict()"
        case .expands: "save the tensors with .clone()"
        case .scattered: "save the tensors with .contiguous()"
        case .savingBrokenOff: "save it again"
        case .partitioned: "gather the partitions first (zero_to_fp32.py)"
        case .ambiguousSection: "name one of them"
        case .keyUnknown, .keyConflict, .byteOrder, .severalPickles, .nameTwice: "write the checkpoint again"
        default: "the file is incomplete or damaged: download it again"
        }
    }
}

/// Why a tensor's values are not plainly in the file.
package enum UnreadableTensor: Sendable, Equatable {
    case quantized, sparse, meta, subclass, distributed, numpy, conjugated, negated

    var message: String {
        switch self {
        case .quantized: "it is quantized, so the file does not hold its values directly"
        case .sparse: "it is sparse"
        case .meta: "it has no data: it was saved on the meta device"
        case .subclass: "it has its own class, and its data cannot be found"
        case .distributed: "it is a DTensor, and every process has saved only its own part"
        case .numpy: "it was saved through numpy, from a special device"
        case .conjugated: "it is conjugated lazily: its values are not those in the file"
        case .negated: "it is negated lazily: its values are not those in the file"
        }
    }

    var remedy: String {
        switch self {
        case .quantized: "save it dequantized"
        case .sparse: "save it with .to_dense()"
        case .meta: "save the model after its weights are loaded"
        case .subclass: "save plain tensors"
        case .distributed: "call full_tensor() before saving"
        case .numpy: "save it from the CPU"
        case .conjugated: "save it with .resolve_conj()"
        case .negated: "save it with .resolve_neg()"
        }
    }
}
