package import TensorCore

/// What can be wrong with a zip archive.
package enum ZipFault: Fault, Equatable {
    case noEnd
    case brokenOff
    case endsEarly
    case severalDisks
    case endRecordsDisagree
    case directoryMisplaced
    case tooManyEntries(limit: Int)
    case countMismatch(declared: Int, found: Int)
    case badSignature
    case badName
    case encrypted
    case patched
    case compressed(method: Int)
    case notExpanded(String)
    case expandsBeyond(limit: Int)
    case sizesDisagree
    case methodsDisagree
    case zip64FieldShort
    case beyondFile
    case namesDisagree
    case nameTwice
    case overlap(other: String)

    package var kind: RefusalKind {
        switch self {
        case .tooManyEntries, .expandsBeyond, .overlap: .unsafeFile
        case .severalDisks, .encrypted, .patched, .compressed: .unsupported
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .noEnd: "the zip archive has no end record, or bytes follow it"
        case .brokenOff: "the zip archive has no directory: its saving or download did not finish"
        case .endsEarly: "the zip archive's directory ends in the middle of an entry"
        case .severalDisks: "the zip archive claims to span several disks"
        case .endRecordsDisagree: "the zip archive's end records disagree"
        case .directoryMisplaced: "the zip archive's directory is not where the end record says"
        case .tooManyEntries(let limit): "the zip archive has more than \(limit) entries, or a directory beyond 64 MiB"
        case .countMismatch(let declared, let found):
            "the zip archive declares \(declared) entries, but its directory has \(found)"
        case .badSignature: "a zip header does not begin with its signature"
        case .badName: "the name of a zip entry is not valid UTF-8 or holds a NUL"
        case .encrypted: "the entry is encrypted"
        case .patched: "the entry is a patch to another file, not data"
        case .compressed(let method): "the entry is compressed (zip method \(method)), which torch.save never does"
        case .notExpanded(let what): "the entry's compressed data \(what)"
        case .expandsBeyond(let limit): "the archive's entries expand to more than \(limit) bytes"
        case .sizesDisagree: "the entry has two different sizes, although it is not compressed"
        case .methodsDisagree: "the directory and the entry's own header name different compressions"
        case .zip64FieldShort: "the entry's zip64 field is missing or too short"
        case .beyondFile: "the entry lies beyond the file's end, or in the zip archive's directory"
        case .namesDisagree: "the directory and the entry's own header have different names"
        case .nameTwice: "two entries have this name"
        case .overlap(let other): "the entry shares bytes with \"\(other.escaped(limit: 60))\""
        }
    }

    package var remedy: Words? {
        switch self {
        case .brokenOff: "save or download it again"
        case .noEnd, .endsEarly: "the file is incomplete or damaged: download it again"
        case .encrypted: "decrypt it first"
        case .expandsBeyond: "allow more with \(.maxExpandedSize), if you trust the file"
        case .compressed: "unpack the archive and zip it again without compression, or save it again with torch"
        default: "the archive is damaged or made to mislead: download it again"
        }
    }
}
