package import CheckpointIO
package import ModelZoo
package import Models
package import StrictJSON
internal import TensorCore

/// How the configurations of two checkpoints differ.
package struct ConfigComparison: Sendable, Equatable {
    /// A field that is not the same; nil where a side does not have it.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let a: JSONValue?
        package let b: JSONValue?
    }

    /// What is known of the configuration of one side.
    package enum Side: Sendable, Equatable {
        /// No config.json lies beside it.
        case none
        /// A config.json that says nothing usable: why.
        case unusable(String)
        /// The name of a model that the registry does not know.
        case unknownModel(String)
        /// A configuration, and the model's name where it was found by that.
        case known(AutoencoderDCConfig, modelName: String?)
    }

    package let a: Side
    package let b: Side
    /// The fields that differ, by name, where both sides are known.
    package let fields: [Field]

    /// Whether the configurations say different things. Where one side has none there is nothing to differ from, and two
    /// models of different names can have the same configuration.
    package var isDifferent: Bool {
        if case .unknownModel(let x) = a, case .unknownModel(let y) = b { return x != y }
        return !fields.isEmpty
    }

    /// Whether both sides were held against each other.
    package var isCompared: Bool {
        switch (a, b) {
        case (.known, .known), (.unknownModel, .unknownModel): true
        default: false
        }
    }

    package init(_ a: Side, _ b: Side) {
        self.a = a
        self.b = b
        guard case .known(let x, _) = a, case .known(let y, _) = b else {
            fields = []
            return
        }
        // Meanings are compared, not spellings; what differs is shown as it is spelled.
        let (left, right) = (x.json, y.json)
        let (one, other) = (x.architecture.json, y.architecture.json)
        var names = (left.members ?? []).map(\.key)
        names += (right.members ?? []).map(\.key).filter { !names.contains($0) }
        fields = names.sorted().compactMap { name in
            // No part of the network, and spelled in one way.
            let isOfLatents = LatentNormalization.fieldNames.contains(name)
            let isSame = isOfLatents ? left[name] == right[name] : one[name] == other[name]
            return isSame ? nil : Field(name: name, a: left[name], b: right[name])
        }
    }

    /// What is said of a model: by the user, by a diffusers configuration beside it, or by an original one that names a model
    /// of the registry.
    package static func side(of model: OpenedModel) -> Side {
        if let given = model.hints.config { return .known(given.config, modelName: nil) }
        return switch model.surroundings.config.content {
        case .absent: .none
        case .unreadable(let error): .unusable(error.fault.message)
        case .diffusers, .original: side(of: model.surroundings.config.content, model.registry)
        }
    }

    /// What the text of a config.json says.
    package static func side(of text: [UInt8], path: String, registry: Registry) throws(CheckpointError) -> Side {
        side(of: try NeighbourConfig.read(text, path: path), registry)
    }

    private static func side(of content: NeighbourConfig.Content, _ registry: Registry) -> Side {
        switch content {
        case .diffusers(let reading): return .known(reading.config, modelName: nil)
        case .original(let own):
            if let diffusers = own.diffusers?.config { return .known(diffusers, modelName: own.modelName) }
            guard var config = registry.known(own.modelName)?.config else { return .unknownModel(own.modelName) }
            if let factor = own.scalingFactor { config.scalingFactor = factor }
            return .known(config, modelName: own.modelName)
        case .absent, .unreadable: return .none
        }
    }
}
