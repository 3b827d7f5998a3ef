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
}

/// How to open a checkpoint where its content leaves a choice.
public struct OpenOptions: Sendable {
    /// Which part of a PyTorch checkpoint holds the weights, as `state_dict` or `ema`; nil to find it.
    public var section: String?
    /// Whether a section that is not there is left to the caller, as it may be a prefix of names.
    package var leavesSection = false
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

    package init(file: Int, offset: Int, byteCount: Int, strides: [Int]? = nil, isByteSwapped: Bool = false) {
        self.file = file
        self.offset = offset
        self.byteCount = byteCount
        self.strides = strides
        self.isByteSwapped = isByteSwapped
    }

    /// Whether the bytes of the file are those of the tensor: nothing to gather, nothing to swap.
    package var isPlain: Bool { strides == nil && !isByteSwapped }

    /// The same elements walked by other distances; nil where they follow each other.
    package func strided(_ strides: [Int]?) -> TensorLocation {
        TensorLocation(
            file: file,
            offset: offset,
            byteCount: byteCount,
            strides: strides,
            isByteSwapped: isByteSwapped
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
    package let unusedSection: String?
    private let positions: [UTF8Name: Int]

    package init(
        path: String,
        format: CheckpointFormat,
        isCompressed: Bool = false,
        files: [InputFile],
        tensors: [StoredTensor],
        metadata: [JSONValue.Member] = [],
        notes: [String] = [],
        indexPath: String? = nil,
        unusedSection: String? = nil
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
        self.positions = Dictionary(
            tensors.enumerated().map { (UTF8Name($1.descriptor.name), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The same files with other tensors, or opened otherwise.
    package func copy(
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
            unusedSection: unusedSection
        )
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
