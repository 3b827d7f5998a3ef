import CheckpointIO
import Foundation
import Images
import Kernels
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The commands that run a network: what they write, and what they say about it.
@Suite struct NetworkCommandTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")
    static let expected = Fixtures.path("tiny/sana/expected.safetensors")

    /// The values of a tensor in a file of any kind that is written.
    static func values(_ path: String, _ name: String) throws -> (shape: Shape, values: [Float]) {
        if path.hasSuffix(".npy") {
            let array = try NumpyArray(file: path)
            return (array.shape, array.values)
        }
        let checkpoint = try Checkpoint.open(path)
        let tensor = try #require(checkpoint[name])
        let values = try checkpoint.bytes(of: tensor).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        return (tensor.descriptor.shape, values)
    }

    static func isNear(_ a: [Float], _ b: [Float], _ bound: Float = 1e-4) -> Bool {
        let largest = b.map(\.magnitude).max() ?? 0
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound * largest }
    }

    static func run(_ arguments: [String]) throws -> Program.Result {
        let result = try Program.run(arguments)
        #expect(!result.wasSignalled)
        return result
    }

    @Test(arguments: ["encode", "decode", "bench"]) func everyCommandHasHelp(command: String) throws {
        let help = try Self.run([command, "--help"])
        #expect(help.status == 0 && help.output.contains("USAGE: dcae \(command)"))
    }

    @Test func bf16WhereTheProcessorHasIt() throws {
        let words = ["bench", Self.sana, "--size", "32", "--repeat", "1", "--precision"]
        let without = try Program.run(words + ["bf16"], environment: ["DCAE_ISA": "baseline"])
        #expect(without.status == 2 && without.output.isEmpty)
        #expect(
            without.error
                == "dcae: error: this processor cannot multiply bf16; "
                + "that needs AVX512-BF16; use f32, which every processor can\n"
        )
        #expect(try Self.run(words + ["fp8"]).status == 64)
    }

    @Test(.enabled(if: Precision.bf16.isAvailable(with: .best), "this processor cannot multiply bf16"))
    func bf16IsSaid() throws {
        let words = ["bench", Self.sana, "--size", "32", "--repeat", "1", "--precision"]
        let document = try Self.run(words + ["bf16", "--json"])
        #expect(try document.result["precision"]?.string == "bf16")
    }

    /// Latents and samples of what diffusers computed, through files of both kinds and both layouts.
    @Test func tensorsInAndOut() throws {
        let folder = try TemporaryFolder()
        let original = [Fixtures.path("tiny/sana/original.safetensors"), "--config", Self.sana + "/config.json"]
        for (model, kind) in [([Self.sana], "safetensors"), (original, "npy")] {
            let (latent, sample) = (folder("latent.\(kind)"), folder("sample.\(kind)"))
            let encoded = try Self.run(["encode"] + model + [Self.expected, "--tensor", "256x160.image", "-o", latent])
            #expect(encoded.status == 0, "\(encoded.error)")
            #expect(encoded.output.hasPrefix("wrote \(latent) (latent [1, 8, 8, 5], mean -0.8772, rms 4.0133, "))
            let found = try Self.values(latent, "latent")
            #expect(found.shape == [1, 8, 8, 5])
            #expect(Self.isNear(found.values, try Self.values(Self.expected, "256x160.latent").values))
            let decoded = try Self.run(["decode"] + model + [latent, "-o", sample, "-q"])
            #expect(decoded.status == 0 && decoded.output == sample + "\n" && decoded.error.isEmpty)
            #expect(
                Self.isNear(
                    try Self.values(sample, "sample").values,
                    try Self.values(Self.expected, "256x160.sample").values
                )
            )
        }
        #expect(try Self.values(folder("latent.npy"), "") == Self.values(folder("latent.safetensors"), "latent"))
    }

    @Test func picturesInAndOut() throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 96, height: 64).writePNG(to: folder("in.png"))
        let encoded = try Self.run(["encode", Self.sana, folder("in.png"), "-o", folder("l.npy"), "--json"])
        let document = try encoded.result
        #expect(encoded.status == 0 && encoded.error.isEmpty)
        #expect(document["scaled"] == false && document["scaling_factor"] == .null)
        #expect(document["results"]?.array?.first?["shape"] == [1, 8, 2, 3])
        #expect(document["results"]?.array?.first?["size"] == ["width": 96, "height": 64])
        #expect(try Self.run(["decode", Self.sana, folder("l.npy"), "-o", folder("out.png")]).status == 0)
        #expect(try Picture(file: folder("out.png")).size == PixelSize(width: 96, height: 64))
        #expect(folder.contents() == ["in.png", "l.npy", "out.png"])
    }

    /// Latents are multiplied by the factor after encoding and divided by it before decoding, and both say so.
    ///
    /// Through .npy, which says nothing of what is in it.
    @Test func scaling() throws {
        let folder = try TemporaryFolder()
        let image = ["encode", Self.sana, Self.expected, "--tensor", "64x64.image", "-o"]
        #expect(try Self.run(image + [folder("plain.npy")]).error.isEmpty)
        let scaled = try Self.run(image + [folder("scaled.npy"), "--scaled"])
        #expect(scaled.error == "dcae: note: scaled = latent x 0.41407\n")
        let plain = try Self.values(folder("plain.npy"), "").values
        #expect(try Self.values(folder("scaled.npy"), "").values == plain.map { $0 * 0.41407 })
        _ = try Self.run(image + [folder("own.npy"), "--scaled", "--scaling-factor", "2", "-q"])
        #expect(try Self.values(folder("own.npy"), "").values == plain.map { $0 * 2 })
        #expect(try Self.run(["decode", Self.sana, folder("plain.npy"), "-o", folder("a.npy")]).error.isEmpty)
        let decoded = try Self.run(["decode", Self.sana, folder("scaled.npy"), "-o", folder("b.npy"), "--scaled"])
        #expect(decoded.error == "dcae: note: latent = scaled / 0.41407\n")
        #expect(Self.isNear(try Self.values(folder("b.npy"), "").values, try Self.values(folder("a.npy"), "").values))
    }

    /// Several pictures make one batch in a file, and a file each in a folder; names are kept.
    @Test func batchesAndFolders() throws {
        let folder = try TemporaryFolder()
        try folder.write("in/below/.hidden", [])
        for (name, size) in [("a.png", 32), ("below/b.png", 64), ("below/c.png", 32)] {
            try Picture.landscape(width: size, height: 32).writePNG(to: folder("in/" + name))
        }
        let batch = try Self.run([
            "encode", Self.sana, folder("in/a.png"), folder("in/below/c.png"), "-o", folder("two.npy"),
        ])
        #expect(batch.status == 0)
        #expect(try Self.values(folder("two.npy"), "").shape == [2, 8, 1, 1])
        let all = try Self.run(["encode", Self.sana, folder("in"), "-o", folder("latents"), "-q"])
        #expect(all.status == 0)
        let names = ["a.safetensors", "below", "below/b.safetensors", "below/c.safetensors"]
        #expect(folder.contents("latents") == names)
        let decoded = try Self.run([
            "decode", Self.sana, folder("latents"), folder("two.npy"), "-o", folder("out"), "-q",
        ])
        #expect(decoded.status == 0)
        #expect(folder.contents("out") == ["a.png", "below", "below/b.png", "below/c.png", "two-0.png", "two-1.png"])
        #expect(try Fixtures.bytes(folder("out/a.png")) == Fixtures.bytes(folder("out/two-0.png")))
    }

    /// A picture that cannot be read is named and left out; the others are done.
    @Test func oneBadPictureDoesNotEndARun() throws {
        let folder = try TemporaryFolder()
        try folder.write("in/bad.png", Array("no picture".utf8))
        try Picture.landscape(width: 32, height: 32).writePNG(to: folder("in/good.png"))
        try Picture.landscape(width: 33, height: 32).writePNG(to: folder("in/odd.png"))
        let result = try Self.run(["encode", Self.sana, folder("in"), "-o", folder("out")])
        #expect(result.status == 2)
        #expect(
            result.errorLines == [
                "dcae: error: \(folder("in/bad.png")): this is not a PNG, JPEG or WebP picture: it starts with 6e 6f 20 70 69 63 74 75",
                "dcae: error: \(folder("in/odd.png")): the picture has 33x32 pixels, but both sides must be multiples of 32: "
                    + "use --fit crop (32x32), --fit pad (64x32), --fit resize (32x32)",
                "dcae: 2 of 3 files were skipped",
            ]
        )
        #expect(folder.contents("out") == ["good.safetensors"])
    }

    @Test(arguments: [("crop", [1, 8, 1, 2]), ("pad", [1, 8, 2, 3]), ("resize", [1, 8, 1, 3])])
    func fitting(way: String, shape: [Int]) throws {
        let folder = try TemporaryFolder()
        try Picture.landscape(width: 93, height: 35).writePNG(to: folder("in.png"))
        let result = try Self.run(["encode", Self.sana, folder("in.png"), "-o", folder("l.npy"), "--fit", way])
        #expect(
            result.status == 0
                && result.output.contains(
                    " from 93x35, \(way == "crop" ? "cropped" : way == "pad" ? "padded" : "resized") to "
                )
        )
        #expect(try Self.values(folder("l.npy"), "").shape.dimensions == shape)
    }

    /// Tiles as diffusers has them, and the default of the distance.
    @Test func tiles() throws {
        let folder = try TemporaryFolder()
        let name = "tiled.64x64.stride.32x32.160x128"
        let tiles = ["--tile", "64x64", "--stride", "32"]
        let input = [Self.expected, "--tensor", name + ".image"]
        #expect(try Self.run(["encode", Self.sana] + input + tiles + ["-o", folder("l.npy")]).status == 0)
        #expect(
            Self.isNear(
                try Self.values(folder("l.npy"), "").values,
                try Self.values(Self.expected, name + ".latent").values
            )
        )
        let latent = ["decode", Self.sana, Self.expected, "--tensor", name + ".latent", "-o", folder("s.npy")]
        #expect(try Self.run(latent + tiles).status == 0)
        #expect(
            Self.isNear(
                try Self.values(folder("s.npy"), "").values,
                try Self.values(Self.expected, name + ".sample").values
            )
        )
        #expect(try Self.run(["encode", Self.sana] + input + ["--tile", "128", "-o", folder("m.npy")]).status == 0)
    }
}
