internal import ArgumentParser
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows all that is known of one variant.",
        discussion: """
            VARIANT is a name (dc-ae-f32c32-sana-1.0), an alias (sana-1.0, f32c32-mix,
            lite) or a repository (mit-han-lab/dc-ae-f32c32-mix-1.0-diffusers).
            """
    )

    @Argument(help: "The variant.")
    var variant: String

    @Flag(help: "Print its config.json, exactly as diffusers writes it, and nothing else.")
    var config = false

    @Option(help: "List its tensors in a layout: original or diffusers.")
    var tensors: Layout?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let variant = try common.loadRegistry().variant(named: variant, in: "show")
        if config { return Terminal.write(variant.config.text, to: 1) }
        let network = NetworkDescription(variant.config)
        if let tensors { return list(network, tensors) }
        if common.json {
            var members = variant.summary.members ?? []
            members.append(.init("config", variant.config.json))
            for layout in Layout.allCases {
                members.append(.init("\(layout.rawValue)_tensors", .integer(network.tensors(in: layout).count)))
            }
            members.append(.init("fp32_bytes", .integer(4 * network.valueCount)))
            return Terminal.print(.object(members))
        }
        describe(variant, network)
    }

    private func list(_ network: NetworkDescription, _ layout: Layout) {
        let tensors = network.tensors(in: layout)
        if common.json {
            let list = tensors.map { tensor, kind -> JSONValue in
                [
                    "name": .string(tensor.name), "shape": JSONValue(tensor.shape.dimensions),
                    "dtype": .string(kind == .batchCounter ? "I64" : "F32"), "kind": .string(kind.rawValue),
                ]
            }
            return Terminal.print(.array(list))
        }
        var table = Table(["TENSOR", "DTYPE", "SHAPE"])
        for (tensor, kind) in tensors {
            table.add([tensor.name, kind == .batchCounter ? "I64" : "F32", tensor.shape.description])
        }
        table.print()
    }

    private func describe(_ variant: Variant, _ network: NetworkDescription) {
        let config = variant.config
        let ratio = config.spatialCompressionRatio
        Terminal.print(Terminal.bold(variant.name))
        func line(_ label: String, _ text: String) {
            if !text.isEmpty {
                Terminal.print("  \(label)\(String(repeating: " ", count: max(1, 16 - label.count)))\(text)")
            }
        }
        line("also called", variant.aliases.joined(separator: ", "))
        line("original", variant.originalRepositories.joined(separator: ", "))
        line(
            "diffusers",
            variant.diffusersRepositories.isEmpty
                ? "none published" : variant.diffusersRepositories.joined(separator: ", ")
        )
        line(
            "compression",
            "F \(ratio), C \(config.latentChannels): H x W x \(config.inChannels) pixels become H/\(ratio) x W/\(ratio) x \(config.latentChannels)"
        )
        line("trained on", variant.trainingData)
        line("scaling factor", "\(Show.factor(config.scalingFactor)) (\(variant.scalingFactorSource))")
        line(
            "parameters",
            "\(network.parameterCount.grouped), \(network.encoderParameterCount.grouped) of them in the encoder"
        )
        line(
            "tensors",
            "\(network.tensors(in: .original).count) in the original layout, \(network.tensors(in: .diffusers).count) in diffusers'"
        )
        let bytes = network.valueCount
        line("size", "\(ByteSize.show(4 * bytes)) in fp32, \(ByteSize.show(2 * bytes)) in bf16 or fp16")
        for note in variant.notes { line("note", note) }
        Terminal.print()
        stages(config)
        Terminal.print()
        var table = Table(["IMAGE", "LATENT", "TOKENS", "TOKENS AT F8P2"], right: [2, 3])
        for side in [256, 512, 1024, 2048, 4096] where side % ratio == 0 {
            let tokens = (side / ratio) * (side / ratio)
            table.add([
                "\(side)x\(side)", "\(config.latentChannels) x \(side / ratio) x \(side / ratio)", tokens.grouped,
                (side / 16 * (side / 16)).grouped,
            ])
        }
        table.print()
    }

    private func stages(_ config: AutoencoderDCConfig) {
        var table = Table(["STAGE", "SCALE", "ENCODER", "DECODER"])
        for stage in 0..<config.encoder.stageCount {
            func cell(_ coder: AutoencoderDCConfig.Coder, _ detail: String) -> String {
                let layers = coder.layersPerBlock[stage]
                if layers == 0 { return stage == 0 ? "none: the projection resamples" : "none" }
                let scales = coder.qkvMultiscales[stage]
                let isAttention = coder.blockTypes[stage] == .efficientViTBlock
                let multiscale =
                    isAttention && !scales.isEmpty ? ", scales \(scales.map(String.init).joined(separator: " "))" : ""
                return
                    "\(layers) \(coder.blockTypes[stage].rawValue), \(coder.blockOutChannels[stage]) channels\(multiscale)\(detail)"
            }
            let detail = ", \(config.decoderNormTypes[stage].rawValue), \(config.decoderActFns[stage].rawValue)"
            table.add(["\(stage)", "1/\(1 << stage)", cell(config.encoder, ""), cell(config.decoder, detail)])
        }
        table.print()
    }
}

extension NetworkDescription {
    /// The values of all parameters and buffers but the counters: what a checkpoint's size follows from.
    var valueCount: Int {
        parameters.reduce(0) { $0 + ($1.original.shape.elementCount ?? 0) }
    }
}
