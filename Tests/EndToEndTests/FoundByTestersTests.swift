import CheckpointIO
import Foundation
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// What testers found before a release: each is a kind.
@Suite struct FoundByTestersTests {
    /// Nothing is written over a config.json that cannot be used, in whatever layout.
    @Test(arguments: ["original", "comfyui", "diffusers", "mlx"])
    func aConfigThatCannotBeUsedIsNotReplaced(layout: String) throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + name, Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + name)))
        let text = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        for (from, to) in [
            ("\"relu\"", "\"leaky_relu\""), ("0.41407", "null"), ("\"interpolate\"", "\"pixel_shuffle\""),
        ] {
            try folder.write("m/config.json", Array(text.replacing(from, with: to).utf8))
            try OwnModelTests.run(["convert", "m", "-o", "o", "--to", layout], known, in: folder, status: 2)
        }
        try folder.write("m/config.json", Array("{\"model_name\": \"tiny-f32\"}".utf8))
        try OwnModelTests.run(["convert", "m", "-o", "o", "--to", layout], known, in: folder, status: 2)
    }

    /// A factor that is missing stays missing on the way through the original layout.
    @Test func aMissingFactorIsNotMadeUp() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + name, Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + name)))
        try folder.write(
            "m/config.json",
            Fixtures.bytes(OwnModelTests.report("23-configs/scaling_missing/config.json"))
        )
        try OwnModelTests.run(["convert", "m", "-o", "o", "--to", "original"], known, in: folder)
        let back = try OwnModelTests.run(["convert", "o", "-o", "b"], known, in: folder, status: 2)
        #expect(back.error.contains("has no scaling_factor; diffusers would take 1.0"))
    }

    /// One file has no config.json beside it: what it cannot hold is said, whatever is silent.
    @Test func whatOneFileCannotHoldIsSaid() throws {
        let folder = try TemporaryFolder()
        let known = ["DCAE_REGISTRY": OwnModelTests.report("60-own-config/registry")]
        let arguments = ["convert", OwnModelTests.report("60-own-config/factor_0.3"), "-o", "x.safetensors", "-q"]
        let result = try OwnModelTests.run(arguments, known, in: folder)
        #expect(result.error.contains("warning: one file has no config.json beside it"))
        #expect(result.error.contains("so the scaling factor 0.3 is not saved"))
    }

    /// A note on a file holds for the content that it was written for.
    @Test(.enabled(if: Notes.areKept, "the file system keeps no extended attributes"))
    func aNoteHoldsForItsContent() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("w", [1, 2, 3])
        ProvenanceNote.write("dc-ae-f32c32-mix-1.0", to: path)
        #expect(ProvenanceNote.read(from: path) == "dc-ae-f32c32-mix-1.0")
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: [4, 5, 6, 7])
        try handle.close()
        #expect(ProvenanceNote.read(from: path) == nil)
    }

    @Test func valuesThatAreNoNumbersEndWithOne() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let tensors = try FormsTests.tensors("sana", .original).map { tensor, bytes in
            let isHuge = tensor.name == "encoder.project_in.conv.weight"
            let huge = withUnsafeBytes(of: Float(3e38).bitPattern.littleEndian) { Array($0) }
            return (tensor, isHuge ? Array((0..<(bytes.count / 4)).map { _ in huge }.joined()) : bytes)
        }
        try folder.write("m.safetensors", tensors: tensors)
        try OwnModelTests.run(["picture", "-o", "p.png", "--size", "64x64"], in: folder)
        let result = try OwnModelTests.run(
            ["encode", "m.safetensors", "p.png", "-o", "l.npy", "-q"],
            known,
            in: folder,
            status: 1
        )
        #expect(result.error.contains("dcae: warning: "))
    }

    /// An infinite counter is no finding: no program reads it.
    @Test func countersNeverDecideInVerify() throws {
        let folder = try TemporaryFolder()
        try OwnModelTests.run(["verify", OwnModelTests.report("63-batch-counters/as_f16")], in: folder)
    }

    /// Nor is one of another shape, which cannot be kept.
    @Test func countersOfAnotherShapeAreSet() throws {
        let folder = try TemporaryFolder()
        let file = try Checkpoint.open(Fixtures.path("tiny/f32/diffusers/diffusion_pytorch_model.safetensors"))
        let tensors = try file.tensors.map { tensor in
            let descriptor = tensor.descriptor
            guard descriptor.name.hasSuffix("num_batches_tracked") else {
                return (descriptor, try file.bytes(of: tensor))
            }
            return (TensorDescriptor(name: descriptor.name, dtype: .i64, shape: [3]), .init(repeating: 1, count: 24))
        }
        try folder.write("m/diffusion_pytorch_model.safetensors", tensors: tensors)
        try folder.write("m/config.json", Fixtures.bytes(Fixtures.path("tiny/f32/diffusers/config.json")))
        let result = try OwnModelTests.run(["convert", "m", "-o", "o"], in: folder)
        #expect(result.error.contains("in another shape than that of one number"))
        #expect(result.error.contains("several numbers: 0 stands for it"))
        let written = try Checkpoint.open(folder("o/diffusion_pytorch_model.safetensors"))
        let counters = written.tensors.filter { $0.descriptor.name.hasSuffix("num_batches_tracked") }
        #expect(!counters.isEmpty && counters.allSatisfy { $0.descriptor.shape == [] })
    }

    /// A file with very many prefixes is looked at in the time of one.
    @Test func manyPrefixesTakeNoTime() throws {
        let folder = try TemporaryFolder()
        let tensors = (0..<30_000).map { number in
            (
                descriptor: TensorDescriptor(name: "p\(number).encoder.conv_in.weight", dtype: .f32, shape: [0]),
                bytes: [UInt8]()
            )
        }
        let file = SafetensorsLayout(tensors.map(\.descriptor), format: nil)
        try folder.write("p.safetensors", file.header)
        let start = ContinuousClock.now
        let result = try OwnModelTests.run(["identify", "p.safetensors"], in: folder, status: 2)
        #expect(ContinuousClock.now - start < .seconds(20), "two seconds, on a machine that does nothing else")
        #expect(result.error.contains("its tensors have the names of no layout of a DC-AE"))
    }

    @Test func theVaeOfAPipelineIsTakenOut() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/diffusers/")
        for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
            try folder.write("pipe/vae/" + name, Fixtures.bytes(source + name))
        }
        try OwnModelTests.run(["convert", "pipe", "-o", "vae"], in: folder)
        #expect(folder.contents("vae") == ["config.json", "diffusion_pytorch_model.safetensors"])
    }

    @Test func filesThatAreNoPicturesAreCounted() throws {
        let folder = try TemporaryFolder()
        try folder.write("photos/q.heic", [1])
        try OwnModelTests.run(["picture", "-o", "photos/p.png", "--size", "64x64"], in: folder)
        let sana = Fixtures.path("tiny/sana/diffusers")
        let result = try OwnModelTests.run(["encode", sana, "photos", "-o", "l"], in: folder)
        #expect(
            result.error.contains(
                "1 file is left out, because its name does not end like a picture's: photos/q.heic"
            )
        )
    }

    /// Weights that lie in the folder and come before those that were written are named.
    @Test func weightsThatComeFirstAreNamed() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/diffusers")
        try OwnModelTests.run(["convert", source, "-o", "o", "--max-shard-size", "300KB"], in: folder)
        let result = try OwnModelTests.run(["convert", source, "-o", "o", "--dtype", "bf16", "--force"], in: folder)
        #expect(
            result.error.contains(
                "warning: o also holds diffusion_pytorch_model.safetensors.index.json, which loaders open first; name diffusion_pytorch_model.bf16.safetensors"
            )
        )
    }

    /// What is wrong is said once: as the error where it is one, else as a warning.
    @Test func aBrokenConfigIsSaidOnce() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + name, Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + name)))
        try folder.write("m/config.json", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8))
        let convert = try OwnModelTests.run(["convert", "m", "-o", "o"], known, in: folder, status: 2)
        #expect(convert.errorLines.count == 1 && convert.error.contains("this is a Git LFS pointer"))
        let identify = try OwnModelTests.run(["identify", "m"], known, in: folder)
        #expect(identify.error.contains("dcae: warning: the config.json beside it cannot be used"))
        #expect(identify.output.contains("diffusers layout, scaling factor unknown"))
        // No network is held against it that it is nowhere near to.
        let verify = try OwnModelTests.run(["verify", "m"], in: folder, status: 1)
        #expect(verify.output.split(separator: "\n").count <= 4, "\(verify.output)")
    }

    /// The user's word settles what names contradict, where the factor of the model's own config.json agrees.
    @Test func aVariantSettlesNamesThatContradict() throws {
        let folder = try TemporaryFolder()
        let config = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        for (name, factor) in [("twin-a", "0.41407"), ("twin-b", "0.9")] {
            try folder.write("r/Registry/\(name).json", Array("{\"name\": \"\(name)\"}".utf8))
            try folder.write("r/Configs/\(name)/config.json", Array(config.replacing("0.41407", with: factor).utf8))
        }
        let weights = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + weights, Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + weights)))
        let own = config.replacing("{\n", with: "{\n  \"_name_or_path\": \"twin-b\",\n")
        try folder.write("m/config.json", Array(own.utf8))
        let known = ["DCAE_REGISTRY": folder("r")]
        try OwnModelTests.run(["identify", "m"], known, in: folder, status: 2)
        let settled = try OwnModelTests.run(["identify", "m", "--variant", "twin-a"], known, in: folder)
        #expect(settled.error.contains("warning: the variant given is twin-a, although "), "\(settled.error)")
        #expect(settled.output.contains("twin-a: diffusers layout, scaling factor 0.41407"))
        try OwnModelTests.run(["identify", "m", "--variant", "twin-b"], known, in: folder, status: 2)
    }

    /// What is typed wrongly is answered.
    @Test(
        arguments: [
            (["help", "convrt"], "there is no command \"convrt\"; did you mean convert?"),
            (["convert", "mix", "-o", "q"], "\"mix\" can mean f32c32-mix, f64c128-mix or f128c512-mix"),
            (["picture", "-o", "p.jpg"], "the picture is a PNG"),
        ]
    )
    func wrongWordsAreAnswered(arguments: [String], words: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 64 && result.error.contains(words), "\(result.error)")
    }

    /// Replacing a model takes the weights of the one that was there, and names them; files of other names stay.
    @Test func filesOfOtherNamesStay() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/diffusers")
        let config = try Fixtures.text(source + "/config.json").replacing("0.41407", with: "0.5")
        try folder.write("o/config.json", Array(config.utf8))
        let own = ["epoch1.ckpt", "latents.safetensors", "notes.pt", "x.bin"]
        for name in own + ["diffusion_pytorch_model.fp16.safetensors"] { try folder.write("o/" + name, [1]) }
        let dry = try OwnModelTests.run(["convert", source, "-o", "o", "--dtype", "bf16", "--dry-run"], in: folder)
        #expect(dry.output.contains("would remove o/diffusion_pytorch_model.fp16.safetensors\n"))
        let result = try OwnModelTests.run(["convert", source, "-o", "o", "--dtype", "bf16", "--force"], in: folder)
        #expect(
            result.error.contains(
                "note: diffusion_pytorch_model.fp16.safetensors of the old model was removed"
            )
        )
        #expect(
            folder.contents("o").sorted()
                == (own + ["config.json", "diffusion_pytorch_model.bf16.safetensors"]).sorted()
        )
    }

    /// What was said since of a model that keeps its original config.json comes with it into the original layout.
    @Test func aShiftComesWithAKeptConfig() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        try folder.write("v1/model.safetensors", Fixtures.bytes(Fixtures.path("tiny/sana/original.safetensors")))
        try folder.write("v1/config.json", Array("{\"model_name\": \"tiny-sana\", \"torch_dtype\": \"float32\"}".utf8))
        try OwnModelTests.run(["convert", "v1", "-o", "v2"], known, in: folder)
        try OwnModelTests.run(["convert", "v2", "-o", "same", "--to", "original"], known, in: folder)
        #expect(try !Fixtures.text(folder("same/config.json")).contains("diffusers_config"))
        let text = try Fixtures.text(folder("v2/config.json"))
        try folder.write("v2/config.json", Array(text.replacing("{\n", with: "{\n  \"shift_factor\": 0.25,\n").utf8))
        try OwnModelTests.run(["convert", "v2", "-o", "v4", "--to", "original"], known, in: folder)
        #expect(try Fixtures.text(folder("v4/config.json")).contains("\"shift_factor\": 0.25"))
        try OwnModelTests.run(["diff", "v2", "v4", "--brief"], known, in: folder)
        // Beside a model_name alone no loader looks for it.
        let loose = "{\"model_name\": \"tiny-sana\", \"shift_factor\": 0.5}"
        try folder.write("v1/config.json", Array(loose.utf8))
        let identify = try OwnModelTests.run(["identify", "v1"], known, in: folder)
        #expect(identify.error.contains("warning: config.json has shift_factor beside model_name"))
    }

    /// Where an index of shards lies beside a whole file diffusers takes the shards.
    @Test func shardsGoBeforeAWholeFile() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/diffusers")
        try OwnModelTests.run(["convert", source, "-o", "o", "--max-shard-size", "300KB"], in: folder)
        let other = Fixtures.path("tiny/f32/diffusers/diffusion_pytorch_model.safetensors")
        try folder.write("o/diffusion_pytorch_model.safetensors", Fixtures.bytes(other))
        try OwnModelTests.run(["diff", source, "o", "--brief"], in: folder)
    }

    /// Instructions that are not there are not passed over in silence; those that are need no word.
    @Test func instructionsThatAreNotThereAreSaid() throws {
        let wrong = try Program.run(["tokens", "1024"], environment: ["DCAE_ISA": "sse9"])
        #expect(wrong.status == 0 && wrong.error.contains("warning: DCAE_ISA is sse9; this processor has baseline"))
        #expect(try Program.run(["tokens", "1024"], environment: ["DCAE_ISA": "baseline"]).error.isEmpty)
    }

    /// Of several networks the one whose names have no prefix can be chosen, too.
    @Test func theOneWithoutAPrefixIsCalledADot() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let source = Fixtures.path("tiny/sana/original.safetensors")
        let checkpoint = try Checkpoint.open(source)
        let parts = ["", "vae."].flatMap { prefix in
            checkpoint.tensors.map { Synthesized(prefix: prefix, tensor: $0) }
        }
        try folder.write("two.safetensors", try Synthesized.file(parts, of: checkpoint))
        let asked = try OwnModelTests.run(["convert", "two.safetensors", "-o", "o"], known, in: folder, status: 2)
        #expect(asked.error.contains("\".\" and \"vae\""), "\(asked.error)")
        try OwnModelTests.run(["convert", "two.safetensors", "-o", "o", "--section", "."], known, in: folder)
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(try Fixtures.bytes(folder("o" + name)) == Fixtures.bytes(Fixtures.path("tiny/sana/diffusers" + name)))
    }

    /// Tensors of a checkpoint under other names, as a file.
    private struct Synthesized {
        let prefix: String
        let tensor: StoredTensor

        static func file(_ parts: [Synthesized], of checkpoint: Checkpoint) throws -> [UInt8] {
            var (entries, data) = ([String](), [UInt8]())
            for part in parts {
                let bytes = try checkpoint.bytes(of: part.tensor)
                let descriptor = part.tensor.descriptor
                let shape = descriptor.shape.dimensions.map(String.init).joined(separator: ",")
                entries.append(
                    "\"\(part.prefix)\(descriptor.name)\":{\"dtype\":\"\(descriptor.dtype.rawValue)\",\"shape\":[\(shape)],"
                        + "\"data_offsets\":[\(data.count),\(data.count + bytes.count)]}"
                )
                data += bytes
            }
            let header = Array("{\(entries.joined(separator: ","))}".utf8)
            return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
        }
    }
}
