internal import TensorCore

/// A way to name and cut the network's parameters: a value with its rules.
///
/// Every layout is derived from the names that `NetworkDescription` has for a parameter, by a rule that is stated once. A
/// layout that is added to `allCases` is recognised, converted from and to, compared and run like the others.
public struct Layout: Sendable {
    /// The name by which users call it, as `diffusers`.
    public let rawValue: String
    /// Whose way it is, for help texts.
    public let summary: String
    /// What files of it state as `format` in their metadata; nil where they have no metadata.
    package let metadataFormat: String?
    /// The weights file's name without its ending.
    package let stem: String
    private let rule: @Sendable (Parameter) -> [Parameter.Tensor]

    /// The tensors that hold a parameter, in the order in which they fill it.
    package func tensors(of parameter: Parameter) -> [Parameter.Tensor] { rule(parameter) }

    /// As in mit-han-lab's and dc-ai's repositories: `encoder.stages.0.op_list.0.main.conv1.conv.weight`.
    public static let original = Layout(
        rawValue: "original",
        summary: "mit-han-lab's and dc-ai's own repositories",
        metadataFormat: nil,
        stem: "model"
    ) { [$0.original] }

    /// As in Hugging Face diffusers' `AutoencoderDC`: `encoder.down_blocks.0.0.conv1.weight`.
    public static let diffusers = Layout(
        rawValue: "diffusers",
        summary: "Hugging Face diffusers' AutoencoderDC",
        metadataFormat: "pt",
        stem: "diffusion_pytorch_model"
    ) { $0.diffusers }

    /// As in ComfyUI_ExtraModels' own DC-AE: `encoder.stages.0.0.conv1.conv.weight`. One tensor for each of the original's.
    public static let comfyui = Layout(
        rawValue: "comfyui",
        summary: "ComfyUI_ExtraModels' DC-AE of SANA",
        metadataFormat: "pt",
        stem: "model"
    ) { [.init(name: ComfyUINames.name(of: $0.original.name), shape: $0.original.shape)] }

    /// As MLX ports store it: diffusers' names, convolution weights as [out, height, width, in/groups].
    public static let mlx = Layout(
        rawValue: "mlx",
        summary: "MLX ports, with the channels of convolutions last",
        metadataFormat: "mlx",
        stem: "diffusion_pytorch_model"
    ) { parameter in
        parameter.diffusers.map { tensor in
            let sizes = tensor.shape.dimensions
            guard parameter.kind == .convolutionWeight, sizes.count == 4 else { return tensor }
            let axes = [0, 2, 3, 1]
            return .init(name: tensor.name, shape: Shape(axes.map { sizes[$0] }), axes: axes)
        }
    }

    /// All layouts that are known; where a file could be of two, the earlier one is meant.
    public static let allCases: [Layout] = [.original, .diffusers, .comfyui, .mlx]

    /// The layout of a name, or nil.
    public init?(rawValue: String) {
        guard let layout = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = layout
    }

    /// Whether no published repository is in this layout.
    package var isUnpublished: Bool { self != .original && self != .diffusers }

    private init(
        rawValue: String,
        summary: String,
        metadataFormat: String?,
        stem: String,
        rule: @escaping @Sendable (Parameter) -> [Parameter.Tensor]
    ) {
        self.rawValue = rawValue
        self.summary = summary
        self.metadataFormat = metadataFormat
        self.stem = stem
        self.rule = rule
    }

    /// Whether programs that read this layout have a network of this configuration.
    ///
    /// ComfyUI_ExtraModels builds the network of SANA's releases and no other.
    package func holds(_ config: AutoencoderDCConfig) -> Bool {
        self != .comfyui
            || (config.inChannels == 3 && !config.downsamplesByPixelUnshuffle && config.upsamplesByInterpolation
                && config.encoderOutShortcut
                && config.decoderInShortcut && !config.encoder.projectionResamples
                && !config.decoder.projectionResamples)
    }
}

extension Layout: Hashable, CustomStringConvertible {
    /// Layouts are the same where their names are.
    public static func == (a: Layout, b: Layout) -> Bool { a.rawValue == b.rawValue }

    /// Adds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

    /// Its name.
    public var description: String { rawValue }
}

/// The names of ComfyUI_ExtraModels, part by part from the original's.
private enum ComfyUINames {
    static func name(of original: String) -> String {
        var parts = original.split(separator: ".")
        parts.removeAll { $0 == "op_list" }
        if parts.starts(with: ["encoder", "project_in", "conv"]) { parts.remove(at: 2) }
        guard parts.count > 5, parts[1] == "stages" else { return parts.joined(separator: ".") }
        // encoder.stages.0.1.main.conv1.conv.weight: the block's own parts begin at 4.
        switch (parts[4], parts[5]) {
        case ("main", "conv1"), ("main", "conv2"): parts.remove(at: 4)
        case ("main", "conv"): parts.remove(at: 5)
        case ("local_module", "main"): parts.remove(at: 5)
        case ("context_module", "main"):
            parts.remove(at: 5)
            if parts.count > 6 {
                switch (parts[5], parts[6]) {
                case ("qkv", "conv"), ("proj", "conv"): parts[6] = "0"
                case ("proj", "norm"): parts[6] = "1"
                default: break
                }
            }
        default: break
        }
        return parts.joined(separator: ".")
    }
}
