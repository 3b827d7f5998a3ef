internal import CheckpointIO
package import ModelZoo
package import TensorCore

/// Why it cannot be said what a checkpoint is, or what its scaling factor is.
package enum ModelFault: Fault {
    case notDCAE(String?)
    case other(ForeignModel)
    case pipeline(Pipeline)
    case pipelineWithout(Pipeline)
    case several([String])
    case ambiguous([Variant], needsName: Bool, measured: Bool = false)
    case contradiction([Evidence])
    case structure(variant: String, StructureReport)
    case configContradicts(StructureReport)
    case modelNameContradicts(String, StructureReport)
    case configUnreadable(String)
    case factorMissing
    case factorsContradict(Double, Double)
    case noScalingFactor(String)
    case factorDiffers(given: Double, known: Double, variant: String)
    case variantDiffers(given: String, evidence: String)
    case part(NetworkPart, of: String, wanted: NetworkPart)

    package var kind: RefusalKind {
        switch self {
        case .notDCAE, .other, .pipeline: .notDCAE
        case .pipelineWithout: .noCheckpoint
        case .several: .ambiguousSection
        case .ambiguous: .ambiguousVariant
        case .contradiction, .factorsContradict, .factorDiffers, .variantDiffers: .contradiction
        case .structure, .configContradicts, .modelNameContradicts: .wrongStructure
        case .configUnreadable: .badConfig
        case .factorMissing, .noScalingFactor: .noScalingFactor
        case .part: .partAlone
        }
    }

    package var candidates: [RefusalDetails.Candidate] {
        switch self {
        case .several(let sections): sections.map { .name($0) }
        case .ambiguous(let variants, _, _):
            variants.map { .variant($0.name, scalingFactor: $0.config.scalingFactor) }
        default: []
        }
    }

    package var message: String {
        switch self {
        case .notDCAE(let mismatch): "this is no checkpoint of a known DC-AE: " + (mismatch ?? "its tensors fit none")
        case .other(let model):
            "this is \(model.text)"
                + (model.remedy == nil ? "; it can be inspected, compared and hashed, not converted or run" : "")
        case .pipeline(let pipeline): "this is a pipeline, \(pipeline.summary)"
        case .pipelineWithout(let pipeline):
            "\(pipeline.title), whose autoencoder is not here: there are no weights in "
                + "\((pipeline.folder ?? "").escaped(limit: 60))/"
        case .several(let sections):
            "several complete networks are in it, under " + sections.map { "\"\($0)\"" }.joined(separator: " and ")
        case .ambiguous(let variants, let needsName, _):
            "this could be " + Self.list(variants) + (needsName ? "" : ", which need different scaling factors")
        case .contradiction(let evidence):
            "the evidence contradicts itself: "
                + evidence.filter { $0.source != .structure }.map(\.text).joined(separator: ", but ")
                + (evidence.count == 2 ? ", but \(evidence[0].text)" : "")
        case .structure(let variant, let report):
            "it does not have the tensors of \(variant.escaped()): \(report.summary)"
        case .configContradicts(let report):
            "it does not have the tensors of the config.json beside it: \(report.summary)"
        case .modelNameContradicts(let name, let report):
            "it does not have the tensors of \(name.escaped()), which the config.json beside it names: \(report.summary)"
        case .configUnreadable(let reason): "the config.json beside it cannot be used: \(reason)"
        case .factorMissing: "the config.json beside it has no scaling_factor; diffusers would take 1.0"
        case .factorsContradict(let factor, let inner):
            "the config.json beside it has scaling_factor \(factor), and \(inner) in its \(NeighbourConfig.diffusersField)"
        case .noScalingFactor(let name): "no scaling factor is published for \(name.escaped())"
        case .factorDiffers(let given, let known, let variant):
            "the scaling factor given, \(given), is not that of \(variant.escaped()), \(known)"
        case .variantDiffers(let given, let evidence): "the variant given is \(given.escaped()), but \(evidence)"
        case .part(let part, let name, let wanted):
            "it holds the \(part.rawValue) of \(name.escaped()) alone, "
                + (wanted == .whole ? "not the whole autoencoder" : "not the \(wanted.rawValue)")
        }
    }

    /// Whether it is the config.json beside the weights that is at fault, so that nothing may be written in its place.
    package var isOfConfig: Bool {
        switch self {
        case .configContradicts, .modelNameContradicts, .configUnreadable, .contradiction, .factorsContradict: true
        default: false
        }
    }

    /// These faults quote the registry, which is trusted, and name several variants with their factors.
    package var lineLimit: Int { 1000 }

    package var remedy: Words? {
        switch self {
        case .notDCAE: "give the configuration with \(.config), or add the variant with \(.registry)"
        case .other(let model): model.remedy
        case .pipeline: nil
        case .pipelineWithout: "download that folder too"
        case .several(let sections): "choose one with \(.section), as \(.section, sections[0])"
        case .ambiguous(let variants, let needsName, let measured):
            "say which with \(.variant)" + (needsName ? "" : " or \(.scalingFactor)")
                + ", as \(.variant, variants[0].name)"
                + (needsName || measured ? "" : "; `dcae identify` can measure it over pictures")
        case .contradiction: "settle it with \(.variant)"
        case .structure, .configContradicts, .modelNameContradicts: "`dcae verify` lists all differences"
        case .configUnreadable: "mend or remove it, or say what it is with \(.variant) or \(.config)"
        case .factorsContradict: "give the right one with \(.scalingFactor)"
        case .factorMissing: "give it with \(.scalingFactor), or name the model with \(.variant)"
        case .noScalingFactor: "give it with \(.scalingFactor), or measure it with `dcae scale`"
        case .factorDiffers: "leave one of the two out, or give the whole configuration with \(.config)"
        case .variantDiffers: "check which is right; \(.config) overrides both"
        case .part(let part, _, .whole):
            part == .encoder ? "`dcae encode` can use it as it is" : "`dcae decode` can use it as it is"
        case .part: "give the checkpoint of the whole autoencoder"
        }
    }

    /// Variants by name with their factors: `dc-ae-f32c32-in-1.0 (0.3189) or dc-ae-f32c32-mix-1.0 (0.4552)`.
    package static func list(_ variants: [Variant]) -> String {
        let items = variants.map { variant in
            "\(variant.name) (\(variant.config.scalingFactor.map { "\($0)" } ?? "no factor published"))"
        }
        return items.dropLast().joined(separator: ", ") + (items.count > 1 ? " or " : "") + (items.last ?? "")
    }
}

extension CheckpointError {
    /// What is wrong, and where in the file, without the file's path.
    var reason: String {
        if case .byte(let offset) = place { return "byte \(offset): \(fault.message)" }
        return fault.message
    }
}
