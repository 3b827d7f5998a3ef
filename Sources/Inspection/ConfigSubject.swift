internal import ModelZoo
internal import StrictJSON
internal import TensorCore

/// A diffusers config.json and what it is held against.
struct ConfigSubject {
    /// The variants that the checkpoint can be; none where it is a model of the user's own.
    let variants: [Variant]
    /// The fields that it should have; nil where only the format is checked.
    let config: AutoencoderDCConfig?
    let registry: Registry

    private func finding(_ severity: Verification.Finding.Severity, _ message: String) -> Verification.Finding {
        .init(severity: severity, place: "config.json", message: message)
    }

    func findings(_ reading: AutoencoderDCConfig.Reading) -> [Verification.Finding] {
        var findings: [Verification.Finding] = []
        // Since diffusers 0.35 there are three more fields, whose defaults are what was fixed before: an older file lacks them.
        let recent = AutoencoderDCConfig.recentFields
        for field in reading.missing where field != "scaling_factor" {
            let isRecent = recent.contains(field)
            if isRecent, reading.isOlderThanRecentFields { continue }
            findings.append(
                finding(isRecent ? .warning : .error, "\(field) is missing: diffusers uses its default")
            )
        }
        for field in reading.unknown {
            let value = reading.json[field]
            switch field {
            case "quantization_config" where value != .null:
                findings.append(
                    finding(.error, "quantization_config: diffusers would load the weights as quantized")
                )
            case "quantization_config": break
            case "dtype", "torch_dtype":
                let text = value.map(JSONWriter.inline) ?? ""
                findings.append(
                    finding(
                        .warning,
                        "\(field) is \(text.clipped(toBytes: 40)): it may change how programs load the model"
                    )
                )
            default:
                findings.append(
                    finding(.warning, "unknown field \"\(field.escaped(limit: 40))\": diffusers ignores it")
                )
            }
        }
        if let config {
            // Meanings are compared, not spellings.
            let (expected, found) = (config.architecture.json.members ?? [], reading.config.architecture.json)
            let (wanted, own) = (config.json, reading.config.json)
            for member in expected where found[member.key] != member.value {
                let text = { (value: JSONValue?) in value.map(JSONWriter.inline) ?? "missing" }
                findings.append(
                    finding(.error, "\(member.key) is \(text(own[member.key])) instead of \(text(wanted[member.key]))")
                )
            }
        }
        return findings + factorFindings(reading.config.normalization)
    }

    private func factorFindings(_ normalization: LatentNormalization) -> [Verification.Finding] {
        if normalization.means != nil {
            // Such latents have a root mean square of 1 already.
            guard let factor = normalization.factor, factor != 1 else { return [] }
            let text = "scaling_factor is \(factor) beside latents_mean and latents_std, which need 1.0"
            return [finding(.warning, text)]
        }
        guard let found = normalization.scalingFactor else {
            return [finding(.error, "scaling_factor is missing: diffusers uses 1.0")]
        }
        let known =
            variants.compactMap(\.config.scalingFactor)
            + [variants.isEmpty ? config?.scalingFactor : nil].compactMap { $0 }
        if known.isEmpty || known.contains(found) { return [] }
        let expected = Set(known).sorted().map { "\($0)" }.joined(separator: " or ")
        let owners = registry.variants.filter { $0.config.scalingFactor == found }.map(\.name)
        let owner = owners.isEmpty ? "that of no known variant" : "that of \(owners.joined(separator: " and "))"
        return [finding(.error, "scaling_factor is \(found), \(owner), instead of \(expected)")]
    }
}
