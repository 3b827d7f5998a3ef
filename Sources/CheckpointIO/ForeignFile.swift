package import TensorCore

/// What people take for a checkpoint and is a sound file of another kind: what it is, and what to do with it.
package enum ForeignFile: Fault, Equatable {
    /// Several files in one, which may be a checkpoint each.
    case archive(String)
    /// Weights that were converted for another program.
    case exported(String)
    /// The beginning of a download.
    case unfinished(String)
    /// A file that this program wrote beside checkpoints, and the command that reads it.
    case product(String, command: String)
    /// A file that holds the structure of a network alone.
    case structure(String)

    package var kind: RefusalKind {
        switch self {
        case .archive, .exported, .structure, .product: .unknownFormat
        case .unfinished: .unfinished
        }
    }

    package var message: String {
        switch self {
        case .archive(let name), .exported(let name), .structure(let name), .product(let name, _):
            "this is \(name), not a checkpoint"
        case .unfinished(let name): "\(name.escaped(limit: 60)) is a download that has not been finished"
        }
    }

    package var remedy: Words? {
        switch self {
        case .archive: "unpack it first"
        case .product(_, let command): "`\(command)` reads it"
        case .exported: "give the safetensors or PyTorch file that it was made from"
        case .structure: "give the safetensors or PyTorch file with the weights"
        case .unfinished: "let it finish, or download the file again"
        }
    }

    /// By the first bytes, and where these say nothing by the name.
    static func find(start: [UInt8], path: String) -> ForeignFile? {
        if let (_, fault) = magics.first(where: { start.starts(with: $0.0) }) { return fault }
        func word(at offset: Int) -> String { String(decoding: start.dropFirst(offset).prefix(4), as: UTF8.self) }
        switch word(at: 4) {
        case "TFL3": return .exported("a TensorFlow Lite file")
        case "ET12", "ET13": return .exported("an ExecuTorch program")
        default: break
        }
        if let model = protocolBuffer(start) { return model }
        // A map with a text as its first key, as Flax writes its parameters in MessagePack.
        if start.count > 2, (0x81...0x8F).contains(start[0]) || (start[0] == 0xDE && start[1] < 0x10) {
            let key = start[0] == 0xDE ? min(3, start.count - 1) : 1
            if (0xA1...0xBF).contains(start[key]) || start[key] == 0xD9 {
                return .exported("a MessagePack file (Flax)")
            }
        }
        if path.hasSuffix(".bin"), FileIdentity(path: String(path.dropLast(4)) + ".xml") != nil {
            return .exported("the weights of an OpenVINO network")
        }
        return nil
    }

    /// ONNX and Core ML are protocol buffers that begin with the version of their format. In ONNX who made it follows, a text; in
    /// Core ML the description, a message whose first field is an input.
    private static func protocolBuffer(_ start: [UInt8]) -> ForeignFile? {
        guard start.count > 4, start[0] == 0x08, (1...30).contains(start[1]),
            [0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A].contains(start[2])
        else { return nil }
        let rest = start.dropFirst(3)
        let inner = rest.drop { $0 & 0x80 != 0 }.dropFirst().first
        return .exported(start[2] == 0x12 && inner == 0x0A ? "a Core ML model" : "an ONNX model")
    }

    private static let magics: [([UInt8], ForeignFile)] = [
        (Array("GGUF".utf8), .exported("a GGUF file")), (Array("ggml".utf8), .exported("a GGML file")),
        ([0x89, 0x48, 0x44, 0x46], .exported("an HDF5 file (Keras)")),
        (Array("Rar!".utf8), .archive("a RAR file")), ([0x1F, 0x8B], .archive("a gzip file")),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], .archive("an xz file")), (Array("BZh".utf8), .archive("a bzip2 file")),
        ([0x37, 0x7A, 0xBC, 0xAF], .archive("a 7-Zip file")),
        (Array("ptrt".utf8), .exported("a TensorRT engine")), (Array("ftrt".utf8), .exported("a TensorRT engine")),
    ]

    /// What a text that begins with `<` is, where it is no web page.
    static func markup(_ text: String) -> ForeignFile? {
        if text.contains("<net ") { return .structure("an OpenVINO network") }
        if text.hasPrefix("<?xml") { return .structure("an XML file") }
        return nil
    }
}

/// Names that browsers and download programs give to what has not been finished.
enum UnfinishedDownload {
    static let endings = [
        ".incomplete", ".part", ".partial", ".crdownload", ".download", ".aria2", ".!qB", ".opdownload",
    ]

    /// An error about a file that is no more than the beginning of one, as that.
    static func explaining(_ error: CheckpointError) -> CheckpointError {
        if error.fault is ForeignFile { return error }
        switch error.fault as? FileFault {
        case .noCheckpoint?, .checkpointsBelow?:
            let names = try? ModelFolder.fileNames(in: error.path)
            guard let unfinished = names?.first(where: isUnfinished) else { return error }
            return CheckpointError(error.path, .file, ForeignFile.unfinished(unfinished))
        case nil, .unknownFormat?, .isEmpty?, .isZero?, .otherFormat?, .picture?: break
        default: return error
        }
        let name = ModelFolder.name(of: error.path)
        guard isUnfinished(name) || hasControlFile(error.path) else { return error }
        return CheckpointError(error.path, .file, ForeignFile.unfinished(name))
    }

    private static func isUnfinished(_ name: String) -> Bool { endings.contains(where: name.hasSuffix) }

    /// aria2 makes the file at its full size, and keeps what is there of it in another until all is.
    static func hasControlFile(_ path: String) -> Bool { FileIdentity(path: path + ".aria2") != nil }
}

extension Checkpoint {
    /// The same with a note where a file of it is still being downloaded.
    func notingUnfinishedDownload() -> Checkpoint {
        let unfinished = files.map(\.path).filter(UnfinishedDownload.hasControlFile)
        guard let first = unfinished.first else { return self }
        let name = ModelFolder.name(of: first).escaped(limit: 60)
        return with(notes: notes + ["\(name).aria2 lies beside \(name): its download has not been finished"])
    }
}
