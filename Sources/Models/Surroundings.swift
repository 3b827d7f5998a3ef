package import CheckpointIO
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

/// What surrounds a checkpoint and tells where it came from; looked at once.
package struct Surroundings: Sendable {
    /// The config.json beside it.
    package let config: NeighbourConfig
    /// Where it comes from on the Hugging Face Hub.
    package let origin: HubOrigin?
    /// The variant that this program noted on the file when it wrote it.
    package let note: String?

    package init(of checkpoint: Checkpoint) {
        config = NeighbourConfig(beside: checkpoint)
        origin = HubOrigin(of: checkpoint)
        note = checkpoint.files.first.flatMap { ProvenanceNote.read(from: $0.path) }
    }

    /// The facts that name variants.
    ///
    /// - Parameter own: the configuration by which the checkpoint describes itself, where it does.
    func evidence(_ registry: Registry, own: AutoencoderDCConfig.Reading?) -> [Evidence] {
        var facts: [Evidence] = []
        switch config.content {
        case .original(let original):
            let variant = registry.find(original.modelName)
            let unknown = variant == nil ? ", which is no known variant" : ""
            let text = "config.json beside it has model_name \(original.modelName.escaped())\(unknown)"
            facts.append(Evidence(.config, text, variant.map { [$0.name] } ?? []))
        case .diffusers(let reading):
            if let factor = reading.config.scalingFactor {
                let variants = registry.variants.filter { $0.config.scalingFactor == factor }.map(\.name)
                let unknown = variants.isEmpty ? ", which no known variant has" : ""
                facts.append(
                    Evidence(.config, "config.json beside it has scaling_factor \(factor)\(unknown)", variants)
                )
            }
        case .absent, .unreadable: break
        }
        if let name = own?.json["_name_or_path"]?.string, let variant = registry.variant(ofPath: name) {
            facts.append(
                Evidence(.config, "config.json beside it has _name_or_path \(name.escaped(limit: 100))", [variant.name])
            )
        }
        if let origin, let variant = registry.find(origin.repository) {
            let place = origin.isElsewhere ? "it is on the Hugging Face Hub in" : "it lies in the Hugging Face cache of"
            facts.append(Evidence(.cache, "\(place) \(origin.repository.escaped())", [variant.name]))
        }
        if let note, let variant = registry.find(note) {
            facts.append(Evidence(.note, "dcae recorded on writing it that it is \(variant.name)", [variant.name]))
        }
        return facts
    }
}

extension Registry {
    /// The variant of a name, or nil.
    func find(_ name: String) -> Variant? {
        try? variant(named: name)
    }

    /// The variant that a path or a repository stands for, as `_name_or_path` has it.
    func variant(ofPath path: String) -> Variant? {
        variant(nameOrPath: path) ?? Self.repository(inPath: path).flatMap(find)
    }

    /// The repository whose folder in a Hugging Face cache a path leads through.
    static func repository(inPath path: String) -> String? {
        for component in path.split(separator: "/") where component.hasPrefix("models--") {
            let parts = component.dropFirst("models--".count).split(separator: "--", omittingEmptySubsequences: false)
            if parts.count >= 2 { return parts[0] + "/" + parts[1...].joined(separator: "--") }
        }
        return nil
    }
}
