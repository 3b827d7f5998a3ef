internal import Libc
package import TensorCore

/// What can go wrong with files and folders, whatever is in them.
package enum FileFault: Fault, Equatable {
    case system(call: String, code: Int32)
    case missing
    case linkToNothing(String)
    case isFolder
    case notRegular
    case shrank(expected: Int)
    case exists
    case isSource
    case isSpecial
    case noName
    case standardOutput
    case locked
    case unfinished(String)
    case targetVanished
    case noCheckpoint
    /// Not in the folder itself, but in some that lie in it.
    case checkpointsBelow([String])
    case severalCheckpoints([String])
    case shardsWithoutIndex
    case unknownFormat(begins: String)
    case otherFormat(String)
    case picture(String)
    case gitLFSPointer
    case isEmpty
    case isZero(count: Int)
    case isHTML
    case tooLarge(limit: Int)
    case outOfMemory
    case notHere

    package var kind: RefusalKind {
        switch self {
        case .missing, .linkToNothing: .noSuchFile
        case .isFolder, .notRegular: .notAFile
        case .exists: .alreadyExists
        case .isSource, .isSpecial, .noName, .standardOutput: .badOutput
        case .locked: .inUse
        case .shrank, .targetVanished: .changed
        case .system(_, let code) where code == ENOSPC || code == EDQUOT: .noSpace
        case .system(_, let code) where code == ENOMEM: .outOfMemory
        case .system: .system
        case .unfinished: .unfinished
        case .noCheckpoint, .checkpointsBelow, .shardsWithoutIndex: .noCheckpoint
        case .severalCheckpoints: .severalCheckpoints
        case .unknownFormat, .otherFormat, .picture, .isHTML: .unknownFormat
        case .gitLFSPointer, .isZero: .unfinished
        case .isEmpty: .damagedFile
        case .tooLarge: .tooLarge
        case .outOfMemory: .outOfMemory
        case .notHere: .notCached
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        switch self {
        case .severalCheckpoints(let names), .checkpointsBelow(let names): names.map { .name($0) }
        default: []
        }
    }

    package var message: String {
        switch self {
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)).lowercasedFirst)"
        case .missing: "there is no such file or folder"
        case .linkToNothing(let target): "it is a link to \(target.escaped(limit: 200)), and there is no such file"
        case .isFolder: "this is a folder, not a file"
        case .notRegular: "this is not a regular file, but a device, pipe or socket"
        case .shrank(let expected): "the file is shorter than the \(expected) bytes it had when it was opened"
        case .exists: "the output exists already"
        case .isSource: "the output is the same file as the source"
        case .isSpecial: "the output is a device, pipe or socket"
        case .noName: "the output has no name"
        case .standardOutput: "standard output cannot be the output"
        case .locked: "another program holds the lock of this folder"
        case .unfinished(let name):
            "an interrupted run left this folder half replaced (\(name.escaped(limit: 40)) has the other files)"
        case .targetVanished: "the target folder was removed or replaced while the output was being written"
        case .noCheckpoint: "there is no checkpoint in this folder"
        case .checkpointsBelow(let names):
            "there is no checkpoint in this folder, but in "
                + names.prefix(4).map { $0.escaped(limit: 40) }.joined(separator: ", ")
                + (names.count > 4 ? " and \(names.count - 4) more" : "") + " within it"
        case .shardsWithoutIndex: "this folder has shards, but not their index"
        case .severalCheckpoints(let names):
            "this folder holds several checkpoints: "
                + names.prefix(4).map { $0.escaped(limit: 40) }.joined(separator: ", ")
        case .unknownFormat(let begins): "no checkpoint format begins with \(begins)"
        case .otherFormat(let name), .picture(let name): "this is \(name), not a checkpoint"
        case .gitLFSPointer: "this is a Git LFS pointer, not the file it stands for"
        case .isEmpty: "the file is empty"
        case .isZero(let count):
            "its first \(count) bytes are zero: the space was reserved, but the data never arrived"
        case .isHTML: "this is a web page, not a checkpoint"
        case .notHere: "its values are on the Hub, and only its headers were read"
        case .outOfMemory: "out of memory"
        case .tooLarge(let limit): "the file is larger than \(limit) bytes, the limit for such files"
        }
    }

    package var remedy: Words? {
        switch self {
        case .system(_, let code) where code == ENOSPC || code == EDQUOT: "free some space, or choose another target"
        case .system(_, let code) where code == EACCES || code == EPERM || code == EROFS: "check the permissions"
        case .system(_, let code) where code == EMFILE:
            "raise the limit on open files, for example with `ulimit -n 4096`"
        case .system(_, let code) where code == EFBIG: "raise the limit on file sizes, or use \(.maxShardSize)"
        case .system: nil
        case .missing: "check the path"
        case .linkToNothing: "fetch that file again, or remove the link"
        case .isFolder: "name the file in it"
        case .notRegular: "give a file on a disk"
        case .shrank: "leave the file alone and run the command again"
        case .exists: "choose another target, or add \(.overwrite) to replace it"
        case .isSource, .isSpecial: "choose another target"
        case .noName: "name a file or a folder"
        case .standardOutput: "name a file or a folder; write ./- for one that is called -"
        case .locked: "wait for it to end, or choose another target"
        case .unfinished: "run the command again with write access to the folder"
        case .targetVanished: "run the command again"
        case .checkpointsBelow: "name the folder you mean"
        case .noCheckpoint: "a model folder holds model.safetensors or diffusion_pytorch_model.safetensors"
        case .severalCheckpoints: "name the file you mean"
        case .shardsWithoutIndex: "copy the file that ends in .index.json too"
        case .unknownFormat, .otherFormat, .picture:
            "safetensors and PyTorch files are read, plain or compressed with zstd"
        case .gitLFSPointer: "run `git lfs pull`, or download the file itself"
        case .isEmpty, .isZero, .isHTML: "download it again"
        case .notHere: "fetch it first"
        case .tooLarge, .outOfMemory: nil
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String {
        prefix(1).lowercased() + dropFirst()
    }
}
