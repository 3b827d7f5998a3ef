internal import TensorCore

extension Checkpoint {
    /// Opens a `.npy` file: one array, which has no name.
    static func openNumpy(_ file: InputFile, path: String) throws(CheckpointError) -> Checkpoint {
        let array = try array(in: file, 0..<file.size, name: unnamed, place: file.path)
        return Checkpoint(path: path, format: .numpy, files: [file], tensors: [array], isUnnamed: true)
    }

    /// Whether a zip archive is one that `numpy.savez` wrote: nothing but arrays.
    static func isNumpyArchive(_ directory: ZipDirectory) -> Bool {
        !directory.entries.isEmpty && directory.entries.allSatisfy { $0.name.utf8.suffix(4).elementsEqual(".npy".utf8) }
    }

    /// Opens a `.npz` file: arrays by name, compressed or not.
    static func openNumpyArchive(
        _ file: InputFile,
        _ directory: ZipDirectory,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        // What goes by the name of a PyTorch file is trusted to be one.
        if let ending = [".pt", ".pth", ".ckpt", ".bin"].first(where: file.path.hasSuffix) {
            throw CheckpointError(file.path, .file, NumpyFault.misnamed(ending))
        }
        guard directory.entries.count <= ReadingBudget.tensorLimit else {
            throw CheckpointError(file.path, .file, PickleFault.tooManyTensors(limit: ReadingBudget.tensorLimit))
        }
        var tensors: [StoredTensor] = []
        let limit = options.maxExpandedSize ?? ReadingBudget.expandedBytes(fileSize: file.size)
        let expanded = try ExpandedEntries(directory, of: file, limit: limit)
        // Scripts keep prompts and settings beside arrays: what holds no numbers is left out where something does.
        var others: [(name: String, error: CheckpointError)] = []
        for entry in directory.entries {
            let name = String(Substring(entry.name.utf8.dropLast(4)))
            do throws(CheckpointError) {
                if let part = expanded.ranges[UTF8Name(entry.name)], let whole = expanded.file {
                    tensors.append(try array(in: whole, part, name: name, place: file.path, number: 1))
                } else {
                    guard let plain = try directory.entry(entry.name) else { continue }
                    tensors.append(try array(in: file, plain.range, name: name, place: file.path))
                }
            } catch {
                guard case .elementType? = error.fault as? NumpyFault else { throw error }
                others.append((name, error))
            }
        }
        if tensors.isEmpty, let first = others.first { throw first.error }
        let shown = others.prefix(4).map { $0.name.escaped(limit: 40) }.joined(separator: ", ")
        let more = others.count > 4 ? " and \(others.count - 4) more" : ""
        let notes = others.isEmpty ? [] : ["what holds no plain numbers is left out: \(shown)\(more)"]
        return Checkpoint(
            path: path,
            format: .numpyArchive,
            files: [file] + (expanded.file.map { [$0] } ?? []),
            tensors: tensors,
            notes: notes,
            unusedSection: options.section.map { Checkpoint.UnusedSection(name: $0, there: []) },
            archives: [ArchiveRecords(directory)]
        )
    }

    private static func array(
        in file: InputFile,
        _ range: Range<Int>,
        name: String,
        place: String,
        number: Int = 0
    ) throws(CheckpointError) -> StoredTensor {
        let header = try NumpyHeader(size: range.count, path: place) { offset, count throws(CheckpointError) in
            try file.bytes(at: range.lowerBound + offset, count: count)
        }
        // In Fortran order the first dimension runs fastest.
        var strides: [Int]?
        if header.isFortranOrder, header.byteCount > 0 {
            var (next, list) = (1, [Int]())
            for size in header.shape.dimensions {
                list.append(next)
                next *= size
            }
            strides = TensorLayout.isContiguous(header.shape.dimensions, list) ? nil : list
        }
        return StoredTensor(
            descriptor: TensorDescriptor(name: name, dtype: header.dtype, shape: header.shape),
            location: TensorLocation(
                file: number,
                offset: range.lowerBound + header.length,
                byteCount: header.byteCount,
                strides: strides,
                isByteSwapped: header.isBigEndian
            )
        )
    }
}
