import CheckpointIO
import DCAENetwork
import TensorCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A checkpoint in the diffusers layout, its files mapped.
final class MappedWeights: WeightSource {
    private let checkpoint: Checkpoint
    private let files: [Mapping]

    final class Mapping: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
        init(_ file: InputFile) {
            let descriptor = open(file.path, O_RDONLY)
            let base = mmap(nil, file.size, PROT_READ, MAP_SHARED, descriptor, 0)
            close(descriptor)
            bytes = UnsafeRawBufferPointer(start: base, count: file.size)
        }
        deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
    }

    struct Missing: Error { let name: String }

    init(_ path: String) throws {
        checkpoint = try Checkpoint.open(path)
        files = checkpoint.files.map(Mapping.init)
    }

    func weight(_ name: String) throws -> Weight {
        guard let tensor = checkpoint[name] else { throw Missing(name: name) }
        let location = tensor.location
        let file = files[location.file]
        return Weight(
            dtype: tensor.descriptor.dtype,
            shape: tensor.descriptor.shape,
            bytes: UnsafeRawBufferPointer(
                rebasing: file.bytes[location.offset..<(location.offset + location.byteCount)]
            ),
            owner: file
        )
    }

    /// The F32 NCHW tensor of that name.
    func tensor(_ name: String) throws -> FloatTensor {
        let weight = try weight(name)
        let d = weight.shape.dimensions
        let values = [Float](unsafeUninitializedCapacity: weight.bytes.count / 4) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: weight.bytes)
            count = weight.bytes.count / 4
        }
        return try FloatTensor(batch: d[0], channels: d[1], height: d[2], width: d[3], values: values)
    }

    var names: [String] { checkpoint.tensors.map(\.descriptor.name) }
}
