package import CheckpointIO
package import ModelZoo
package import StrictJSON
package import TensorCore

/// A checkpoint and the answer to what it is: made once, from a path and what the user says, and handed to every command.
///
/// It holds the network that the tensors are, the layout of their names, the variants that it can be, all evidence, and what
/// could not be settled. Ambiguity and faults are values in it: each command decides what it minds. A model is what its own
/// config.json says; a registry knows names for it.
package struct OpenedModel: Sendable {
    /// The whole file as it was opened.
    package let file: Checkpoint
    /// The network's tensors under the names that it has for them; all tensors, where no network is complete.
    package let checkpoint: Checkpoint
    /// The layout of the names, or nil where they are of none.
    package let layout: Layout?
    /// The part of the network that it holds.
    package let part: NetworkPart
    /// The tensors of the file that are not the network's.
    package let rest: [String]
    /// What the user said.
    package let hints: ModelHints
    /// The variants that are known.
    package let registry: Registry
    /// What lies around it.
    package let surroundings: Surroundings
    /// The pipeline that it is the autoencoder of, where the path leads to one.
    package let pipeline: Pipeline?
    /// What a measurement of its latents says, where there was one.
    package var measurement: FactorMeasurement? { answer.measurement }

    /// The network whose tensors these exactly are, or nil.
    package let network: NetworkDescription?
    /// How the tensors compare with it.
    package let report: StructureReport?
    /// The values of batch counters that are missing or stored in another dtype, by their names in its own layout.
    package let counters: [UTF8Name: Int64]
    /// The counters stored in another dtype that hold no whole number; 0 stands in their place.
    private let lostCounters: [String]

    var answer: Answer

    /// What follows from the evidence.
    struct Answer: Sendable {
        var config: AutoencoderDCConfig?
        var spelled: JSONValue?
        var structural: [Variant] = []
        var candidates: [Variant] = []
        var variant: Variant?
        var evidence: [Evidence] = []
        var isContradictory = false
        var reasons: [String] = []
        var warnings: [String] = []
        var problem: ModelFault?
        var factorProblem: ModelFault?
        var mismatch: String?
        var measurement: FactorMeasurement?
        var published: PublishedMatch?
        var other: ForeignModel?

        /// What the user says cannot be: nothing is claimed of the model.
        mutating func refuse(_ fault: ModelFault) {
            (problem, factorProblem) = (fault, fault)
            config?.scalingFactor = nil
            candidates = []
            variant = nil
        }
    }

    /// The configuration of the network; its scaling factor is nil where that is not settled. Nil where no network is known,
    /// or where variants of several networks have these tensors.
    package var config: AutoencoderDCConfig? { answer.config }
    /// The diffusers configuration as it is spelled by the model itself or by the user, where there is one.
    package var spelledConfig: JSONValue? { answer.spelled }
    /// The variants whose network it is, whatever else speaks for or against them.
    package var structural: [Variant] { answer.structural }
    /// The variants that all evidence speaks for: none where the model is another than all that are known.
    package var candidates: [Variant] { answer.candidates }
    /// The variant, where the evidence leaves one and nothing about the model differs from it.
    package var variant: Variant? { answer.variant }
    /// The facts, structure first.
    package var evidence: [Evidence] { answer.evidence }
    /// Whether two facts contradict each other.
    package var isContradictory: Bool { answer.isContradictory }
    /// How it was settled, a line each.
    package var reasons: [String] { answer.reasons }
    /// What speaks against it without having a say, a line each.
    package var warnings: [String] { answer.warnings }
    /// Where no network fits: how the nearest one differs, or what the file seems to be.
    package var mismatch: String? { answer.mismatch }
    /// The published file that it is, byte for byte, where that was looked at.
    package var publishedMatch: PublishedMatch? { answer.published }
    /// Why it is not known which network it is.
    package var problem: ModelFault? { answer.problem }
    /// Why the scaling factor is not known.
    package var factorProblem: ModelFault? { answer.factorProblem }

    /// The path by which users know it.
    package var path: String { file.path }
    /// What people call it: its variant, or the last part of its path.
    package var name: String {
        if let variant { return variant.name }
        let (name, parent) = (ModelFolder.name(of: path), ModelFolder.name(of: ModelFolder.parent(of: path)))
        // What many folders are called says nothing without the one that they lie in.
        guard Self.commonNames.contains(name), !["", ".", "..", "/"].contains(parent) else { return name }
        return parent + "/" + name
    }
    private static let commonNames: Set<String> = [
        "diffusers", "original", "comfyui", "mlx", "vae", "autoencoder", "model",
    ]

    /// What else than a DC-AE it is, where that shows.
    package var otherModel: ForeignModel? { answer.other }

    /// What is said where a folder's vae/ was taken, which no model_index.json names.
    private var folderNote: String? {
        guard pipeline == nil, ModelFolder.isFolder(path), let first = file.files.first else { return nil }
        let name = ModelFolder.name(of: ModelFolder.parent(of: first.path))
        return name == "vae" && ModelFolder.name(of: path) != name ? "the weights in vae/ were taken" : nil
    }

    /// What was decided on opening, and what is odd without being wrong: one line each.
    package var notes: [String] {
        [pipeline.flatMap { $0.isOther && config == nil ? nil : $0.note }, folderNote].compactMap(\.self)
            + checkpoint.notes + (report?.notes ?? []) + [counterNote].compactMap(\.self)
    }

    private var counterNote: String? {
        guard let first = lostCounters.first else { return nil }
        let more = lostCounters.count > 1 ? " and \(lostCounters.count - 1) more hold" : " holds"
        return
            "\(first.escaped(limit: 80))\(more) no count, but NaN, a fraction, too much or several numbers: 0 stands for it"
    }

    /// The files that it was read from: weights, index and config.json.
    package var files: [InputFile] {
        file.files + [surroundings.config.file].compactMap(\.self)
    }

    /// Whether it is on another machine, of which headers alone are read.
    package var isElsewhere: Bool { file.files.contains(where: \.isElsewhere) }

    /// Opens a checkpoint and finds out what it is. No tensor data is read, and nothing is guessed.
    ///
    /// - Throws: where it cannot be opened, or has no section of the name that is asked for.
    package init(_ path: String, _ hints: ModelHints = .none, registry: Registry) throws(CheckpointError) {
        var opening = hints.opening
        opening.leavesSection = true
        let place = try ModelPath.resolve(path)
        if let pipeline = try Pipeline(at: place) {
            try self.init(try pipeline.open(opening), in: pipeline, hints, registry: registry)
        } else {
            try self.init(try Checkpoint.open(place, options: opening), hints, registry: registry)
        }
    }

    /// Finds out what an opened checkpoint is.
    ///
    /// - Parameter pipeline: the pipeline that it is the autoencoder of.
    package init(
        _ file: Checkpoint,
        in pipeline: Pipeline? = nil,
        _ hints: ModelHints = .none,
        registry: Registry
    ) throws(CheckpointError) {
        let surroundings = Surroundings(of: file)
        let candidates = Self.candidates(hints, surroundings, registry)
        let found = try NetworkSearch(file, candidates).run()
        let report = found.layout.flatMap { layout in
            found.candidate.map { StructureReport(found.checkpoint, $0.network, layout, part: found.part) }
        }
        self.file = file
        self.hints = hints
        self.registry = registry
        self.surroundings = surroundings
        checkpoint = found.checkpoint
        layout = found.layout
        part = found.part
        rest = found.rest
        network = found.candidate?.network
        self.report = report
        (counters, lostCounters) = try Self.counters(found.checkpoint, report)
        self.pipeline = pipeline
        settle = { measurement, match in
            var answer = Settling(found, candidates, hints, surroundings, registry, measurement, match).answer()
            if let pipeline, pipeline.isOther, answer.config == nil {
                // One line says all that there is to say.
                answer.warnings = []
                (answer.problem, answer.factorProblem) = (.pipeline(pipeline), .pipeline(pipeline))
            } else if let pipeline, pipeline.isOther {
                answer.warnings.append(pipeline.contradiction)
            } else if let pipeline, let other = answer.other {
                answer.warnings.append(pipeline.contradiction(by: other))
            }
            return answer
        }
        answer = settle(nil, nil)
    }

    /// What follows where a measurement or a digest is added.
    let settle: @Sendable (FactorMeasurement?, PublishedMatch?) -> Answer

    /// The same with what a measurement of its latents over pictures says.
    package func adding(_ measurement: FactorMeasurement?) -> OpenedModel {
        guard let measurement else { return self }
        var model = self
        model.answer = settle(measurement, answer.published)
        return model
    }

    /// The networks that it may hold: what the user says alone, else its own and those that are known.
    private static func candidates(
        _ hints: ModelHints,
        _ surroundings: Surroundings,
        _ registry: Registry
    ) -> [NetworkCandidate] {
        if let config = hints.config?.config { return [NetworkCandidate(.given, config)] }
        if let variant = hints.variant { return [NetworkCandidate(.variant, variant.config)] }
        let known = NetworkCandidate.all(of: registry)
        guard let own = surroundings.config.ownConfig?.config else { return known }
        return [NetworkCandidate(.neighbour, own)] + known
    }

    /// Reads the counters that are not stored as they should be.
    private static func counters(
        _ checkpoint: Checkpoint,
        _ report: StructureReport?
    ) throws(CheckpointError) -> ([UTF8Name: Int64], lost: [String]) {
        var values: [UTF8Name: Int64] = [:]
        var lost: [String] = []
        for name in report?.missingCounters ?? [] { values[UTF8Name(name)] = 0 }
        for (name, dtype) in report?.oddCounters ?? [] {
            guard let tensor = checkpoint[name] else { continue }
            let isOne = tensor.descriptor.shape.elementCount == 1
            let value = isOne ? BatchCounter.value(of: try checkpoint.bytes(of: tensor), dtype) : nil
            if value == nil { lost.append(name) }
            values[UTF8Name(name)] = value ?? 0
        }
        return (values, lost)
    }
}

