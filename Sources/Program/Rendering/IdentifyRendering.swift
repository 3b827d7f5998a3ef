internal import CheckpointIO
internal import DCAE
internal import ModelZoo
internal import Models
internal import StrictJSON

/// What `identify` shows.
struct IdentifyRendering {
    let model: OpenedModel

    /// The outcome, as scripts read it.
    private var verdict: Model.Identity.Verdict { model.verdict }

    func print() {
        for fact in model.evidence {
            Terminal.print("  \(fact.source.rawValue): \(fact.text)")
            if !fact.variants.isEmpty { Terminal.print("    fits \(fact.variants.joined(separator: ", "))") }
        }
        let layout = model.layout?.rawValue ?? ""
        switch verdict {
        case .identified:
            var published = ""
            if let own = model.config?.scalingFactor, let known = model.variant?.config.scalingFactor, own != known {
                published = ", but \(known) is published"
            }
            Terminal.print("\(Terminal.bold(model.name)): \(layout) layout, scaling factor \(factor)\(published)")
        case .described where !model.candidates.isEmpty:
            let names = Terminal.bold(model.candidates.map(\.name).joined(separator: " or "))
            Terminal.print(
                "\(names), which are one network with one factor: \(layout) layout, scaling factor \(factor)"
            )
        case .described:
            guard let config = model.config else { return }
            let geometry = "f\(config.spatialCompressionRatio)c\(config.latentChannels)"
            let near =
                model.structural.isEmpty
                ? "no known variant has this network"
                : "the network of \(model.structural.map(\.name).joined(separator: " and ")), \(own)"
            Terminal.print(
                "\(Terminal.bold("from \(describer)")): \(geometry), \(layout) layout, scaling factor "
                    + "\(factor); \(near)"
            )
        case .part:
            let names = model.structural.map(\.name).joined(separator: " or ")
            let whose = names.isEmpty ? "the network that \(describer) describes" : names
            Terminal.print("\(Terminal.bold("the \(model.part.rawValue) alone")) of \(whose), \(layout) layout")
        case .contradictory, .ambiguous, .unknown: break
        }
    }

    /// What describes a network of no known variant.
    private var describer: String { model.hints.config == nil ? "its own config.json" : "the given configuration" }

    /// What a network that variants have does not share with them.
    private var own: String {
        if model.hints.scalingFactor != nil { return "with the factor given" }
        let owners = model.structural.filter { $0.config.scalingFactor == model.config?.scalingFactor }.map(\.name)
        guard !owners.isEmpty else { return "with its own factor" }
        guard model.structural.contains(where: { $0.config.normalization == model.config?.normalization }) else {
            return "with its own normalisation"
        }
        return "with the factor of \(owners.joined(separator: " and "))"
    }

    /// The scaling factor in words: that of a known variant may not be this file's, where its own config.json is of no use.
    private var factor: String {
        if let text = model.scalingText { return text }
        if let variant = model.variant, variant.config.scalingFactor == nil { return "not published" }
        return "unknown"
    }

    /// Why it is not known what it is; nil where it is.
    var refusal: CheckpointError? { model.unsettled.map(model.error) }

    /// Where it comes from on the Hub, as far as its place tells.
    private var origin: JSONValue {
        guard let origin = model.surroundings.origin else { return .null }
        return [
            "repository": .string(origin.repository), "commit": JSONValue(origin.commit),
            "etag": JSONValue(origin.etag),
        ]
    }

    /// The members of the document for `--json`.
    var document: [JSONValue.Member] {
        [
            .init("verdict", .string(verdict.rawValue)),
            .init("variant", JSONValue(model.variant?.name)),
            .init("layout", JSONValue(model.layout?.rawValue)),
            .init("part", .string(model.part.rawValue)),
            .init("pipeline", model.pipeline?.document ?? .null),
            .init("scaling_factor", JSONValue(model.config?.scalingFactor)),
            .init("normalization", model.scalingDocument),
            .init(
                "candidates",
                .array(
                    model.candidates.map {
                        ["variant": .string($0.name), "scaling_factor": JSONValue($0.config.scalingFactor)]
                    }
                )
            ),
            .init(
                "evidence",
                .array(
                    model.evidence.map { fact in
                        [
                            "source": .string(fact.source.rawValue), "text": .string(fact.text),
                            "variants": JSONValue(fact.variants),
                        ]
                    }
                )
            ),
            .init("origin", origin),
            .init("mismatch", JSONValue(model.mismatch)),
        ]
    }
}
