/// A text file that is there whole or not at all.
package enum OutputText {
    /// Writes a text.
    ///
    /// - Parameters:
    ///   - text: what the file is to hold, as UTF-8.
    ///   - path: where; folders that are missing are made.
    ///   - force: whether a file that exists is replaced.
    ///   - sources: files that must not be written over.
    /// - Throws: `FileFault.exists`, `.isSource`, or what the system says.
    package static func write(
        _ text: String,
        to path: String,
        force: Bool,
        sources: [InputFile]
    ) throws(CheckpointError) {
        let name = ModelFolder.name(of: path)
        // The folder looks at the names that are seen; what is hidden is looked at here.
        if let identity = FileIdentity(path: path) {
            if sources.contains(where: { $0.identity == identity }) {
                throw CheckpointError(path, .file, FileFault.isSource)
            }
            if !force { throw CheckpointError(path, .file, FileFault.exists) }
        }
        let folder = try OutputFolder(
            target: ModelFolder.parent(of: path),
            names: [name],
            replaced: { _ in false },
            force: force,
            sources: sources
        )
        try folder.write(name, text)
        try folder.commit([name], replaced: { _ in false })
    }
}
