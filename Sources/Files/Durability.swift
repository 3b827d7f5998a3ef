internal import CPlatform
internal import Libc
internal import Synchronization
internal import TensorCore

/// Whether output is on the disk before it takes its name, and its name before the work is called done.
package enum Durability: Sendable {
    /// A loss of power leaves the old or the new, whole.
    case flushed
    /// The system writes it when it likes: for those who can do the work again.
    case fast

    /// Brings what an open file or folder holds to the disk.
    ///
    /// - Parameter path: what messages call it.
    func flush(_ descriptor: Int32, _ path: String) throws(CheckpointError) {
        guard self == .flushed else { return }
        let code = dcae_flush(descriptor)
        if code != 0 {
            throw CheckpointError(path, .file, FileFault.system(call: "flushing it to the disk", code: code))
        }
    }

    /// Brings a file, or the names in a folder, to the disk.
    func flush(_ path: String) throws(CheckpointError) {
        guard self == .flushed else { return }
        let descriptor = open(SystemText.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        // A folder that may be written to and not be read cannot be opened either.
        if descriptor < 0, errno == EACCES, Folder.exists(path) { return }
        guard descriptor >= 0 else {
            throw CheckpointError(path, .file, FileFault.system(call: "open", code: errno))
        }
        defer { close(descriptor) }
        try flush(descriptor, path)
    }
}

/// The folders that a run writes its files into, one after another.
///
/// Each is cleared of what ended runs left before the first file; and its names are flushed now and then rather than
/// after every file, as each file is whole under its name even if the name is lost.
package final class OutputFolders: Sendable {
    private struct State {
        var cleared: Set<UTF8Name> = []
        var waiting: [UTF8Name: Int] = [:]
    }

    /// The files of a folder between two times that it is flushed.
    private static let batch = 32

    let durability: Durability
    private let state = Mutex(State())

    package init(_ durability: Durability) {
        self.durability = durability
    }

    /// Clears a folder, unless that was done before.
    func clear(_ folder: String) {
        if state.withLock({ $0.cleared.insert(UTF8Name(folder)).inserted }) { Leftovers.clear(folder) }
    }

    /// Notes that a file has taken its name in a folder.
    func wrote(in folder: String) throws(CheckpointError) {
        let isDue = state.withLock { state in
            state.waiting[UTF8Name(folder), default: 0] += 1
            guard state.waiting[UTF8Name(folder), default: 0] >= Self.batch else { return false }
            state.waiting[UTF8Name(folder)] = nil
            return true
        }
        if isDue { try durability.flush(folder) }
    }

    /// Flushes what is left to flush.
    package func flush() throws(CheckpointError) {
        let folders = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.keys.sorted()
        }
        for folder in folders { try durability.flush(folder.string) }
    }
}
