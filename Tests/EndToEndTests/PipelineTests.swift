import CheckpointIO
import Foundation
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Whole pipelines of diffusers, and files of other models: what they are is said in one line.
@Suite struct PipelineTests {
    static let source = Fixtures.path("tiny/sana/diffusers")

    /// Writes a pipeline; without weights where none are given.
    private func write(
        _ folder: TemporaryFolder,
        _ name: String,
        _ type: String,
        vae: String,
        at place: String = "vae",
        weights: String? = source
    ) throws {
        let index = """
            {"_class_name": "\(type)", "_diffusers_version": "0.35.0", "safety_checker": [null, null],
             "scheduler": ["diffusers", "DPMSolverMultistepScheduler"], "\(place)": ["diffusers", "\(vae)"]}
            """
        try folder.write("\(name)/model_index.json", Array(index.utf8))
        for file in ["config.json", "diffusion_pytorch_model.safetensors"] where weights != nil {
            try folder.write("\(name)/\(place)/\(file)", Fixtures.bytes((weights ?? "") + "/" + file))
        }
    }

    @Test func everyCommandTakesTheRoot() throws {
        let folder = try TemporaryFolder()
        try write(folder, "pipe", "SanaPipeline", vae: "AutoencoderDC")
        try OwnModelTests.run(["picture", "-o", "p.png", "--size", "64x64"], in: folder)
        try OwnModelTests.run(["encode", Self.source, "p.png", "-o", "l.safetensors"], in: folder)
        let note = "dcae: note: this is a pipeline, SanaPipeline: its autoencoder was taken, in vae/\n"
        for arguments in [
            ["inspect", "pipe"], ["verify", "pipe"], ["identify", "pipe"], ["hash", "pipe"], ["roundtrip", "pipe"],
            ["roundtrip", "pipe", "p.png"], ["convert", "pipe", "-o", "out"], ["bench", "pipe", "--size", "32"],
            ["encode", "pipe", "p.png", "-o", "m.safetensors"], ["decode", "pipe", "l.safetensors", "-o", "q.png"],
            ["diff", "pipe", Self.source], ["scale", "pipe", "--images", "p.png", "--size", "64"],
        ] {
            let result = try OwnModelTests.run(arguments, in: folder)
            #expect(result.error.components(separatedBy: note).count == 2, "\(arguments): \(result.error)")
        }
        // The index stands for the folder, and what it says is not believed against the tensors.
        try write(folder, "pipe", "SanaPipeline", vae: "AutoencoderKL")
        let contrary = try OwnModelTests.run(["identify", "pipe/model_index.json"], in: folder)
        #expect(contrary.error.contains(note))
        #expect(
            contrary.error.contains(
                "warning: model_index.json says that it is an AutoencoderKL, but its tensors are those of a DC-AE"
            )
        )
        try write(folder, "pipe", "SanaPipeline", vae: "AutoencoderDC")
        let shown = try OwnModelTests.run(["inspect", "pipe"], in: folder)
        #expect(
            shown.output.contains("  pipeline    SanaPipeline, whose autoencoder, in vae/, is an AutoencoderDC\n")
        )
        let json = try OwnModelTests.run(["inspect", "pipe", "--json"], in: folder)
        let pipeline = try json.result["pipeline"]
        #expect(pipeline?["class"] == "SanaPipeline" && pipeline?["is_dc_ae"] == true && pipeline?["folder"] == "vae")
    }

    @Test func anAutoencoderOfAnotherKindIsToldInOneLine() throws {
        let folder = try TemporaryFolder()
        try folder.write("kl/config.json", Array("{\"_class_name\": \"AutoencoderKL\"}".utf8))
        try folder.write(
            "kl/diffusion_pytorch_model.safetensors",
            tensors: ForeignModelTests.tensors(["encoder.down_blocks.0.resnets.0.conv1.weight": [2, 2, 3, 3]])
        )
        try write(folder, "sd", "StableDiffusionPipeline", vae: "AutoencoderKL", weights: folder("kl"))
        try write(folder, "empty", "StableDiffusionPipeline", vae: "AutoencoderKL", weights: nil)
        let line =
            "this is a pipeline, StableDiffusionPipeline, whose autoencoder, in vae/, is an AutoencoderKL, no DC-AE"
        for name in ["sd", "empty"] {
            for arguments in [
                ["convert", name, "-o", "out"], ["verify", name], ["identify", name], ["roundtrip", name],
            ] {
                let result = try OwnModelTests.run(arguments, in: folder, status: 2)
                #expect(result.error == "dcae: error: \(name): \(line)\n", "\(arguments)")
            }
        }
        let shown = try OwnModelTests.run(["inspect", "sd"], in: folder)
        #expect(shown.error.isEmpty)
        #expect(
            shown.output.contains(
                "  pipeline    StableDiffusionPipeline, whose autoencoder, in vae/, is an AutoencoderKL, no DC-AE\n"
            )
        )
        #expect(shown.output.contains("  model       an AutoencoderKL, as Stable Diffusion and FLUX have it\n"))
        let alone = try OwnModelTests.run(["identify", "kl"], in: folder, status: 2)
        #expect(alone.errorLines.count == 1 && alone.error.contains("this is an AutoencoderKL"))
    }

    @Test func pipelinesOfManyKinds() throws {
        let folder = try TemporaryFolder()
        try write(folder, "empty", "SanaPipeline", vae: "AutoencoderDC", weights: nil)
        try write(folder, "music", "MusicPipeline", vae: "AutoencoderDC", at: "music_dcae_f8c8")
        try folder.write("none/model_index.json", Array("{\"_class_name\": \"TextPipeline\"}".utf8))
        try folder.write("broken/model_index.json", Array("{x".utf8))
        try folder.write("list/model_index.json", Array("[1]".utf8))
        try folder.write("out/model_index.json", Array("{\"../up\": [\"diffusers\", \"AutoencoderDC\"]}".utf8))
        for (name, text) in [
            ("empty", "this is a pipeline, SanaPipeline, whose autoencoder is not here: there are no weights in vae/"),
            ("none", "this is a pipeline, TextPipeline, which has no autoencoder"),
            ("broken", "broken/model_index.json: byte 1: not valid JSON"),
            ("list", "list/model_index.json: a configuration is a JSON object, not a list"),
            ("out", "this is a pipeline, which has no autoencoder"),
        ] {
            let result = try OwnModelTests.run(["verify", name], in: folder, status: 2)
            #expect(result.errorLines.count == 1 && result.error.contains(text), "\(name): \(result.error)")
        }
        let music = try OwnModelTests.run(["verify", "music"], in: folder)
        #expect(music.error.contains("its autoencoder was taken, in music_dcae_f8c8/"))
        // A vae/ that nothing says to belong to a pipeline.
        try write(folder, "bare", "x", vae: "AutoencoderDC")
        try FileManager.default.removeItem(atPath: folder("bare/model_index.json"))
        let bare = try OwnModelTests.run(["verify", "bare"], in: folder)
        #expect(bare.error == "dcae: note: the weights in vae/ were taken\n")
    }
}

