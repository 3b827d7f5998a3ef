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
        /// Files of the model that was there before, which went when this one came.
        package let removed: [String]

        /// What is to be said of that.
        package var notes: [String] { ConversionPlan.note(ofRemoved: removed, "was removed", "were removed") }

        /// Weights that lay in the folder before and are what it is opened by, not those that were written; a name.
        package let shadowing: String?

        /// What is to be said of that.
        package func warning(of target: String, written: String) -> String? {
            shadowing.map {
                "\(target.escaped(limit: 80)) also holds \($0.escaped(limit: 60)), which loaders open first; name "
                    + "\(written.escaped(limit: 60)) to use the new file, or remove the other"
            }
        }
    }

    /// The two parts of the work, for a progress display.
    package enum Phase: Sendable {
        case writing, checking
    }

    /// Converts a checkpoint into a model folder.
    ///
    /// Nothing appears under its final name before the roundtrip check has passed; on any error nothing is left behind.
    ///
    /// - Parameter progress: told of bytes that were written and checked, from any thread; to throw ends the work.
    package static func run(
        _ plan: ConversionPlan,
        into target: String,
        level: CheckLevel,
        force: Bool,
        durability: Durability = .flushed,
        progress: (@Sendable (Phase, Int) throws(CheckpointError) -> Void)? = nil
    ) throws(CheckpointError) -> Report {
        let checkpoint = plan.model.checkpoint
        let going = plan.replacement(in: target)
        let folder = try OutputFolder(
            target: target,
            names: going.names,
            replaced: going.replaces,
            force: force,
            sources: plan.model.files,
            durability: durability
        )
        let outcome = try plan.write(from: checkpoint, into: folder) { count throws(CheckpointError) in
            try progress?(.writing, count)
        }
        try plan.refuseInfinite(outcome.losses)
        if let index = plan.index { try folder.write(index.name, index.text) }
        if let config = plan.config, going.names.contains("config.json") { try folder.write("config.json", config) }
        let check = try RoundtripCheck.check(
            plan,
            writtenIn: folder.stagingPath,
            level: level
        ) { count throws(CheckpointError) in
            try progress?(.checking, count)
        }
        if let variant = plan.model.variant {
            for file in plan.files {
                ProvenanceNote.write(variant.name, to: ModelFolder.join(folder.stagingPath, file.name))
            }
        }
        let removed = plan.removed(from: target)
        try folder.commit(going.names, replaced: going.replaces)
        return Report(losses: outcome.losses, check: check, removed: removed, shadowing: plan.shadowing(in: target))
    }
}

extension ConversionPlan {
    /// What goes from the folder when the output comes: all that would contradict it. One file beside others touches nothing.
    fileprivate func replacement(in target: String) -> (names: [String], replaces: (String) -> Bool) {
        guard case .folder = output else { return (names, { _ in false }) }
        let going = ModelReplacement(in: target, names: names, stem: stem, config: config)
        return (going.names, going.replaces)
    }

    /// The files in a folder that go when the output comes, and are none of its own.
    package func removed(from target: String) -> [String] {
        guard case .folder = output else { return [] }
        return ModelReplacement(in: target, names: names, stem: stem, config: config).removed(in: target)
    }

    /// What is said of files that go.
    package static func note(ofRemoved names: [String], _ one: String, _ several: String) -> [String] {
        guard !names.isEmpty else { return [] }
        let shown = names.prefix(4).map { $0.escaped(limit: 60) }.joined(separator: ", ")
        let more = names.count > 4 ? " and \(names.count - 4) more" : ""
        return ["\(shown)\(more) of the old model \(names.count == 1 ? one : several)"]
    }

    /// The weights that a folder is opened by, where they are none of those that were written into it.
    fileprivate func shadowing(in target: String) -> String? {
        guard case .folder = output, let weights = try? ModelFolder.weights(at: target) else { return nil }
        let name = ModelFolder.name(of: weights)
        return names.contains { Path.isSame($0, name) } ? nil : name
    }

    /// A cast that makes infinity of a number destroys the model: it is refused unless that is allowed.
    func refuseInfinite(_ losses: [(name: String, report: CastReport)]) throws(CheckpointError) {
        let infinite = losses.filter { $0.report.overflows > 0 }
        guard !allowsInfinite, !infinite.isEmpty else { return }
        let scaled = Set(
            tensors.filter { $0.runs.contains { $0.source.location.canOverflow } }.map { UTF8Name($0.descriptor.name) }
        )
        let products = infinite.filter { scaled.contains(UTF8Name($0.name)) }
        guard products.isEmpty else {
            let count = products.reduce(0) { $0 + $1.report.overflows }
            throw model.error(ConversionFault.scalesOverflow(count: count, tensors: products.map(\.name)))
        }
        let dtype = tensors.first { $0.isCast }?.descriptor.dtype.rawValue ?? DType.f32.rawValue
        throw model.error(
            ConversionFault.becomesInfinite(
                count: infinite.reduce(0) { $0 + $1.report.overflows },
                tensors: infinite.map(\.name),
                dtype: dtype
            )
        )
    }
}
