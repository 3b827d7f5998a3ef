import Foundation
import Images
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The reference engine and what low precision costs, as the program shows them.
@Suite struct NumericsCommandTests {
    static let sana = NetworkCommandTests.sana

    @Test func theReferenceEncodesAndDecodesAsTheFastEngine() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 64, height: 64).writePNG(to: folder("in.png"))
        for engine in ["fast", "reference"] {
            let latent = folder(engine + ".npy")
            let encode = ["encode", Self.sana, folder("in.png"), "-o", latent, "--engine", engine]
            #expect(try NetworkCommandTests.run(encode).status == 0)
            let decode = ["decode", Self.sana, latent, "-o", folder(engine + ".png"), "--engine", engine]
            #expect(try NetworkCommandTests.run(decode).status == 0)
        }
        // Other arithmetic, so other bits; and pictures that no eye tells apart.
        #expect(try Fixtures.bytes(folder("fast.npy")) != Fixtures.bytes(folder("reference.npy")))
        let (fast, reference) = (try Picture(file: folder("fast.png")), try Picture(file: folder("reference.png")))
        #expect(PictureQuality(of: fast, comparedTo: reference).largestDifference <= 1)
        let roundtrip = ["roundtrip", Self.sana, folder("in.png"), "--engine", "reference"]
        let result = try NetworkCommandTests.run(roundtrip)
        #expect(result.status == 0 && result.output.contains("PSNR"), "\(result.error)")
        for words in [["--precision", "bf16"], ["--tile", "32"]] {
            let refused = try NetworkCommandTests.run(roundtrip + words)
            #expect(refused.status == 64 && refused.error.contains("fast engine"), "\(refused.error)")
        }
    }

    @Test func numericsOfACheckpoint() throws {
        let folder = try TemporaryFolder()
        let arguments = ["verify", Self.sana, "--numerics"]
        let text = try NetworkCommandTests.run(arguments)
        #expect(text.status == 0 && text.error.isEmpty, "\(text.error)")
        for words in ["encoder.down_blocks.3.0", "decoder.conv_out", "relative RMS", "as exact as its precision"] {
            #expect(text.output.contains(words), "\(words)")
        }
        try Picture.landscape(width: 70, height: 64).writePNG(to: folder("in.png"))
        let file = ["verify", Self.sana, folder("in.png"), "--numerics", "--json", "--save-tensors"]
        let result = try NetworkCommandTests.run(file + [folder("all.safetensors")])
        let document = try result.result
        #expect(document["verdict"] == "passed" && document["size"]?["width"] == 64)
        let layers = try #require(document["decode"]?["layers"]?.array)
        #expect(layers.allSatisfy { ($0["relative_rms"]?.number ?? 1) < 2e-5 })
        #expect(try NetworkCommandTests.run(file + [folder("all.safetensors")]).status == 2)
        #expect(try NetworkCommandTests.run(["verify", Self.sana, folder("in.png")]).status == 64)
    }

    @Test func noOpenBLASIsSaid() throws {
        let environment = ["DCAE_OPENBLAS": "/nonexistent/libopenblas.so"]
        let result = try Program.run(["verify", Self.sana, "--numerics"], environment: environment)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.error.contains("libopenblas0") && result.error.contains("DCAE_OPENBLAS"), "\(result.error)")
        // What does without it is not told.
        #expect(try Program.run(["list"], environment: environment).status == 0)
    }

    @Test func whatLowPrecisionCosts() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 64, height: 64).writePNG(to: folder("in.png"))
        let arguments = ["roundtrip", Self.sana, folder("in.png")]
        let wanted = ["--as", "fp16,bf16,fp8-e4m3", "--activations", "fp16"]
        let text = try NetworkCommandTests.run(arguments + wanted)
        #expect(text.status == 0 && text.output.contains("WORST LAYER"), "\(text.error)")
        #expect(text.output.contains("activations: fp16 holds the values of all"))
        let json = try NetworkCommandTests.run(arguments + wanted + ["--json"]).result
        let formats = try #require(json["pictures"]?.array?.first?["formats"]?.array)
        #expect(formats.map { $0["format"]?.string } == ["fp16", "bf16", "fp8-e4m3"])
        let errors = formats.compactMap { $0["sample_relative_rms"]?.number }
        #expect(errors.count == 3 && errors == errors.sorted())
        #expect(try NetworkCommandTests.run(arguments + ["--as", "fp4"]).status == 64)
        #expect(try NetworkCommandTests.run(["roundtrip", Self.sana, "--as", "fp16"]).status == 64)
    }

    @Test func evalOfCastsIsOfModelsBesideTheFirst() throws {
        let folder = try TemporaryFolder()
        for index in 0..<3 {
            try Picture.landscape(width: 64 + 32 * index, height: 64).writePNG(to: folder("\(index).png"))
        }
        let eval = ["eval", Self.sana, folder.path, "--size", "64", "--as", "fp16,fp8-e4m3", "--json"]
        let result = try NetworkCommandTests.run(eval)
        #expect(result.status == 0, "\(result.error)")
        #expect(result.error.contains("as fp8-e4m3, 0 weights become infinite and "))
        #expect(result.output.contains("f32, weights as fp16") && result.output.contains("f32, weights as fp8-e4m3"))
        #expect(try NetworkCommandTests.run(["eval", "--pairs", "a", "b", "--as", "fp16"]).status == 64)
    }

    @Test func convertsToEightBits() throws {
        let folder = try TemporaryFolder()
        let convert = ["convert", Self.sana, "-o", folder("small"), "--dtype", "fp8-e4m3", "--json"]
        let result = try NetworkCommandTests.run(convert)
        #expect(result.status == 0, "\(result.error)")
        #expect(try NetworkCommandTests.run(["verify", folder("small")]).status == 0)
        #expect(try Fixtures.bytes(folder("small/diffusion_pytorch_model.safetensors")).count < 400_000)
    }
}
