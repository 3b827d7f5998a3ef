package import CheckpointIO
package import ModelZoo
package import StrictJSON

/// The config.json beside a checkpoint.
package struct NeighbourConfig: Sendable {
    /// What is in it.
    package enum Content: Sendable {
        /// There is none.
        case absent
        /// An original repository's: the name of the model, and what the name does not say.
        case original(OriginalConfig)
        /// A diffusers configuration.
        case diffusers(AutoencoderDCConfig.Reading)
        /// Something else, or nothing readable: why.
        case unreadable(CheckpointError)
    }

    /// An original repository's config.json.
    package struct OriginalConfig: Sendable {
        /// The name of the model, from which the original's loader builds the network.
        package let modelName: String
        /// The scaling factor, where the model's is not that of the published model of this name.
        package let scalingFactor: Double?
        /// The model's diffusers configuration, where it is spelled otherwise than the published model's.
        package let diffusers: AutoencoderDCConfig.Reading?
        /// The file's value.
        package let json: JSONValue
    }

    /// The file, whether or not it is there.
    package let path: String
    package let content: Content

    /// The file, opened; nil where there is none that can be opened.
    package let file: InputFile?

    /// Looks for the config.json of a checkpoint and reads it, once.
    package init(beside checkpoint: Checkpoint) {
        path = Self.path(for: checkpoint)
        let file: InputFile
        do throws(CheckpointError) {
            file = try InputFile(opening: path)
        } catch {
            self.file = nil
            // A link whose target is gone, as in a cache from which a file was removed, is not missing.
            let isAbsent = if case .missing? = error.fault as? FileFault { true } else { false }
            content = isAbsent ? .absent : .unreadable(error)
            return
        }
        self.file = file
        do throws(CheckpointError) {
            content = try Self.read(try file.contents(limit: Registry.fileLimit), path: path)
        } catch {
            content = .unreadable(error)
        }
    }

    /// Reads a text as the config.json of a repository of either kind.
    package static func read(_ text: [UInt8], path: String) throws(CheckpointError) -> Content {
        let value = try AutoencoderDCConfig.json(text, path: path)
        do throws(ConfigFault) {
            return try read(value)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    /// Reads a value as the config.json of a repository of either kind.
    package static func read(_ value: JSONValue) throws(ConfigFault) -> Content {
        if value["_class_name"] == nil, let name = value["model_name"]?.string {
            return .original(try OriginalConfig(name, value))
        }
        return .diffusers(try AutoencoderDCConfig.read(value))
    }

    /// Where the config.json of a checkpoint lies.
    package static func path(for checkpoint: Checkpoint) -> String {
        let weights = checkpoint.indexPath ?? checkpoint.files.first?.path ?? checkpoint.path
        return ModelFolder.join(ModelFolder.parent(of: weights), "config.json")
    }

    /// The field of the original's config.json that holds a diffusers configuration.
    package static let diffusersField = "diffusers_config"
}

extension NeighbourConfig.OriginalConfig {
    fileprivate init(_ name: String, _ value: JSONValue) throws(ConfigFault) {
        modelName = name
        json = value
        scalingFactor = try AutoencoderDCConfig.factor(in: value)
        if let inner = value[NeighbourConfig.diffusersField] {
            diffusers = try AutoencoderDCConfig.read(inner)
        } else {
            diffusers = nil
        }
    }
}
