internal import CheckpointIO
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

/// Settles what a model is from what was found: pure, so that a measurement can be added later.
///
/// What the user says comes first, then what the model says of itself, then what else is known; a contradiction between the
/// user's word and a fact is an error, one between facts is reported.
struct Settling: Sendable {
    let found: NetworkSearch.Found
    let candidates: [NetworkCandidate]
    let hints: ModelHints
    let surroundings: Surroundings
    let registry: Registry
    private let measurement: FactorMeasurement?
    private let published: PublishedMatch?

    init(
        _ found: NetworkSearch.Found,
        _ candidates: [NetworkCandidate],
        _ hints: ModelHints,
        _ surroundings: Surroundings,
        _ registry: Registry,
        _ measurement: FactorMeasurement?,
        _ published: PublishedMatch?
    ) {
        self.found = found
        self.candidates = candidates
        self.hints = hints
        self.surroundings = surroundings
        self.registry = registry
        self.measurement = measurement
        self.published = published
    }

    func answer() -> OpenedModel.Answer {
        var answer = OpenedModel.Answer()
        answer.measurement = measurement
        answer.published = published
        if case .unreadable(let error) = surroundings.config.content {
            answer.warnings.append("the config.json beside it cannot be used: \(error.reason)")
        }
        if let unapplied = fieldsWithoutPlace {
            answer.warnings.append(
                "config.json has \(unapplied) beside model_name, where no loader looks for it: it is kept, and not applied"
            )
        }
        guard let candidate = found.candidate, found.fault == nil else {
            answer.mismatch = mismatch
            answer.problem = problemWithoutNetwork(answer.mismatch)
            if case .other(let model)? = found.fault {
                answer.other = model
                // That its config.json is no AutoencoderDC's follows.
                answer.warnings = []
            }
            // It is said once.
            if case .configUnreadable? = answer.problem { answer.warnings = [] }
            answer.factorProblem = answer.problem
            return answer
        }
        answer.structural = variants(of: candidate)
        switch candidate.source {
        case .given: settleGiven(&answer)
        case .variant: settleNamed(&answer)
        case .neighbour: settleOwn(&answer)
        case .registry: settleKnown(&answer)
        }
        weigh(measurement, &answer)
        return answer
    }

    /// The variants of a network. What a config.json says counts to the last field; of bare tensors, all that have them.
    private func variants(of candidate: NetworkCandidate) -> [Variant] {
        guard candidate.source == .registry, let layout = found.layout else {
            return registry.variants.filter { $0.config.architecture == candidate.architecture }
        }
        let fitting = candidates.filter {
            $0.source == .registry && $0.fits(found.checkpoint, layout, part: found.part)
        }
        return registry.variants.filter { variant in
            fitting.contains { $0.architecture == variant.config.architecture }
        }
    }

    // MARK: Evidence

    private func structureEvidence(_ variants: [Variant]) -> Evidence {
        let layout = found.layout?.rawValue ?? ""
        let count = found.checkpoint.tensors.count
        let part = found.part == .whole ? "" : ": the \(found.part.rawValue) alone"
        let whose =
            variants.first.map { "the \(layout) names and the shapes of \($0.family)\(part)" }
            ?? "the \(layout) names and the shapes that "
            + "\(hints.config == nil ? "its config.json" : "the given configuration") describes\(part)"
        return Evidence(.structure, "\(count) tensors have \(whose)", variants.map(\.name))
    }

    private func facts(own: AutoencoderDCConfig.Reading?) -> [Evidence] {
        let digest = published.map { [Evidence(.digest, "it is \($0.text)", [$0.variant.name])] } ?? []
        return digest + surroundings.evidence(registry, own: own)
    }

    /// The variants among some that all facts with something to say speak for.
    private func narrowed(_ variants: [Variant], by facts: [Evidence]) -> [Variant] {
        variants.filter { variant in
            facts.allSatisfy { $0.variants.isEmpty || $0.variants.contains(variant.name) }
        }
    }

    // MARK: The user's word

    private func settleGiven(_ answer: inout OpenedModel.Answer) {
        guard let reading = hints.config else { return }
        var config = reading.config
        answer.spelled = reading.json
        answer.reasons = ["the configuration was given"]
        if let factor = hints.scalingFactor {
            config.scalingFactor = factor
            answer.reasons.append("the scaling factor given is \(factor)")
        }
        if let own = surroundings.config.ownConfig?.config, !own.means(config) {
            answer.warnings.append(
                "the config.json beside it says otherwise than the given configuration, which is used"
            )
        }
        answer.evidence = [structureEvidence(answer.structural)] + facts(own: reading)
        answer.config = config
        answer.candidates = narrowed(answer.structural.filter { $0.config.means(config) }, by: answer.evidence)
        answer.variant = answer.candidates.count == 1 ? answer.candidates[0] : nil
        if config.normalization.factor == nil { answer.factorProblem = .noScalingFactor("this configuration") }
    }

