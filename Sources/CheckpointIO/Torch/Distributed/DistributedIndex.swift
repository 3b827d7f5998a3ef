internal import TensorCore

/// What `.metadata`, the index of a folder that torch.distributed.checkpoint wrote, says: the tensors, the chunks that each was cut
/// into, and where every chunk lies.
struct DistributedIndex {
    /// A box of a tensor's elements, saved by one process.
    struct Chunk {
        let offsets: [Int]
        let sizes: [Int]
        /// The name of the file beside the index, and the part of it: an archive of its own.
        let file: String
        let part: Range<Int>
    }

    struct Tensor {
        let name: String
        /// The part of the state dict that it lies in, whose name its own begins with; nil where it lies in none.
        let section: String?
        let sizes: [Int]
        let chunks: [Chunk]
    }

    private(set) var tensors: [Tensor] = []
    /// The names of what is saved beside tensors: numbers, lists and the like.
    private(set) var others: [String] = []

    /// Where a chunk is, by what tells it from others.
    private struct Key: Hashable {
        let name: UTF8Name
        let offsets: [Int]
    }

    private let path: String
    private let machine: PickleMachine

    init(reading file: InputFile) throws(CheckpointError) {
        path = file.path
        let budget = ReadingBudget(fileSize: file.size)
        let source = PickleSource(file, at: 0, count: file.size)
        var machine = PickleMachine(source, path: file.path, dialect: .index, budget: budget)
        let root = try machine.run()
        self.machine = machine
        guard let all = fields(root, .metadata), let descriptions = all["state_dict_metadata"],
            let places = all["storage_data"]
        else { throw damaged("the index is no Metadata object") }
        let files = try storages(places)
        let sections = try all["planner_data"].flatMap { machine.heap[$0].entries == nil ? nil : $0 }.map(sections)
        for (name, value) in try members(descriptions) {
            if isRecord(value, .bytes) {
                others.append(name)
            } else {
                let first = String(Substring(name.utf8.prefix { $0 != UInt8(ascii: ".") }))
                let section = sections.map { $0[UTF8Name(name)] } ?? first
                tensors.append(try tensor(name, in: section, value, files))
            }
        }
    }

    private func damaged(_ what: String) -> CheckpointError {
        CheckpointError(path, .file, DistributedFault.damaged(what))
    }

    // MARK: Values

    private func isRecord(_ reference: PickleReference, _ record: DistributedRecord) -> Bool {
        guard case .record(let list) = machine.heap[reference], let type = machine.heap.lists[Int(list)].first,
            case .record(record)? = machine.heap.global(type)
        else { return false }
        return true
    }

    /// The attributes of an object of a class, or nil of anything else, one without attributes among it.
    private func fields(_ reference: PickleReference, _ record: DistributedRecord) -> [String: PickleReference]? {
        guard isRecord(reference, record), let state = machine.heap.state(reference),
            let entries = machine.heap[state].entries
        else { return nil }
        let items = machine.heap.lists[Int(entries)]
        guard items.count <= 64 else { return nil }
        var fields: [String: PickleReference] = [:]
        for index in stride(from: 0, to: items.count, by: 2) {
            if let name = text(items[index]) { fields[name] = items[index + 1] }
        }
        return fields
    }

    private func text(_ reference: PickleReference) -> String? {
        guard case .string(let range) = machine.heap[reference], range.count <= 4096 else { return nil }
        return machine.text(range.range)
    }

    private func members(
        _ reference: PickleReference
    ) throws(CheckpointError) -> [(name: String, value: PickleReference)] {
        guard let entries = machine.heap[reference].entries else { throw damaged("the list of tensors is not a dict") }
        let items = machine.heap.lists[Int(entries)]
        var members: [(String, PickleReference)] = []
        for index in stride(from: 0, to: items.count, by: 2) {
            guard let name = text(items[index]) else { throw damaged("a tensor has no name") }
            members.append((name, items[index + 1]))
        }
        return members
    }

    /// The numbers of a torch.Size.
    private func sizes(_ reference: PickleReference?) -> [Int]? {
        guard let reference, let items = machine.heap.tuple(reference, atMost: 64) else { return nil }
        let numbers = items.compactMap(machine.heap.int)
        return numbers.count == items.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    // MARK: Parts

    private func storages(
        _ reference: PickleReference
    ) throws(CheckpointError) -> [Key: (file: String, part: Range<Int>)] {
        guard let entries = machine.heap[reference].entries else { throw damaged("the list of places is not a dict") }
        let items = machine.heap.lists[Int(entries)]
        var places: [Key: (file: String, part: Range<Int>)] = [:]
        for position in stride(from: 0, to: items.count, by: 2) {
            guard let index = fields(items[position], .index), let name = index["fqn"].flatMap(text) else {
                throw damaged("a place belongs to no tensor")
            }
            guard let place = fields(items[position + 1], .place), let file = place["relative_path"].flatMap(text),
                let offset = place["offset"].flatMap(machine.heap.int),
                let length = place["length"].flatMap(machine.heap.int), offset >= 0, length >= 0,
                !offset.addingReportingOverflow(length).overflow
            else { throw damaged("the place of \(name.escaped(limit: 40)) is malformed") }
            let key = Key(name: UTF8Name(name), offsets: sizes(index["offset"]) ?? [])
            places[key] = (file, offset..<(offset + length))
        }
        return places
    }

    /// By the tensors' names, the first of the keys that lead to each: names themselves may have dots, so that they alone do not
    /// tell `{"model": {"a": …}}` from `{"model.a": …}`.
    private func sections(_ reference: PickleReference) throws(CheckpointError) -> [UTF8Name: String] {
        var sections: [UTF8Name: String] = [:]
        for (name, value) in try members(reference) {
            guard let keys = machine.heap.tuple(value, atMost: 64), keys.count > 1, let first = text(keys[0]),
                name.utf8.starts(with: (first + ".").utf8)
            else { continue }
            sections[UTF8Name(name)] = first
        }
        return sections
    }

    private func tensor(
        _ name: String,
        in section: String?,
        _ reference: PickleReference,
        _ files: [Key: (file: String, part: Range<Int>)]
    ) throws(CheckpointError) -> Tensor {
        guard let tensor = fields(reference, .tensor), let sizes = sizes(tensor["size"]),
            let list = tensor["chunks"].flatMap(machine.heap.items)
        else { throw CheckpointError(path, .tensor(name), DistributedFault.damaged("its description is malformed")) }
        var chunks: [Chunk] = []
        for item in list {
            guard let chunk = fields(item, .chunk), let offsets = self.sizes(chunk["offsets"]),
                let extent = self.sizes(chunk["sizes"]), offsets.count == sizes.count, extent.count == sizes.count
            else { throw CheckpointError(path, .tensor(name), DistributedFault.damaged("a chunk of it is malformed")) }
            let key = Key(name: UTF8Name(name), offsets: offsets)
            // A tensor that is one chunk may be filed without an offset.
            guard let place = files[key] ?? files[Key(name: UTF8Name(name), offsets: [])] else {
                throw CheckpointError(path, .tensor(name), DistributedFault.chunkMissing)
            }
            chunks.append(Chunk(offsets: offsets, sizes: extent, file: place.file, part: place.part))
        }
        return Tensor(name: name, section: section, sizes: sizes, chunks: chunks)
    }
}
