internal import CheckpointIO
internal import ModelZoo
internal import TensorCore

/// Why a file holds no network that is known, and what comes nearest.
extension Settling {
    func problemWithoutNetwork(_ mismatch: String?) -> ModelFault {
        if let fault = found.fault { return fault }
        guard let layout = found.layout, let first = candidates.first else { return .notDCAE(mismatch) }
        let report = StructureReport(found.checkpoint, first.network, layout)
        switch first.source {
        case .given: return .structure(variant: "the given configuration", report)
        case .variant: return .structure(variant: hints.variant?.name ?? "", report)
        case .neighbour: return .configContradicts(report)
        case .registry: return problemOfConfig ?? .notDCAE(mismatch)
        }
    }

    /// What the config.json beside the weights says goes before the network that happens to be nearest.
    private var problemOfConfig: ModelFault? {
        switch surroundings.config.content {
        case .unreadable(let error): .configUnreadable(error.reason)
        case .original(let original):
            if let layout = found.layout, let variant = registry.find(original.modelName) {
                .modelNameContradicts(
                    variant.name,
                    StructureReport(found.checkpoint, NetworkDescription(variant.config), layout)
                )
            } else {
                nil
            }
        case .absent, .diffusers: nil
        }
    }

    var mismatch: String {
        guard let layout = found.layout else { return "its tensors have the names of no layout of a DC-AE" }
        var closest: (variant: Variant, report: StructureReport)?
        var compared: [(AutoencoderDCConfig, StructureReport)] = []
        for variant in registry.variants {
            let architecture = variant.config.architecture
            let report =
                compared.first { $0.0 == architecture }?.1
                ?? StructureReport(found.checkpoint, NetworkDescription(architecture), layout)
            compared.append((architecture, report))
            // What was only published in another layout is nobody's nearest in this one.
            guard layout.isUnpublished || variant.layouts.contains(layout) else { continue }
            if report.faults.count < closest?.report.faults.count ?? .max { closest = (variant, report) }
        }
        guard let closest else { return "its tensors fit none" }
        return "nearest is \(closest.variant.name), from which it differs: \(closest.report.summary)"
    }
}
