package import CheckpointIO
package import ModelZoo
package import TensorCore

/// What a user asks of a conversion.
package struct ConversionRequest: Sendable {
    /// The layout to convert to; nil for the other one.
    package var target: Layout?
    /// The variant, where the user names it.
    package var variant: Variant?
    /// The configuration, where the user gives one.
    package var config: AutoencoderDCConfig?
    /// The scaling factor, where the user gives one.
    package var scalingFactor: Double?
    /// What its latents over pictures are like, where that was measured; the user's word comes first.
    package var measurement: FactorMeasurement?
    /// The dtype of the weights; nil to keep what is stored.
    package var dtype: DType?
    /// The most bytes of tensors in one file; nil for one file.
    package var maxShardSize: Int?
    /// The level of zstd for the weight files; nil to leave them as they are.
    package var compression: Int?

    package init() {}
}

/// What is to be converted, once all questions are settled.
package struct ResolvedModel: Sendable {
    /// The layout of the source.
    package let layout: Layout
    /// The variant, where it is known.
    package let variant: Variant?
    /// The configuration with its scaling factor.
    package let config: AutoencoderDCConfig
    /// How each question was settled, a line each.
    package private(set) var reasons: [String]
    /// What speaks against it without having a say, a line each.
    package private(set) var warnings: [String] = []

    /// Settles what a checkpoint is from what the user says and from what identification finds; an explicit word of the
    /// user wins over evidence that is silent, and a contradiction between the two is an error. A measurement alone is
    /// overruled by both, and warned of.
    package static func resolve(
        _ checkpoint: Checkpoint,
        _ request: ConversionRequest,
        registry: Registry
    ) throws(CheckpointError) -> ResolvedModel {
        var model = try settle(checkpoint, request, registry: registry)
        guard let measurement = request.measurement else { return model }
        if let warning = measurement.contradiction(to: model) {
            model.warnings.append(warning)
        } else if !model.reasons.contains(measurement.text) {
            model.reasons.append(measurement.text)
        }
        return model
    }

    private static func settle(
        _ checkpoint: Checkpoint,
        _ request: ConversionRequest,
        registry: Registry
    ) throws(CheckpointError) -> ResolvedModel {
        func refuse(_ fault: ConversionFault) -> CheckpointError { CheckpointError(checkpoint.path, .file, fault) }
        if request.config == nil, request.variant == nil {
            return try fromEvidence(checkpoint, request, registry: registry)
        }
        let given = request.config ?? request.variant?.config
        guard var config = given, let layout = StructureMatch.layout(of: checkpoint) else {
            throw refuse(.notDCAE(StructureMatch(checkpoint, registry: registry).mismatch))
        }
        let name = request.config == nil ? request.variant?.name ?? "" : "the given configuration"
        let report = StructureReport(checkpoint, NetworkDescription(config), layout)
        guard report.faults.isEmpty else { throw refuse(.structure(variant: name, report)) }
        var reasons = [request.config == nil ? "--variant names \(name)" : "--config gives the configuration"]
        if request.config == nil, let variant = request.variant {
            let facts = try Provenance.evidence(for: checkpoint, registry: registry)
            if let contrary = facts.first(where: { !$0.variants.contains(variant.name) }) {
                throw refuse(.variantDiffers(given: variant.name, evidence: contrary.text))
            }
            reasons += facts.map(\.text)
        }
        if let factor = request.scalingFactor {
            if request.config == nil, let known = config.scalingFactor, known != factor {
                throw refuse(.factorDiffers(given: factor, known: known, variant: name))
            }
            config.scalingFactor = factor
            reasons.append("--scaling-factor gives \(factor)")
        }
        return ResolvedModel(layout: layout, variant: request.variant, config: config, reasons: reasons)
    }

    private static func fromEvidence(
        _ checkpoint: Checkpoint,
        _ request: ConversionRequest,
        registry: Registry
    ) throws(CheckpointError) -> ResolvedModel {
        func refuse(_ fault: ConversionFault) -> CheckpointError { CheckpointError(checkpoint.path, .file, fault) }
        let found = try Identification.identify(
            checkpoint,
            registry: registry,
            // A factor that the user gives is not for a measurement to narrow down.
            measurement: request.scalingFactor == nil ? request.measurement : nil
        )
        guard let layout = found.layout, found.mismatch == nil else { throw refuse(.notDCAE(found.mismatch)) }
        if let own = try ownConfiguration(checkpoint, layout, found) {
            return own
        }
        if found.isContradictory { throw refuse(.contradiction(found.evidence)) }
        let needsName = (request.target ?? layout.other) == .original
        var candidates = found.candidates
        var reasons = found.evidence.map(\.text)
        if let factor = request.scalingFactor {
            let fitting = candidates.filter { $0.config.scalingFactor == factor }
            // A factor of the user's own is for a variant that has none published, or for weights trained further.
            candidates = fitting.isEmpty ? candidates : fitting
            reasons.append("--scaling-factor gives \(factor)")
            var config = candidates[0].config
            config.scalingFactor = factor
            let variant = candidates.count == 1 ? candidates[0] : nil
            if needsName, variant == nil { throw refuse(.ambiguous(candidates, needsName: true)) }
            return ResolvedModel(layout: layout, variant: variant, config: config, reasons: reasons)
        }
        guard let config = found.config else { throw refuse(.ambiguous(candidates, needsName: false)) }
        if needsName, candidates.count > 1 { throw refuse(.ambiguous(candidates, needsName: true)) }
        return ResolvedModel(
            layout: layout,
            variant: found.variant,
            config: config,
            reasons: reasons
        )
    }

    /// A diffusers folder whose own config.json describes its tensors, with a factor that no variant has: a fine-tuned
    /// model, whose configuration is the best authority there is.
    private static func ownConfiguration(
        _ checkpoint: Checkpoint,
        _ layout: Layout,
        _ found: Identification
    ) throws(CheckpointError) -> ResolvedModel? {
        guard layout == .diffusers, case .diffusers(let reading)? = try Provenance.neighbourConfig(checkpoint) else {
            return nil
        }
        let config = reading.config
        guard let factor = config.scalingFactor,
            !found.candidates.contains(where: { $0.config.scalingFactor == factor }),
            !found.isContradictory, StructureReport(checkpoint, NetworkDescription(config), layout).faults.isEmpty
        else { return nil }
        return ResolvedModel(
            layout: layout,
            variant: nil,
            config: config,
            reasons: ["its own config.json describes it, with scaling_factor \(factor)"]
        )
    }
}
