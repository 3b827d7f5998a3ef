internal import CheckpointIO
internal import TensorCore

/// Which files of a repository make a model: its config, one set of weights of one dtype and that set's index.
package struct Selection: Sendable, Equatable {
    /// The paths in the repository, small files first.
    package let files: [String]
    /// The folder that holds the model, or the file itself, as a path in the repository; empty for its root.
    package let model: String
    /// The weights or their index.
    package let weights: String

    /// Chooses among the files of a repository.
    ///
    /// What a loader of diffusers would take comes first: safetensors before PyTorch's own format, weights without a
    /// variant in their name before others. Of a pipeline its `vae` is taken, and not the transformer beside it.
    ///
    /// - Parameters:
    ///   - paths: all files.
    ///   - path: the file or folder that the user names, or nil.
    /// - Throws: `HubFault.entryNotFound`, `.noWeights`, `.severalWeights` or `.missingShards`.
    package init(among paths: [String], at path: String?) throws(HubFault) {
        let known = Set(paths)
        if let path, known.contains(path) {
            self = try Self.file(path, known)
            return
        }
        let folder = path ?? ""
        if !folder.isEmpty, !paths.contains(where: { $0.hasPrefix(folder + "/") }) { throw .entryNotFound }
        let names = Self.names(in: folder, paths)
        var extra: [String] = []
        var home = folder
        let isPipeline = names.contains("model_index.json")
        if isPipeline { extra.append(Self.join(folder, "model_index.json")) }
        let vae = Self.join(folder, "vae")
        // What lies beside the index of a pipeline is the pipeline in one file, or nothing of it.
        var weights = try isPipeline ? Self.weights(among: Self.names(in: vae, paths)) : nil
        if weights != nil { home = vae }
        if weights == nil { weights = try Self.weights(among: names) }
        if weights == nil {
            home = vae
            weights = try Self.weights(among: Self.names(in: home, paths))
        }
        guard let weights else { throw .noWeights }
        let chosen = try Self.file(Self.join(home, weights), known)
        files = extra + chosen.files
        model = folder
        self.weights = chosen.weights
    }

    private init(files: [String], model: String, weights: String) {
        self.files = files
        self.model = model
        self.weights = weights
    }

    /// A file that the user names, with what it needs beside it.
    private static func file(_ path: String, _ known: Set<String>) throws(HubFault) -> Selection {
        let (folder, name) = split(path)
        var files: [String] = []
        let config = join(folder, "config.json")
        if known.contains(config), path != config { files.append(config) }
        files.append(path)
        if name.contains(".index."), name.hasSuffix(".json") {
            files += try shards(of: name, in: folder, known)
        }
        return Selection(files: files, model: path, weights: path)
    }

    /// The shards that an index stands for: `name-00001-of-00004.safetensors` to `name.safetensors.index.json`.
    private static func shards(of index: String, in folder: String, _ known: Set<String>) throws(HubFault) -> [String] {
        guard let range = index.firstRange(of: ".index.") else { return [] }
        let parts = index[..<range.lowerBound].split(separator: ".", omittingEmptySubsequences: false)
        // A variant stands between the two: `name.safetensors.index.fp16.json` has `name.fp16-00001-of-….safetensors`.
        let variant = index[range.upperBound...].dropLast(5)
        guard parts.count >= 2, let suffix = parts.last else { return [] }
        let stem = parts.dropLast().joined(separator: ".") + (variant.isEmpty ? "" : "." + variant)
        let prefix = join(folder, stem + "-")
        let found = known.filter { $0.hasPrefix(prefix) && $0.hasSuffix("." + suffix) }.compactMap { path in
            let middle = path.dropFirst(prefix.count).dropLast(suffix.count + 1).split(separator: "-")
            return middle.count == 3 && middle[1] == "of" ? Int(middle[2]).map { (path, $0) } : nil
        }.sorted { $0.0 < $1.0 }
        guard let count = found.first?.1 else { return [] }
        guard found.allSatisfy({ $0.1 == count }), found.count == count else {
            throw .missingShards(have: found.count, of: count)
        }
        return found.map(\.0)
    }

    /// The weights file or index among the names of a folder, by the rules of `ModelFolder`; nil where there is none.
    private static func weights(among names: [String]) throws(HubFault) -> String? {
        for stem in ["diffusion_pytorch_model", "model", "pytorch_model"] {
            for suffix in [
                ".safetensors", ".safetensors.index.json", ".safetensors.zst", ".bin", ".bin.index.json", ".pt", ".pth",
                ".ckpt", ".bin.zst", ".pt.zst",
            ] where names.contains(stem + suffix) {
                return stem + suffix
            }
        }
        let others = names.filter(ModelFolder.isWeightsOrIndex)
        if others.count > 1 { throw .severalWeights(others) }
        return others.first
    }

    private static func names(in folder: String, _ paths: [String]) -> [String] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        return paths.compactMap { path in
            guard path.hasPrefix(prefix) else { return nil }
            let rest = path.dropFirst(prefix.count)
            return rest.contains("/") ? nil : String(rest)
        }
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : folder + "/" + name
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
