package import CheckpointIO
package import StrictJSON
internal import TensorCore

extension AutoencoderDCConfig {
    /// Every field of the class, as diffusers names it; `LatentNormalization` has more that are read.
    package static let fieldNames = [
        "attention_head_dim", "decoder_act_fns", "decoder_block_out_channels", "decoder_block_types",
        "decoder_conv_act_fn", "decoder_in_shortcut", "decoder_layers_per_block", "decoder_norm_types",
        "decoder_qkv_multiscales", "downsample_block_type", "encoder_block_out_channels", "encoder_block_types",
        "encoder_layers_per_block", "encoder_out_shortcut", "encoder_qkv_multiscales", "in_channels",
        "latent_channels", "scaling_factor", "upsample_block_type",
    ]

    /// The fields that diffusers has had since 0.35: the defaults are what was fixed before.
    package static let recentFields: Set<String> = [
        "decoder_conv_act_fn", "decoder_in_shortcut", "encoder_out_shortcut",
    ]

    /// A configuration and what is odd about it without being wrong.
    package struct Reading: Sendable {
        /// The configuration.
        package let config: AutoencoderDCConfig
        /// Fields that are missing (diffusers fills in its default) or unknown (diffusers ignores them).
        package let missing: [String]
        package let unknown: [String]
        /// The file's value as it is spelled.
        package let json: JSONValue

        /// Whether the file was written by a diffusers before 0.35, which did not know the `recentFields`.
        package var isOlderThanRecentFields: Bool {
            let parts = json["_diffusers_version"]?.string?.split(separator: ".").prefix(2).map { Int($0) } ?? []
            guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return false }
            return (major, minor) < (0, 35)
        }
    }

    /// Reads a `config.json` from the disk.
    package static func read(file path: String) throws(CheckpointError) -> Reading {
        try read(try InputFile(opening: path).contents(limit: Registry.fileLimit), path: path)
    }

    /// Reads a `config.json`.
    ///
    /// A missing field takes the default of diffusers' class, except for the scaling factor, which stays unknown: the
    /// class's default of 1.0 is right for no published model.
    ///
    /// - Parameter path: the file, for errors.
    package static func read(_ text: [UInt8], path: String) throws(CheckpointError) -> Reading {
        let value = try json(text, path: path)
        do throws(ConfigFault) {
            return try read(value)
        } catch {
            throw CheckpointError(path, .file, error)
        }
    }

    /// The JSON value of a configuration's text.
    package static func json(_ text: [UInt8], path: String) throws(CheckpointError) -> JSONValue {
        // A file that stands for the real one is called what it is, as it is where weights should be.
        if text.starts(with: Array("version https://git-lfs".utf8)) {
            throw CheckpointError(path, .file, FileFault.gitLFSPointer)
        }
        do throws(JSONError) {
            return try JSONReader.read(text)
        } catch {
            throw CheckpointError(path, .byte(error.offset), ConfigFault.json(error.message))
        }
    }

    /// The scaling factor that an object states, or nil where it states none.
    package static func factor(in value: JSONValue) throws(ConfigFault) -> Double? {
        guard let found = value["scaling_factor"] else { return nil }
        guard let factor = found.number else {
            throw .wrongType(field: "scaling_factor", expected: "a number", found: found.kind)
        }
        try LatentNormalization(scalingFactor: factor).check(channels: 0)
        return factor
    }

    /// Reads the value of a `config.json`.
    package static func read(_ value: JSONValue) throws(ConfigFault) -> Reading {
        guard let members = value.members else { throw .notObject(found: value.kind) }
        if value["_class_name"] == nil, let name = value["model_name"]?.string {
            // An original repository's: what its name does not say may stand beside it.
            guard let own = value["diffusers_config"] else { throw .originalConfig(name) }
            return try read(own)
        }
        if let name = value["_class_name"] {
            guard let name = name.string else {
                throw .wrongType(field: "_class_name", expected: "\"AutoencoderDC\"", found: name.kind)
            }
            guard name == "AutoencoderDC" else { throw .otherClass(name) }
        } else if !members.contains(where: { fieldNames.contains($0.key) }) {
            throw .notAutoencoderDC
        }
        let fields = Fields(value)
        var config = AutoencoderDCConfig(
            inChannels: try fields.count("in_channels", default: 3),
            latentChannels: try fields.count("latent_channels", default: 32),
            attentionHeadDim: try fields.count("attention_head_dim", default: 32),
            encoder: try fields.coder("encoder", defaultLayers: [2, 2, 2, 3, 3, 3]),
            decoder: try fields.coder("decoder", defaultLayers: [3, 3, 3, 3, 3, 3]),
            upsamplesByInterpolation: try fields.name(
                "upsample_block_type",
                default: "pixel_shuffle",
                among: ["pixel_shuffle", "interpolate"]
            ) == "interpolate",
            // Published configs write "Conv" where the script writes "conv"; the class tests for the other alone.
            downsamplesByPixelUnshuffle: try fields.name(
                "downsample_block_type",
                default: "pixel_unshuffle",
                among: ["pixel_unshuffle", "conv", "Conv"]
            ) == "pixel_unshuffle",
            decoderNormTypes: try fields.perStage("decoder_norm_types", default: .rmsNorm),
            decoderActFns: try fields.perStage("decoder_act_fns", default: .silu, lowercased: true),
            encoderOutShortcut: try fields.flag("encoder_out_shortcut"),
            decoderInShortcut: try fields.flag("decoder_in_shortcut"),
            decoderConvActFn: try fields.activation("decoder_conv_act_fn", default: .relu),
            scalingFactor: nil
        )
        // diffusers would multiply by None.
        if value["scaling_factor"] == .null { throw fields.wrong("scaling_factor", "a number", .null) }
        config.normalization = try LatentNormalization(reading: value)
        try config.validate()
        let known = Set(fieldNames + LatentNormalization.fieldNames)
        return Reading(
            config: config,
            missing: fieldNames.filter { value[$0] == nil },
            unknown: members.map(\.key).filter { !known.contains($0) && !$0.hasPrefix("_") },
            json: value
        )
    }
}

