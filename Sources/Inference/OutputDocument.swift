internal import CheckpointIO
package import DCAENetwork
package import Files
package import Images
internal import TensorCore

/// A file that a run writes: there whole or not at all, its room taken before the work begins.
package final class OutputDocument {
    /// What a file is written as, by the end of its name.
    package enum Kind: String, Sendable, CaseIterable {
        case safetensors, npy, png

        /// The kind that a path asks for, or nil.
        package init?(path: String) {
            guard let kind = Kind.allCases.first(where: { Path.hasEnding(path, "." + $0.rawValue) }) else { return nil }
            self = kind
        }
    }

    private let path: String
    private let file: WholeFile

    /// Prepares a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - force: whether a file of that name is replaced.
    ///   - sources: files that must not be written over, even by force.
    ///   - durability: whether it is on the disk before it takes its name.
    ///   - folders: where many files are written, what is known of their folders.
    /// - Throws: `FileFault.isSource`, `.exists` where it is there and `force` is not given, or what the system says.
    package init(
        _ path: String,
        force: Bool,
        sources: [InputFile] = [],
        durability: Durability = .flushed,
        folders: OutputFolders? = nil
    ) throws(CheckpointError) {
        self.path = path
        file = try WholeFile(path, force: force, sources: sources, durability: durability, folders: folders)
    }

    /// Writes one tensor, as safetensors under a name or as `.npy`.
    ///
    /// - Parameter metadata: what safetensors says of it.
    package func write(
        _ tensor: FloatTensor,
        named tensorName: String,
        as kind: Kind,
        metadata: [(key: String, value: String)] = []
    ) throws(CheckpointError) {
        let header = Self.header(of: tensor, named: tensorName, as: kind, metadata)
        try header.withBytes { header throws(CheckpointError) in
            try tensor.values.withBytes { values throws(CheckpointError) in try file.write([header, values]) }
        }
    }

    /// What comes before a tensor's values in a file.
    private static func header(
        of tensor: FloatTensor,
        named name: String,
        as kind: Kind,
        _ metadata: [(key: String, value: String)]
    ) -> [UInt8] {
        let shape = Shape(tensor.dimensions)
        if kind == .npy { return NumpyHeader.bytes(shape) }
        let descriptor = TensorDescriptor(name: name, dtype: .f32, shape: shape)
        return SafetensorsLayout([descriptor], metadata: [("format", "pt")] + metadata).header
    }

    /// Writes a picture as PNG.
    package func write(_ picture: Picture) throws {
        let bytes = try picture.png(name: path)
        try bytes.withBytes { bytes throws(CheckpointError) in try file.write([bytes]) }
    }

    /// Writes a text.
    package func write(_ text: String) throws(CheckpointError) { try file.write(text) }
}
