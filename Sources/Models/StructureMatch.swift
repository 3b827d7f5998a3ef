package import CheckpointIO
package import ModelZoo
internal import StrictJSON
internal import TensorCore

/// A network that a checkpoint may hold, with the variants of the registry that have it.
struct NetworkCandidate: Sendable {
    /// Where it is known from.
    enum Source: Sendable {
        case given, variant, neighbour, registry
    }

    let source: Source
    /// The network, in one spelling.
    let architecture: AutoencoderDCConfig
    let network: NetworkDescription
    /// The fewest tensors that its encoder, its decoder and both can have in any layout, without counters.
    private let fewest: [NetworkPart: Int]

    init(_ source: Source, _ config: AutoencoderDCConfig) {
        self.source = source
        architecture = config.architecture
        network = NetworkDescription(config)
        let counted = network.parameters.filter { $0.kind != .batchCounter }
        let encoder = counted.count(where: \.isEncoder)
        fewest = [.whole: counted.count, .encoder: encoder, .decoder: counted.count - encoder]
    }

    /// The networks of a registry, each once.
    static func all(of registry: Registry) -> [NetworkCandidate] {
        var found: [NetworkCandidate] = []
        for variant in registry.variants {
            let architecture = variant.config.architecture
            if !found.contains(where: { $0.architecture == architecture }) {
                found.append(NetworkCandidate(.registry, architecture))
            }
        }
        return found
    }

    /// Whether the tensors of a checkpoint are exactly those of a part of this network.
    func fits(_ checkpoint: Checkpoint, _ layout: Layout, part: NetworkPart) -> Bool {
        // A file can have a million places: what is too small to be the network is not looked at.
        guard checkpoint.tensors.count >= fewest[part] ?? 0 else { return false }
        return layout.holds(architecture) && StructureReport(checkpoint, network, layout, part: part).fits
    }
}

extension Layout {
    /// The layout whose way of naming the tensors of a checkpoint follow; nil where they follow none.
    package static func of(_ checkpoint: Checkpoint) -> Layout? {
        var (original, diffusers, comfyui) = (0, 0, 0)
        var (channelsLast, channelsFirst) = (0, 0)
        for tensor in checkpoint.tensors {
            let name = tensor.descriptor.name
            guard name.hasPrefix("encoder.") || name.hasPrefix("decoder.") else { continue }
            let rest = name.utf8.dropFirst("encoder.".utf8.count)
            func begins(_ text: String) -> Bool { rest.starts(with: text.utf8) }
            if begins("stages.") || begins("project_") {
                original += 1
                if ComfyUIMark.isIn(name) { comfyui += 1 }
            } else if begins("down_blocks.") || begins("up_blocks.") || begins("conv_") || begins("norm_out.") {
                diffusers += 1
                let sizes = tensor.descriptor.shape.dimensions
                guard sizes.count == 4 else { continue }
                if sizes[1] == sizes[2], sizes[2] != sizes[3] { channelsLast += 1 }
                if sizes[2] == sizes[3], sizes[1] != sizes[2] { channelsFirst += 1 }
            }
        }
        if original == 0, diffusers == 0 { return nil }
        if original >= diffusers { return comfyui * 2 > original ? .comfyui : .original }
        if channelsLast == channelsFirst {
            return checkpoint.metadata.contains { $0.key == "format" && $0.value == "mlx" } ? .mlx : .diffusers
        }
        return channelsLast > channelsFirst ? .mlx : .diffusers
    }
}

/// What tells a name of ComfyUI_ExtraModels from the original's.
private enum ComfyUIMark {
    static func isIn(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 4)
        guard parts.count > 3 else { return false }
        let mark = parts[1].elementsEqual("stages".utf8) ? parts[3] : parts[2]
        return mark.allSatisfy { (0x30...0x39).contains($0) }
    }
}