/// Files of other models that people have at hand are called what they are.
@Suite struct ForeignModelTests {
    static func tensors(_ shapes: [String: [Int]]) -> FormsTests.Tensors {
        shapes.sorted { $0.key < $1.key }.map { name, shape in
            (.init(name: name, dtype: .f32, shape: Shape(shape)), .init(repeating: 0, count: 4 * shape.reduce(1, *)))
        }
    }

    static let models: [(shapes: [String: [Int]], text: String)] = [
        (
            ["unet.a.to_q.lora_A.weight": [2, 2], "unet.a.to_q.lora_B.weight": [2, 2]], "a LoRA: changes to the weights"
        ),
        (["lora_unet_x.lora_up.weight": [2, 2], "lora_unet_x.alpha": [1]], "a LoRA"),
        (["transformer_blocks.0.ff.conv_inverted.weight": [2, 2, 1, 1]], "SANA's diffusion transformer"),
        (
            ["blocks.0.mlp.inverted_conv.conv.weight": [2, 2, 1, 1], "x_embedder.proj.weight": [2, 2]],
            "SANA's diffusion"
        ),
        (["transformer_blocks.0.attn.to_q.weight": [2, 2]], "the diffusion transformer of a pipeline"),
        (["down_blocks.0.resnets.0.conv1.weight": [2, 2, 3, 3]], "the U-Net of a pipeline"),
        (["model.layers.0.self_attn.q_proj.weight": [2, 2]], "a language model"),
        (["decoder.up_blocks.0.resnets.0.conv1.weight": [2, 2, 3, 3]], "an AutoencoderKL"),
        (
            ["first_stage_model.encoder.down.0.block.0.conv1.weight": [2, 2, 3, 3], "model.x": [1]], "an AutoencoderKL"
        ),
        (["1.weight": [64, 32, 3, 3], "3.conv.0.weight": [64, 64, 3, 3]], "TAESANA, a small autoencoder"),
        (["1.weight": [64, 4, 3, 3], "3.conv.0.weight": [64, 64, 3, 3]], "a small autoencoder of the TAESD kind"),
        (["0.weight": [64, 3, 3, 3], "1.conv.0.weight": [64, 64, 3, 3]], "a small autoencoder of the TAESD kind"),
        (
            ["encoder.layers.0.weight": [64, 3, 3, 3], "decoder.layers.0.weight": [64, 4, 3, 3]],
            "a small autoencoder of the TAESD kind"
        ),
        (
            ["decoder.1.weight": [64, 4, 3, 3], "decoder.3.conv.0.weight": [64, 64, 3, 3], "encoder.0.weight": [64]],
            "a small autoencoder of the TAESD kind"
        ),
        (["layers.0.down_proj.qweight": [2, 2], "layers.0.down_proj.qzeros": [2, 2]], "a model whose weights were"),
        (
            ["encoder.a.to_q.weight": [8, 1], "encoder.a.to_q.weight.quant_state.bitsandbytes__nf4": [3]],
            "a model whose weights were quantized, by bitsandbytes"
        ),
        (
            ["encoder.down.0.block.0.conv1.weight": [2, 2, 3, 3], "quantize.embedding.weight": [4, 4]],
            "a VQ model, whose latents are entries of a codebook"
        ),
        (["encoder.stages.0.0.main.conv1.conv.weight": [2, 2, 3, 3, 3]], "a video autoencoder (DC-AE-V)"),
        (["encoder.down.0.block.0.conv1.0.conv3d.weight": [2, 2, 1, 3, 3]], "a Cosmos tokenizer for video"),
        (["encoder.down_blocks.0.resnets.0.conv1.weight": [2, 2, 3, 3, 3]], "a video autoencoder of another kind"),
    ]

