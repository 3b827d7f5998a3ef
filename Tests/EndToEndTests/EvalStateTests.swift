import CheckpointIO
import Foundation
import Images
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// States, casts and sizes of `eval`, `scale`, `roundtrip` and `encode`: what testers found to be passed over in silence.
@Suite struct EvalStateTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")

    private static func run(_ arguments: [String]) throws -> Program.Result {
        let result = try Program.run(arguments, environment: ["TORCH_HOME": "/nonexistent"])
        #expect(!result.wasSignalled)
        return result
    }

    private static func writePictures(_ folder: TemporaryFolder, _ name: String, count: Int, seed: Int = 0) throws {
        for index in 0..<count {
            try folder.write("\(name)/p\(index).png", [])
            try SeededPicture.make(80, 70, seed: seed + index)
                .writePNG(to: folder("\(name)/p\(index).png"), overwrite: true)
        }
    }

    /// A model with a bias in its last layer that fp16 does not hold, or that is NaN.
    private static func writeModel(_ folder: TemporaryFolder, _ name: String, bias: Float) throws -> String {
        let checkpoint = try Checkpoint.open(sana)
        let tensors = try checkpoint.tensors.map { tensor in
            var bytes = try checkpoint.bytes(of: tensor)
            if tensor.descriptor.name == "decoder.conv_out.bias" {
                bytes.withUnsafeMutableBytes { $0.storeBytes(of: bias, as: Float.self) }
            }
            return (descriptor: tensor.descriptor, bytes: bytes)
        }
        _ = try folder.write("\(name)/diffusion_pytorch_model.safetensors", tensors: tensors)
        try folder.write("\(name)/config.json", try Fixtures.bytes(sana + "/config.json"))
        return folder(name)
    }

    @Test(arguments: ["eval", "scale"]) func repeatedCommandsSeePicturesThatChanged(command: String) throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 3)
        let arguments = [command, Self.sana, folder("photos"), "--size", "64", "--json"]
        let state = ["-o", folder("state.json")]
        let before = try Self.run(arguments + state)
        try SeededPicture.make(90, 70, seed: 40).writePNG(to: folder("photos/p1.png"), overwrite: true)
        let after = try Self.run(arguments + state)
        let count = command == "eval" ? "1 of 3 pictures is" : "3 of 3 pictures are"
        #expect(
            after.status == 0 && after.error.contains("p1.png changed since it was measured: \(count) measured again")
        )
        #expect(try after.measured != before.measured && after.measured == Self.run(arguments).measured)
    }

    @Test func aCastThatFailsIsNamed() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 2)
        let big = try Self.writeModel(folder, "big", bias: 1e6)
        let arguments = ["eval", big, folder("photos"), "--size", "64", "--as", "fp16,bf16"]
        let result = try Self.run(arguments + ["--json"])
        #expect(result.status == 2, "\(result.error)")
        #expect(result.error.contains("big as fp16 could not be measured on 2 of 2 pictures: of p0.png, "))
        #expect(
            result.error.contains("in \(big) as fp16, 1 weight becomes infinite and ")
                || result.error.contains("big as fp16, 1 weight becomes infinite and ")
        )
        let evaluation = try #require(try result.result["evaluation"])
        let models = try #require(evaluation["models"]?.array)
        #expect(models.map { $0["errors"]?.array?.count } == [0, 2, 0])
        #expect(models[0]["psnr"]?["picture_count"] == 2 && models[2]["psnr"]?["picture_count"] == 2)
        #expect(models[2]["psnr_against_uncast"]?["picture_count"] == 2 && models[0]["psnr_against_uncast"] == .null)
        #expect(evaluation["measured"]?["models"]?.array?[1]["cast"]?["overflows"] == 1)
        #expect(evaluation["errors"] == [])
        let shown = try Self.run(arguments)
        #expect(shown.output.contains("not measured") && shown.output.contains("PSNR, uncast"))
    }

    /// The reference casts too, and says nothing of casts that it does not do.
    @Test func enginesAndCasts() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 1)
        let result = try Self.run([
            "eval", Self.sana, folder("photos"), "--size", "64", "--as", "fp8-e4m3", "--engine", "reference", "--json",
        ])
        #expect(result.status == 0, "\(result.error)")
        let models = try #require(try result.result["evaluation"]?["models"]?.array)
        #expect(models[1]["psnr_against_uncast"]?["mean"]?.number?.isFinite == true)
        #expect(result.output.contains("f64 reference, weights as fp8-e4m3"))
        for option in ["--as", "--activations"] {
            let refused = try Self.run(["roundtrip", "m", "p.png", option, "fp16", "--engine", "reference"])
            #expect(refused.status == 64 && refused.error.contains("\(option) works only with the fast engine"))
        }
    }

    @Test func roundtripOfCastsTakesSizesLimitsAndFolders() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 4)
        let arguments = ["roundtrip", Self.sana, folder("photos"), "--as", "fp16", "--activations", "fp16"]
        let some = try Self.run(arguments + ["--size", "64", "--limit", "2", "--json"])
        #expect(some.status == 0, "\(some.error)")
        let pictures = try #require(try some.result["pictures"]?.array)
        #expect(pictures.compactMap { $0["input"]?.string } == ["p0.png", "p2.png"].map { folder("photos/\($0)") })
        #expect(pictures.allSatisfy { $0["formats"]?.array?.first?["psnr"]?.number != nil })
        try folder.write("photos/p1.png", [0x89])
        let passed = try Self.run(arguments + ["--size", "64", "--json"])
        #expect(passed.status == 2 && passed.error.contains("p1.png: "), "\(passed.error)")
        #expect(try passed.result["pictures"]?.array?.count == 3 && passed.result["errors"]?.array?.count == 1)
    }

    @Test(arguments: ["encode", "roundtrip"]) func sizesThatAreNoMultipleAreSaidToBe(command: String) throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 1)
        let arguments = [command, Self.sana, folder("photos/p0.png"), "--size", "100"]
        let output = command == "encode" ? ["-o", folder("x.npy")] : []
        let result = try Self.run(arguments + output)
        #expect(result.status == 2 && result.error.contains("--size: 100 is no multiple of 32"), "\(result.error)")
        let padded = try Self.run(arguments + output + ["--fit", "pad"])
        #expect(padded.status == 0, "\(padded.error)")
    }

    @Test func valuesThatAreNoNumbersAreSaid() throws {
        let folder = try TemporaryFolder()
        let model = try Self.writeModel(folder, "nan", bias: .nan)
        let result = try Self.run(["verify", model, "--numerics"])
        #expect(
            result.status == 1 && result.output.contains("values are NaN or infinite, the first in decoder.conv_out")
        )
        #expect(result.output.contains("in the reference too") && !result.output.contains("nan("))
        let json = try Self.run(["verify", model, "--numerics", "--json"])
        #expect(try json.result["decode"]?["non_finite_count"]?.integer ?? 0 > 0)
        let big = try Self.writeModel(folder, "big", bias: 1e6)
        try Self.writePictures(folder, "photos", count: 1)
        let cast = try Self.run(["roundtrip", big, folder("photos/p0.png"), "--as", "fp16,fp8-e4m3", "--size", "64"])
        #expect(cast.status == 0 && cast.output.contains("decoder.conv_out infinite") && !cast.output.contains("nan("))
    }

    @Test func partsInOneFileAndPagesOfResults() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, "photos", count: 3)
        let arguments = ["eval", Self.sana, folder("photos"), "--size", "64", "-o", folder("state"), "--shard"]
        #expect(try Self.run(arguments + ["1/3"]).status == 0)
        let other = try Self.run(arguments + ["2/3"])
        #expect(other.status == 2 && other.error.contains("the state of part 1/3, not of part 2/3"), "\(other.error)")
        #expect(other.error.contains("-o parts/") && !other.error.contains("--force"))
        let compared = try Self.run(["eval", "compare", folder("state"), folder("state")])
        #expect(compared.error.contains("it is part 1 of 3, not a result of all pictures; merge the parts first"))
        let page = try Self.run([
            "eval", "merge", folder("state"), "--allow-missing", "--html", folder("page.html"),
        ])
        #expect(page.status == 0 && page.error.contains("the page has no pictures"), "\(page.error)")
    }

    /// Which columns are explained are those that are there.
    @Test func legendsAreOfTheirTable() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 128, height: 64).writePNG(to: folder("p.png"))
        let model = Fixtures.path("tiny/v15/diffusers")
        let result = try Self.run([
            "roundtrip", model, folder("p.png"), "--latent-channels", "8,16,24",
        ])
        #expect(result.status == 0, "\(result.error)")
        let lines = result.output.split(separator: "\n")
        for heading in ["ENCODE", "DECODE"] {
            #expect(lines.first?.contains(heading) == lines.last?.contains(heading), "\(result.output)")
        }
    }
}
