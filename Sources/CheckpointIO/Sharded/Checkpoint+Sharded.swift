internal import StrictJSON
internal import TensorCore

extension Checkpoint {
    /// Opens the shards that an index names.
    static func openSharded(
        _ index: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let map = try readIndex(index)
        let folder = ModelFolder.parent(of: index.path)
        var names: [String] = []
        var expected: [UTF8Name: [UTF8Name]] = [:]
        for (tensor, shard) in map {
            if expected[UTF8Name(shard)] == nil { names.append(shard) }
            expected[UTF8Name(shard), default: []].append(UTF8Name(tensor))
        }
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var shards: [Checkpoint] = []
        for name in names {
            let file = try InputFile(opening: ModelFolder.join(folder, name))
            let kind = try FileKind.of(file)
            // What is called safetensors is trusted to be that: no pickle may come under its name.
            guard kind == .safetensors || !name.hasSuffix(".safetensors") else {
                throw CheckpointError(file.path, .file, ShardIndexFault.notSafetensors(found: "\(kind)"))
            }
            shards.append(try openFile(file, kind, path: file.path, options: options))
        }
        guard shards.allSatisfy({ $0.format == shards[0].format }) else {
            throw CheckpointError(index.path, .file, ShardIndexFault.mixedFormats)
        }
        try check(shards, names: names, against: expected, index: index.path)
        return join(shards, index: index, path: path)
    }

    /// The shard of each tensor, in the order of the index.
    private static func readIndex(
        _ file: InputFile
    ) throws(CheckpointError) -> [(tensor: String, shard: String)] {
        let value: JSONValue
        let bytes = try file.contents(limit: ReadingBudget.indexSize)
        do throws(JSONError) {
            value = try JSONReader.read(bytes)
        } catch {
            throw CheckpointError(file.path, .byte(error.offset), ShardIndexFault.json(error.message))
        }
        guard let weightMap = value["weight_map"] else {
            let looksLikeIndex = value["metadata"] != nil
            let fault: ShardIndexFault = looksLikeIndex ? .weightMapMissing : .notIndex
            throw CheckpointError(file.path, .file, fault)
        }
        guard let members = weightMap.members else {
            throw CheckpointError(file.path, .file, ShardIndexFault.weightMapNotObject)
        }
        var map: [(tensor: String, shard: String)] = []
        for member in members {
            guard let shard = member.value.string else {
                throw CheckpointError(file.path, .tensor(member.key), ShardIndexFault.shardNotName)
            }
            guard isPlainName(shard) else {
                throw CheckpointError(file.path, .tensor(member.key), ShardIndexFault.shardOutside(shard))
            }
            map.append((member.key, shard))
        }
        return map
    }

    /// Whether a name is that of a file in the same folder, which no separator, `..` or control character can leave.
    static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }

    private static func check(
        _ shards: [Checkpoint],
        names: [String],
        against expected: [UTF8Name: [UTF8Name]],
        index: String
    ) throws(CheckpointError) {
        var holders: [UTF8Name: String] = [:]
        for (shard, name) in zip(shards, names) {
            let listed = Set(expected[UTF8Name(name)] ?? [])
            for tensor in expected[UTF8Name(name)] ?? [] where shard[tensor.string] == nil {
                throw CheckpointError(index, .tensor(tensor.string), ShardIndexFault.tensorMissing(shard: name))
            }
            for tensor in shard.tensors {
                let key = UTF8Name(tensor.descriptor.name)
                if let first = holders.updateValue(name, forKey: key) {
                    let fault = ShardIndexFault.tensorTwice(first: first, second: name)
                    throw CheckpointError(index, .tensor(key.string), fault)
                }
                if !listed.contains(key) {
                    throw CheckpointError(index, .tensor(key.string), ShardIndexFault.tensorUnlisted(shard: name))
                }
            }
        }
    }

    private static func join(_ shards: [Checkpoint], index: InputFile, path: String) -> Checkpoint {
        var tensors: [StoredTensor] = []
        for (number, shard) in shards.enumerated() {
            for tensor in shard.tensors {
                let location = tensor.location.inFile(number)
                tensors.append(StoredTensor(descriptor: tensor.descriptor, location: location))
            }
        }
        return Checkpoint(
            path: path,
            format: shards.first?.format ?? .safetensors,
            isCompressed: shards.contains(where: \.isCompressed),
            files: shards.flatMap(\.files),
            tensors: tensors,
            metadata: shards.first?.metadata ?? [],
            notes: zip(shards, 1...).flatMap { shard, number in shard.notes.map { "shard \(number): " + $0 } },
            indexPath: index.path,
            unusedSection: shards.first?.unusedSection,
            archives: zip(shards, 0...).flatMap { shard, number in shard.archives.map { $0.inFile(number) } }
        )
    }
}