    @Test(arguments: models) func isNamedInOneLine(model: (shapes: [String: [Int]], text: String)) throws {
        let folder = try TemporaryFolder()
        try folder.write("x.safetensors", tensors: Self.tensors(model.shapes))
        for arguments in [["convert", "x.safetensors", "-o", "out"], ["identify", "x.safetensors"]] {
            let result = try OwnModelTests.run(arguments, in: folder, status: 2)
            #expect(result.errorLines.count == 1, "\(result.error)")
            #expect(result.error.hasPrefix("dcae: error: x.safetensors: this is \(model.text)"), "\(result.error)")
        }
        let shown = try OwnModelTests.run(["inspect", "x.safetensors"], in: folder)
        #expect(shown.output.contains("  model       \(model.text)"))
        try OwnModelTests.run(["hash", "x.safetensors", "-q"], in: folder)
    }

    /// Formats that are known by their first bytes, with what to do about them.
    @Test(
        arguments: [
            ("m.gguf", "GGUF", "this is a GGUF file"),
            ("m.onnx", "\u{8}\u{8}\u{12}\u{7}pytorch", "this is an ONNX model"),
            ("m.mlmodel", "\u{8}\u{5}\u{12}\u{20}\u{A}\u{5}\u{A}\u{5}image", "this is a Core ML model"),
            ("m.tflite", "\u{1c}\0\0\0TFL3", "this is a TensorFlow Lite file"),
            ("m.xml", "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">", "this is an OpenVINO network"),
        ]
    )
    func formatsOfOtherPrograms(name: String, start: String, text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(name, Array(start.utf8) + .init(repeating: 0, count: 100))
        let result = try OwnModelTests.run(["identify", name], in: folder, status: 2)
        #expect(result.errorLines.count == 1 && result.error.contains(text), "\(result.error)")
        #expect(result.error.contains("give the safetensors or PyTorch file"))
    }

    @Test func whatIsNoTextIsKnownToo() throws {
        let folder = try TemporaryFolder()
        let zeros = [UInt8](repeating: 0, count: 4096)
        for (bytes, text) in [
            ([0x82, 0xA7] + Array("decoder".utf8) + zeros, "this is a MessagePack file (Flax), not a checkpoint"),
            ([0xDE, 0, 0x20, 0xD9, 0x30] + zeros, "this is a MessagePack file (Flax), not a checkpoint"),
            (
                zeros,
                "its first 512 bytes are zero: the space was reserved, but the data never arrived; download it again"
            ),
        ] {
            try folder.write("x.safetensors", bytes)
            let result = try OwnModelTests.run(["identify", "x.safetensors"], in: folder, status: 2)
            #expect(result.errorLines.count == 1 && result.error.contains(text), "\(result.error)")
        }
    }

    /// What DeepSpeed keeps of each process beside the model, with the state of the optimizer in it and without.
    @Test func zeroPartsAreCalledThat() throws {
        let folder = try TemporaryFolder()
        let average = TorchFile.tensor(TorchFile.storage("0", count: 4), length: 4)
        let state = TorchFile.dict([("state", TorchFile.dict([("0", TorchFile.dict([("exp_avg", average)]))]))])
        let name = "zero_pp_rank_0_mp_rank_00_optim_states.pt"
        for more in [[], [("base_optimizer_state", state)]] {
            let parts = TorchFile.dict([
                ("optimizer_state_dict", TorchFile.dict([("zero_stage", [0x4B, 3])] + more))
            ])
            let file = TorchFile.zip(TorchFile.pickle(parts), storages: [("0", .init(repeating: 0, count: 16))])
            try folder.write("z/" + name, file)
            for path in ["z", "z/" + name] {
                let result = try OwnModelTests.run(["identify", path], in: folder, status: 2)
                #expect(result.error.contains("gather the partitions first (zero_to_fp32.py)"), "\(result.error)")
            }
        }
    }
}
