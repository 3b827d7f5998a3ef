internal import ArgumentParser
internal import CheckpointIO
internal import DCAENetwork
internal import Images
internal import Inference
internal import Kernels
internal import ModelZoo
internal import Numerics
internal import TensorCore

/// What `verify --numerics` takes: the fast engine held against the reference.
struct NumericsArguments: ParsableArguments {
    @Flag(help: "Run a picture through the fast engine and the float64 reference, and compare them layer by layer.")
    var numerics = false

    @Option(
        help: ArgumentHelp(
            "With --numerics: the precision of the fast engine's products, f32 or bf16.",
            valueName: "precision"
        )
    )
    var precision = Precision.f32

    @Option(
        help: ArgumentHelp(
            "With --numerics: a .safetensors file for image, latents and samples, the reference's in float64.",
            valueName: "file"
        )
    )
    var saveTensors: String?

    @Flag(help: "With --save-tensors: replace a file that exists.")
    var force = false

    /// The longest side of what is compared: the reference keeps every layer's values in float64.
    private static let longestSide = 1024

    func validate() throws {
        if !numerics, saveTensors != nil || precision != .f32 {
            throw ValidationError("--precision and --save-tensors are for --numerics: add it")
        }
        if let saveTensors, OutputDocument.Kind(path: saveTensors) != .safetensors {
            throw ValidationError("--save-tensors takes a file ending in .safetensors")
        }
    }

    func run(_ path: String, _ picture: String?, _ hints: HintArguments, _ common: CommonOptions) throws {
        if let saveTensors { try OutputTarget.check(saveTensors, force: force) }
        let options = AutoencoderDC.Options(precision: precision)
        let model = try LoadedModel(options: options) { try hints.open(path, common) }
        let image = try picture.map { name in
            let whole = try ImageLoader(fit: .crop, background: nil, tensorName: nil).load(name, for: model.network)
                .tensor
                .image(0)
            let middle = try whole.middle(longestSide: Self.longestSide)
            if middle.dimensions != whole.dimensions {
                common.say(["\(name.escaped(limit: 200)): its middle, \(middle.width)x\(middle.height), is run"])
            }
            return middle
        }
        let bar = Progress("running", total: 100, quiet: common.quiet)
        defer { bar.finish() }
        var shown = 0
        let report = try NumericsReport.run(model, try image ?? Self.madeUp(model), from: picture ?? path) { part in
            bar.advance(Int(100 * part) - shown)
            shown = Int(100 * part)
        }
        bar.finish()
        if let saveTensors { try report.save(to: saveTensors, force: force) }
        if common.json {
            Terminal.print(report.document(picture, outputs: saveTensors.map { [$0] } ?? []))
        } else if common.quiet {
            Terminal.print(report.passed ? "passed" : "failed")
        } else {
            report.render()
        }
        if !report.passed { throw Ending.finding(report.finding) }
    }

    /// A landscape of about 256 pixels a side, whose planes are those of as many channels as the network has.
    private static func madeUp(_ model: LoadedModel) throws -> FloatTensor {
        let ratio = model.network.spatialCompressionRatio
        let side = ratio * max(1, 256 / ratio)
        let planes = Picture.landscape(width: side, height: side).planes()
        let channels = model.network.config.inChannels
        var values: [Float] = []
        for channel in 0..<channels {
            let start = channel % 3 * side * side
            values += planes[start..<(start + side * side)]
        }
        return try FloatTensor(batch: 1, channels: channels, height: side, width: side, values: values)
    }
}
