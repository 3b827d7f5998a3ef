import CheckpointIO
import Conversion
import DCAE
import DCAENetwork
import ModelZoo
import Models
import TensorCore
import TestSupport

/// The inputs and outputs of a small network.
struct Expected {
    struct Case {
        let name: String
        let image: FloatTensor
        let latent: FloatTensor
        let sample: FloatTensor
        /// The heights and widths of tile and stride, where the network was run in tiles.
        let tiles: (tile: [Int], stride: [Int])?
    }

    let cases: [Case]

    init(_ family: String) throws {
        let checkpoint = try Checkpoint.open(Fixtures.path("tiny/\(family)/expected.safetensors"))
        cases = try checkpoint.tensors.map(\.descriptor.name).filter { $0.hasSuffix(".image") }.map { name in
            let stem = String(name.dropLast(6))
            let parts = stem.split(separator: ".").map { $0.split(separator: "x").compactMap { Int($0) } }
            return Case(
                name: stem,
                image: try checkpoint.floats(name),
                latent: try checkpoint.floats(stem + ".latent"),
                sample: try checkpoint.floats(stem + ".sample"),
                tiles: stem.hasPrefix("tiled.") ? (parts[1], parts[3]) : nil
            )
        }
    }
}

extension Checkpoint {
    func floats(_ name: String) throws -> FloatTensor {
        guard let tensor = self[name] else { throw CheckpointError(path, .tensor(name), FileFault.missing) }
        let bytes = try bytes(of: tensor)
        let values = [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            count = bytes.count / 4
        }
        let sizes = tensor.descriptor.shape.dimensions
        return try FloatTensor(batch: sizes[0], channels: sizes[1], height: sizes[2], width: sizes[3], values: values)
    }
}

extension AutoencoderDC {
    /// Runs a case, in its tiles if it has any.
    func run(_ item: Expected.Case) throws -> (latent: FloatTensor, sample: FloatTensor) {
        let tiling = item.tiles.map { tile, stride in
            Tiling(
                tileSampleMinHeight: tile[0],
                tileSampleMinWidth: tile[1],
                tileSampleStrideHeight: stride[0],
                tileSampleStrideWidth: stride[1]
            )
        }
        return (try encode(item.image, tiling: tiling), try decode(item.latent, tiling: tiling))
    }
}

/// Where the files of a small network are.
enum Tiny {
    static func original(_ family: String) -> String { Fixtures.path("tiny/\(family)/original.safetensors") }
    static func diffusers(_ family: String) -> String { Fixtures.path("tiny/\(family)/diffusers") }
    static func config(_ family: String) -> String { diffusers(family) + "/config.json" }

    /// Converts a checkpoint of a small network.
    static func convert(_ family: String, _ source: String, to target: String, dtype: DType?) throws {
        let hints = ModelHints(config: try AutoencoderDCConfig.read(file: config(family)))
        let model = try OpenedModel(source, hints, registry: Registry())
        var options = ConversionOptions()
        options.dtype = dtype
        options.target = model.layout == .original ? .diffusers : .original
        _ = try Conversion.run(try ConversionPlan(model, options), into: target, level: .content, force: false)
    }
}
