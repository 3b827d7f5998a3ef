package import CheckpointIO
package import ModelZoo
internal import TensorCore

extension Identification {
    /// Finds out which variants a checkpoint can be: from its tensors' names, shapes and dtypes, then from what lies beside
    /// it and from the path that leads to it. No tensor data is read and nothing is guessed.
    ///
    /// - Parameter measurement: what its latents over pictures are like, where that was measured.
    package static func identify(
        _ checkpoint: Checkpoint,
        registry: Registry,
        measurement: FactorMeasurement? = nil
    ) throws(CheckpointError) -> Identification {
        let structure = StructureMatch(checkpoint, registry: registry)
        guard let layout = structure.layout, !structure.variants.isEmpty else {
            return Identification(
                layout: structure.layout,
                candidates: [],
                evidence: [],
                isContradictory: false,
                mismatch: structure.mismatch
            )
        }
        let first = structure.variants[0]
        var evidence = [
            Evidence(
                .structure,
                "\(checkpoint.tensors.count) tensors have the \(layout.rawValue) names and the shapes of \(first.family)",
                structure.variants.map(\.name)
            )
        ]
        evidence += try Provenance.evidence(for: checkpoint, registry: registry)
        if let measurement {
            let variants = measurement.variants ?? structure.variants.map(\.name)
            evidence.append(Evidence(.measurement, measurement.text, variants))
        }
        var names = Set(registry.variants.map(\.name))
        for fact in evidence { names.formIntersection(fact.variants) }
        return Identification(
            layout: layout,
            candidates: structure.variants.filter { names.contains($0.name) },
            evidence: evidence,
            isContradictory: names.isEmpty,
            mismatch: nil
        )
    }
}

/// Which variants' networks have exactly the tensors of a checkpoint.
package struct StructureMatch: Sendable {
    package let layout: Layout?
    package let variants: [Variant]
    package let mismatch: String?

    package init(_ checkpoint: Checkpoint, registry: Registry) {
        layout = Self.layout(of: checkpoint)
        guard let layout else {
            variants = []
            mismatch = "its tensors have the names of neither layout of a DC-AE"
            return
        }
        // Variants of one architecture differ in the scaling factor alone; their networks are compared once.
        var found: [Variant] = []
        var compared: [(config: AutoencoderDCConfig, report: StructureReport)] = []
        var closest: (variant: Variant, report: StructureReport)?
        for variant in registry.variants {
            var architecture = variant.config
            architecture.scalingFactor = nil
            let report =
                compared.first { $0.config == architecture }?.report
                ?? StructureReport(checkpoint, NetworkDescription(architecture), layout)
            compared.append((architecture, report))
            if report.faults.isEmpty {
                found.append(variant)
            } else if variant.layouts.contains(layout), report.faults.count < closest?.report.faults.count ?? .max {
                closest = (variant, report)
            }
        }
        variants = found
        mismatch = closest.map { "nearest is \($0.variant.name), from which it differs: \($0.report.summary)" }
    }

    /// The layout whose way of naming the tensors follow.
    package static func layout(of checkpoint: Checkpoint) -> Layout? {
        func counts(_ prefixes: [String]) -> Int {
            checkpoint.tensors.count { tensor in prefixes.contains { tensor.descriptor.name.hasPrefix($0) } }
        }
        let shared = ["encoder.", "decoder."]
        guard counts(shared) > 0 else { return nil }
        let original = counts(["encoder.stages.", "decoder.stages.", "encoder.project_", "decoder.project_"])
        let diffusers = counts(["encoder.down_blocks.", "decoder.up_blocks.", "encoder.conv_", "decoder.conv_"])
        if original == 0 && diffusers == 0 { return nil }
        return original >= diffusers ? .original : .diffusers
    }
}
