import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct NetworkDescriptionTests {
    static let published = [
        "dc-ae-f128c512-in-1.0", "dc-ae-f128c512-mix-1.0", "dc-ae-f32c128-1.1", "dc-ae-f32c128-1.5",
        "dc-ae-f32c32-in-1.0", "dc-ae-f32c32-mix-1.0", "dc-ae-f32c32-sana-1.0", "dc-ae-f32c32-sana-1.1",
        "dc-ae-f64c128-1.5", "dc-ae-f64c128-in-1.0", "dc-ae-f64c128-mix-1.0", "dc-ae-lite-f32c32-sana-1.1",
    ]

    /// What the real implementations have for a variant. 1.1 and 1.5 of f32c128 are one network.
    static func truth(_ name: String) throws -> JSONValue {
        try Fixtures.json("keys/\(name == "dc-ae-f32c128-1.1" ? "dc-ae-f32c128-1.5" : name).json")
    }

    /// Names, shapes, dtypes and module order in both layouts, against what the real implementations have.
    @Test(arguments: published, [Layout.original, .diffusers])
    func tensorsAreThoseOfTheRealNetwork(name: String, layout: Layout) throws {
        let truth = try Self.truth(name)
        let variant = try Registry().variant(named: name)
        let tensors = NetworkDescription(variant.config).tensors(in: layout)
        let expected = try #require(truth[layout.rawValue]?.members)
        #expect(tensors.map(\.tensor.name) == expected.map(\.key), "the order is module order")
        for ((tensor, kind), truth) in zip(tensors, expected) {
            #expect(JSONValue(tensor.shape.dimensions) == truth.value["shape"], "\(tensor.name)")
            #expect(JSONValue(kind == .batchCounter ? "I64" : "F32") == truth.value["dtype"], "\(tensor.name)")
        }
    }

    /// ComfyUI_ExtraModels' names, each beside the original's, with shapes as these are; MLX has diffusers' names.
    @Test(arguments: ["sana-1.0", "sana-1.1"]) func otherLayoutsHaveTheNamesOfTheirPrograms(name: String) throws {
        let truth = try #require(try Fixtures.json("keys/extramodels-sana.json")["names"]?.members)
        let network = NetworkDescription(try Registry().variant(named: name).config)
        let original = network.tensors(in: .original)
        let comfyui = network.tensors(in: .comfyui)
        #expect(comfyui.count == truth.count)
        let pairs = zip(original, comfyui).map { ($0.tensor.name, $1.tensor.name) }
        let found = Dictionary(uniqueKeysWithValues: pairs)
        for member in truth { #expect(found[member.key] == member.value.string, "\(member.key)") }
        #expect(zip(original, comfyui).allSatisfy { $0.tensor.shape == $1.tensor.shape })
        let (diffusers, mlx) = (network.tensors(in: .diffusers), network.tensors(in: .mlx))
        #expect(diffusers.map(\.tensor.name) == mlx.map(\.tensor.name))
        for (a, b) in zip(diffusers, mlx) where a.tensor.shape.dimensions.count == 4 {
            let sizes = a.tensor.shape.dimensions
            #expect(b.tensor.shape.dimensions == [sizes[0], sizes[2], sizes[3], sizes[1]], "\(a.tensor.name)")
        }
    }

    @Test(arguments: published) func parametersAreCountedAsPyTorchCounts(name: String) throws {
        let truth = try Self.truth(name)
        let network = NetworkDescription(try Registry().variant(named: name).config)
        #expect(network.parameterCount == truth["parameters"]?.integer)
        #expect(network.encoderParameterCount == truth["encoder_parameters"]?.integer)
    }

    /// Which tensor becomes which, and how.
    @Test(arguments: published) func theMappingIsThatOfTheRealConverter(name: String) throws {
        let truth = try #require(try Self.truth(name)["mapping"]?.array)
        let network = NetworkDescription(try Registry().variant(named: name).config)
        #expect(network.parameters.count == truth.count)
        for (parameter, entry) in zip(network.parameters, truth) {
            #expect(parameter.original.name == entry["source"]?.string)
            #expect(parameter.diffusers.map(\.name) == entry["targets"]?.array?.compactMap(\.string))
            let operation =
                parameter.diffusers.count == 3
                ? "split_qkv" : parameter.original.shape == parameter.diffusers[0].shape ? "rename" : "squeeze"
            #expect(operation == entry["op"]?.string)
        }
    }

    /// The factor apart: of 1.5 the fixtures have the original network's fields, and diffusers' default of 1.0 beside them.
    @Test(arguments: published) func configIsThatOfDiffusers(name: String) throws {
        let truth = try #require(try Self.truth(name)["config"]?.members)
        let variant = try Registry().variant(named: name)
        let hasFactor = !["dc-ae-f32c128-1.1", "dc-ae-f32c128-1.5", "dc-ae-f64c128-1.5"].contains(name)
        for member in truth where hasFactor || member.key != "scaling_factor" {
            #expect(variant.config.json[member.key] == member.value, "\(member.key)")
        }
        #expect(hasFactor || truth.contains(.init("scaling_factor", 1.0)))
        let missing = variant.config.scalingFactor == nil ? 1 : 0
        #expect(variant.config.json.members?.count == truth.count + 2 - missing)
        #expect(try variant.config.text == Fixtures.text(Fixtures.project + "/Configs/\(name)/config.json"))
    }

    /// DC-AE 1.5 comes of the same description: no shortcut at the latent, ResBlocks alone.
    @Test(arguments: ["dc-ae-f32c128-1.5", "dc-ae-f64c128-1.5"]) func version15HasNoShortcutAtTheLatent(name: String)
        throws
    {
        let network = NetworkDescription(try Registry().variant(named: name).config)
        #expect(network.encoder.output.shortcut == .none && network.decoder.input.shortcut == .none)
        #expect((network.encoder.stages + network.decoder.stages).allSatisfy { !$0.hasAttention })
    }

    /// The tree's leaves are the parameters, each once.
    @Test(arguments: published) func everyLeafIsAParameter(name: String) throws {
        let network = NetworkDescription(try Registry().variant(named: name).config)
        let names = network.parameters.map(\.original.name)
        #expect(Set(names).count == names.count)
        #expect(network.encoder.parameters.allSatisfy { $0.original.name.hasPrefix("encoder.") })
        #expect(network.decoder.parameters.allSatisfy { $0.original.name.hasPrefix("decoder.") })
    }

    /// The names that the original takes where a shortcut is missing (efficientvit/models/efficientvit/dc_ae.py).
    @Test func shortcutsNestTheirConvolution() throws {
        var config = try Registry().variant(named: "sana-1.0").config
        config.encoderOutShortcut = false
        config.decoderInShortcut = false
        let names = NetworkDescription(config).tensors(in: .original).map(\.tensor.name)
        #expect(names.contains("encoder.project_out.op_list.0.conv.weight"))
        #expect(names.contains("decoder.project_in.conv.weight"))
        #expect(!names.contains { $0.contains("project_out.main") || $0.contains("project_in.main") })
    }
}
