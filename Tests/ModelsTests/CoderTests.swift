import CheckpointIO
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

/// Coders that people save apart from each other.
@Suite struct CoderTests {
    /// The tensors of a variant under other names; a name of nil is left out.
    private func named(
        _ variant: String,
        _ layout: Layout,
        in folder: TemporaryFolder,
        _ rename: (String) -> String?
    ) throws -> OpenedModel {
        let whole = try hollow(variant, layout, in: folder, at: "m")
        let tensors = whole.tensors.compactMap { tensor in rename(tensor.descriptor.name).map(tensor.renamed) }
        let file = Checkpoint(path: whole.path, format: .safetensors, files: whole.files, tensors: tensors)
        return try OpenedModel(file, registry: Registry())
    }

    /// `model.decoder.state_dict()` has names without `decoder.`.
    @Test(
        arguments: [("encoder", "", NetworkPart.encoder), ("decoder", "", .decoder), ("decoder", "module.", .decoder)],
        [Layout.original, .diffusers]
    )
    func aCoderSavedByItselfIsRecognised(coder: (word: String, before: String, part: NetworkPart), layout: Layout)
        throws
    {
        let folder = try TemporaryFolder()
        let model = try named("lite", layout, in: folder) { name in
            name.hasPrefix(coder.word + ".") ? coder.before + name.dropFirst(coder.word.count + 1) : nil
        }
        #expect(model.part == coder.part && model.layout == layout && model.network != nil)
        #expect(model.notes.contains { $0.contains("the names lack \"\(coder.word).\"") })
    }

    /// A wrapper around each coder leaves them under different prefixes.
    @Test(arguments: [Layout.original, .diffusers]) func codersUnderTwoPrefixesAreOneNetwork(layout: Layout) throws {
        let folder = try TemporaryFolder()
        let model = try named("lite", layout, in: folder) { name in
            (name.hasPrefix("encoder.") ? "teacher.enc." : "student.") + name
        }
        #expect(model.part == .whole && model.layout == layout)
        #expect(model.variant?.name == "dc-ae-lite-f32c32-sana-1.1")
        #expect(model.notes.contains { $0.contains("the encoder is under \"teacher.enc\"") })
    }

    /// LitEma keeps averages under names without dots, in which what the network is called in its module stands too.
    @Test(arguments: ["", "vae", "first_stage_model", "autoencoder", "model"]) func anAverageIsFoundByItsSection(
        attribute: String
    ) throws {
        let folder = try TemporaryFolder()
        let whole = try hollow("lite", in: folder, at: "m")
        let prefix = attribute.isEmpty ? "" : attribute + "."
        let tensors = whole.tensors.flatMap { tensor in
            let name = prefix + tensor.descriptor.name
            let isCounter = name.hasSuffix("num_batches_tracked")
            return [tensor.renamed(name)]
                + (isCounter ? [] : [tensor.renamed("model_ema." + name.filter { $0 != "." })])
        }
        let file = Checkpoint(
            path: whole.path,
            format: .safetensors,
            files: whole.files,
            tensors: tensors,
            unusedSection: Checkpoint.UnusedSection(name: "model_ema", there: [])
        )
        let model = try OpenedModel(file, registry: Registry())
        #expect(model.variant?.name == "dc-ae-lite-f32c32-sana-1.1" && model.part == .whole)
        #expect(model.notes.contains { $0.contains("averages taken from model_ema") })
    }

    /// A coder with a tensor missing is none.
    @Test func aPartOfACoderIsNotTakenForOne() throws {
        let folder = try TemporaryFolder()
        let model = try named("lite", .original, in: folder) { name in
            name.hasPrefix("decoder.") && !name.hasSuffix("project_out.op_list.0.weight")
                ? String(name.dropFirst("decoder.".count)) : nil
        }
        #expect(model.network == nil && model.problem != nil)
    }
}
