package import CheckpointIO
internal import ModelZoo
package import TensorCore

/// The whole of a conversion that has been planned: write, check, then take the name.
package enum Conversion {
    /// What was done.
    package struct Report: Sendable {
        /// What the casts lost.
        package let losses: [(name: String, report: CastReport)]
        /// What the roundtrip check compared.
        package let check: RoundtripCheck.Report
    }

    /// The two parts of the work, for a progress display.
    package enum Phase: Sendable {
        case writing, checking
    }

    /// Converts a checkpoint into a model folder.
    ///
    /// Nothing appears under its final name before the roundtrip check has passed; on any error nothing is left behind.
    package static func run(
        _ plan: ConversionPlan,
        from checkpoint: Checkpoint,
        into target: String,
        level: CheckLevel,
        force: Bool,
        durability: Durability = .flushed,
        progress: (@Sendable (Phase, Int) -> Void)? = nil
    ) throws(CheckpointError) -> Report {
        let going = ModelReplacement(in: target, names: plan.names, stem: plan.stem, config: plan.config)
        let folder = try OutputFolder(
            target: target,
            names: going.names,
            replaced: going.replaces,
            force: force,
            sources: checkpoint.sources,
            durability: durability
        )
        let outcome = try plan.write(from: checkpoint, into: folder) { progress?(.writing, $0) }
        if let index = plan.index { try folder.write(index.name, index.text) }
        if let config = plan.config, going.names.contains("config.json") { try folder.write("config.json", config) }
        let check = try RoundtripCheck.check(
            plan,
            writtenIn: folder.stagingPath,
            against: checkpoint,
            level: level
        ) { progress?(.checking, $0) }
        if let variant = plan.model.variant {
            for file in plan.files {
                ProvenanceNote.write(variant.name, to: ModelFolder.join(folder.stagingPath, file.name))
            }
        }
        try folder.commit(going.names, replaced: going.replaces)
        return Report(losses: outcome.losses, check: check)
    }
}
