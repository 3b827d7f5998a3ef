public import StrictJSON
public import TensorCore

/// The format that the bytes of a checkpoint are in.
public enum CheckpointFormat: String, Sendable {
    /// One safetensors file, or several with an index.
    case safetensors
    /// PyTorch since 1.6: a zip archive with a pickle.
    case torchZip = "PyTorch (zip)"
    /// PyTorch before 1.6: pickles, then storages.
    case torchLegacy = "PyTorch (legacy)"
    /// PyTorch before 0.1.11: a tar archive.
    case torchTar = "PyTorch (tar)"
    /// torch.distributed.checkpoint: a folder of archives, with an index in a pickle.
    case torchDistributed = "PyTorch (distributed)"
    /// NumPy: one array.
    case numpy = "NumPy"
    /// NumPy: a zip archive of arrays.
    case numpyArchive = "NumPy (npz)"
}

/// How to open a checkpoint where its content leaves a choice.
public struct OpenOptions: Sendable {
    /// Which part of a PyTorch checkpoint holds the weights, as `state_dict` or `ema`; nil to find it.
    public var section: String?
    /// Whether a section that is not there is left to the caller, as it may be a prefix of names.
    package var leavesSection = false
    /// Whether a tensor is taken out of a list or tuple that was saved, as latents are; a checkpoint is a dict.
    package var takesListedTensor = false
    /// How many bytes a compressed file may expand to where the format inside sets no bound.
    public var maxExpandedSize: Int?

    /// The options that suit most files.
    public init(section: String? = nil, maxExpandedSize: Int? = nil) {
        self.section = section
        self.maxExpandedSize = maxExpandedSize
    }
}

/// A tensor in a checkpoint, and where its data lies.
public struct StoredTensor: Sendable {
    /// Name, element type and shape.
    public let descriptor: TensorDescriptor
    package let location: TensorLocation

    package init(descriptor: TensorDescriptor, location: TensorLocation) {
        self.descriptor = descriptor
        self.location = location
    }

    /// The number of bytes of its data, without gaps.
    public var byteCount: Int { location.byteCount }

    /// The type of the elements in the file: the descriptor's, unless they become that on the way.
    package var storedDType: DType { location.encoding?.dtype ?? descriptor.dtype }

    /// The same data under another name.
    package func renamed(_ name: String) -> StoredTensor {
        let descriptor = TensorDescriptor(name: name, dtype: descriptor.dtype, shape: descriptor.shape)
        return StoredTensor(descriptor: descriptor, location: location)
    }
}

/// What the elements in a file become before anyone sees them.
package enum StoredEncoding: Sendable {
    /// Floats of some type that become F32 and are multiplied by the scale of their row: one scale for all, or one for each index
    /// of the first dimension.
    case scaled(DType, scales: [Float])
    /// Parts that lie in several places, one after the other.
    case joined([TensorLocation])

    /// The type of the elements in the file, where there are some.
    var dtype: DType? {
        switch self {
        case .scaled(let dtype, _): dtype
        case .joined: nil
        }
    }
}

/// Where the data of a tensor lies.
package struct TensorLocation: Sendable {
    /// The file, as an index into the checkpoint's files.
    package let file: Int
    /// The byte of the file at which the first element begins.
    package let offset: Int
    /// The bytes of the elements, without gaps.
    package let byteCount: Int
    /// The distance between neighbours along each dimension, in elements; nil where the elements are contiguous in
    /// row-major order.
    package let strides: [Int]?
    /// Whether the elements are stored in big-endian order.
    package let isByteSwapped: Bool
    /// What the elements become when they are read, or nil where they stay what they are.
    package let encoding: StoredEncoding?

    package init(
        file: Int,
        offset: Int,
        byteCount: Int,
        strides: [Int]? = nil,
        isByteSwapped: Bool = false,
        encoding: StoredEncoding? = nil
    ) {
        self.file = file
        self.offset = offset
        self.byteCount = byteCount
        self.strides = strides
        self.isByteSwapped = isByteSwapped
        self.encoding = encoding
    }

    /// Whether the bytes of the file are those of the tensor: nothing to gather, to swap or to convert.
    package var isPlain: Bool { strides == nil && !isByteSwapped && encoding == nil }

    /// Whether elements can become infinite or NaN when they are read, that were not before: by a scale
    /// that is too large or is not a number.
    package var canOverflow: Bool {
        guard case .scaled(let dtype, let scales)? = encoding else { return false }
        // The largest that floats of 8 bits hold: 57344 in E5M2, which has the most.
        let largest: Float = dtype == .f8E4M3 ? 448 : dtype == .f8E8M0 ? 0x1p127 : 57344
        return !scales.allSatisfy { abs($0) <= Float.greatestFiniteMagnitude / largest }
    }

    /// Whether both say that the same elements lie in the same order in the same file.
    func isSame(as other: TensorLocation) -> Bool {
        file == other.file && offset == other.offset && byteCount == other.byteCount && strides == other.strides
            && isByteSwapped == other.isByteSwapped
    }

    /// The same in another file of the same checkpoint.
    func inFile(_ number: Int) -> TensorLocation {
        with(file: number, byteCount: byteCount, strides: strides, encoding)
    }

    /// The same elements, which become something else.
    func encoded(_ encoding: StoredEncoding, byteCount: Int) -> TensorLocation {
        with(file: file, byteCount: byteCount, strides: strides, encoding)
    }

    /// The same elements walked by other distances; nil where they follow each other.
    package func strided(_ strides: [Int]?) -> TensorLocation {
        with(file: file, byteCount: byteCount, strides: strides, encoding)
    }

    private func with(
        file: Int,
        byteCount: Int,
        strides: [Int]?,
        _ encoding: StoredEncoding?
    ) -> TensorLocation {
        TensorLocation(
            file: file,
            offset: offset,
            byteCount: byteCount,
            strides: strides,
            isByteSwapped: isByteSwapped,
            encoding: encoding
        )
    }
}