    private func settleNamed(_ answer: inout OpenedModel.Answer) {
        guard let variant = hints.variant else { return }
        answer.reasons = ["the variant given is \(variant.name)"]
        answer.evidence = [structureEvidence(answer.structural)]
        answer.config = variant.config
        answer.candidates = [variant]
        answer.variant = variant
        let own = surroundings.config.ownConfig
        let facts = facts(own: own)
        for fact in facts where !fact.variants.isEmpty && !fact.variants.contains(variant.name) {
            guard isOutweighed(fact, variant, own, answer.structural) else {
                return answer.refuse(.variantDiffers(given: variant.name, evidence: fact.text))
            }
            answer.warnings.append("the variant given is \(variant.name), although \(fact.text)")
        }
        answer.evidence += facts
        answer.reasons += facts.map(\.text)
        var known = variant.config.scalingFactor
        if let own, own.config.architecture == variant.config.architecture {
            answer.spelled = own.json
            answer.config?.normalization = own.config.normalization
            if let factor = own.config.normalization.factor { known = factor }
        } else if let own, found.candidate.map({ !Self.fits($0, own.config, found) }) != true {
            let difference = Self.difference(own.config, variant.config)
            let text = "config.json beside it describes another network: \(difference)"
            return answer.refuse(.variantDiffers(given: variant.name, evidence: text))
        }
        if case .original(let original) = surroundings.config.content, let factor = original.scalingFactor {
            known = factor
        }
        if let factor = hints.scalingFactor {
            if let known, known != factor, variant.pipelineScalingFactor != factor {
                return answer.refuse(.factorDiffers(given: factor, known: known, variant: variant.name))
            }
            answer.reasons.append("the scaling factor given is \(factor)")
            known = factor
        }
        answer.config?.scalingFactor = known
        if known == nil { answer.factorProblem = .noScalingFactor(variant.name) }
    }

    /// Whether a configuration has exactly the tensors that were found.
    private static func fits(
        _ candidate: NetworkCandidate,
        _ config: AutoencoderDCConfig,
        _ found: NetworkSearch.Found
    ) -> Bool {
        guard let layout = found.layout else { return false }
        return StructureReport(found.checkpoint, NetworkDescription(config), layout, part: found.part).fits
    }

    /// The first field in which two configurations differ: `decoder_in_shortcut is false`.
    private static func difference(_ a: AutoencoderDCConfig, _ b: AutoencoderDCConfig) -> String {
        let (x, y) = (a.architecture.json, b.architecture.json)
        let key = x.members?.first { $0.value != y[$0.key] }?.key ?? ""
        return "\(key) is another"
    }

    // MARK: The model's own word

    private func settleOwn(_ answer: inout OpenedModel.Answer) {
        guard let reading = surroundings.config.ownConfig else { return }
        var config = reading.config
        answer.spelled = reading.json
        var contradiction: ModelFault?
        if case .original(let original) = surroundings.config.content {
            if let factor = original.scalingFactor {
                if let inner = config.scalingFactor, inner != factor, hints.scalingFactor == nil {
                    contradiction = .factorsContradict(factor, inner)
                }
                config.scalingFactor = factor
            }
            if let named = registry.find(original.modelName), named.config.architecture != config.architecture {
                answer.warnings.append(
                    "config.json beside it has model_name \(named.name), which is another network than that of its "
                        + "\(NeighbourConfig.diffusersField), which the tensors are"
                )
            }
        }
        // A factor that variants of other networks have too says nothing of them.
        var facts = facts(own: reading).map { fact in
            guard fact.source == .config, fact.variants.count > 1 || answer.structural.isEmpty else { return fact }
            let names = answer.structural.map(\.name)
            return Evidence(.config, fact.text, fact.variants.filter(names.contains))
        }
        if let measurement, config.scalingFactor == nil, hints.scalingFactor == nil {
            let variants = measurement.variants ?? answer.structural.map(\.name)
            facts.append(Evidence(.measurement, measurement.text, variants))
        }
        answer.evidence = [structureEvidence(answer.structural)] + facts
        answer.reasons = answer.evidence.map(\.text)
        let said = config.scalingFactor
        if let factor = hints.scalingFactor {
            if let said, said != factor {
                answer.warnings.append(
                    "the config.json beside it has scaling_factor \(said); the one given, \(factor), is used"
                )
            }
            config.scalingFactor = factor
            answer.reasons.append("the scaling factor given is \(factor)")
        }
        // If the user's factor replaces that of config.json, the model differs from every published variant.
        let isOverruled = said != nil && said != config.scalingFactor
        let claims = answer.structural.filter {
            (config.scalingFactor == nil || $0.config.scalingFactor == config.scalingFactor)
                && $0.config.normalization.isAlikeBesideFactor(config.normalization)
        }
        let left = isOverruled ? [] : narrowed(claims, by: facts)
        if left.isEmpty, !claims.isEmpty, !isOverruled {
            // A factor that was given settles what counts; what is left open is the name.
            answer.isContradictory = hints.scalingFactor == nil
            let contrary = facts.filter { fact in
                !fact.variants.isEmpty && !claims.contains { fact.variants.contains($0.name) }
            }
            answer.warnings += contrary.map { "its config.json fits \(Self.names(claims)), but \($0.text)" }
            // Facts that each fit its config.json may still name different models.
            if contrary.isEmpty { answer.warnings.append(ModelFault.contradiction(answer.evidence).message) }
        }
        if claims.isEmpty, hints.scalingFactor == nil, let warning = factorOfAnother(config, answer.structural) {
            answer.warnings.append(warning)
        }
        answer.candidates = left
        answer.variant = left.count == 1 ? left[0] : nil
        if measurement?.isDecided == true, config.scalingFactor == nil, let variant = answer.variant {
            config.scalingFactor = variant.config.scalingFactor
        }
        if let contradiction {
            answer.warnings.append(contradiction.message)
            config.scalingFactor = nil
            answer.variant = nil
        }
        answer.config = config
        if let contradiction {
            answer.factorProblem = contradiction
        } else if config.normalization.factor == nil {
            answer.variant = nil
            answer.factorProblem = .factorMissing
        }
    }

