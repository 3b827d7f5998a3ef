import CheckpointIO
import DCAENetwork
import ModelZoo
import TensorCore
import TestSupport

/// Bytes that a weight points at.
final class HeldBytes: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ values: [UInt8]) {
        bytes = .allocate(byteCount: values.count, alignment: 64)
        bytes.copyBytes(from: values)
    }

    deinit { bytes.deallocate() }
}

/// The parameters of a checkpoint in the diffusers layout, read one by one, some of them changed for a test.
struct CheckpointWeights: WeightSource {
    struct Missing: Error { let name: String }

    let checkpoint: Checkpoint
    /// The type that F32 parameters are rounded to.
    var dtype = DType.f32
    /// Parameters that take the place of the checkpoint's.
    var replaced: [String: [Float]] = [:]

    func weight(_ name: String) throws(NetworkError) -> Weight {
        guard let tensor = checkpoint[name] else { throw .parameter(name: name, .missing) }
        var bytes: [UInt8]
        do throws(CheckpointError) { bytes = try checkpoint.bytes(of: tensor) } catch { throw .source(error) }
        if let values = replaced[name] { bytes = values.withUnsafeBytes { [UInt8]($0) } }
        if dtype != .f32 {
            var narrow = [UInt8](repeating: 0, count: bytes.count / 2)
            narrow.withUnsafeMutableBytes { target in
                bytes.withUnsafeBytes { _ = NumberFormat.convert($0, from: .f32, into: target, to: dtype) }
            }
            bytes = narrow
        }
        let held = HeldBytes(bytes)
        return Weight(
            dtype: dtype,
            shape: tensor.descriptor.shape,
            bytes: UnsafeRawBufferPointer(held.bytes),
            owner: held
        )
    }
}

/// A small network of Tests/Fixtures, with what the reference implementation computed.
struct TinyNetwork {
    let config: AutoencoderDCConfig
    var weights: CheckpointWeights
    let expected: Checkpoint

    /// The networks of Tests/Fixtures/odd.
    static let odd = [
        "activations", "attention-everywhere", "empty-first-of-encoder", "empty-first-stages", "head-of-20",
        "no-shortcuts", "odd-channels",
    ]

    init(_ family: String, in kind: String = "tiny") throws {
        let folder = Fixtures.path("\(kind)/\(family)")
        config = try AutoencoderDCConfig.read(
            try Fixtures.bytes(folder + "/diffusers/config.json"),
            path: "config.json"
        ).config
        weights = CheckpointWeights(
            checkpoint: try Checkpoint.open(folder + "/diffusers/diffusion_pytorch_model.safetensors")
        )
        expected = try Checkpoint.open(folder + "/expected.safetensors")
    }

    func tensor(_ name: String) throws -> FloatTensor {
        guard let tensor = expected[name] else { throw CheckpointWeights.Missing(name: name) }
        let sizes = tensor.descriptor.shape.dimensions
        let values = try expected.bytes(of: tensor).withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        return try FloatTensor(
            batch: sizes[0],
            channels: sizes[1],
            height: sizes[2],
            width: sizes[3],
            values: values
        )
    }

    /// The same with weights of another type.
    func stored(as dtype: DType) -> TinyNetwork {
        var network = self
        network.weights.dtype = dtype
        return network
    }

    /// The names of the inputs, without their `.image`.
    var cases: [String] {
        expected.tensors.map(\.descriptor.name).filter { $0.hasSuffix(".image") }.map { String($0.dropLast(6)) }
    }
}

/// How far two tensors are apart.
struct Distance: CustomStringConvertible {
    /// The largest difference over the largest value.
    var most = 0.0
    /// The root mean square of the differences over that of the values.
    var rms = 0.0

    init(_ a: FloatTensor, _ b: FloatTensor) {
        guard a.dimensions == b.dimensions else {
            (most, rms) = (.infinity, .infinity)
            return
        }
        var (largest, squares, total) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a.values, b.values) {
            let difference = abs(Double(x) - Double(y))
            if !(difference <= most) { most = difference.isNaN ? .infinity : difference }
            largest = max(largest, abs(Double(y)))
            squares += difference * difference
            total += Double(y) * Double(y)
        }
        most /= largest
        rms = (squares / total).squareRoot()
    }

    /// Whether this is single precision arithmetic in another order: the bounds that every algorithm is held to.
    var isRounding: Bool { most <= 1e-4 && rms <= 2e-5 }

    var description: String { "largest \(most), rms \(rms)" }
}
