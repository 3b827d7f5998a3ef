internal import CheckpointIO
internal import ModelZoo
internal import StrictJSON

/// What a path given to a command is, found from its content.
enum PathKind {
    case checkpoint
    /// A config.json, or another JSON file that is no shard index.
    case config(text: [UInt8])

    /// Looks at a path without reading more of a checkpoint than its first bytes.
    static func of(_ path: String) throws(CheckpointError) -> PathKind {
        if ModelFolder.isFolder(path) { return .checkpoint }
        let file = try InputFile(opening: path)
        // A name that ends so is given to nothing else, and a damaged index should be called one.
        let isNamedIndex = ModelFolder.name(of: path).contains(".index.")
        guard case .json = try FileKind.of(file), !isNamedIndex else {
            return ModelFolder.name(of: path) == "config.json" ? .config(text: try read(file)) : .checkpoint
        }
        let text = try read(file)
        if let value = try? JSONReader.read(text), value["weight_map"] != nil { return .checkpoint }
        return .config(text: text)
    }

    private static func read(_ file: InputFile) throws(CheckpointError) -> [UInt8] {
        try file.contents(limit: Registry.fileLimit)
    }
}