/// An opened checkpoint of any format: its tensors by name, with their data read on demand.
public final class Checkpoint: Sendable {
    /// The path as it was given.
    public let path: String
    /// The format of its bytes.
    public let format: CheckpointFormat
    /// Whether the bytes on the disk are compressed with zstd.
    public let isCompressed: Bool
    /// The files that hold the data: one, or the shards in the order of their names.
    public let files: [InputFile]
    /// The tensors: by file, then by the position of their data.
    public let tensors: [StoredTensor]
    /// The texts stored with the tensors, as `format: pt`.
    public let metadata: [JSONValue.Member]
    /// What was decided on opening, and what is odd without being wrong: one line each.
    public let notes: [String]
    /// The index file of a sharded checkpoint.
    public let indexPath: String?
    /// The section that was asked for, where the format has none of that name: it may be a prefix of names.
    package let unusedSection: UnusedSection?

    /// A section that was asked for and that is not there.
    package struct UnusedSection: Sendable {
        package let name: String
        /// The sections that are there.
        package let there: [String]

        package init(name: String, there: [String]) { (self.name, self.there) = (name, there) }
    }

    /// The entries of the archives that the tensors lie in, whose checksums `damage` compares.
    let archives: [ArchiveRecords]
    /// Whether the tensors have no names of their own, as the array of a `.npy` file: they go by `Checkpoint.unnamed` or numbers.
    package let isUnnamed: Bool
    let gathered = GatherCache()
    private let positions: [UTF8Name: Int]

    /// The name of a tensor that has none.
    package static let unnamed = "tensor"

    package init(
        path: String,
        format: CheckpointFormat,
        isCompressed: Bool = false,
        files: [InputFile],
        tensors: [StoredTensor],
        metadata: [JSONValue.Member] = [],
        notes: [String] = [],
        indexPath: String? = nil,
        unusedSection: UnusedSection? = nil,
        archives: [ArchiveRecords] = [],
        isUnnamed: Bool = false
    ) {
        self.path = path
        self.format = format
        self.isCompressed = isCompressed
        self.files = files
        self.tensors = tensors
        self.metadata = metadata
        self.notes = notes
        self.indexPath = indexPath
        self.unusedSection = unusedSection
        self.archives = archives
        self.isUnnamed = isUnnamed
        self.positions = Dictionary(
            tensors.enumerated().map { (UTF8Name($1.descriptor.name), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The same files with other tensors, or opened otherwise.
    package func with(
        tensors: [StoredTensor]? = nil,
        notes: [String]? = nil,
        isCompressed: Bool? = nil
    ) -> Checkpoint {
        Checkpoint(
            path: path,
            format: format,
            isCompressed: isCompressed ?? self.isCompressed,
            files: files,
            tensors: tensors ?? self.tensors,
            metadata: metadata,
            notes: notes ?? self.notes,
            indexPath: indexPath,
            unusedSection: unusedSection,
            archives: archives,
            isUnnamed: isUnnamed
        )
    }

    /// All files that were read, which no output may replace: those with the data, and the index.
    package var sources: [InputFile] {
        files + (indexPath.flatMap { try? InputFile(opening: $0) }.map { [$0] } ?? [])
    }

    /// The tensor of a name, compared byte by byte, or nil.
    public subscript(name: String) -> StoredTensor? {
        positions[UTF8Name(name)].map { tensors[$0] }
    }

    /// The bytes of all tensors.
    public var byteCount: Int {
        tensors.reduce(0) { $0 + $1.byteCount }
    }

    /// Reads part of a tensor's data, in row-major order and native byte order.
    ///
    /// - Parameters:
    ///   - tensor: one of this checkpoint's.
    ///   - start: the first byte of the tensor's data to read; a whole element where it must be gathered or swapped.
    ///   - buffer: filled whole; it must not reach beyond the tensor's end.
    /// - Throws: where the file cannot be read or has become shorter.
    public func read(
        _ tensor: StoredTensor,
        from start: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        precondition(start >= 0 && buffer.count <= tensor.byteCount - start, "the part lies within the tensor")
        let location = tensor.location
        if location.isPlain {
            try files[location.file].read(into: buffer, at: location.offset + start)
        } else if let encoding = location.encoding {
            try decode(tensor, encoding, from: start, into: buffer)
        } else {
            try gather(tensor, from: start, into: buffer)
        }
    }

    /// The whole data of a tensor, in row-major order and native byte order.
    public func bytes(of tensor: StoredTensor) throws(CheckpointError) -> [UInt8] {
        var failure: CheckpointError?
        let bytes = [UInt8](unsafeUninitializedCapacity: tensor.byteCount) { buffer, initialized in
            do throws(CheckpointError) {
                try read(tensor, from: 0, into: UnsafeMutableRawBufferPointer(buffer))
                initialized = tensor.byteCount
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
