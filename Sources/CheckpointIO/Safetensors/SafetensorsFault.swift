internal import StrictJSON
package import TensorCore

/// One case for each rule of the safetensors format that a file can break.
///
/// The rules are those of `Metadata::validate` and `SafeTensors::read_metadata` in safetensors/src/tensor.rs, 0.8.0, and a
/// few that are stricter where the reference lets two readers see two different files.
package enum SafetensorsFault: Fault, Equatable {
    case fileTooSmall(size: Int)
    case headerTooLarge(UInt64)
    case headerBeyondFile(header: UInt64, file: Int)
    case json(String)
    case notObject
    case metadataNotStrings
    case tooManyTensors
    case notDescription(found: String)
    case missingField(String)
    case unknownDType(String)
    case wrongField(String)
    case numberNotWhole(String)
    case numberTooLarge(String, UInt64)
    case offsetsReversed(begin: Int, end: Int)
    case hole(expected: Int, found: Int)
    case overlap(expected: Int, found: Int)
    case sizeOverflow(String)
    case partialByte(String)
    case sizeMismatch(needed: Int, given: Int, what: String)
    case dataTooShort(declared: Int, present: Int)
    case trailingBytes(Int)

    package var kind: RefusalKind { .damagedFile }

    package var message: String {
        switch self {
        case .fileTooSmall(let size):
            "a safetensors file begins with 8 bytes of header length; this one has \(size) bytes"
        case .headerTooLarge(let length):
            "the header length is \(length); at most \(SafetensorsHeader.lengthLimit) is allowed"
        case .headerBeyondFile(let header, let file):
            "the header claims \(header) bytes, but the file has only \(file)"
        case .json(let message): "the header is not valid JSON: \(message)"
        case .notObject: "the header is not a JSON object"
        case .metadataNotStrings: "__metadata__ is not an object of strings"
        case .tooManyTensors: "the header describes more than \(SafetensorsHeader.tensorLimit) tensors"
        case .notDescription(let found): "a tensor is described by an object, not by \(found)"
        case .missingField(let name): "the description has no \"\(name)\""
        case .unknownDType(let name): "unknown dtype \"\(name.escaped(limit: 30))\""
        case .wrongField(let expected): "the description's \(expected)"
        case .numberNotWhole(let field): "\"\(field)\" must hold only whole numbers, 0 or more"
        case .numberTooLarge(let field, let number): "\"\(field)\" holds \(number), which is too large"
        case .offsetsReversed(let begin, let end): "the data ends at \(end), before it begins at \(begin)"
        case .hole(let expected, let found): "the data begins at \(found), leaving a hole after \(expected)"
        case .overlap(let expected, let found):
            "the data begins at \(found), inside the tensor before it, which ends at \(expected)"
        case .sizeOverflow(let shape): "the size of shape \(shape) overflows 64 bits"
        case .partialByte(let what): "\(what) is not a whole number of bytes"
        case .sizeMismatch(let needed, let given, let what):
            "\(what) needs \(needed) bytes, but its offsets span \(given)"
        case .dataTooShort(let declared, let present):
            "the tensors take \(declared) bytes, but \(present) follow the header"
        case .trailingBytes(let count): "\(count) bytes follow the last tensor"
        }
    }

    package var remedy: Words? {
        switch self {
        case .fileTooSmall, .headerBeyondFile, .dataTooShort:
            "the file is incomplete or damaged: download or write it again"
        case .headerTooLarge: "this is not a safetensors file, or it is damaged"
        case .json, .notObject: "this is not a safetensors file, or it is damaged"
        default: "the file is malformed: write it again with the safetensors library"
        }
    }
}
