package import ModelZoo
package import Models
internal import StrictJSON
internal import TensorCore

/// The config.json of an output: everything that a model says of itself, as the layout's programs read it.
///
/// In the diffusers layout that is an AutoencoderDC configuration. In the original layout it names the model, since the
/// original's loader builds the network from the name; what the name does not say stands beside it, in fields that the loader
/// passes over. Converting back gives the same configuration.
package struct OutputConfig: Sendable {
    /// The text, or nil where nothing is known to put into it.
    package let text: String?
    /// What was decided on the way, a line each.
    package let notes: [String]

    /// The configuration for a folder in a layout.
    package init(_ model: OpenedModel, for target: Layout) {
        guard target == .original || target == .comfyui else {
            let config = Self.keepingOriginal(Self.diffusers(model), model)
            self.init(text: config.map { Self.text($0, like: model.spelledConfig) }, notes: Self.notes(of: config))
            return
        }
        self = Self.original(model)
    }

    private init(text: String?, notes: [String]) {
        self.text = text
        self.notes = notes
    }

    // MARK: diffusers

    /// What is kept of a model's own config.json, and acts when the model is loaded.
    private static func notes(of config: JSONValue?) -> [String] {
        ["quantization_config", "dtype", "torch_dtype"].compactMap { field in
            guard let value = config?[field], value != .null else { return nil }
            return
                "config.json keeps \(field) (\(JSONWriter.inline(value).escaped(limit: 40))), which may change how "
                + "programs load the model"
        }
    }

    /// The fields of the diffusers configuration: as the model spells them, where it does.
    private static func diffusers(_ model: OpenedModel) -> JSONValue? {
        guard let config = model.config else { return nil }
        guard let spelled = model.spelledConfig?.members else { return config.json }
        let own = config.json.members ?? []
        // Fields that diffusers has had from the beginning are never left to its defaults.
        let recent = AutoencoderDCConfig.recentFields
        var members = spelled.map { field in
            guard field.key.hasPrefix("_"), let said = own.first(where: { $0.key == field.key }) else { return field }
            return said
        }
        let added = own.filter { field in spelled.allSatisfy { $0.key != field.key } && !recent.contains(field.key) }
        members = added.filter { $0.key.hasPrefix("_") } + members + added.filter { !$0.key.hasPrefix("_") }
        if let factor = config.scalingFactor,
            members.first(where: { $0.key == "scaling_factor" })?.value.number != factor
        {
            members.removeAll { $0.key == "scaling_factor" }
            members.append(.init("scaling_factor", .double(factor)))
        }
        return .object(members)
    }

    /// The field of a diffusers configuration that holds the config.json of the original layout, where that says more than the
    /// way back would. diffusers passes over fields that begin with an underscore.
    private static let originalField = "_original_config"

    private static func keepingOriginal(_ config: JSONValue?, _ model: OpenedModel) -> JSONValue? {
        guard case .original(let own) = model.surroundings.config.content, var members = config?.members else {
            return config
        }
        let isSaid = JSONWriter.pretty(arranged(own.json, like: nil)) == named(model).text ?? ""
        // A name and a factor beside it lead back to that name only where nothing else has the factor.
        let isFound = own.diffusers != nil || wayBack(of: model) == own.json
        if isSaid, isFound { return config }
        members.append(.init(originalField, own.json))
        return .object(members)
    }

    /// The original config.json that a diffusers configuration alone leads back to; nil where no name is found by it.
    private static func wayBack(of model: OpenedModel) -> JSONValue? {
        guard let config = model.config else { return nil }
        let structural = model.registry.variants.filter { $0.config.architecture == config.architecture }
        let alike = structural.filter { $0.config.normalization == config.normalization }
        let fitting = alike.isEmpty ? structural : alike
        return one(of: fitting).map { .object(naming($0, factor: config.scalingFactor)) }
    }

    /// The variant whose name stands for all of some: models of one network whose factors are not known are not one model.
    private static func one(of variants: [Variant]) -> Variant? {
        guard let first = variants.first, variants.allSatisfy({ $0.config == first.config }),
            variants.count == 1 || first.config.scalingFactor != nil
        else { return nil }
        return first
    }

    /// A text of members in the order of their keys, as diffusers writes them, or as somebody put them by hand.
    private static func text(_ value: JSONValue, like spelled: JSONValue?) -> String {
        JSONWriter.pretty(arranged(value, like: spelled)) + "\n"
    }

    private static func arranged(_ value: JSONValue, like spelled: JSONValue?) -> JSONValue {
        let keys = (spelled?.members ?? []).map(\.key)
        guard zip(keys, keys.dropFirst()).allSatisfy({ UTF8Name($0) < UTF8Name($1) }), let members = value.members
        else { return value }
        return .object(members.sorted { UTF8Name($0.key) < UTF8Name($1.key) })
    }

    /// The name of a variant, and the factor where it is another.
    private static func naming(_ variant: Variant, factor: Double?) -> [JSONValue.Member] {
        let name = JSONValue.Member("model_name", .string(variant.name))
        guard let factor, factor != variant.config.scalingFactor else { return [name] }
        return [name, .init("scaling_factor", .double(factor))]
    }

    // MARK: original

    private static func original(_ model: OpenedModel) -> OutputConfig {
        if case .original(let own) = model.surroundings.config.content, model.hints.variant == nil,
            model.hints.config == nil
        {
            return kept(own, model)
        }
        guard let field = model.spelledConfig?[originalField] else { return named(model) }
        // What is kept is written back as long as it is of this network.
        guard model.hints.variant == nil, case .original(let own)? = try? NeighbourConfig.read(field),
            builds(own, model)
        else {
            let written = named(model)
            let note = "the original config.json inside its config.json is left out: it describes another network"
            return OutputConfig(text: written.text, notes: written.notes + [note])
        }
        return kept(own, model, adding: addition(to: own, model))
    }

    /// The model's diffusers configuration, where it says more than the original config.json that it keeps: what was changed
    /// since, or a shift.
    private static func addition(to own: NeighbourConfig.OriginalConfig, _ model: OpenedModel) -> JSONValue? {
        guard let spelled = diffusers(model)?.members,
            let expected = own.diffusers?.json ?? model.registry.known(own.modelName)?.config.json
        else { return nil }
        let plain = spelled.filter { $0.key != originalField }
        let said = plain.filter { !$0.key.hasPrefix("_") && $0.key != "scaling_factor" }
        return said.allSatisfy { expected[$0.key] == $0.value } ? nil : .object(plain)
    }

    /// Whether the original's loader would build the model's network from a config.json, or another loader knows its name.
    private static func builds(_ own: NeighbourConfig.OriginalConfig, _ model: OpenedModel) -> Bool {
        guard let config = own.diffusers?.config ?? model.registry.known(own.modelName)?.config else { return true }
        return config.architecture == model.config?.architecture
    }

    /// A config.json made from what is known of the model.
    private static func named(_ model: OpenedModel) -> OutputConfig {
        let (variant, notes) = name(model)
        guard let variant else {
            // The network's own description: no published name builds it, or it is not known which does.
            let isSaid = model.spelledConfig != nil || model.hints.scalingFactor != nil
            guard isSaid || model.structural.isEmpty, let config = diffusers(model) else {
                return OutputConfig(text: nil, notes: notes)
            }
            return OutputConfig(text: text(config, like: model.spelledConfig), notes: notes)
        }
        var members = naming(variant, factor: model.config?.scalingFactor)
        // A factor that is missing stays missing: the name would bring the published one back.
        let lacksFactor = model.config?.scalingFactor == nil && variant.config.scalingFactor != nil
        if let spelled = diffusers(model),
            lacksFactor || !says(variant.config, spelled, factor: model.config?.scalingFactor)
        {
            members.append(.init(NeighbourConfig.diffusersField, arranged(spelled, like: model.spelledConfig)))
        }
        return OutputConfig(text: JSONWriter.pretty(arranged(.object(members), like: nil)), notes: notes)
    }

    /// The config.json that came with the model, with the factor that it has now.
    private static func kept(
        _ own: NeighbourConfig.OriginalConfig,
        _ model: OpenedModel,
        adding addition: JSONValue? = nil
    ) -> OutputConfig {
        var members = own.json.members ?? []
        if let addition {
            members.removeAll { $0.key == NeighbourConfig.diffusersField }
            members.append(.init(NeighbourConfig.diffusersField, addition))
        }
        let stated = own.scalingFactor ?? own.diffusers?.config.scalingFactor
        let published =
            model.registry.known(own.modelName)?.config.scalingFactor ?? factorOfAll(model.structural)
        if let factor = model.config?.scalingFactor, factor != stated ?? published {
            members.removeAll { $0.key == "scaling_factor" }
            if factor != published || own.diffusers != nil {
                members.append(.init("scaling_factor", .double(factor)))
            }
        }
        return OutputConfig(text: JSONWriter.pretty(arranged(.object(members), like: own.json)), notes: [])
    }

    /// The factor that all variants of a network have, by which a model of an unknown name is scaled.
    private static func factorOfAll(_ variants: [Variant]) -> Double? {
        let factors = Set(variants.map(\.config.scalingFactor))
        return factors.count == 1 ? factors.first ?? nil : nil
    }

    /// Whether a name and a factor say all that a configuration does, to the spelling.
    private static func says(_ config: AutoencoderDCConfig, _ spelled: JSONValue, factor: Double?) -> Bool {
        var config = config
        config.scalingFactor = factor
        return JSONWriter.pretty(config.json, sortKeys: true) == JSONWriter.pretty(spelled, sortKeys: true)
    }

    /// The published model whose name is written, from which the original's loader builds this network.
    private static func name(_ model: OpenedModel) -> (variant: Variant?, notes: [String]) {
        if let variant = model.variant ?? model.hints.variant { return (variant, []) }
        // Its factor may be its own: the name is a question of the network alone.
        var fitting = model.candidates.isEmpty ? model.namesakes : model.candidates
        if fitting.isEmpty { fitting = model.structural }
        guard let first = fitting.first else {
            return (
                nil,
                ["config.json holds the AutoencoderDC configuration, because no published name describes this network"]
            )
        }
        if fitting.count == 1 {
            let note =
                "config.json has model_name \(first.name), from which the original's loader builds the network, and beside it "
                + "this model's own settings"
            return (first, [note])
        }
        guard one(of: fitting) != nil else {
            let names = fitting.map(\.name).joined(separator: " or ")
            let kept =
                model.spelledConfig == nil && model.hints.scalingFactor == nil
                ? "no config.json is written" : "config.json holds the AutoencoderDC configuration"
            return (nil, ["\(kept): the model can be \(names), and you did not say which"])
        }
        let others = fitting.dropFirst().map(\.name).joined(separator: " or ")
        return (
            first,
            ["config.json has model_name \(first.name); \(others) is the same network; name it to write its name"]
        )
    }
}
