internal import CheckpointIO
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

/// What has no say in which network it is and must not be passed over: a config.json of no use, and a measurement.
extension Settling {
    /// A config.json beside the weights that is of no use: nothing falls back to a registry's factor in silence.
    func settleNeighbour(_ answer: inout OpenedModel.Answer) {
        switch surroundings.config.content {
        case .unreadable(let error):
            if hints.scalingFactor == nil {
                answer.config?.scalingFactor = nil
                answer.factorProblem = .configUnreadable(error.reason)
            }
        case .diffusers(let reading): settleForeign(reading, "", &answer)
        case .original(let original):
            guard let reading = original.diffusers else { return }
            settleForeign(reading, "the \(NeighbourConfig.diffusersField) in ", &answer)
        case .absent: break
        }
    }

    /// A configuration beside the weights that does not describe these tensors, or it would have been the answer.
    private func settleForeign(
        _ reading: AutoencoderDCConfig.Reading,
        _ place: String,
        _ answer: inout OpenedModel.Answer
    ) {
        guard let layout = found.layout else { return }
        let report = StructureReport(found.checkpoint, NetworkDescription(reading.config), layout, part: found.part)
        answer.warnings.append("\(place)the config.json beside it describes another network: \(report.summary)")
        if hints.scalingFactor == nil {
            answer.config?.scalingFactor = nil
            answer.factorProblem = .configContradicts(report)
        }
    }

    /// What a measurement of latents adds to the answer.
    func weigh(_ measurement: FactorMeasurement?, _ answer: inout OpenedModel.Answer) {
        guard let measurement else { return }
        // Beside a shift or means a factor is not what is measured.
        let stated = answer.config.flatMap { $0.normalization.isMoreThanFactor ? nil : $0.scalingFactor }
        if let warning = measurement.contradiction(to: answer.variant, factor: stated) {
            answer.warnings.append(warning)
        } else if !answer.reasons.contains(measurement.text) {
            answer.reasons.append(measurement.text)
        }
        // It is shown where it decided nothing, too.
        if !answer.evidence.contains(where: { $0.source == .measurement }) {
            answer.evidence.append(Evidence(.measurement, measurement.text, []))
        }
    }

    /// What an original config.json says of latents beside a factor, which has its place in a diffusers configuration.
    var fieldsWithoutPlace: String? {
        guard case .original(let own) = surroundings.config.content else { return nil }
        let fields = ["shift_factor", "latents_mean", "latents_std"].filter { field in
            own.json[field].map { $0 != .null } ?? false
        }
        return fields.isEmpty ? nil : fields.joined(separator: " and ")
    }

    /// Whether the user's word goes before a fact that names other variants: where these have other tensors than there are, or
    /// where the factor in the model's own config.json is that of the variant given.
    func isOutweighed(
        _ fact: Evidence,
        _ given: Variant,
        _ own: AutoencoderDCConfig.Reading?,
        _ structural: [Variant]
    ) -> Bool {
        if structural.allSatisfy({ !fact.variants.contains($0.name) }) { return true }
        guard fact.source != .digest, let factor = own?.config.normalization.factor else { return false }
        return factor == given.config.scalingFactor
    }

    /// What is odd about a factor that is published for networks that this is not.
    func factorOfAnother(_ config: AutoencoderDCConfig, _ structural: [Variant]) -> String? {
        guard let factor = config.scalingFactor, !config.normalization.isMoreThanFactor,
            let known = structural.first(where: { $0.config.scalingFactor != nil })
        else { return nil }
        let owners = registry.variants.filter {
            $0.config.scalingFactor == factor && $0.config.architecture != config.architecture
        }
        guard !owners.isEmpty else { return nil }
        return
            "the scaling factor of its config.json, \(factor), is that of \(Self.names(owners)), which this network is not; "
            + "\(known.name) has \(known.config.scalingFactor ?? 1)"
    }
}
