internal import CheckpointIO
package import Files
internal import Images
internal import TensorCore

/// The files that a run reads, each with the name that its result takes.
package struct RunFile: Sendable, Equatable {
    /// The path.
    package let path: String
    /// The path below the folder that was given, or the file's name; without what its name ends in.
    package let name: String

    init(_ path: String, below folder: String?) {
        self.path = path
        let below = folder.flatMap { Path.suffix(of: path, below: $0) }
        name = Path.withoutExtension(below ?? Path.name(of: path))
    }

    /// The pictures and tensor files among paths, and the pictures in the folders among them.
    package static func images(at paths: [String]) throws -> [RunFile] {
        try paths.flatMap { path in
            guard Folder.exists(path) else { return [RunFile(path, below: nil)] }
            return try PictureFolder.pictures(at: [path]).map { RunFile($0, below: path) }
        }
    }

    /// The tensor files among paths, and those in the folders among them and in the folders in these.
    package static func tensors(at paths: [String]) throws(CheckpointError) -> [RunFile] {
        var result: [RunFile] = []
        for path in paths {
            guard Folder.exists(path) else {
                result.append(RunFile(path, below: nil))
                continue
            }
            var found: [String] = []
            try collect(path, depth: 0, into: &found)
            if found.isEmpty { throw CheckpointError(path, .file, InferenceFault.noInputs) }
            result += found.map { RunFile($0, below: path) }
        }
        return result
    }

    private static let depthLimit = 32

    private static func collect(_ folder: String, depth: Int, into found: inout [String]) throws(CheckpointError) {
        for name in try Folder.names(in: folder) {
            let path = Path.join(folder, name)
            if Folder.exists(path) {
                // Deeper than any data set goes: a link that leads back to where we are.
                if depth < depthLimit { try collect(path, depth: depth + 1, into: &found) }
            } else if let kind = OutputDocument.Kind(path: name), kind != .png {
                found.append(path)
            }
        }
    }
}

/// Where the results of a run go.
package enum RunTarget: Sendable, Equatable {
    /// One file for all.
    case file(String, OutputDocument.Kind)
    /// A file for each, in a folder.
    case folder(String, OutputDocument.Kind)

    /// What a path means: a file where its end says which kind, otherwise a folder.
    ///
    /// - Parameters:
    ///   - path: as the user gives it.
    ///   - kinds: those that can be written.
    ///   - folderKind: the kind of files in a folder.
    /// - Throws: `InferenceFault.outputKind` for a file of another kind.
    package init(
        _ path: String,
        kinds: [OutputDocument.Kind],
        folderKind: OutputDocument.Kind
    ) throws(CheckpointError) {
        try OutputTarget.checkName(path)
        guard !Folder.exists(path), path.utf8.last != UInt8(ascii: "/"), let kind = OutputDocument.Kind(path: path)
        else {
            // A name with another ending is more likely a mistake than a folder.
            let others = [".jpg", ".jpeg", ".webp", ".pt", ".npz", ".bin"]
            if !Folder.exists(path), others.contains(where: { Path.hasEnding(path, $0) }) {
                throw CheckpointError(path, .file, InferenceFault.outputKind(kinds: kinds.map { "." + $0.rawValue }))
            }
            self = .folder(path, folderKind)
            return
        }
        guard kinds.contains(kind) else {
            throw CheckpointError(path, .file, InferenceFault.outputKind(kinds: kinds.map { "." + $0.rawValue }))
        }
        self = .file(path, kind)
    }

    /// The kind of the files.
    package var kind: OutputDocument.Kind {
        switch self {
        case .file(_, let kind), .folder(_, let kind): kind
        }
    }

    /// The files whose results are not there yet: outputs are whole or absent, so that what is there is done.
    package func remaining(_ files: [RunFile]) -> [RunFile] {
        files.filter { FileIdentity(path: path(for: $0)) == nil }
    }

    /// Where the result of a file goes.
    package func path(for file: RunFile) -> String {
        switch self {
        case .file(let path, _): path
        case .folder(let folder, let kind): Path.join(folder, file.name + "." + kind.rawValue)
        }
    }

    /// Refuses, before any work is done, outputs that exist and inputs whose outputs would be one file.
    package func check(_ files: [RunFile], force: Bool) throws(CheckpointError) {
        if force { ReadHistory.announce(files.map(\.path)) }
        if case .file(let path, _) = self { return try OutputTarget.check(path, force: force) }
        try refuseCollisions(files)
        for file in files { try OutputTarget.check(path(for: file), force: force) }
    }

    /// Refuses inputs whose outputs would be one file in a folder, as those of `a.png` and `a.jpg`.
    ///
    /// Of a run in parts it is asked for the files of all parts, as none sees the outputs of another.
    package func refuseCollisions(_ files: [RunFile]) throws(CheckpointError) {
        guard case .folder = self else { return }
        var owners: [UTF8Name: RunFile] = [:]
        for file in files {
            let path = path(for: file)
            if let other = owners.updateValue(file, forKey: UTF8Name(path)) {
                throw CheckpointError(path, .file, InferenceFault.sameOutput(other.path, file.path))
            }
        }
    }
}
