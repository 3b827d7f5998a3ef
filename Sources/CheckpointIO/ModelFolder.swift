/// What lies where in a model folder of either layout.
package enum ModelFolder {
    /// The weights file or shard index that a path leads to: itself, or what the folder holds.
    ///
    /// Without a variant in the name comes first, as in diffusers; of several variants alone none is guessed.
    package static func weights(at path: String) throws(CheckpointError) -> String {
        // Where a run was killed while it replaced the model, it is completed before any part of it is read.
        let holdsFiles = Folder.exists(path)
        try Leftovers.complete(holdsFiles ? path : Path.parent(of: path))
        guard holdsFiles else { return path }
        let names = try fileNames(in: path)
        for stem in Self.usualStems {
            // diffusers takes shards where there is an index of them, other loaders the whole file.
            let first = [".safetensors", ".safetensors.index.json"]
            let isDiffusers = stem == Self.usualStems[0]
            for suffix in (isDiffusers ? first.reversed() : first) + [
                ".safetensors.zst", ".bin", ".bin.index.json", ".pt", ".pth",
                ".ckpt", ".bin.zst", ".pt.zst",
            ] {
                if names.contains(stem + suffix) { return join(path, stem + suffix) }
            }
        }
        let variants = names.filter(isWeightsOrIndex)
        if variants.count == 1 { return join(path, variants[0]) }
        // As MLX wrote models before it wrote safetensors.
        if variants.isEmpty, let arrays = ["weights.npz", "model.npz"].first(where: names.contains) {
            return join(path, arrays)
        }
        if variants.isEmpty, isFolder(join(path, "vae")) { return try weights(at: join(path, "vae")) }
        guard variants.isEmpty else { throw CheckpointError(path, .file, FileFault.severalCheckpoints(variants)) }
        if names.contains(where: isWeights) { throw CheckpointError(path, .file, FileFault.shardsWithoutIndex) }
        let below = Array(names.lazy.filter { holdsWeights(join(path, $0)) }.prefix(32))
        throw CheckpointError(path, .file, below.isEmpty ? FileFault.noCheckpoint : .checkpointsBelow(below))
    }

    /// Whether a path is a folder with a checkpoint in it, by the names alone.
    private static func holdsWeights(_ path: String) -> Bool {
        guard isFolder(path), let names = try? fileNames(in: path) else { return false }
        return names.contains { isWeights($0) || $0.hasSuffix(".distcp") }
    }

    private static let usualStems = ["diffusion_pytorch_model", "model", "pytorch_model"]

    /// Whether a file has one of the names that a folder is opened by: with a dtype or a shard's number in it, or without.
    static func isUsualName(_ name: String) -> Bool {
        usualStems.contains { stem in name.hasPrefix(stem + ".") || name.hasPrefix(stem + "-") }
    }

    /// Whether a file in a model folder is a checkpoint, or the index of one, rather than a shard or something else.
    package static func isWeightsOrIndex(_ name: String) -> Bool {
        var stem = name[...]
        if stem.hasSuffix(".zst") { stem = stem.dropLast(4) }
        if stem.hasSuffix(".json") {
            return stem.contains(".index.") && (stem.contains(".safetensors") || stem.contains(".bin"))
        }
        let extensions = [".safetensors", ".pt", ".pth", ".ckpt", ".bin"]
        return extensions.contains(where: stem.hasSuffix) && !ShardName.isShard(name)
    }

    /// Whether a file in a model folder holds weights: a checkpoint, a shard, or the index of shards.
    package static func isWeights(_ name: String) -> Bool {
        isWeightsOrIndex(name)
            || ShardName.isShard(name) && [".safetensors", ".bin", ".zst"].contains(where: name.hasSuffix)
    }

    // What lies in Files, under the names that it had here.

    /// Whether a path leads to a folder.
    package static func isFolder(_ path: String) -> Bool { Folder.exists(path) }
    /// The names in a folder, in the order of their bytes, without hidden ones.
    package static func fileNames(in folder: String) throws(CheckpointError) -> [String] {
        try Folder.names(in: folder)
    }
    /// A name in a folder as a path.
    package static func join(_ folder: String, _ name: String) -> String { Path.join(folder, name) }
    /// The folder of a path.
    package static func parent(of path: String) -> String { Path.parent(of: path) }
    /// The last component of a path.
    package static func name(of path: String) -> String { Path.name(of: path) }
}

/// The names of shards, as `diffusion_pytorch_model-00001-of-00004.safetensors`.
package enum ShardName {
    /// Whether `-00001-of-00004` stands in a name.
    package static func isShard(_ name: String) -> Bool {
        position(in: Array(name.utf8)) != nil
    }

    /// What a safetensors file, a shard or an index has in common with all others of the same weights: its name without
    /// number and extensions, as `diffusion_pytorch_model.fp16`; nil for another kind of file.
    package static func stem(of name: String) -> String? {
        var bytes = Array(name.utf8)
        if let start = position(in: bytes) { bytes.removeSubrange(start..<(start + pattern.count)) }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ".")
        guard parts.contains("safetensors") else { return nil }
        return parts.filter { !["safetensors", "index", "json", "zst"].contains($0) }.joined(separator: ".")
    }

    private static let pattern = Array("-#####-of-#####".utf8)

    private static func position(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...(bytes.count - pattern.count)).first { start in
            zip(bytes[start...], pattern).allSatisfy { byte, wanted in
                wanted == UInt8(ascii: "#") ? (0x30...0x39).contains(byte) : byte == wanted
            }
        }
    }

    /// The name of one of several shards, as diffusers has written it since 0.30.
    package static func make(stem: String, number: Int, of count: Int) -> String {
        "\(stem)-\(padded(number))-of-\(padded(count)).safetensors"
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
