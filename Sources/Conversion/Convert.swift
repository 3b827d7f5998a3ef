package import CheckpointIO
internal import ModelZoo
internal import Models
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
        into target: String,
        level: CheckLevel,
        force: Bool,
        progress: (@Sendable (Phase, Int) -> Void)? = nil
    ) throws(CheckpointError) -> Report {
        try plan.refuseForeignWeights(in: target)
        let checkpoint = plan.model.checkpoint
        let folder = try OutputFolder(
            target: target,
            names: plan.names,
            replaced: plan.replaces,
            force: force,
            sources: plan.model.files
        )
        let outcome = try plan.write(from: checkpoint, into: folder) { progress?(.writing, $0) }
        try plan.refuseInfinite(outcome.losses)
        if let index = plan.index { try folder.write(index.name, index.text) }
        if let config = plan.config { try folder.write("config.json", config) }
        let check = try RoundtripCheck.check(
            plan,
            writtenIn: folder.stagingPath,
            level: level
        ) { progress?(.checking, $0) }
        if let variant = plan.model.variant {
            for file in plan.files {
                ProvenanceNote.write(variant.name, to: ModelFolder.join(folder.stagingPath, file.name))
            }
        }
        try folder.commit(plan.names, replaced: plan.replaces)
        return Report(losses: outcome.losses, check: check)
    }
}

extension ConversionPlan {
    /// A folder with a config.json has one model's weights: another dtype of them may lie beside each other, another
    /// model's may not.
    fileprivate func refuseForeignWeights(in target: String) throws(CheckpointError) {
        guard case .folder = output, ModelFolder.isFolder(target) else { return }
        let names = try ModelFolder.fileNames(in: target)
        guard let other = names.first(where: { ModelFolder.isWeightsOrIndex($0) && !replaces($0) }),
            let file = try? InputFile(opening: ModelFolder.join(target, "config.json"))
        else { return }
        let text = try file.contents(limit: Registry.fileLimit)
        if text != config.map({ Array($0.utf8) }) {
            throw CheckpointError(target, .file, ConversionFault.otherModel(other))
        }
    }

    /// A cast that makes infinity of a number destroys the model: it is refused unless that is allowed.
    fileprivate func refuseInfinite(_ losses: [(name: String, report: CastReport)]) throws(CheckpointError) {
        let infinite = losses.filter { $0.report.overflows > 0 }
        guard !allowsInfinite, !infinite.isEmpty else { return }
        let dtype = tensors.first { $0.isCast }?.descriptor.dtype.rawValue ?? ""
        throw model.error(
            ConversionFault.becomesInfinite(
                count: infinite.reduce(0) { $0 + $1.report.overflows },
                tensors: infinite.map(\.name),
                dtype: dtype
            )
        )
    }
}