    // MARK: What is known

    private func settleKnown(_ answer: inout OpenedModel.Answer) {
        let facts = facts(own: nil)
        var evidence = [structureEvidence(answer.structural)] + facts
        // A factor that the user gives is not for a measurement to narrow down.
        if let measurement, hints.scalingFactor == nil {
            let variants = measurement.variants ?? answer.structural.map(\.name)
            evidence.append(Evidence(.measurement, measurement.text, variants))
        }
        answer.evidence = evidence
        answer.reasons = evidence.map(\.text)
        var candidates = narrowed(answer.structural, by: evidence)
        answer.isContradictory = candidates.isEmpty
        answer.candidates = candidates
        if candidates.isEmpty {
            answer.config = Self.common(answer.structural)
            if let factor = hints.scalingFactor, answer.config != nil {
                // The factor settles what counts; the name stays open.
                answer.config?.scalingFactor = factor
                answer.reasons.append("the scaling factor given is \(factor)")
                answer.isContradictory = false
                answer.warnings.append(ModelFault.contradiction(evidence).message)
                return settleNeighbour(&answer)
            }
            answer.problem = answer.config == nil ? .contradiction(evidence) : nil
            answer.factorProblem = .contradiction(evidence)
            return
        }
        var own: Double?
        if case .original(let original) = surroundings.config.content { own = original.scalingFactor }
        if let factor = hints.scalingFactor ?? own {
            if hints.scalingFactor != nil { answer.reasons.append("the scaling factor given is \(factor)") }
            let fitting = candidates.filter { $0.config.scalingFactor == factor }
            if hints.scalingFactor != nil, fitting.isEmpty,
                !candidates.contains(where: { $0.pipelineScalingFactor == factor }),
                candidates.contains(where: { $0.config.scalingFactor != nil })
            {
                answer.warnings.append("scaling factor \(factor) is not that of \(Self.names(candidates))")
            }
            answer.config = Self.common(fitting.isEmpty ? candidates : fitting)
            answer.config?.scalingFactor = factor
            if !fitting.isEmpty { candidates = fitting }
            // With a factor that is not published, a variant's weights were trained further; a variant without a published
            // factor stays what it is.
            let isOther = fitting.isEmpty && candidates.contains { $0.config.scalingFactor != nil }
            answer.candidates = isOther || own != nil && fitting.isEmpty ? [] : candidates
            answer.variant = candidates.count == 1 && !isOther ? candidates[0] : nil
            if hints.scalingFactor == nil,
                let owner = answer.structural.first(where: { $0.config.scalingFactor == factor }),
                !candidates.contains(where: { $0.name == owner.name })
            {
                answer.warnings.append(
                    "config.json beside it names \(Self.names(candidates)), but its scaling_factor, \(factor), is that of "
                        + owner.name
                )
            }
            if answer.config == nil { answer.problem = .ambiguous(answer.structural, needsName: true) }
            return settleNeighbour(&answer)
        }
        answer.variant = candidates.count == 1 ? candidates[0] : nil
        answer.config = Self.common(candidates)
        if answer.config == nil {
            answer.problem = .ambiguous(candidates, needsName: true)
            answer.factorProblem = answer.problem
            return
        }
        let factors = Set(candidates.map(\.config.scalingFactor))
        if factors.count > 1 {
            answer.factorProblem = .ambiguous(candidates, needsName: false, measured: measurement != nil)
        } else if let factor = candidates[0].config.scalingFactor {
            answer.config?.scalingFactor = factor
        } else {
            answer.factorProblem = .noScalingFactor(candidates.count == 1 ? candidates[0].name : "this model")
        }
        settleNeighbour(&answer)
    }

    /// The network that all of some variants have, without a factor; nil where they differ.
    private static func common(_ variants: [Variant]) -> AutoencoderDCConfig? {
        guard let first = variants.first, variants.allSatisfy({ $0.config.architecture == first.config.architecture })
        else { return nil }
        var config = first.config
        config.scalingFactor = nil
        return config
    }

    static func names(_ variants: [Variant]) -> String {
        variants.map(\.name).joined(separator: ", ")
    }
}
