public import CheckpointIO
internal import Conversion
public import DCAENetwork
public import ModelZoo
internal import TensorCore

/// The weights of a checkpoint of either layout, as the network asks for them.
///
/// The files are mapped into memory and a weight is a view of its bytes there: nothing is read before it is needed, and
/// a tensor of the original layout of which several parameters are cut is not copied either. Only what a PyTorch
/// checkpoint holds with gaps, or in the other byte order, is gathered into memory, one parameter at a time.
public final class CheckpointWeights: WeightSource {
    /// A parameter as a run of a stored tensor's elements.
    private struct Run {
        let tensor: StoredTensor
        let firstElement: Int
        let shape: Shape
    }

    private let checkpoint: Checkpoint
    private let files: [MappedFile]
    private let runs: [UTF8Name: Run]

    /// Maps the files of a checkpoint that must hold exactly the tensors of a configuration.
    ///
    /// - Throws: where its names are of neither layout, where tensors are missing, unexpected or malformed, and where the
    ///   system does not map a file.
    public convenience init(_ checkpoint: Checkpoint, config: AutoencoderDCConfig) throws(CheckpointError) {
        guard let layout = StructureMatch.layout(of: checkpoint) else {
            throw CheckpointError(checkpoint.path, .file, ConversionFault.notDCAE(nil))
        }
        let network = NetworkDescription(config)
        let report = StructureReport(checkpoint, network, layout)
        guard report.faults.isEmpty else {
            let fault = ConversionFault.structure(variant: "the configuration", report)
            throw CheckpointError(checkpoint.path, .file, fault)
        }
        try self.init(checkpoint, network, layout)
    }

    private init(_ checkpoint: Checkpoint, _ network: NetworkDescription, _ layout: Layout) throws(CheckpointError) {
        var runs: [UTF8Name: Run] = [:]
        for parameter in network.parameters where parameter.kind != .batchCounter {
            var firstElement = 0
            for target in parameter.diffusers {
                let stored = layout == .original ? parameter.original.name : target.name
                guard let tensor = checkpoint[stored] else { continue }
                runs[UTF8Name(target.name)] = Run(tensor: tensor, firstElement: firstElement, shape: target.shape)
                if layout == .original { firstElement += target.shape.elementCount ?? 0 }
            }
        }
        self.runs = runs
        self.checkpoint = checkpoint
        var files: [MappedFile] = []
        for file in checkpoint.files { files.append(try file.map()) }
        self.files = files
    }

    /// The bytes of the mapped files, which the system can take from memory and read again.
    package var mappedByteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }

    /// The parameter of that name in the diffusers layout.
    ///
    /// - Throws: `NetworkError.parameter` where the network has none of that name, and `NetworkError.source` with a
    ///   `CheckpointError` where a file cannot be read.
    public func weight(_ name: String) throws(NetworkError) -> Weight {
        guard let run = runs[UTF8Name(name)] else {
            throw .parameter(name: name, .missing)
        }
        let descriptor = run.tensor.descriptor
        let size = descriptor.dtype.byteCount ?? 1
        let (start, count) = (run.firstElement * size, (run.shape.elementCount ?? 0) * size)
        let location = run.tensor.location
        guard location.isPlain else {
            let copy = OwnedBytes(count: count)
            do throws(CheckpointError) {
                try checkpoint.read(run.tensor, from: start, into: copy.bytes)
            } catch {
                throw .source(error)
            }
            return Weight(
                dtype: descriptor.dtype,
                shape: run.shape,
                bytes: UnsafeRawBufferPointer(copy.bytes),
                owner: copy
            )
        }
        let file = files[location.file]
        let range = (location.offset + start)..<(location.offset + start + count)
        return Weight(
            dtype: descriptor.dtype,
            shape: run.shape,
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[range]),
            owner: file
        )
    }
}

/// Memory that lives as long as what is in it is needed; written once, before it is shared.
private final class OwnedBytes: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 64)
    }

    deinit {
        bytes.deallocate()
    }
}
