internal import CPlatform
internal import Libc
internal import Synchronization

/// The folders that had to be made for an output. They go again, also by a signal, where nothing was put into them.
///
/// Several outputs of a program may go into one new folder, so that the last of them decides.
final class MadeFolders: Sendable {
    private struct Made {
        let path: String
        let registration: UncheckedRegistration
        var users = 0
    }

    /// Entries are handed to C alone, which guards them itself.
    private struct UncheckedRegistration: @unchecked Sendable {
        let entry: OpaquePointer?
    }

    private static let made = Mutex<[FileIdentity: Made]>([:])

    /// Those that this output uses, innermost first.
    private let used: [FileIdentity]

    /// Makes a folder and those that lead to it, as far as they are missing.
    init(leadingTo folder: String) throws(CheckpointError) {
        do throws(CheckpointError) {
            try Self.make(folder)
        } catch {
            Self.release(Self.use(Path.parent(of: error.path)))
            throw error
        }
        used = Self.use(folder)
    }

    deinit {
        Self.release(used)
    }

    /// The folders in which those that were made have their names, to be flushed.
    var parents: [String] {
        Self.made.withLock { made in used.compactMap { made[$0].map { Path.parent(of: $0.path) } } }
    }

    private static func make(_ path: String) throws(CheckpointError) {
        let cPath = SystemText.cString(path)
        guard access(cPath, F_OK) != 0 else { return }
        let parent = Path.parent(of: path)
        if !Path.isSame(parent, path) { try make(parent) }
        // Before the folder is there, so that no moment is left in which a signal would forget it.
        let registration = dcae_register_unfinished(cPath, 1)
        guard mkdir(cPath, 0o777) == 0 else {
            let code = errno
            dcae_forget_unfinished(registration)
            if code == EEXIST { return }
            throw CheckpointError(path, .file, FileFault.system(call: "creating the folder", code: code))
        }
        guard let identity = FileIdentity(path: path) else { return dcae_forget_unfinished(registration) }
        made.withLock { $0[identity] = Made(path: path, registration: UncheckedRegistration(entry: registration)) }
    }

    /// Counts an output for a folder, and for those above it, as far as they were made here.
    private static func use(_ folder: String) -> [FileIdentity] {
        var used: [FileIdentity] = []
        var path = folder
        made.withLock { made in
            while let identity = FileIdentity(path: path), made[identity] != nil {
                made[identity]?.users += 1
                used.append(identity)
                path = Path.parent(of: path)
            }
        }
        return used
    }

    private static func release(_ used: [FileIdentity]) {
        made.withLock { made in
            for identity in used {
                made[identity]?.users -= 1
                guard let folder = made[identity], folder.users <= 0 else { continue }
                // Refused where anything is in it.
                rmdir(SystemText.cString(folder.path))
                dcae_forget_unfinished(folder.registration.entry)
                made[identity] = nil
            }
        }
    }
}
