internal import CheckpointIO
package import TensorCore

/// What can be wrong with a manifest.
package enum ManifestFault: Fault, Equatable {
    case notAManifest
    case unknownVersion(String)
    case noNames(line: Int)
    case noContent(line: Int)
    case badTensor(line: Int, Problem)
    case notSorted(line: Int)
    case noLineEnd
    case carriageReturns
    case contentDiffers

    /// What a tensor's line lacks.
    package enum Problem: Equatable, Sendable {
        case fields, digest, shape, name
        case dtype(String)
    }

    package var kind: RefusalKind {
        switch self {
        case .notAManifest, .unknownVersion: .unknownFormat
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .notAManifest: "line 1: this is not a manifest: it does not begin with \"\(Manifest.title)\""
        case .unknownVersion(let text): "line 1: \"\(text.escaped(limit: 30))\" is an unknown version"
        case .noNames(let line):
            "line \(line): it is not \"\(Manifest.namesField)diffusers\" or \"\(Manifest.namesField)stored\""
        case .noContent(let line): "line \(line): it is not \"\(Manifest.contentField)\" and 64 digits"
        case .badTensor(let line, let problem):
            switch problem {
            case .fields: "line \(line): it is not a digest, a dtype, a shape and a name with two spaces between them"
            case .digest: "line \(line): it does not begin with 64 lower-case hexadecimal digits"
            case .dtype(let text): "line \(line): unknown dtype \"\(text.escaped(limit: 20))\""
            case .shape: "line \(line): the shape is not written as [512,3,3,3]"
            case .name: "line \(line): the name holds characters that manifests do not have"
            }
        case .notSorted(let line): "line \(line): the name comes before that of the line above"
        case .noLineEnd: "the last line has no line end"
        case .carriageReturns: "its lines end as on Windows: a program changed them"
        case .contentDiffers: "its content digest does not match its lines"
        }
    }

    package var remedy: Words? {
        switch self {
        case .notAManifest: "`dcae hash` makes one"
        case .unknownVersion: "use a newer dcae"
        case .carriageReturns: "change them back (dos2unix); in git, mark it with -text"
        default: "the file was cut or edited; make it again with `dcae hash`"
        }
    }
}
