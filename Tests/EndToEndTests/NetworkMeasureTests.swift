import Foundation
import Images
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Roundtrips of pictures, and the bench.
@Suite struct NetworkMeasureTests {
    static let sana = NetworkCommandTests.sana

    @Test func roundtripOfAPicture() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 93, height: 70).writePNG(to: folder("in.png"))
        let arguments = [
            "roundtrip", Self.sana, folder("in.png"), "--fit", "pad", "--stages", "-o", folder("sheet.png"),
        ]
        let result = try NetworkCommandTests.run(arguments)
        #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        for words in ["PSNR", "93x70 in 96x96", "8x3x3", "encoder.down_blocks.5", "scaling factor 0.41407", "wrote "] {
            #expect(result.output.contains(words), "\(words)")
        }
        #expect(try Picture(file: folder("sheet.png")).size.width > 3 * 93)
        #expect(try NetworkCommandTests.run(arguments).status == 2)
    }

    /// The two layouts of one checkpoint: identical latents, samples and pictures.
    @Test func roundtripAgainstAReference() throws {
        let folder = try TemporaryFolder()
        try folder.write("other/config.json", try Fixtures.bytes(Self.sana + "/config.json"))
        try folder.write("other/model.safetensors", try Fixtures.bytes(Fixtures.path("tiny/sana/original.safetensors")))
        try Picture.landscape(width: 64, height: 64).writePNG(to: folder("in.png"))
        let arguments = ["roundtrip", Self.sana, folder("in.png"), "--reference", folder("other")]
        let result = try NetworkCommandTests.run(arguments + ["--json", "-o", folder("sheet.png")])
        let document = try result.result
        #expect(result.status == 0 && document["outputs"] == JSONValue([folder("sheet.png")]))
        let picture = try #require(document["pictures"]?.array?.first)
        #expect(picture["latent_difference"]?["largest"]?.number == 0)
        #expect(picture["sample_difference"]?["relative_rms"]?.number == 0)
        #expect(picture["picture_difference"]?["largest_difference"] == 0)
        #expect(picture["by_reference"]?["latent"] == picture["latent"])
        #expect(try #require(picture["latent"]?["scaled_rms"]?.number) > 0)
        #expect(picture["encode"]?["stages"]?.array?.count == 9)
        #expect(try #require(picture["decode"]?["buffer_bytes"]?.integer) > 0)
        let text = try NetworkCommandTests.run(arguments).output
        #expect(text.contains("latent identical; sample identical; pictures identical"))
    }

    /// A network of another kind cannot be compared latent by latent; its pictures can.
    @Test func roundtripAgainstAnotherKind() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 64, height: 64).writePNG(to: folder("in.png"))
        let other = Fixtures.path("tiny/f64/diffusers")
        let result = try NetworkCommandTests.run(["roundtrip", Self.sana, folder("in.png"), "--reference", other])
        #expect(result.status == 0 && result.output.contains("latent of another shape; sample max "), "\(result.error)")
    }

    /// What the algorithms must cost at least, and what all of it comes to.
    @Test func rooflineOfTheNetwork() throws {
        let arguments = ["bench", Self.sana, "--size", "64", "--repeat", "1", "--threads", "1", "--roofline"]
        let document = try NetworkCommandTests.run(arguments + ["--json"]).result
        #expect(try #require(document["peaks"]?["f32_operations"]?.number) > 0)
        for coder in try #require(document["coders"]?.array) {
            let roofline = try #require(coder["roofline"])
            let layers = try #require(roofline["layers"]?.array)
            let limits = layers.compactMap { $0["limit_seconds"]?.number }
            let total = try #require(roofline["total"]?["limit_seconds"]?.number)
            #expect(limits.count == layers.count && abs(limits.reduce(0, +) - total) < 1e-9)
            let groups = try #require(roofline["algorithms"]?.array)
            #expect(groups.reduce(0) { $0 + ($1["layer_count"]?.integer ?? 0) } == layers.count)
        }
        let text = try NetworkCommandTests.run(arguments).output
        for words in [
            "this machine's peak rates, 1 thread:", "GB/s from caches", "AT LEAST", "winograd F(4,3)", "all ",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func bench() throws {
        let arguments = ["bench", Self.sana, "--size", "96x64", "--repeat", "1", "--threads", "1"]
        let document = try NetworkCommandTests.run(arguments + ["--json", "--layers"]).result
        let coders = try #require(document["coders"]?.array)
        #expect(coders.map { $0["name"] } == ["encode", "decode"])
        #expect(coders[0]["input_shape"] == [1, 3, 64, 96] && coders[0]["output_shape"] == [1, 8, 2, 3])
        #expect(document["threads"] == 1 && document["size"] == ["width": 96, "height": 64])
        for coder in coders {
            let layers = try #require(coder["layers"]?.array)
            let operations = layers.reduce(0.0) { $0 + ($1["operations"]?.number ?? 0) }
            #expect(operations == coder["operations"]?.number)
            #expect(layers.allSatisfy { $0["algorithm"]?.string?.isEmpty == false })
        }
        let text = try NetworkCommandTests.run(arguments + ["--only", "decode", "--layers"])
        #expect(text.status == 0 && text.output.contains("ALGORITHM") && !text.output.contains("encoder."))
    }
}
