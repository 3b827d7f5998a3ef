package import TensorCore

/// What can be wrong with a pickle, whatever it is to build.
package enum PickleFault: Fault, Equatable {
    case tooLarge(limit: Int)
    case tooManySteps(limit: Int)
    case tooManyValues(limit: Int)
    case tooManyLooks(limit: Int)
    case tooManyTensors(limit: Int)
    case endsEarly
    case lengthBeyondEnd(UInt64, left: Int)
    case negativeLength(Int)
    case unknownInstruction(UInt8)
    case neverWritten
    case protocolTooNew(UInt8)
    case stackEmpty
    case stackLeft(Int)
    case noMark
    case trailingBytes(Int)
    case notText
    case nameTooLong(limit: Int)
    case nameNotText
    case globalRefused(String)
    case wholeModel(String)
    case memoMissing(Int)
    case badNumber
    case oddItems
    case wrongTarget(expected: String, found: String)
    case unhashableKey(String)
    case notCallable(String)
    case badArguments(of: String)
    case badStorageID
    case badStorageSize
    case badView
    case tensor(name: String?, TensorFault)

    package var kind: RefusalKind {
        switch self {
        case .globalRefused, .wholeModel, .notCallable, .tooLarge, .tooManySteps, .tooManyValues, .tooManyLooks,
            .tooManyTensors:
            .unsafeFile
        case .protocolTooNew: .unsupported
        case .tensor(_, let fault): fault.kind
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .tooLarge(let limit): "the pickle is longer than \(limit) bytes"
        case .tooManySteps(let limit): "the pickle takes more than \(limit) instructions"
        case .tooManyValues(let limit): "the pickle builds more than \(limit) values"
        case .tooManyLooks(let limit): "the pickle uses its values more than \(limit) times"
        case .tooManyTensors(let limit): "the pickle builds more than \(limit) tensors"
        case .endsEarly: "the pickle ends in the middle of an instruction"
        case .lengthBeyondEnd(let length, let left): "a value of \(length) bytes is announced, but \(left) are left"
        case .negativeLength(let length): "a value of \(length) bytes is announced"
        case .unknownInstruction(let code): "0x\(String(code, radix: 16)) is not a pickle instruction"
        case .neverWritten: "torch.save does not write such an instruction"
        case .protocolTooNew(let version): "pickle protocol \(version) is unknown; 0 to 5 exist"
        case .stackEmpty: "it takes a value from an empty stack"
        case .stackLeft(let count): "the pickle ends with \(count) values instead of one"
        case .noMark: "it refers to a mark that was not set"
        case .trailingBytes(let count): "\(count) bytes follow the end of the pickle"
        case .notText: "a text is not valid UTF-8"
        case .nameTooLong(let limit): "a module or class name is longer than \(limit) bytes, or has no end"
        case .nameNotText: "a module or class name is not valid UTF-8, or not a text"
        case .globalRefused(let name):
            "\(name.escaped(limit: 80)) is not an allowed name; nothing was executed"
        case .wholeModel(let name):
            "an object of class \(name.escaped(limit: 50)) was saved, perhaps a whole model; nothing was executed"
        case .memoMissing(let index): "value \(index) is used, but was never stored"
        case .badNumber: "a number is malformed"
        case .oddItems: "a dict gets a key without a value"
        case .wrongTarget(let expected, let found): "it needs \(expected), but finds \(found)"
        case .unhashableKey(let kind): "\(kind) is used as a key"
        case .notCallable(let kind): "\(kind) is called, which no checkpoint does; nothing was executed"
        case .badArguments(let name): "\(name) gets arguments that it does not take"
        case .badStorageID: "a storage is not named by its class, key, place and size"
        case .badStorageSize: "the size of a storage is negative, not a number, or beyond 64 bits"
        case .badView: "a view reaches beyond its storage"
        case .tensor(let name?, let fault): "tensor \"\(name.escaped(limit: 60))\": \(fault.message)"
        case .tensor(nil, let fault): "a tensor is wrong: \(fault.message)"
        }
    }

    package var remedy: Words? {
        switch self {
        case .globalRefused: "in Python, load it if you trust it, and save only its state_dict()"
        case .wholeModel: "in Python, load it if you trust it, and save only its state_dict()"
        case .tooLarge, .tooManySteps, .tooManyValues, .tooManyLooks, .tooManyTensors:
            "this is not a checkpoint, or it was made to exhaust memory"
        case .endsEarly: "the file is incomplete or damaged: download it again"
        case .tensor(_, let fault): fault.remedy
        default: "the file is damaged or was not written by torch.save"
        }
    }
}