extension OpenedModel {
    /// An error about this model.
    package func error(_ fault: any Fault) -> CheckpointError { CheckpointError(path, .file, fault) }

    /// The scaling factor: what a latent is multiplied by before a diffusion model sees it.
    ///
    /// - Throws: where none is known, and what would settle it.
    package var scalingFactor: Double {
        get throws(CheckpointError) {
            if let problem = factorProblem { throw error(problem) }
            guard let factor = config?.normalization.factor else {
                throw error(ModelFault.noScalingFactor("this model"))
            }
            return factor
        }
    }

    /// The network, for commands that cannot do without.
    ///
    /// - Parameter part: what of it must be there.
    /// - Throws: where it is not known which network it is, or where a part of it is missing.
    package func requireNetwork(
        _ wanted: NetworkPart = .whole
    ) throws(CheckpointError) -> (config: AutoencoderDCConfig, network: NetworkDescription, layout: Layout) {
        if let problem { throw error(problem) }
        guard let config, let network, let layout else { throw error(ModelFault.notDCAE(mismatch)) }
        guard part == .whole || part == wanted else {
            let of = structural.isEmpty ? "a DC-AE" : structural.map(\.name).joined(separator: " or ")
            throw error(ModelFault.part(part, of: of, wanted: wanted))
        }
        return (config, network, layout)
    }

