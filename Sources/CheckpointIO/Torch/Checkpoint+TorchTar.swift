internal import TensorCore

extension Checkpoint {
    /// Opens a checkpoint in the format of torch up to 0.1.10, a tar archive.
    ///
    /// Its members hold the storages, the tensors and the pickle that names them. torch itself refuses it unless told to
    /// trust the file, because it extracts the members; here they are read where they lie.
    static func openTorchTar(
        _ file: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        var members = TarMembers(file: file)
        let archive = try TarArchive(reading: file)
        try members.readStorages(try archive.member("storages"))
        try members.readTensors(try archive.member("tensors"))
        let pickle = try archive.member("pickle")
        let source = PickleSource(file, at: pickle.lowerBound, count: pickle.count)
        let budget = ReadingBudget(fileSize: file.size)
        var machine = PickleMachine(source, path: file.path, dialect: .tar, budget: budget, base: pickle.lowerBound)
        machine.namedTensors = members.tensors
        let root = try machine.run()
        return try assemble(
            machine,
            root: root,
            file: file,
            path: path,
            format: .torchTar,
            offsets: members.offsets,
            options: options
        )
    }
}

/// What the members `storages` and `tensors` hold: pickles, each with binary data after it.
private struct TarMembers {
    /// A storage, or a view of one.
    private struct Storage {
        let index: Int
        let dtype: DType
        /// In elements of the storage.
        let range: Range<Int>
    }

    private static let rankLimit = 64

    let file: InputFile
    /// Where the data of each storage begins.
    private(set) var offsets: [Int] = []
    /// By the number that the pickle refers to them by.
    private(set) var tensors: [String: PickledTensor] = [:]
    private var storages: [String: Storage] = [:]
    private var position = 0
    private var end = 0

    init(file: InputFile) {
        self.file = file
    }

    /// A count; for each storage `(key, location, class)`, its number of elements and its data; then views
    /// `(key, key of the whole, offset, count)`.
    mutating func readStorages(_ member: Range<Int>) throws(CheckpointError) {
        (position, end) = (member.lowerBound, member.upperBound)
        for _ in 0..<(try count()) {
            let (machine, value) = try pickle()
            guard let parts = machine.heap.tuple(value), parts.count == 3 else { throw damaged("a storage") }
            let (key, dtype) = try machine.refusing { (m) throws(PickleFault) in
                (try m.storageKey(parts[0]), try m.storageType(parts[2]))
            }
            let length = try number()
            let size = dtype.bitCount / 8
            guard length >= 0, length <= (end - position) / size else { throw damaged("the size of storage \(key)") }
            let storage = Storage(index: offsets.count, dtype: dtype, range: 0..<length)
            guard storages.updateValue(storage, forKey: key) == nil, offsets.count < PickleHeap.tensorLimit else {
                throw damaged("storage \(key), which occurs twice")
            }
            offsets.append(position)
            position += length * size
        }
        let (machine, value) = try pickle()
        guard let views = machine.heap.items(value) else { throw damaged("the list of views") }
        for view in views {
            guard let parts = machine.heap.tuple(view), parts.count == 4, let offset = machine.heap.int(parts[2]),
                let count = machine.heap.int(parts[3])
            else { throw damaged("a view") }
            let (key, whole) = try machine.refusing { (m) throws(PickleFault) in
                (try m.storageKey(parts[0]), try m.storageKey(parts[1]))
            }
            guard let root = storages[whole], offset >= 0, count >= 0, offset <= root.range.count,
                count <= root.range.count - offset
            else { throw damaged("view \(key)") }
            let begin = root.range.lowerBound + offset
            storages[key] = Storage(index: root.index, dtype: root.dtype, range: begin..<(begin + count))
        }
    }

    /// A count; for each tensor `(key, key of its storage, class)`, its rank, sizes, strides and offset.
    mutating func readTensors(_ member: Range<Int>) throws(CheckpointError) {
        (position, end) = (member.lowerBound, member.upperBound)
        for _ in 0..<(try count()) {
            let (machine, value) = try pickle()
            guard let parts = machine.heap.tuple(value), parts.count == 3 else { throw damaged("a tensor") }
            let (key, storageKey) = try machine.refusing { (m) throws(PickleFault) in
                (try m.storageKey(parts[0]), try m.storageKey(parts[1]))
            }
            guard let storage = storages[storageKey] else { throw damaged("tensor \(key), whose storage is missing") }
            // Four bytes of rank; the four after them are left from a time when it had eight.
            let rank = Int(Int32(truncatingIfNeeded: try number()))
            guard rank >= 0, rank <= Self.rankLimit else { throw damaged("the rank of tensor \(key)") }
            var (shape, strides): ([Int], [Int]) = ([], [])
            for _ in 0..<rank { shape.append(try number()) }
            for _ in 0..<rank { strides.append(try number()) }
            let offset = try number()
            let layout: TensorLayout
            do throws(TensorFault) {
                layout = try TensorLayout(
                    shape: shape,
                    strides: strides,
                    offset: offset,
                    dtype: storage.dtype,
                    within: storage.range.count
                )
            } catch {
                throw CheckpointError(file.path, .entry("tensor \(key)"), error)
            }
            guard tensors.count < PickleHeap.tensorLimit else { throw damaged("the number of tensors") }
            tensors[key] = PickledTensor(
                storage: storage.index,
                dtype: storage.dtype,
                shape: Shape(shape),
                offset: layout.offset + storage.range.lowerBound,
                strides: layout.strides
            )
        }
    }

    private func damaged(_ what: String) -> CheckpointError {
        CheckpointError(file.path, .byte(position), TorchFault.tarDamaged(what))
    }

    private mutating func pickle() throws(CheckpointError) -> (PickleMachine, PickleReference) {
        let source = PickleSource(file, at: position, count: end - position)
        let budget = ReadingBudget(fileSize: file.size)
        var machine = PickleMachine(source, path: file.path, dialect: .tar, budget: budget, base: position)
        let value = try machine.run()
        position += machine.source.position
        return (machine, value)
    }

    private mutating func count() throws(CheckpointError) -> Int {
        let (machine, value) = try pickle()
        guard let count = machine.heap.int(value), (0...PickleHeap.tensorLimit).contains(count) else {
            throw damaged("a count")
        }
        return count
    }

    private mutating func number() throws(CheckpointError) -> Int {
        guard end - position >= 8 else { throw damaged("a number") }
        defer { position += 8 }
        let bytes = try file.bytes(at: position, count: 8)
        return Int(Int64(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
    }
}

extension PickleMachine {
    /// What a look into the values gives, its refusal as one of this file's.
    fileprivate func refusing<T>(_ look: (PickleMachine) throws(PickleFault) -> T) throws(CheckpointError) -> T {
        do throws(PickleFault) {
            return try look(self)
        } catch {
            throw refusal(error)
        }
    }
}
