import CheckpointIO
import Foundation
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The forms in which people have a network's tensors, made of the tiny networks: all convert to what diffusers wrote.
@Suite struct FormsTests {
    typealias Tensors = [(descriptor: TensorDescriptor, bytes: [UInt8])]

    static func tensors(_ family: String, _ layout: Layout) throws -> Tensors {
        let path = Fixtures.path("tiny/\(family)/" + (layout == .original ? "original.safetensors" : "diffusers"))
        let checkpoint = try Checkpoint.open(path)
        return try checkpoint.tensors.map { ($0.descriptor, try checkpoint.bytes(of: $0)) }
    }

    static func renamed(_ tensors: Tensors, _ name: (String) -> String) -> Tensors {
        tensors.map { tensor, bytes in
            (.init(name: name(tensor.name), dtype: tensor.dtype, shape: tensor.shape), bytes)
        }
    }

    static func other(_ names: String...) -> Tensors {
        names.map { (.init(name: $0, dtype: .f32, shape: [2]), Array(repeating: 0, count: 8)) }
    }

    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arguments: [String]
        let note: String
        let make: @Sendable (Tensors) -> Tensors

        init(
            _ name: String,
            _ note: String,
            _ arguments: [String] = [],
            _ make: @escaping @Sendable (Tensors) -> Tensors
        ) {
            (testDescription, self.note, self.arguments, self.make) = (name, note, arguments, make)
        }
    }

    static let forms: [Form] = [
        Form("under vae. beside a pipeline", "left out: model.x.weight, te.y.weight") {
            renamed($0) { "vae." + $0 } + other("model.x.weight", "te.y.weight")
        },
        Form("under first_stage_model. beside much", "under \"first_stage_model\"; 3 others are left out: model.* (3)")
        {
            renamed($0) { "first_stage_model." + $0 } + other("model.a", "model.b", "model.c")
        },
        Form("under 0.", "the prefix \"0.\" of all") { renamed($0) { "0." + $0 } },
        Form("under dcae. beside a vocoder", "left out: vocoder.head.weight") {
            renamed($0) { "dcae." + $0 } + other("vocoder.head.weight")
        },
        Form("beside a loss", "left out: loss.* (2)") { $0 + other("loss.d.weight", "loss.logvar") },
        Form("compiled within", "(\"_orig_mod\") was taken off") {
            renamed($0) { $0.hasPrefix("decoder.") ? $0.replacing("decoder.", with: "decoder._orig_mod.") : $0 }
        },
        Form(
            "wrapped by FSDP in the middle",
            "(\"_checkpoint_wrapped_module\" and \"_fsdp_wrapped_module\") was taken off"
        ) {
            renamed($0) { name in
                let parts = name.split(separator: ".")
                return
                    (["_fsdp_wrapped_module"] + parts.prefix(2) + ["_checkpoint_wrapped_module"] + parts.dropFirst(2))
                    .joined(separator: ".")
            }
        },
        Form("with an average beside it", "there are weights under model_ema too; to take those, name that section") {
            $0 + renamed($0) { "model_ema." + $0 }
        },
        Form("one of two, by --section", "under \"b\"", ["--section", "b"]) {
            renamed($0) { "a." + $0 } + renamed($0) { "b." + $0 }
        },
        Form("an average without dots, by --section", "averages taken from model_ema", ["--section", "model_ema"]) {
            let named = $0.filter {
                !$0.descriptor.name.hasSuffix("num_batches_tracked") && !$0.descriptor.name.contains("running_")
            }
            return $0 + renamed(named) { "model_ema." + $0.replacing(".", with: "") } + other("model_ema.decay")
        },
    ]

    @Test(arguments: forms, [("sana", Layout.original), ("sana", .diffusers), ("f32", .original)])
    func aCompleteNetworkIsFound(form: Form, source: (family: String, layout: Layout)) throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        try folder.write("x.safetensors", tensors: form.make(Self.tensors(source.family, source.layout)))
        let arguments = ["convert", "x.safetensors", "-o", "o"] + form.arguments
        let result = try OwnModelTests.run(arguments, known, in: folder)
        #expect(result.error.contains(form.note), "\(result.error)")
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(
            try Fixtures.bytes(folder("o" + name))
                == Fixtures.bytes(Fixtures.path("tiny/\(source.family)/diffusers" + name))
        )
        for command in ["identify", "verify", "inspect", "hash"] {
            let other = try Program.run(
                [command, "x.safetensors"] + form.arguments,
                environment: known,
                in: folder.path
            )
            // That no config.json lies beside a bare file is a warning.
            #expect(
                other.status == 0,
                "\(command): \(other.error)"
            )
        }
    }

    @Test func severalNetworksAreListed() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let tensors = try Self.tensors("sana", .original)
        try folder.write(
            "two.safetensors",
            tensors: Self.renamed(tensors) { "a." + $0 } + Self.renamed(tensors) { "b." + $0 }
        )
        let result = try OwnModelTests.run(["convert", "two.safetensors", "-o", "o"], known, in: folder, status: 2)
        #expect(
            result.error
                == "dcae: error: two.safetensors: several complete networks are in it, under \"a\" and \"b\"; choose one with --section, as --section a\n"
        )
        let wrong = try OwnModelTests.run(
            ["inspect", "two.safetensors", "--section", "c"],
            known,
            in: folder,
            status: 2
        )
        #expect(wrong.error.contains("there is no section \"c\" with weights, but a, b"))
    }

    /// Half a network is recognised, runs as far as it goes, and is not converted.
    @Test(arguments: [("encoder.", "encode", "decode"), ("decoder.", "decode", "encode")])
    func halves(prefix: String, runs: String, refuses: String) throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let tensors = try Self.tensors("sana", .original).filter { $0.descriptor.name.hasPrefix(prefix) }
        try folder.write("half.safetensors", tensors: tensors)
        try OwnModelTests.run(["picture", "-o", "p.png", "--size", "64x64"], in: folder)
        try OwnModelTests.run(
            ["encode", Fixtures.path("tiny/sana/diffusers"), "p.png", "-o", "l.safetensors"],
            in: folder
        )
        let found = try OwnModelTests.run(["identify", "half.safetensors"], known, in: folder)
        #expect(found.output.hasSuffix("the \(prefix.dropLast()) alone of tiny-sana, original layout\n"))
        let input = ["encode": "p.png", "decode": "l.safetensors"]
        let good = [runs, "half.safetensors", input[runs] ?? "", "-o", "out.safetensors"]
        try OwnModelTests.run(good, known, in: folder)
        let bad = [refuses, "half.safetensors", input[refuses] ?? "", "-o", "bad.safetensors"]
        #expect(
            try OwnModelTests.run(bad, known, in: folder, status: 2).error.contains(
                "it holds the \(prefix.dropLast()) of tiny-sana alone, not the \(refuses)r"
            ) || refuses == "encode"
        )
        let refused = try OwnModelTests.run(["convert", "half.safetensors", "-o", "o"], known, in: folder, status: 2)
        #expect(
            refused.error.contains("it holds the \(prefix.dropLast()) of tiny-sana alone, not the whole autoencoder")
        )
    }

    /// What others wrote in their own layouts, and back.
    @Test(arguments: [("12-mlx", "mlx"), ("18-extramodels/extramodels.safetensors", "comfyui")])
    func otherLayouts(path: String, layout: String) throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let source = OwnModelTests.report(path)
        let result = try OwnModelTests.run(["convert", source, "-o", "o"], known, in: folder)
        #expect(result.output.hasPrefix("\(layout) -> diffusers: tiny-sana\n"))
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(try Fixtures.bytes(folder("o" + name)) == Fixtures.bytes(Fixtures.path("tiny/sana/diffusers" + name)))
        try OwnModelTests.run(["convert", "o", "-o", "b.safetensors", "--to", layout], known, in: folder)
        #expect(try OwnModelTests.run(["diff", "b.safetensors", source, "--brief"], known, in: folder).status == 0)
        let back = try Checkpoint.open(folder("b.safetensors"))
        let truth = try Checkpoint.open(source)
        #expect(back.tensors.count == truth.tensors.count)
        for tensor in truth.tensors {
            let other = try #require(back[tensor.descriptor.name])
            #expect(other.descriptor == tensor.descriptor)
            #expect(try back.bytes(of: other) == truth.bytes(of: tensor), "\(tensor.descriptor.name)")
        }
    }

    /// Converting within a layout is an ordinary conversion; where nothing would change, that is said.
    @Test func withinALayout() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/diffusers")
        let truth = try Fixtures.bytes(source + "/diffusion_pytorch_model.safetensors")
        try OwnModelTests.run(["convert", source, "-o", "shards", "--max-shard-size", "300KB"], in: folder)
        #expect(folder.contents("shards").contains("diffusion_pytorch_model.safetensors.index.json"))
        try OwnModelTests.run(["convert", "shards", "-o", "one.safetensors"], in: folder)
        #expect(try Fixtures.bytes(folder("one.safetensors")) == truth)
        #expect(folder.contents().filter { $0.hasPrefix("one") } == ["one.safetensors"], "one file, no folder")
        try OwnModelTests.run(["convert", source, "-o", "packed", "--compress", "zstd"], in: folder)
        try OwnModelTests.run(["convert", "packed", "-o", "unpacked"], in: folder)
        #expect(try Fixtures.bytes(folder("unpacked/diffusion_pytorch_model.safetensors")) == truth)
        try OwnModelTests.run(["convert", source, "-o", "bf16", "--dtype", "bf16"], in: folder)
        #expect(folder.contents("bf16") == ["config.json", "diffusion_pytorch_model.bf16.safetensors"])
        let nothing = try OwnModelTests.run(["convert", source, "-o", "same"], in: folder, status: 2)
        #expect(nothing.error.contains("nothing would change: it already has this layout (diffusers)"))
        for (output, status) in [("-", 2), ("", 2), ("x.pt", 64)] {
            #expect(try Program.run(["convert", source, "-o", output], in: folder.path).status == status, "\(output)")
        }
        #expect(!folder.contents().contains("same") && !folder.contents().contains("-"))
        // Out of a pipeline.
        try folder.write("pipe/model_index.json", Array("{\"_class_name\": \"SanaPipeline\"}".utf8))
        try folder.write("pipe/vae/config.json", Fixtures.bytes(source + "/config.json"))
        try folder.write("pipe/vae/diffusion_pytorch_model.safetensors", truth)
        try OwnModelTests.run(["convert", "pipe", "-o", "vae.safetensors", "--dtype", "fp16"], in: folder)
    }
}
