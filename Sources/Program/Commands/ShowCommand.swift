internal import ArgumentParser
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything known about one variant.",
        discussion: """
            VARIANT is a name (dc-ae-f32c32-sana-1.0), an alias (sana-1.0, f32c32-mix,
            lite) or a repository (mit-han-lab/dc-ae-f32c32-mix-1.0-diffusers). For
            part of a name (mix, 1.5), dcae lists the names that it can mean.
            """
    )

    @Argument(help: "The variant.", completion: .variants)
    var variant: String

    @Flag(help: "Print its config.json, exactly as diffusers writes it, and nothing else.")
    var config = false

    @Option(help: "List its tensors in a layout: original, diffusers, comfyui or mlx.")
    var tensors: Layout?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        let variant = try registry.variant(named: variant, in: "show")
        if config, !common.json { return Terminal.write(variant.config.text, to: 1) }
        if config { return Terminal.print(["variant": .string(variant.name), "config": variant.config.json]) }
        let network = NetworkDescription(variant.config)
        if let tensors { return list(variant, network, tensors) }
        if common.json {
            var members = variant.document(in: registry).members ?? []
            members.append(.init("config", variant.config.json))
            let counts = variant.layouts.map { layout in
                JSONValue.Member(layout.rawValue, .integer(network.tensors(in: layout).count))
            }
            members.append(.init("tensor_counts", .object(counts)))
            return Terminal.print(.object(members))
        }
        VariantRendering(variant, registry).print()
    }

    private func list(_ variant: Variant, _ network: NetworkDescription, _ layout: Layout) {
        let tensors = network.tensors(in: layout)
        if common.json {
            let list = tensors.map { tensor, kind -> JSONValue in
                [
                    "name": .string(tensor.name), "shape": JSONValue(tensor.shape.dimensions),
                    "dtype": .string(kind == .batchCounter ? "I64" : "F32"), "kind": .string(kind.rawValue),
                ]
            }
            return Terminal.print([
                "variant": .string(variant.name), "layout": .string(layout.rawValue),
                "tensor_count": .integer(list.count), "tensors": .array(list),
            ])
        }
        var table = Table(["TENSOR", "DTYPE", "SHAPE"], shortened: 0)
        for (tensor, kind) in tensors {
            table.add([tensor.name, kind == .batchCounter ? "I64" : "F32", tensor.shape.description])
        }
        table.print()
    }
}

extension NetworkDescription {
    /// The values of all parameters and buffers but the counters: what a checkpoint's size follows from.
    var valueCount: Int {
        parameters.reduce(0) { $0 + ($1.original.shape.elementCount ?? 0) }
    }
}
