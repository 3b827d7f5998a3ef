import Calibration
import CheckpointIO
import Conversion
import DCAE
import Foundation
import Images
import Inference
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport

/// A small network whose latents have the root mean square that is wanted of them.
struct TinyModel {
    let folder: TemporaryFolder
    let family: String
    let config: AutoencoderDCConfig
    private let tensors: [(descriptor: TensorDescriptor, bytes: [UInt8])]

    /// A tiny network without the shortcut around its last convolution: latents are proportional to its parameters.
    init(_ family: String, in folder: TemporaryFolder) throws {
        self.folder = folder
        self.family = family
        let path = Fixtures.path("tiny/\(family)/diffusers")
        let text = try Fixtures.bytes(path + "/config.json")
        var config = try AutoencoderDCConfig.read(text, path: path).config
        config.encoderOutShortcut = false
        config.scalingFactor = nil
        self.config = config
        let checkpoint = try Checkpoint.open(path)
        tensors = try checkpoint.tensors.map { ($0.descriptor, try checkpoint.bytes(of: $0)) }
    }

    /// Writes a model folder whose latents are multiplied by a number.
    func write(_ name: String, gain: Double, scalingFactor: Double? = nil) throws -> String {
        let scaled = tensors.map { tensor in
            guard tensor.descriptor.name.hasPrefix("encoder.conv_out.") else { return tensor }
            var values = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            for index in values.indices { values[index] = Float(Double(values[index]) * gain) }
            return (tensor.descriptor, values.withUnsafeBytes { Array($0) })
        }
        var config = config
        config.scalingFactor = scalingFactor
        _ = try folder.write("\(name)/diffusion_pytorch_model.safetensors", tensors: scaled)
        try folder.write("\(name)/config.json", Array(config.text.utf8))
        return folder(name)
    }

    /// Writes a registry in which this network has two variants with factors of their own, `tiny-in` and `tiny-mix`, and a
    /// third without any.
    func writeRegistry(_ factors: (in: Double, mix: Double)) throws -> String {
        for (name, factor) in [("tiny-in", factors.in), ("tiny-mix", factors.mix), ("tiny-256px", nil)] {
            var config = config
            config.scalingFactor = factor
            try folder.write(
                "registry/Registry/\(name).json",
                Array("{\"name\": \"\(name)\", \"family\": \"tiny\"}".utf8)
            )
            try folder.write("registry/Configs/\(name)/config.json", Array(config.text.utf8))
        }
        return folder("registry")
    }

    /// Pictures: pieces of a landscape, all different.
    static func writePictures(_ folder: TemporaryFolder, _ name: String = "pictures", count: Int = 16) throws -> String
    {
        let landscape = Picture.landscape(width: 320, height: 320)
        for index in 0..<count {
            let area = PixelArea(
                x: index % 4 * 60 + index / 16,
                y: index / 4 % 4 * 64,
                width: 64 + index % 64,
                height: 64
            )
            let key = (index % 3 == 0 ? "below/" : "") + "p\(index).png"
            try folder.write("\(name)/\(key)", [])
            try landscape.cropped(to: area).writePNG(to: folder("\(name)/\(key)"), overwrite: true)
        }
        return folder(name)
    }
}

/// Opens and measures.
func measure(
    _ path: String,
    _ images: [String],
    side: Int,
    crop: SquareCrop = .adm,
    shard: Shard = .whole,
    threads: Int = 1,
    store: PartialStore? = nil,
    observer: MeasurementRun.Observer = .init()
) throws -> PartialResult {
    var options = AutoencoderDC.Options()
    options.threads = threads
    let loaded = try LoadedModel(options: options) {
        try OpenedModel(path, registry: try Registry())
    }
    let fingerprint = try EncoderFingerprint.of(loaded.source)
    let set = try PictureSet(at: images)
    return try MeasurementRun(loaded, set, shard: shard, side: side, crop: crop, fingerprint: fingerprint)
        .run(store, observer)
}

/// A result made of given sums of squares, one for each picture, for what follows from totals alone.
func result(
    squares: [Double],
    config: AutoencoderDCConfig,
    side: Int = 64,
    unreadable: [Unreadable] = []
) -> PartialResult {
    let subject = PartialResult.Subject(
        fingerprint: "f",
        config: config,
        side: side,
        crop: .adm,
        pictureCount: squares.count + unreadable.count,
        pictureDigest: "d"
    )
    var result = PartialResult(subject: subject, shard: .whole)
    for (index, value) in squares.enumerated() {
        let key = String(1000 + index)
        result.totals.pictures.append(.init(key: key, sum: 0, squares: value))
        for channel in result.totals.channels.indices {
            let share = value / Double(result.totals.channels.count)
            result.totals.channels[channel].squares.add(share)
            result.totals.channels[channel].minimum = -1
            result.totals.channels[channel].maximum = 1
        }
    }
    result.totals.unreadable = unreadable
    return result
}
