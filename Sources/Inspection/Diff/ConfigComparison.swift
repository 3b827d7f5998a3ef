package import CheckpointIO
internal import Conversion
package import ModelZoo
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
        let (left, right) = (x.json, y.json)
        var names = (left.members ?? []).map(\.key)
        names += (right.members ?? []).map(\.key).filter { !names.contains($0) }
        fields = names.sorted().compactMap { name in
            left[name] == right[name] ? nil : Field(name: name, a: left[name], b: right[name])
        }
    }

    /// What lies beside a checkpoint: a diffusers configuration, or an original one that names a model of the registry.
    package static func side(of checkpoint: Checkpoint, registry: Registry) throws(CheckpointError) -> Side {
        switch try Provenance.neighbourConfig(checkpoint) {
        case nil: .none
        case .diffusers(let reading): .known(reading.config, modelName: nil)
        case .modelName(let name): side(named: name, registry)
        case .other(let error): .unusable(error.fault.message)
        }
    }

    /// What the text of a config.json says.
    package static func side(of text: [UInt8], path: String, registry: Registry) throws(CheckpointError) -> Side {
        do throws(CheckpointError) {
            return .known(try AutoencoderDCConfig.read(text, path: path).config, modelName: nil)
        } catch {
            if let fault = error.fault as? ConfigFault, case .originalConfig(let name) = fault {
                return side(named: name, registry)
            }
            throw error
        }
    }

    private static func side(named name: String, _ registry: Registry) -> Side {
        (try? registry.variant(named: name)).map { .known($0.config, modelName: name) } ?? .unknownModel(name)
    }
}
