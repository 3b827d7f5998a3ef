package import CheckpointIO
package import ModelZoo
internal import StrictJSON
internal import TensorCore

/// What surrounds a checkpoint and tells where it came from.
package enum Provenance {
    /// A config.json beside a checkpoint.
    package enum NeighbourConfig: Sendable {
        /// An original repository's: the name of the model.
        case modelName(String)
        /// A diffusers configuration.
        case diffusers(AutoencoderDCConfig.Reading)
        /// Something else, or nothing readable: why.
        case other(CheckpointError)
    }

    /// Where the config.json of a checkpoint lies.
    package static func configPath(for checkpoint: Checkpoint) -> String {
        let weights = checkpoint.indexPath ?? checkpoint.files.first?.path ?? checkpoint.path
        return ModelFolder.join(ModelFolder.parent(of: weights), "config.json")
    }

    /// The config.json beside a checkpoint, or nil where there is none.
    package static func neighbourConfig(_ checkpoint: Checkpoint) throws(CheckpointError) -> NeighbourConfig? {
        let path = configPath(for: checkpoint)
        guard let file = try? InputFile(opening: path) else { return nil }
        let text = try file.contents(limit: Registry.fileLimit)
        do throws(CheckpointError) {
            return .diffusers(try AutoencoderDCConfig.read(text, path: path))
        } catch {
            if let fault = error.fault as? ConfigFault, case .originalConfig(let name) = fault {
                return .modelName(name)
            }
            return .other(error)
        }
    }

    /// The facts about a checkpoint's origin that name variants.
    package static func evidence(
        for checkpoint: Checkpoint,
        registry: Registry
    ) throws(CheckpointError) -> [Identification.Evidence] {
        var facts: [Identification.Evidence] = []
        switch try neighbourConfig(checkpoint) {
        case .modelName(let name):
            let variant = try? registry.variant(named: name)
            let suffix = variant == nil ? ", which is no known variant" : ""
            if let variant {
                facts.append(
                    .init(.config, "config.json beside it has model_name \(name.escaped())\(suffix)", [variant.name])
                )
            }
        case .diffusers(let reading):
            if let factor = reading.config.scalingFactor {
                let variants = registry.variants.filter { $0.config.scalingFactor == factor }.map(\.name)
                // A factor that no variant has is a user's own measurement: it speaks for none.
                if !variants.isEmpty {
                    facts.append(.init(.config, "config.json beside it has scaling_factor \(factor)", variants))
                }
            }
        case .other, nil: break
        }
        if let repository = cacheRepository(of: checkpoint), let variant = try? registry.variant(named: repository) {
            facts.append(
                .init(.cache, "it lies in the Hugging Face cache of \(repository.escaped())", [variant.name])
            )
        }
        if let path = checkpoint.files.first?.path, let name = ProvenanceNote.read(from: path),
            let variant = try? registry.variant(named: name)
        {
            facts.append(.init(.note, "dcae noted on writing it that it is \(variant.name)", [variant.name]))
        }
        return facts
    }

    /// The repository in a path such as `…/models--mit-han-lab--dc-ae-f32c32-in-1.0/snapshots/…`.
    ///
    /// The path as given is looked at first, then where it leads: snapshots are links to blobs in the same folder.
    private static func cacheRepository(of checkpoint: Checkpoint) -> String? {
        let weights = checkpoint.indexPath ?? checkpoint.files.first?.path ?? checkpoint.path
        for path in [weights, Path.resolved(weights) ?? weights] {
            for component in path.split(separator: "/") where component.hasPrefix("models--") {
                let parts = component.dropFirst("models--".count).split(
                    separator: "--",
                    omittingEmptySubsequences: false
                )
                if parts.count >= 2 { return parts[0] + "/" + parts[1...].joined(separator: "--") }
            }
        }
        return nil
    }
}
