package import CheckpointIO
package import DCAENetwork
internal import ModelZoo
package import Models
internal import TensorCore

/// The weights of a checkpoint of any layout, as the network asks for them: its view in the diffusers layout.
///
/// The files are mapped into memory and a weight is a view of its bytes there: nothing is read before it is needed, and
/// a tensor of the original layout of which several parameters are cut is not copied either. Only what is stored with gaps, in
/// the other byte order or in a dtype that the kernels do not read is gathered into memory, one parameter at a time.
package final class CheckpointWeights: WeightSource {
    private let view: LayoutView
    private let tensors: [UTF8Name: ViewedTensor]
    private let files: [MappedFile]

    /// Maps the files of a model, whose network is known.
    ///
    /// - Throws: where it is not known which network it is, and where the system does not map a file.
    package init(_ model: OpenedModel) throws(CheckpointError) {
        _ = try model.requireNetwork(model.part)
        view = model.view(as: .diffusers)
        tensors = Dictionary(
            view.tensors.map { (UTF8Name($0.descriptor.name), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var files: [MappedFile] = []
        for file in model.checkpoint.files { files.append(try file.map()) }
        self.files = files
    }

    /// The bytes of the mapped files, which the system can take from memory and read again.
    package var mappedByteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }

    /// The parameter of that name in the diffusers layout.
    ///
    /// - Throws: `NetworkError.parameter` where the network has none of that name, and `NetworkError.source` with a
    ///   `CheckpointError` where a file cannot be read.
    package func weight(_ name: String) throws(NetworkError) -> Weight {
        guard let tensor = tensors[UTF8Name(name)] else {
            throw .parameter(name: name, .missing)
        }
        let (dtype, shape) = (tensor.descriptor.dtype, tensor.descriptor.shape)
        let isRead = dtype.isComputeFormat
        if isRead, tensor.pieces.count == 1, tensor.pieces[0].tensor.location.isPlain {
            let piece = tensor.pieces[0]
            let file = files[piece.tensor.location.file]
            let start = piece.tensor.location.offset + piece.start
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<(start + piece.count)])
            return Weight(dtype: dtype, shape: shape, bytes: bytes, owner: file)
        }
        let copy = Buffer(count: tensor.byteCount)
        do throws(CheckpointError) {
            try view.read(tensor, from: 0, into: copy.bytes)
        } catch {
            throw .source(error)
        }
        if isRead {
            return Weight(dtype: dtype, shape: shape, bytes: UnsafeRawBufferPointer(copy.bytes), owner: copy)
        }
        let wide = Buffer(count: (shape.elementCount ?? 0) * 4)
        guard NumberFormat.convert(UnsafeRawBufferPointer(copy.bytes), from: dtype, into: wide.bytes, to: .f32) != nil
        else { throw .parameter(name: name, .dtype(dtype)) }
        return Weight(dtype: .f32, shape: shape, bytes: UnsafeRawBufferPointer(wide.bytes), owner: wide)
    }
}