/// The fields of a configuration by type (what they may hold is the validator's business), each with the default of diffusers' class.
private struct Fields {
    let value: JSONValue

    init(_ value: JSONValue) {
        self.value = value
    }

    func wrong(_ field: String, _ expected: String, _ found: JSONValue) -> ConfigFault {
        .wrongType(field: field, expected: expected, found: found.kind)
    }

    func count(_ field: String, default standard: Int) throws(ConfigFault) -> Int {
        guard let found = value[field] else { return standard }
        return try count(found, field)
    }

    private func count(_ found: JSONValue, _ field: String) throws(ConfigFault) -> Int {
        guard let number = found.integer else { throw wrong(field, "a whole number", found) }
        return number
    }

    private func counts(_ field: String, default standard: [Int]) throws(ConfigFault) -> [Int] {
        guard let found = value[field] else { return standard }
        guard let elements = found.array else { throw wrong(field, "a list of whole numbers", found) }
        var numbers: [Int] = []
        for element in elements { numbers.append(try count(element, field)) }
        return numbers
    }

    func flag(_ field: String) throws(ConfigFault) -> Bool {
        guard let found = value[field] else { return true }
        guard case .bool(let flag) = found else { throw wrong(field, "true or false", found) }
        return flag
    }

    func name(_ field: String, default standard: String, among known: [String]) throws(ConfigFault) -> String {
        guard let found = value[field] else { return standard }
        guard let name = found.string else { throw wrong(field, "a name", found) }
        guard known.contains(name) else { throw .unknownName(field: field, found: name, allowed: known) }
        return name
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ found: JSONValue,
        _ field: String,
        lowercased: Bool
    ) throws(ConfigFault) -> Choice {
        guard let name = found.string else { throw wrong(field, "a name", found) }
        guard let choice = Choice(rawValue: lowercased ? name.lowercased() : name) else {
            throw .unknownName(field: field, found: name, allowed: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    func activation(
        _ field: String,
        default standard: AutoencoderDCConfig.Activation
    ) throws(ConfigFault) -> AutoencoderDCConfig.Activation {
        guard let found = value[field] else { return standard }
        return try choice(found, field, lowercased: true)
    }

    func perStage<Choice: RawRepresentable<String> & CaseIterable & Sendable & Equatable>(
        _ field: String,
        default standard: Choice,
        lowercased: Bool = false
    ) throws(ConfigFault) -> AutoencoderDCConfig.PerStage<Choice> {
        guard let found = value[field] else { return .uniform(standard) }
        guard let elements = found.array else { return .uniform(try choice(found, field, lowercased: lowercased)) }
        var choices: [Choice] = []
        for element in elements { choices.append(try choice(element, field, lowercased: lowercased)) }
        return .each(choices)
    }

    func coder(_ side: String, defaultLayers: [Int]) throws(ConfigFault) -> AutoencoderDCConfig.Coder {
        let channels = try counts(
            "\(side)_block_out_channels",
            default: [128, 256, 512, 512, 1024, 1024]
        )
        var scales: [[Int]] = [[], [], [], [5], [5], [5]]
        let field = "\(side)_qkv_multiscales"
        if let found = value[field] {
            guard let stages = found.array else { throw wrong(field, "a list of lists", found) }
            scales = []
            for stage in stages {
                guard let sizes = stage.array else { throw wrong(field, "a list of lists", stage) }
                var kernels: [Int] = []
                for size in sizes { kernels.append(try count(size, field)) }
                scales.append(kernels)
            }
        }
        return AutoencoderDCConfig.Coder(
            blockTypes: try perStage("\(side)_block_types", default: .resBlock),
            blockOutChannels: channels,
            layersPerBlock: try counts("\(side)_layers_per_block", default: defaultLayers),
            qkvMultiscales: scales
        )
    }
}
