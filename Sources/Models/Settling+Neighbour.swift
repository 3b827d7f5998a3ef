internal import CheckpointIO
internal import ModelZoo
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
    }
}
