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
    /// - Throws: `FileFault.isSource`, `.exists` where it is there and `force` is not given, or what the system says.
    package init(_ path: String, force: Bool, sources: [InputFile] = []) throws(CheckpointError) {
        // The folder looks at the names that are seen; what is hidden is looked at here.
        if let identity = FileIdentity(path: path), sources.contains(where: { $0.identity == identity }) {
            throw CheckpointError(path, .file, FileFault.isSource)
        }
        if !force { try Self.refuseExisting(path) }
        self.path = path
        name = ModelFolder.name(of: path)
        folder = try OutputFolder(
            target: ModelFolder.parent(of: path),
            names: [name],
            replaced: { _ in false },
            force: force,
            sources: sources
        )
    }

    /// Refuses to write where something is already.
    package static func refuseExisting(_ path: String) throws(CheckpointError) {
        if FileIdentity(path: path) != nil { throw CheckpointError(path, .file, FileFault.exists) }
    }

    /// Writes one tensor, as safetensors under a name or as `.npy`.
    package func write(_ tensor: FloatTensor, named tensorName: String, as kind: Kind) throws {
        let header = Self.header(of: tensor, named: tensorName, as: kind)
        try tensor.values.withUnsafeBytes { values in
            let file = try folder.create(name, size: header.count + values.count)
            try header.withUnsafeBytes { try file.write($0, at: 0) }
            try file.write(values, at: header.count)
        }
        try commit()
    }

    /// What comes before a tensor's values in a file.
    private static func header(of tensor: FloatTensor, named name: String, as kind: Kind) -> [UInt8] {
        let shape = Shape(tensor.dimensions)
        if kind == .npy { return NumpyHeader.bytes(shape) }
        return SafetensorsLayout([TensorDescriptor(name: name, dtype: .f32, shape: shape)], format: "pt").header
    }

    /// Writes one tensor into a file of its own, one of many in a folder, as `write(_:named:as:)` would.
    package static func write(
        _ tensor: FloatTensor,
        named tensorName: String,
        as kind: Kind,
        to path: String,
        force: Bool
    ) throws(CheckpointError) {
        let header = header(of: tensor, named: tensorName, as: kind)
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