    /// Its tensors in a layout; in its own by default.
    package func view(as target: Layout? = nil, joinsMixed: Bool = false) -> LayoutView {
        LayoutView(
            checkpoint,
            in: layout,
            as: target,
            network: network,
            part: part,
            counters: counters,
            joinsMixed: joinsMixed
        )
    }

    /// The network that comes nearest: its own, or the known one with the most names in common; nil where no name is known.
    package var nearestNetwork: NetworkDescription? {
        if let network { return network }
        guard let layout else { return nil }
        var networks = NetworkCandidate.all(of: registry).map(\.network)
        if let own = hints.config?.config ?? surroundings.config.ownConfig?.config {
            networks.insert(NetworkDescription(own), at: 0)
        }
        var best: (network: NetworkDescription, common: Int)?
        for network in networks {
            let common = network.tensors(in: layout).count { checkpoint[$0.tensor.name] != nil }
            if common > best?.common ?? 0 { best = (network, common) }
        }
        return best?.network
    }
}

extension NeighbourConfig {
    /// The configuration by which a model describes itself: a diffusers config.json, or the one that is kept in the
    /// original's.
    package var ownConfig: AutoencoderDCConfig.Reading? {
        switch content {
        case .diffusers(let reading): reading
        case .original(let original): original.diffusers
        case .absent, .unreadable: nil
        }
    }
}

extension OpenedModel {
    /// The variants that have this network and that no fact speaks against, whatever their factor.
    package var namesakes: [Variant] {
        structural.filter { variant in
            evidence.allSatisfy { fact in
                fact.variants.isEmpty || fact.variants.contains(variant.name)
                    || !structural.contains { fact.variants.contains($0.name) }
            }
        }
    }
}

extension Registry {
    /// The variant of a name, or nil.
    package func known(_ name: String) -> Variant? { find(name) }
}
