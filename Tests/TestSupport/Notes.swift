internal import CheckpointIO

/// Whether notes on files are kept where tests write their files.
package enum Notes {
    /// Tried once, on a file that is gone again.
    package static let areKept: Bool = {
        guard let folder = try? TemporaryFolder(), let path = try? folder.write("file", [1]) else { return false }
        ProvenanceNote.write("x", to: path)
        return ProvenanceNote.read(from: path) == "x"
    }()
}
