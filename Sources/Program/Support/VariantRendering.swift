internal import Conversion
internal import ModelZoo
internal import TensorCore

/// All that is known of a variant, for people.
struct VariantRendering {
    private let variant: Variant
    private let registry: Registry
    private let network: NetworkDescription

    init(_ variant: Variant, _ registry: Registry) {
        self.variant = variant
        self.registry = registry
        network = NetworkDescription(variant.config)
    }

    func print() {
        Terminal.print(Terminal.bold(variant.name.escaped(limit: .max)))
        LabelledLines.print("also called", variant.aliases.joined(separator: ", "))
        printRepositories()
        printNetwork()
        printKin()
        printFiles()
        LabelledLines.print("quality", variant.quality.map(Self.text))
        LabelledLines.print("notes", variant.notes)
        Terminal.print()
        printStages()
        // What is no picture has no height and width to count tokens by.
        guard variant.config.inChannels == 3 else { return }
        Terminal.print()
        printTokens()
    }

    private func printRepositories() {
        for layout in Layout.allCases where variant.layouts.contains(layout) {
            let paths = variant.repositories.filter { $0.layout == layout && !$0.isPipeline }.map(\.path)
            LabelledLines.print(layout.rawValue, paths.isEmpty ? ["none published"] : paths)
        }
        LabelledLines.print("in pipelines", variant.repositories.filter(\.isPipeline).map(\.path))
    }

    private func printNetwork() {
        let config = variant.config
        let ratio = config.spatialCompressionRatio
        let input = config.inChannels == 3 ? "pixels" : "values"
        LabelledLines.print(
            "compression",
            "F \(ratio), C \(config.latentChannels): H x W x \(config.inChannels) \(input) become H/\(ratio) x W/\(ratio) x \(config.latentChannels)"
        )
        LabelledLines.print("trained on", variant.trainingData)
        let source = variant.scalingFactorSource
        LabelledLines.print("scaling factor", config.scalingFactor.map { "\($0) (\(source))" } ?? source)
        if let normalization = variant.normalization {
            let reason = variant.normalizationReason.map { "; \($0)" } ?? ""
            LabelledLines.print("normalised as", normalization.formula(factor: config.scalingFactor) + reason)
        }
        LabelledLines.print(
            "parameters",
            "\(network.parameterCount.grouped), \(network.encoderParameterCount.grouped) of them in the encoder"
        )
        let counts = variant.layouts.map { "\(network.tensors(in: $0).count) in the \($0.rawValue) layout" }
        LabelledLines.print("tensors", counts.joined(separator: ", "))
        let values = network.valueCount
        LabelledLines.print(
            "size",
            "\(ByteSize.show(4 * values)) in fp32, \(ByteSize.show(2 * values)) in bf16 or fp16"
        )
    }

    /// Which variants have parts of it, and what it was made from.
    private func printKin() {
        func names(_ variants: [Variant]) -> String { variants.map(\.shortName).joined(separator: ", ") }
        LabelledLines.print("same encoder as", names(registry.variants(withEncoderOf: variant)))
        LabelledLines.print("same decoder as", names(registry.variants(withDecoderOf: variant)))
        let alike = names(registry.variants(withTensorsOf: variant))
        if !alike.isEmpty {
            LabelledLines.print("looks like", "\(alike): the same names and shapes; only the weights differ")
        }
        guard let origin = variant.derivation else { return }
        let tensors = network.tensors(in: .diffusers)
        let changed = tensors.count { origin.changes($0.tensor.name) }
        let name = registry.variants.first { $0.name == origin.variant }?.shortName ?? origin.variant
        LabelledLines.print(
            "made from",
            "\(name): \(changed) of the \(tensors.count) diffusers tensors differ, those of \(origin.changed.joined(separator: ", ")) (\(origin.source))"
        )
    }

    private func printFiles() {
        for (index, file) in variant.digests.enumerated() {
            let size = file.byteCount.map { ", \($0.grouped) bytes" } ?? ""
            let name = "\(file.name) (\(file.layout.rawValue)\(size))"
            LabelledLines.print(index == 0 ? "published files" : "", name)
            // A digest is compared and copied whole: beside the labels it would not fit in 80 columns.
            Terminal.print("  SHA-256 \(file.sha256)")
            let places = file.publications.map { place in
                place.repository + (place.revision.map { " at \($0.prefix(12))" } ?? "")
            }
            LabelledLines.print("", "in \(places.joined(separator: " and ")); \(file.source)")
        }
    }

    private static func text(_ quality: Variant.Quality) -> String {
        let measures: [(name: String, value: Double?, unit: String)] = [
            ("rFID", quality.rFID, ""), ("PSNR", quality.psnr, " dB"), ("SSIM", quality.ssim, ""),
            ("LPIPS", quality.lpips, ""), ("latents' mean", quality.latentMean, ""),
            ("RMS", quality.latentRMS, ""), ("std", quality.latentStandardDeviation, ""),
        ]
        let figures = measures.compactMap { measure in
            measure.value.map { "\(measure.name) \($0)\(measure.unit)" }
        }
        return "\(quality.data), \(quality.pixels) px: \(figures.joined(separator: ", ")) (\(quality.source))"
    }

    private func printStages() {
        let config = variant.config
        var table = Table(
            ["CODER", "STAGE", "SCALE", "CHANNELS", "BLOCKS", "SCALES", "NORM", "ACT"],
            right: [1, 2, 3],
            columns: nil
        )
        func add(_ name: String, _ coder: AutoencoderDCConfig.Coder, norm: (Int) -> String, act: (Int) -> String) {
            for stage in 0..<coder.stageCount {
                let layers = coder.layersPerBlock[stage]
                let isAttention = coder.blockTypes[stage] == .efficientViTBlock && layers > 0
                let blocks = "\(layers) \(coder.blockTypes[stage].rawValue)"
                table.add([
                    name, "\(stage)", "1/\(1 << stage)", "\(coder.blockOutChannels[stage])",
                    layers > 0 ? blocks : stage == 0 ? "projection only" : "none",
                    isAttention ? coder.qkvMultiscales[stage].map(String.init).joined(separator: " ") : "",
                    layers > 0 ? norm(stage) : "", layers > 0 && !isAttention ? act(stage) : "",
                ])
            }
        }
        // The encoder's norms and activations are no fields of the configuration.
        add("encoder", config.encoder, norm: { _ in "rms_norm" }, act: { _ in "silu" })
        add(
            "decoder",
            config.decoder,
            norm: { config.decoderNormTypes[$0].rawValue },
            act: { config.decoderActFns[$0].rawValue }
        )
        table.print()
    }

    private func printTokens() {
        let config = variant.config
        let ratio = config.spatialCompressionRatio
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
}
