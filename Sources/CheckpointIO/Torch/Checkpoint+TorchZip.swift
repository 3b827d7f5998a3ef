internal import TensorCore

extension Checkpoint {
    /// Opens a checkpoint in the format that torch.save has written since 1.6: a zip archive of a pickle and storages.
    static func openTorchZip(
        _ file: InputFile,
        _ directory: ZipDirectory,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let root = try findRoot(directory, path: file.path)
        guard !directory.contains(root + "constants.pkl") else {
            throw CheckpointError(file.path, .file, TorchFault.torchScript)
        }
        guard let pickle = try directory.entry(root + "data.pkl") else {
            throw CheckpointError(file.path, .file, TorchFault.notArchive(names: []))
        }
        let isBigEndian = try isBigEndian(try directory.entry(root + "byteorder"), file)
        let source = PickleSource(file, at: pickle.range.lowerBound, count: pickle.range.count)
        var machine = PickleMachine(source, path: file.path, dialect: .zip, budget: ReadingBudget(fileSize: file.size))
        let value = try machine.run()
        guard machine.source.remaining == 0 else {
            let fault = PickleFault.trailingBytes(machine.source.remaining)
            throw CheckpointError(file.path, .entry(pickle.name), fault)
        }
        var offsets: [Int] = []
        for storage in machine.heap.storages {
            let name = root + "data/" + storage.key
            guard let record = try directory.entry(name) else {
                throw CheckpointError(file.path, .file, TorchFault.recordMissing(name))
            }
            guard record.range.count == storage.byteCount else {
                let fault = TorchFault.recordSize(declared: storage.byteCount, found: record.range.count)
                throw CheckpointError(file.path, .entry(name), fault)
            }
            offsets.append(record.range.lowerBound)
        }
        return try assemble(
            machine,
            root: value,
            file: file,
            path: path,
            format: .torchZip,
            offsets: offsets,
            isByteSwapped: isBigEndian,
            archives: [ArchiveRecords(directory)],
            options: options
        )
    }

    /// What stands before data.pkl, the checkpoint's pickle: the name of the one folder, or nothing.
    private static func findRoot(_ directory: ZipDirectory, path: String) throws(CheckpointError) -> String {
        let pickles = directory.entries.filter { entry in
            let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
            return parts.last == "data.pkl" && parts.count <= 2
        }
        guard let pickle = pickles.first else {
            if directory.entries.contains(where: { $0.name.split(separator: "/").last == "archive_format" }) {
                throw CheckpointError(path, .file, ForeignFile.exported("a program of torch.export"))
            }
            // People put a checkpoint into a zip to send it.
            let names = directory.entries.prefix(64).map(\.name)
            if names.contains(where: { name in Self.weightEndings.contains { name.hasSuffix($0) } }) {
                throw CheckpointError(path, .file, ForeignFile.archive("a zip archive with a checkpoint in it"))
            }
            // What torch.save writes when it is closed, whether or not it got to the pickle, which comes first.
            if directory.entries.contains(where: {
                $0.name.utf8.suffix(22).elementsEqual(".data/serialization_id".utf8)
            }) {
                throw CheckpointError(path, .file, TorchFault.savingBrokenOff)
            }
            throw CheckpointError(path, .file, TorchFault.notArchive(names: directory.entries.prefix(3).map(\.name)))
        }
        guard pickles.count == 1 else {
            throw CheckpointError(path, .file, TorchFault.severalPickles(pickles.prefix(3).map(\.name)))
        }
        return String(pickle.name.dropLast("data.pkl".count))
    }

    private static let weightEndings = [".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".npz", ".zst"]

    /// What the record `byteorder` says; archives without one are little-endian.
    private static func isBigEndian(_ entry: ZipDirectory.Entry?, _ file: InputFile) throws(CheckpointError) -> Bool {
        guard let entry else { return false }
        let bytes = try file.bytes(at: entry.range.lowerBound, count: min(entry.range.count, 20))
        switch String(decoding: bytes, as: UTF8.self) {
        case "little": return false
        case "big": return true
        case let found: throw CheckpointError(file.path, .entry(entry.name), TorchFault.byteOrder(found))
        }
    }

    /// Makes the checkpoint of what a pickle has built and where its storages lie in the file.
    static func assemble(
        _ machine: PickleMachine,
        root: PickleReference,
        file: InputFile,
        path: String,
        format: CheckpointFormat,
        offsets: [Int],
        isByteSwapped: Bool = false,
        archives: [ArchiveRecords] = [],
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let sections = try TorchSections(machine, root: root, options)
        var tensors: [StoredTensor] = []
        tensors.reserveCapacity(sections.weights.count)
        var budget = machine.heap.budget
        let allowed = ReadingBudget.viewedBytes(fileSize: file.size)
        var total = 0
        for (name, index) in sections.weights {
            let tensor = machine.heap.tensors[index]
            let size = tensor.dtype.bitCount / 8
            let byteCount = tensor.shape.byteCount(of: tensor.dtype) ?? 0
            let (sum, overflow) = total.addingReportingOverflow(byteCount)
            guard !overflow, sum <= allowed else {
                throw CheckpointError(file.path, .tensor(name), TorchFault.expands(total: overflow ? Int.max : sum))
            }
            total = sum
            if let strides = tensor.strides {
                let count = StridedWalk.readingCost(shape: tensor.shape.dimensions, strides: strides) * size
                guard budget.charge(count, .gatheredBytes) == nil else {
                    throw CheckpointError(file.path, .tensor(name), TorchFault.scattered)
                }
            }
            let location = TensorLocation(
                file: 0,
                offset: offsets[tensor.storage] + tensor.offset * size,
                byteCount: byteCount,
                strides: tensor.strides,
                isByteSwapped: isByteSwapped && size > 1
            )
            let descriptor = TensorDescriptor(name: name, dtype: tensor.dtype, shape: tensor.shape)
            tensors.append(StoredTensor(descriptor: descriptor, location: location))
        }
        let order = tensors.indices.sorted {
            (tensors[$0].location.offset, $0) < (tensors[$1].location.offset, $1)
        }
        return Checkpoint(
            path: path,
            format: format,
            files: [file],
            tensors: order.map { tensors[$0] },
            notes: sections.notes,
            unusedSection: sections.unusedSection,
            archives: archives,
            isUnnamed: sections.isUnnamed
        )
    }
}
