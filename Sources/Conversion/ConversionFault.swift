internal import CheckpointIO
package import ModelZoo
internal import TensorCore

/// Why a conversion cannot be planned, or was not right once it was done.
package enum ConversionFault: Fault {
    case notDCAE(String?)
    case alreadyThere(Layout)
    case ambiguous([Variant], needsName: Bool)
    case contradiction([Identification.Evidence])
    case structure(variant: String, StructureReport)
    case noScalingFactor(String)
    case factorDiffers(given: Double, known: Double, variant: String)
    case variantDiffers(given: String, evidence: String)
    case mixedDTypes(String)
    case badShardSize(String)
    case roundtrip(String)
    case sourceStructure(String)

    package var message: String {
        switch self {
        case .notDCAE(let mismatch): "this is no checkpoint of a known DC-AE: " + (mismatch ?? "its tensors fit none")
        case .alreadyThere(let layout): "it is in the \(layout.rawValue) layout already"
        case .ambiguous(let variants, let needsName):
            "it can be " + Self.list(variants) + (needsName ? "" : ", which need different scaling factors")
        case .contradiction(let evidence):
            "the evidence contradicts itself: "
                + evidence.filter { $0.source != .structure }.map(\.text).joined(separator: ", but ")
                + (evidence.count == 2 ? ", but \(evidence[0].text)" : "")
        case .structure(let variant, let report):
            "it does not have the tensors of \(variant.escaped()): \(report.summary)"
        case .noScalingFactor(let name): "no scaling factor is published for \(name.escaped())"
        case .factorDiffers(let given, let known, let variant):
            "--scaling-factor \(given) is not that of \(variant.escaped()), \(known)"
        case .variantDiffers(let given, let evidence): "--variant says \(given.escaped()), but \(evidence)"
        case .mixedDTypes(let name): "\(name.escaped(limit: 60)) is put together from tensors of different dtypes"
        case .badShardSize(let text): "\"\(text.escaped(limit: 30))\" is no size"
        case .roundtrip(let what): "the roundtrip check failed: \(what)"
        case .sourceStructure(let what): what
        }
    }

    /// These faults quote the registry, which is trusted, and name several variants with their factors.
    package var lineLimit: Int { 1000 }

    package var remedy: String? {
        switch self {
        case .notDCAE: "give the configuration with --config, or add the variant with --registry"
        case .alreadyThere(let layout): "nothing to do; --to \(layout.other.rawValue) converts it back"
        case .ambiguous(let variants, let needsName):
            "say which with --variant" + (needsName ? "" : " or --scaling-factor")
                + ", as --variant \(variants[0].name)"
                + (needsName ? "" : "; `dcae identify --images` measures it")
        case .contradiction: "settle it with --variant"
        case .structure: "`dcae verify` lists all differences"
        case .noScalingFactor: "give it with --scaling-factor, or measure it with `dcae scale`"
        case .factorDiffers: "leave one of the two out, or give the whole configuration with --config"
        case .variantDiffers: "check which is right; --config FILE overrides both"
        case .mixedDTypes: "choose one with --dtype"
        case .badShardSize: "write it as 5GB, 300MB, 100KB or a number of bytes"
        case .roundtrip: "nothing was written; please report this"
        case .sourceStructure: nil
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
