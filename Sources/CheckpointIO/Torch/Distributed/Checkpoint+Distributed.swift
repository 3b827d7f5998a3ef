internal import TensorCore

extension Checkpoint {
    /// Opens a folder that torch.distributed.checkpoint wrote: an index, and files of archives, one for each chunk of a tensor.
    static func openDistributed(
        _ folder: String,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let index = try DistributedIndex(reading: try InputFile(opening: ModelFolder.join(folder, ".metadata")))
        var files = DistributedFiles(folder: folder, options: options)
        let (wanted, notes) = try DistributedSections(index, section: options.section, path: path).chosen()
        var tensors: [StoredTensor] = []
        for (name, tensor) in wanted { tensors.append(try files.tensor(tensor, name: name)) }
        let opened = files.files
        let order = tensors.indices.sorted {
            let (a, b) = (tensors[$0].location, tensors[$1].location)
            return (a.file, a.offset, $0) < (b.file, b.offset, $1)
        }
        return Checkpoint(
            path: path,
            format: .torchDistributed,
            files: opened,
            tensors: order.map { tensors[$0] },
            notes: notes,
            archives: files.archives
        )
    }
}

/// Which of a distributed checkpoint's tensors are weights: the parts of its state dict are its sections.
private struct DistributedSections {
    private let index: DistributedIndex
    private let section: String?
    private let path: String

    init(_ index: DistributedIndex, section: String?, path: String) throws(CheckpointError) {
        (self.index, self.section, self.path) = (index, section, path)
        guard !index.tensors.isEmpty else { throw CheckpointError(path, .file, TorchFault.noTensors) }
    }

    func chosen() throws(CheckpointError) -> (tensors: [(name: String, DistributedIndex.Tensor)], notes: [String]) {
        let tensors = index.tensors
        if let section {
            let found = inside(section)
            guard !found.isEmpty else {
                throw CheckpointError(path, .file, TorchFault.noSection(section, there: sections))
            }
            return (found, ["weights taken from \(section.escaped(limit: 60))"])
        }
        let there = sections
        let isMixed = there.count > 1 || tensors.contains { $0.section == nil }
        guard isMixed, let chosen = TorchSections.preferred.first(where: there.contains) else {
            return (tensors.map { ($0.name, $0) }, others([]))
        }
        // A state dict may hold loose tensors beside its sections.
        let loose = tensors.filter { $0.section == nil }.map(\.name)
        let left = there.filter { $0 != chosen }
        let useful = left.filter { !TorchSections.isNeverWeights($0) }
        let offer = TorchSections.offer(useful).map { [$0] } ?? []
        let notes = ["weights taken from \(chosen)"] + offer
        return (inside(chosen), notes + others(left.filter(TorchSections.isNeverWeights) + loose))
    }

    private func others(_ sections: [String]) -> [String] {
        // What lies in a section that is named already is no news.
        let loose = index.others.filter { name in !sections.contains { name.utf8.starts(with: ($0 + ".").utf8) } }
        let names = sections + loose
        guard !names.isEmpty else { return [] }
        let shown = names.prefix(6).map { $0.escaped(limit: 40) }.joined(separator: ", ")
        return ["ignored: \(shown)" + (names.count > 6 ? " and \(names.count - 6) more" : "")]
    }

    private func inside(_ section: String) -> [(name: String, DistributedIndex.Tensor)] {
        let prefix = section + "."
        return index.tensors.compactMap { tensor in
            guard tensor.name.utf8.starts(with: prefix.utf8) else { return nil }
            return (String(Substring(tensor.name.utf8.dropFirst(prefix.utf8.count))), tensor)
        }
    }

    /// The parts of the state dict that hold tensors, in the order in which they come.
    private var sections: [String] {
        var (seen, list) = (Set<String>(), [String]())
        for section in index.tensors.lazy.compactMap(\.section) where seen.insert(section).inserted {
            list.append(section)
        }
        return list
    }
}

/// The files beside an index, opened as they are needed.
private struct DistributedFiles {
    let folder: String
    let options: OpenOptions
    private(set) var files: [InputFile] = []
    private(set) var archives: [ArchiveRecords] = []
    private var numbers: [String: Int] = [:]

    init(folder: String, options: OpenOptions) {
        self.folder = folder
        self.options = options
    }

    /// A tensor, whose chunks are cut along its first dimension alone: they follow one another in it.
    mutating func tensor(_ tensor: DistributedIndex.Tensor, name: String) throws(CheckpointError) -> StoredTensor {
        func refusal(_ fault: DistributedFault) -> CheckpointError { CheckpointError(folder, .tensor(name), fault) }
        let shape = Shape(tensor.sizes)
        var parts: [TensorLocation] = []
        var dtype: DType?
        var row = 0
        let chunks = tensor.chunks.sorted { ($0.offsets.first ?? 0) < ($1.offsets.first ?? 0) }
        for chunk in chunks {
            guard chunk.offsets.dropFirst().allSatisfy({ $0 == 0 }), chunk.offsets.first ?? 0 == row,
                chunk.sizes.dropFirst().elementsEqual(tensor.sizes.dropFirst())
            else { throw refusal(.cutOtherwise) }
            let stored = try self.chunk(chunk, of: name)
            guard stored.descriptor.shape == Shape(chunk.sizes), dtype == nil || dtype == stored.descriptor.dtype else {
                throw refusal(.chunkDiffers)
            }
            dtype = stored.descriptor.dtype
            parts.append(stored.location)
            row += chunk.sizes.first ?? 1
        }
        guard let dtype, row == tensor.sizes.first ?? 1, let count = shape.byteCount(of: dtype) else {
            throw refusal(.chunkMissing)
        }
        let location: TensorLocation
        if parts.count == 1 {
            location = parts[0]
        } else {
            guard parts.allSatisfy(\.isPlain) else { throw refusal(.chunkDiffers) }
            location = TensorLocation(
                file: parts[0].file,
                offset: parts[0].offset,
                byteCount: count,
                encoding: .joined(parts)
            )
        }
        return StoredTensor(
            descriptor: TensorDescriptor(name: name, dtype: dtype, shape: shape),
            location: location
        )
    }

    /// A chunk: an archive of its own, in which torch.save has put one tensor.
    private mutating func chunk(_ chunk: DistributedIndex.Chunk, of name: String) throws(CheckpointError)
        -> StoredTensor
    {
        let number = try file(chunk.file)
        let file = files[number]
        guard chunk.part.upperBound <= file.size else {
            throw CheckpointError(file.path, .tensor(name), DistributedFault.chunkMissing)
        }
        let directory = try ZipDirectory(reading: file, chunk.part)
        let opened = try Checkpoint.openTorchZip(file, directory, path: file.path, options: OpenOptions())
        guard opened.isUnnamed, let tensor = opened.tensors.first else {
            throw CheckpointError(file.path, .tensor(name), DistributedFault.chunkDiffers)
        }
        archives += opened.archives.map { $0.inFile(number) }
        return StoredTensor(descriptor: tensor.descriptor, location: tensor.location.inFile(number))
    }

    private mutating func file(_ name: String) throws(CheckpointError) -> Int {
        if let number = numbers[name] { return number }
        guard Checkpoint.isPlainName(name) else {
            throw CheckpointError(folder, .file, DistributedFault.fileOutside(name))
        }
        files.append(try InputFile(opening: ModelFolder.join(folder, name)))
        numbers[name] = files.count - 1
        return files.count - 1
    }
}
