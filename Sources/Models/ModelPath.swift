package import CheckpointIO
internal import Files
internal import ModelZoo
internal import StrictJSON

/// What a path given to a command leads to, found from its content; each file is opened once.
package enum ModelPath: Sendable {
    /// A checkpoint: a file of any format, a shard index, or a folder that holds one.
    ///
    /// Of a whole pipeline it is the autoencoder.
    case checkpoint(Checkpoint, Pipeline? = nil)
    /// A config.json, or another JSON file that is no shard index.
    case config([UInt8])

    /// Opens what a path leads to.
    package static func open(_ path: String, _ options: OpenOptions) throws(CheckpointError) -> ModelPath {
        var options = options
        options.leavesSection = true
        let place = try resolve(path)
        if let pipeline = try Pipeline(at: place) { return .checkpoint(try pipeline.open(options), pipeline) }
        if ModelFolder.isFolder(place) { return .checkpoint(try Checkpoint.open(place, options: options)) }
        // Where a run was killed while it replaced the model, it is completed before any part of it is read.
        try Leftovers.complete(ModelFolder.parent(of: place))
        let file = try InputFile(opening: place)
        let kind = try FileKind.of(file)
        let name = ModelFolder.name(of: place)
        // A name that ends so is given to nothing else, and a damaged index should be called one.
        let isNamedIndex = name.contains(".index.")
        guard kind == .json, !isNamedIndex else {
            if name == "config.json", kind != .json { return .config(try read(file)) }
            return .checkpoint(try Checkpoint.open(file, kind, path: place, options: options))
        }
        let text = try read(file)
        if let value = try? JSONReader.read(text), value["weight_map"] != nil {
            return .checkpoint(try Checkpoint.open(file, kind, path: place, options: options))
        }
        return .config(text)
    }

    private static func read(_ file: InputFile) throws(CheckpointError) -> [UInt8] {
        try file.contents(limit: Registry.fileLimit)
    }

    /// The path of the weights, or of the folder that holds them: of a repository in a Hugging Face cache, the snapshot that
    /// `refs/main` names, and of the index of a pipeline all of it.
    static func resolve(_ path: String) throws(CheckpointError) -> String {
        if ModelFolder.name(of: path) == Pipeline.indexName, FileIdentity(path: path) != nil,
            !ModelFolder.isFolder(path)
        {
            return ModelFolder.parent(of: path)
        }
        guard ModelFolder.name(of: path).hasPrefix("models--"), ModelFolder.isFolder(path) else { return path }
        let snapshots = ModelFolder.join(path, "snapshots")
        if let file = try? InputFile(opening: ModelFolder.join(path, "refs/main")),
            let bytes = try? file.contents(limit: 1000)
        {
            let commit = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            let snapshot = ModelFolder.join(snapshots, commit)
            if !commit.isEmpty, !commit.contains("/"), ModelFolder.isFolder(snapshot) { return snapshot }
        }
        let names = ModelFolder.isFolder(snapshots) ? try ModelFolder.fileNames(in: snapshots) : []
        return names.count == 1 ? ModelFolder.join(snapshots, names[0]) : path
    }
}
