import CheckpointIO
import DCAE
import DCAENetwork
import Kernels
import ModelZoo
import Models
import ReferenceNetwork
import TensorCore
import TestSupport
import Testing

/// A network of Tests/Fixtures with its inputs, and what diffusers computes in float64 (Tests/Fixtures/float64/make.py).
private struct Golden {
    let network: ReferenceNetwork
    let image: FloatTensor
    let latent: FloatTensor
    let encoded: [Double]
    let decoded: [Double]

    init(_ kind: String, _ name: String) throws {
        let folder = Fixtures.path("\(kind)/\(name)")
        let model = try AutoencoderDC(pretrained: folder + "/diffusers", options: .init(threads: 2))
        network = try ReferenceNetwork(model)
        let golden = try Checkpoint.open(Fixtures.path("float64/\(name).safetensors"))
        let given = try Checkpoint.open(folder + "/expected.safetensors")
        let cases = given.tensors.map(\.descriptor).filter {
            $0.name.hasSuffix(".image") && !$0.name.hasPrefix("tiled")
        }
        let least = try #require(cases.min { ($0.shape.elementCount ?? 0) < ($1.shape.elementCount ?? 0) })
        image = try Self.tensor(given, least.name)
        latent = try Self.tensor(given, least.name.dropLast(6) + ".latent")
        encoded = try Self.values(golden, "latent", of: Double.self)
        decoded = try Self.values(golden, "sample", of: Double.self)
    }

    private static func values<Element: BitwiseCopyable>(
        _ file: Checkpoint,
        _ name: String,
        of type: Element.Type
    ) throws -> [Element] {
        let tensor = try #require(file[name])
        return try file.bytes(of: tensor).withUnsafeBytes { bytes in
            let size = MemoryLayout<Element>.size
            return (0..<(bytes.count / size)).map { bytes.loadUnaligned(fromByteOffset: size * $0, as: Element.self) }
        }
    }

    private static func tensor(_ file: Checkpoint, _ name: String) throws -> FloatTensor {
        let sizes = try #require(file[name]).descriptor.shape.dimensions
        return try FloatTensor(
            batch: sizes[0],
            channels: sizes[1],
            height: sizes[2],
            width: sizes[3],
            values: try values(file, name, of: Float.self)
        )
    }
}

/// The largest difference over the largest value.
private func distance(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let most = zip(a, b).reduce(0.0) { max($0, $1.0.isNaN ? .infinity : abs($1.0 - $1.1)) }
    return most / (b.map(abs).max() ?? 1)
}

@Suite struct ReferenceNetworkTests {
    @Test(arguments: Fixtures.families + ["v15"]) func `equals PyTorch in float64`(family: String) throws {
        try check("tiny", family)
    }

    @Test(arguments: [
        "activations", "attention-everywhere", "empty-first-of-encoder", "empty-first-stages", "head-of-20",
        "no-shortcuts", "odd-channels",
    ])
    func `equals it for configurations that no variant has`(name: String) throws { try check("odd", name) }

    private func check(_ kind: String, _ name: String) throws {
        let golden = try Golden(kind, name)
        let encoded = distance(try golden.network.run(.encode, golden.image).tensor.values, golden.encoded)
        let decoded = distance(try golden.network.run(.decode, golden.latent).tensor.values, golden.decoded)
        #expect(encoded < 1e-10 && decoded < 1e-10, "latent \(encoded), sample \(decoded)")
    }

    @Test func `threads change nothing`() throws {
        let golden = try Golden("tiny", "sana")
        let one = try ReferenceNetwork(
            AutoencoderDC(
                config: golden.network.model.config,
                weights: golden.network.model.weights,
                options: .init(threads: 1)
            )
        )
        #expect(try one.run(.encode, golden.image).tensor == golden.network.run(.encode, golden.image).tensor)
        #expect(try one.run(.decode, golden.latent).tensor == golden.network.run(.decode, golden.latent).tensor)
    }

    @Test func `some channels of a latent are the first of all`() throws {
        let golden = try Golden("tiny", "v15")
        let network = golden.network
        let all = try network.run(.encode, golden.image).tensor
        let some = try network.run(.encode, golden.image, latentChannels: 4).tensor
        #expect(some.dimensions == [1, 4] + all.dimensions.dropFirst(2))
        #expect(some.values == Array(all.values.prefix(some.values.count)))
        // Absent channels count as zeros.
        let padded = some.values + [Double](repeating: 0, count: all.values.count - some.values.count)
        let whole = try FloatTensor(
            batch: 1,
            channels: all.dimensions[1],
            height: all.dimensions[2],
            width: all.dimensions[3],
            values: padded.map { Float($0) }
        )
        let partial = try network.run(.decode, some.rounded).tensor.values
        #expect(distance(partial, try network.run(.decode, whole).tensor.values) < 1e-12)
    }

    @Test func `a batch is its images one by one, every layer is told once for each`() throws {
        let golden = try Golden("tiny", "lite")
        let image = golden.image
        let batch = try FloatTensor(
            batch: 2,
            channels: 3,
            height: image.height,
            width: image.width,
            values: image.values + image.values
        )
        var names: [String] = []
        var parts: [Double] = []
        let outcome = try golden.network.run(
            .encode,
            batch,
            progress: { part throws(CancellationError) in parts.append(part) }
        ) {
            name,
            _ in names.append(name)
        }
        let single = try golden.network.run(.encode, image).tensor.values
        #expect(outcome.tensor.values == single + single)
        #expect(names.count == 2 * Set(names).count)
        #expect(outcome.report.layers.map(\.name) == names)
        #expect(parts == parts.sorted() && parts.last == 1)
    }

    @Test func `wrong sizes and wanted ends are the fast engine's errors`() throws {
        let golden = try Golden("tiny", "sana")
        let narrow = try FloatTensor(
            batch: 1,
            channels: 3,
            height: 8,
            width: 8,
            values: [Float](repeating: 0, count: 192)
        )
        #expect(throws: NetworkError.self) { try golden.network.run(.encode, narrow) }
        #expect(throws: NetworkError.stopped) {
            try golden.network.run(
                .encode,
                golden.image,
                progress: { _ throws(CancellationError) in throw CancellationError() }
            )
        }
    }
}
