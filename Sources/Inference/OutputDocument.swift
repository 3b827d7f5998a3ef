package import CheckpointIO
package import DCAENetwork
package import Images
internal import TensorCore

/// A file that a run writes: there whole or not at all, its room taken before the work begins.
package final class OutputDocument {
    /// What a file is written as, by the end of its name.
    package enum Kind: String, Sendable, CaseIterable {
        case safetensors, npy, png

        /// The kind that a path asks for, or nil.
        package init?(path: String) {
            let lower = path.lowercased()
            guard let kind = Kind.allCases.first(where: { lower.hasSuffix("." + $0.rawValue) }) else { return nil }
            self = kind
        }
    }

    private let path: String
    private let name: String
    private let folder: OutputFolder

    /// Prepares a file.
    ///
    /// - Parameter sources: files that must not be written over, even by force.
    /// - Throws: `FileFault.exists` where it is there and `force` is not given, or what the system says.
    package init(_ path: String, force: Bool, sources: [InputFile] = []) throws(CheckpointError) {
        self.path = path
        name = ModelFolder.name(of: path)
        folder = try OutputFolder(
            target: ModelFolder.parent(of: path),
            names: [name],
            replaced: { _ in false },
            force: force,
            sources: sources
        )
        if !force { try Self.refuseExisting(path) }
    }

    /// Refuses to write where something is already.
    package static func refuseExisting(_ path: String) throws(CheckpointError) {
        if FileIdentity(path: path) != nil { throw CheckpointError(path, .file, FileFault.exists) }
    }

    /// Writes one tensor, as safetensors under a name or as `.npy`.
    package func write(_ tensor: FloatTensor, named tensorName: String, as kind: Kind) throws {
        let shape = Shape(tensor.dimensions)
        switch kind {
        case .npy:
            try NumpyArray(shape: shape, values: tensor.values).write(to: ModelFolder.join(folder.stagingPath, name))
        case .safetensors, .png:
            let layout = SafetensorsLayout(
                [TensorDescriptor(name: tensorName, dtype: .f32, shape: shape)],
                format: "pt"
            )
            let file = try folder.create(name, size: layout.fileSize)
            try layout.header.withUnsafeBytes { try file.write($0, at: 0) }
            try tensor.values.withUnsafeBytes { try file.write($0, at: layout.header.count) }
        }
        try commit()
    }

    /// Writes one tensor into a file of its own, one of many in a folder, as `write(_:named:as:)` would.
    package static func write(
        _ tensor: FloatTensor,
        named tensorName: String,
        as kind: Kind,
        to path: String,
        force: Bool
    ) throws(CheckpointError) {
        let shape = Shape(tensor.dimensions)
        let header =
            kind == .npy
            ? NumpyArray.header(shape)
            : SafetensorsLayout([TensorDescriptor(name: tensorName, dtype: .f32, shape: shape)], format: "pt").header
        var failure: CheckpointError?
        header.withUnsafeBytes { header in
            tensor.values.withUnsafeBytes { values in
                do throws(CheckpointError) {
                    try WholeFile.write(path, [header, values], force: force)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    /// Writes a picture as PNG.
    package func write(_ picture: Picture) throws {
        let bytes = try picture.png(name: path)
        let file = try folder.create(name, size: bytes.count)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        try commit()
    }

    /// Writes a text.
    package func write(_ text: String) throws(CheckpointError) {
        try folder.write(name, text)
        try commit()
    }

    private func commit() throws(CheckpointError) {
        try folder.commit([name], replaced: { _ in false })
    }
}
