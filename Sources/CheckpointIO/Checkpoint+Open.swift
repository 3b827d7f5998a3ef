internal import StrictJSON
internal import TensorCore

extension Checkpoint {
    /// Opens a checkpoint: a file of any format that is read, a shard index, or a model folder.
    ///
    /// The format is found from the bytes, never from the extension. Headers alone are read.
    ///
    /// - Throws: the first fault, with file, place and remedy.
    public static func open(_ path: String, options: OpenOptions = OpenOptions()) throws(CheckpointError) -> Checkpoint
    {
        do throws(CheckpointError) {
            return try openAsStored(path, options: options).asMeant()
        } catch {
            throw UnfinishedDownload.explaining(error)
        }
    }

    /// Opens a file that is open already, and of which it is known what it is.
    package static func open(
        _ file: InputFile,
        _ kind: FileKind,
        path: String? = nil,
        options: OpenOptions = OpenOptions()
    ) throws(CheckpointError) -> Checkpoint {
        do throws(CheckpointError) {
            if case .distributed(let folder)? = try TrainerFolder(file.path) {
                return try openDistributed(folder, path: path ?? file.path, options: options).asMeant()
            }
            return try openOne(file, kind, path: path ?? file.path, options: options).asMeant()
        } catch {
            throw UnfinishedDownload.explaining(error)
        }
    }

    /// The same with values as whoever wrote it means them.
    private func asMeant() throws(CheckpointError) -> Checkpoint {
        try withScalesApplied().notingUnfinishedDownload()
    }

    /// Opens what a path leads to, tensors as they are stored and named.
    private static func openAsStored(_ path: String, options: OpenOptions) throws(CheckpointError) -> Checkpoint {
        switch try TrainerFolder(path) {
        case .distributed(let folder): return try openDistributed(folder, path: path, options: options)
        case .file(let weights): return try openOne(try InputFile(opening: weights), path: path, options: options)
        case nil:
            let weights = try ModelFolder.weights(at: path)
            return try openOne(try InputFile(opening: weights), path: path, options: options)
        }
    }

    private static func openOne(
        _ file: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        try openOne(file, try FileKind.of(file), path: path, options: options)
    }

    private static func openOne(
        _ file: InputFile,
        _ kind: FileKind,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        guard kind == .json else { return try openFile(file, kind, path: path, options: options) }
        return try openSharded(file, path: path, options: options)
    }

    /// Opens a file that holds weights itself, and of which it is known what it is.
    static func openFile(
        _ file: InputFile,
        _ kind: FileKind,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        switch kind {
        case .safetensors:
            try refuseSection(options, file)
            return checkpoint(file, try SafetensorsHeader(reading: file), path: path, section: options.section)
        case .zip: return try openZip(file, path: path, options: options)
        case .pickle: return try openTorchLegacy(file, path: path, options: options)
        case .tar: return try openTorchTar(file, path: path, options: options)
        case .numpy:
            try refuseSection(options, file)
            return try openNumpy(file, path: path)
        case .zstd: return try openCompressed(file, path: path, options: options)
        case .json: throw CheckpointError(file.path, .file, FileFault.unknownFormat(begins: "\"{\""))
        }
    }

    /// Formats of tensors alone have no sections.
    private static func refuseSection(_ options: OpenOptions, _ file: InputFile) throws(CheckpointError) {
        guard let section = options.section, !options.leavesSection else { return }
        throw CheckpointError(file.path, .file, TorchFault.noSection(section, there: []))
    }

    /// A zip archive is one of PyTorch's, or one of NumPy's.
    private static func openZip(
        _ file: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let directory = try ZipDirectory(reading: file)
        guard isNumpyArchive(directory) else {
            return try openTorchZip(file, directory, path: path, options: options)
        }
        try refuseSection(options, file)
        return try openNumpyArchive(file, directory, path: path, options: options)
    }

    /// Opens what a compressed file expands to.
    private static func openCompressed(
        _ file: InputFile,
        path: String,
        options: OpenOptions
    ) throws(CheckpointError) -> Checkpoint {
        let (expanded, kind, header) = try ZstdExpansion.expand(file, options: options)
        // A header that was read on the way is not read again, but for the error where the data after it is too short.
        guard let header, header.declaredSize == expanded.size else {
            return try openFile(expanded, kind, path: path, options: options).with(isCompressed: true)
        }
        return checkpoint(expanded, header, path: path, section: options.section).with(isCompressed: true)
    }

    /// Opens one safetensors file.
    package static func openSafetensors(_ file: InputFile, path: String) throws(CheckpointError) -> Checkpoint {
        checkpoint(file, try SafetensorsHeader(reading: file), path: path)
    }

    private static func checkpoint(
        _ file: InputFile,
        _ header: SafetensorsHeader,
        path: String,
        section: String? = nil
    ) -> Checkpoint {
        Checkpoint(
            path: path,
            format: .safetensors,
            files: [file],
            tensors: header.entries.map { entry in
                StoredTensor(
                    descriptor: entry.descriptor,
                    location: TensorLocation(file: 0, offset: entry.range.lowerBound, byteCount: entry.range.count)
                )
            },
            metadata: header.metadata,
            unusedSection: section.map { Checkpoint.UnusedSection(name: $0, there: []) }
        )
    }
}
