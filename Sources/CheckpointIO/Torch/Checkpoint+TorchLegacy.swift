internal import TensorCore

extension Checkpoint {
    /// The magic number of the format: 0x1950a86a20f9469cfc6c.
    private static var legacyMagic: [UInt8] { [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19] }

    /// Opens a checkpoint in the format that torch.save wrote from 0.1.11 to 1.5: five pickles (the magic number, the
    /// version, the machine, the checkpoint, the names of the storages), then the storages, little-endian always.
    static func openTorchLegacy(
        _ file: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        var position = 0
        func pickle() throws(CheckpointError) -> (PickleMachine, PickleReference) {
            let source = PickleSource(file, at: position, count: file.size - position)
            let budget = ReadingBudget(fileSize: file.size)
            var machine = PickleMachine(source, path: file.path, dialect: .legacy, budget: budget, base: position)
            let value = try machine.run()
            position += machine.source.position
            return (machine, value)
        }
        try checkMagic(file, try pickle())
        let (version, number) = try pickle()
        guard version.heap.int(number) == 1001 else {
            throw CheckpointError(file.path, .file, TorchFault.legacyProtocol)
        }
        _ = try pickle()
        let (machine, root) = try pickle()
        let (names, list) = try pickle()
        guard let keys = names.heap.items(list) else { throw CheckpointError(file.path, .file, TorchFault.keysNotList) }
        let storages = try storagesByKey(machine, path: file.path)
        var places: [UTF8Name: Int] = [:]
        for reference in keys {
            let key: String
            do throws(PickleFault) {
                key = try names.storageKey(reference)
            } catch {
                throw CheckpointError(file.path, .file, TorchFault.keysNotList)
            }
            func refusal(_ fault: TorchFault) -> CheckpointError {
                CheckpointError(file.path, .entry("storage \(key)"), fault)
            }
            guard let storage = storages[UTF8Name(key)] else { throw refusal(.keyUnknown) }
            guard places[UTF8Name(key)] == nil else { throw refusal(.keyTwice) }
            guard file.size - position >= 8 else { throw refusal(.recordSize(declared: storage.byteCount, found: 0)) }
            let count = try file.bytes(at: position, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard count == UInt64(storage.count) else {
                throw refusal(.countMismatch(declared: storage.count, found: Int64(bitPattern: count)))
            }
            position += 8
            guard storage.byteCount <= file.size - position else {
                throw refusal(.recordSize(declared: storage.byteCount, found: file.size - position))
            }
            places[UTF8Name(key)] = position
            position += storage.byteCount
        }
        var offsets: [Int] = []
        for storage in machine.heap.storages {
            guard let place = places[UTF8Name(storage.key)] else {
                throw CheckpointError(file.path, .entry("storage \(storage.key)"), TorchFault.keyMissing)
            }
            offsets.append(place)
        }
        guard position == file.size else {
            throw CheckpointError(file.path, .byte(position), TorchFault.trailingBytes(file.size - position))
        }
        return try assemble(
            machine,
            root: root,
            file: file,
            path: path,
            format: .torchLegacy,
            offsets: offsets,
            options: options
        )
    }

    private static func checkMagic(
        _ file: InputFile,
        _ pickle: (machine: PickleMachine, value: PickleReference)
    ) throws(CheckpointError) {
        guard case .long(let number) = pickle.machine.heap[pickle.value],
            pickle.machine.source.bytes[number.range].elementsEqual(legacyMagic)
        else { throw CheckpointError(file.path, .file, TorchFault.notLegacy) }
    }

    /// The storages that the pickle refers to: each has one size, however often it is named.
    private static func storagesByKey(
        _ machine: PickleMachine,
        path: String
    ) throws(CheckpointError) -> [UTF8Name: PickledStorage] {
        var storages: [UTF8Name: PickledStorage] = [:]
        for storage in machine.heap.storages {
            if let first = storages.updateValue(storage, forKey: UTF8Name(storage.key)),
                first.byteCount != storage.byteCount || first.count != storage.count
            {
                throw CheckpointError(path, .entry("storage \(storage.key)"), TorchFault.keyConflict)
            }
        }
        return storages
    }
}
