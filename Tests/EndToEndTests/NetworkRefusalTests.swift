import CheckpointIO
import Foundation
import Images
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// What the commands that run a network refuse, to the letter.
@Suite struct NetworkRefusalTests {
    static let sana = NetworkCommandTests.sana
    static let expected = NetworkCommandTests.expected

    /// The one line that a run ends with, with the folders of fixtures and of the test shortened.
    func refusal(_ arguments: [String], _ folder: TemporaryFolder, status: Int32 = 2) throws -> String {
        let result = try NetworkCommandTests.run(arguments)
        #expect(result.status == status, "\(arguments)")
        #expect(result.errorLines.count == 1 && result.output.isEmpty, "\(result.output)\(result.error)")
        #expect(folder.contents().allSatisfy { !$0.contains(".dcae-") && !$0.hasSuffix(".part") })
        return result.error.replacing(Fixtures.folder, with: "F").replacing(folder.path, with: "T")
            .trimmingCharacters(in: .newlines)
    }

    @Test func inputs() throws {
        let folder = try TemporaryFolder()
        let out = folder("out.npy")
        try folder.write("in/notes.txt", [65])
        try NumpyArray(shape: [2, 3], values: [0, 0, 0, 0, 0, 0]).write(to: folder("flat.npy"))
        try NumpyArray(shape: [1, 3, 32, 40], values: [Float](repeating: 0, count: 3 * 32 * 40)).write(
            to: folder("odd.npy")
        )
        let table: [([String], String)] = [
            (
                ["encode", Self.sana, folder("none.png"), "-o", out],
                "T/none.png: there is no such file or folder; check the path"
            ),
            (
                ["encode", Self.sana, folder("in/notes.txt"), "-o", out],
                "T/in/notes.txt: this is not a PNG, JPEG or WebP picture: it starts with 41"
            ),
            (
                ["encode", Self.sana, folder("in"), "-o", out],
                "T/in: it holds no pictures: no name in it ends in .png, .jpg, .jpeg or .webp"
            ),
            (
                ["decode", Self.sana, folder("in"), "-o", out],
                "T/in: there is no .safetensors or .npy file in this folder; "
                    + "save the tensor with safetensors or numpy.save"
            ),
            (
                ["decode", Self.sana, Fixtures.path("images/rgb8.png"), "-o", out],
                "F/images/rgb8.png: this is a PNG image, but a tensor was expected; `dcae encode` makes a latent of a picture"
            ),
            (
                ["encode", Self.sana, folder("flat.npy"), "-o", out],
                "T/flat.npy: its shape is [2, 3], but [N, 3, H, W] or [3, H, W] was expected; "
                    + "permute it to that order: channels before rows and columns"
            ),
            (
                ["encode", Self.sana, folder("odd.npy"), "-o", out],
                "T/odd.npy: an image of 40×32 has sides that are not multiples of 32; use a width of 32 or 64 and a height of 32"
            ),
            (
                ["encode", Self.sana, Self.expected, "-o", out],
                "F/tiny/sana/expected.safetensors: it holds 9 tensors: \"256x160.image\", \"256x160.latent\", \"256x160.sample\", "
                    + "\"64x64.image\", \"64x64.latent\", \"64x64.sample\" and 3 more; choose one with --tensor, for example --tensor 256x160.image"
            ),
            (
                ["decode", Self.sana, Self.expected, "--tensor", "64x64.latnt", "-o", out],
                "F/tiny/sana/expected.safetensors: it holds no tensor \"64x64.latnt\", but \"256x160.image\", \"256x160.latent\", "
                    + "\"256x160.sample\", \"64x64.image\", \"64x64.latent\", \"64x64.sample\" and 3 more; "
                    + "choose one with --tensor, for example --tensor 64x64.latent"
            ),
            (
                ["decode", Self.sana, Self.expected, "--tensor", "64x64.image", "-o", out],
                "F/tiny/sana/expected.safetensors: tensor \"64x64.image\": its shape is [1, 3, 64, 64], "
                    + "but this model's latents have 8 channels; decode it with the autoencoder that made it"
            ),
        ]
        for (arguments, line) in table { #expect(try refusal(arguments, folder) == "dcae: error: " + line) }
        #expect(!folder.contents().contains("out.npy"))
    }

    @Test func outputs() throws {
        let folder = try TemporaryFolder()
        let latent = ["--tensor", "64x64.latent"]
        try folder.write("there.png", [1])
        let table: [([String], String)] = [
            (
                ["decode", Self.sana, Self.expected] + latent + ["-o", folder("there.png")],
                "T/there.png: the output exists already; choose another target, or add --force to replace it"
            ),
            (
                ["decode", Self.sana, Self.expected] + latent + ["-o", folder("x.jpg")],
                "T/x.jpg: an output file ends in .png, .safetensors or .npy; or name a folder"
            ),
            (
                ["roundtrip", Self.sana, Self.expected, "--tensor", "64x64.image", "-o", folder("x.webp")],
                "T/x.webp: an output file ends in .png"
            ),
            (
                ["decode", Self.sana, Self.expected, Self.expected] + latent + ["-o", folder("x.png")],
                "T/x.png: one PNG cannot hold 2 samples; write them into a folder, or as .safetensors"
            ),
            (
                ["decode", Self.sana, Self.expected, Self.expected] + latent + ["-o", folder("x")],
                "T/x/expected.png: F/tiny/sana/expected.safetensors and F/tiny/sana/expected.safetensors would both be written "
                    + "to it; write them into different folders"
            ),
        ]
        for (arguments, line) in table {
            let found = try refusal(arguments, folder)
            // Long paths are cut in the middle of a message; this machine's may be long.
            #expect(found == "dcae: error: " + line || found.contains("…"))
        }
        #expect(folder.contents() == ["there.png"])
        let forced = ["decode", Self.sana, Self.expected] + latent + ["-o", folder("there.png"), "--force"]
        #expect(try NetworkCommandTests.run(forced).status == 0)
        #expect(try Picture(file: folder("there.png")).size == PixelSize(width: 64, height: 64))
    }

    @Test func models() throws {
        let folder = try TemporaryFolder()
        let variant = try Registry().variant(named: "f64c128-mix-1.0")
        let path = try folder.writeHollow("unnamed.safetensors", variant.config, .diffusers)
        try Picture.landscape(width: 64, height: 64).writePNG(to: folder("in.png"))
        let encode = { (model: [String], more: [String]) in
            ["encode"] + model + [folder("in.png"), "-o", folder("l.npy")] + more
        }
        #expect(
            try refusal(encode([path], ["--scaled"]), folder)
                == "dcae: error: T/unnamed.safetensors: this could be dc-ae-f64c128-in-1.0 (0.2889) or dc-ae-f64c128-mix-1.0 (0.4538), "
                + "which need different scaling factors; say which with --variant or --scaling-factor, as --variant dc-ae-f64c128-in-1.0; `dcae identify` can measure it over pictures"
        )
        let own = Fixtures.path("tiny/sana/original.safetensors")
        #expect(
            try refusal(encode([own], []), folder).hasPrefix(
                "dcae: error: F/tiny/sana/original.safetensors: this is no checkpoint of a known DC-AE: nearest is dc-ae-"
            )
        )
        #expect(
            try refusal(encode([own], ["--config", Fixtures.path("tiny/lite/diffusers/config.json")]), folder)
                .hasPrefix(
                    "dcae: error: F/tiny/sana/original.safetensors: it does not have the tensors of the given configuration: "
                )
        )
        #expect(
            try refusal(encode([Self.sana], ["--tile", "100"]), folder)
                == "dcae: error: tile height 100 and stride 64 must be multiples of 32, the network's compression; use for example 96 and 64"
        )
        #expect(
            try refusal(["bench", Self.sana, "--size", "100x64", "--only", "decode"], folder)
                == "dcae: error: --size: 100x64 is not a multiple of 32, the network's compression"
        )
    }

    /// What is odd is said, and done all the same.
    @Test func warnings() throws {
        let folder = try TemporaryFolder()
        try NumpyArray(shape: [3, 32, 32], values: [Float](repeating: 255, count: 3072)).write(to: folder("bytes.npy"))
        let encode = ["encode", Self.sana, folder("bytes.npy"), "-o", folder("l.npy"), "--force"]
        let result = try NetworkCommandTests.run(encode)
        #expect(result.status == 0)
        #expect(
            result.error
                == "dcae: warning: \(folder("bytes.npy")): its values range from 255.0 to 255.0, but the network expects -1 to 1\n"
        )
        #expect(try NetworkCommandTests.run(encode + ["-q"]).error.isEmpty)
        try NumpyArray(shape: [8, 1, 1], values: [Float](repeating: .nan, count: 8)).write(to: folder("nan.npy"))
        let decoded = try NetworkCommandTests.run(["decode", Self.sana, folder("nan.npy"), "-o", folder("black.png")])
        #expect(decoded.status == 1, "what is written is no picture")
        #expect(
            decoded.error
                == "dcae: warning: \(folder("nan.npy")): 3072 values came out NaN or infinite; --check-finite names the layer\n"
        )
    }

    @Test func usage() throws {
        let input = [Self.sana, Self.expected]
        for arguments in [
            ["encode"] + input, ["encode", Self.sana, "-o", "x"], ["encode"] + input + ["-o", "x", "--threads", "0"],
            ["encode"] + input + ["-o", "x", "--stride", "32"], ["encode"] + input + ["-o", "x", "--tile", "32x"],
            ["encode"] + input + ["-o", "x", "--scaling-factor", "2"],
            ["encode"] + input + ["-o", "x", "--fit", "squash"],
            ["encode"] + input + ["-o", "x", "--background", "12345"], ["roundtrip", Self.sana, "-o", "x.png"],
            ["roundtrip", Self.sana, "--reference", Self.sana], ["bench", Self.sana, "--repeat", "0"],
            ["decode"] + input + ["-o", "x", "--variant", "a", "--config", "b"],
        ] {
            #expect(try NetworkCommandTests.run(arguments).status == 64, "\(arguments)")
        }
    }

    /// Where a value first is not finite, or beyond what fp16 holds: exit code 1 and its place.
    @Test(
        arguments: [
            (Float.nan, "--check-finite", "value 3 of this parameter is NaN"),
            (3e38, "--check-finite", "the first layer whose output holds "),
            (7e4, "--check-fp16", "value 3 of this parameter is 70000.0, beyond the 65504 of F16,"),
        ]
    )
    func checks(value: Float, option: String, words: String) throws {
        let folder = try TemporaryFolder()
        let weights = "diffusion_pytorch_model.safetensors"
        let checkpoint = try Checkpoint.open(Self.sana)
        let tensor = try #require(checkpoint["encoder.down_blocks.1.0.conv1.weight"])
        var bytes = try Fixtures.bytes(Self.sana + "/" + weights)
        let start = tensor.location.offset + 12
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * index)) }
        try folder.write("m/" + weights, bytes)
        try folder.write("m/config.json", try Fixtures.bytes(Self.sana + "/config.json"))
        let arguments = [
            "encode", folder("m"), Self.expected, "--tensor", "64x64.image", "-o", folder("l.npy"), option,
        ]
        let line = try refusal(arguments, folder, status: 1)
        let place =
            words.hasPrefix("value")
            ? "T/m: encoder.down_blocks.1.0.conv1.weight: " : "F/tiny/sana/expected.safetensors: encoder.down_blocks.1."
        #expect(line.hasPrefix("dcae: error: " + place) && line.contains(words), "\(line)")
        #expect(!folder.contents().contains("l.npy"))
        // Without the option the run goes on to its end, and says by its exit code that values came out NaN.
        let isFinding: Int32 = option == "--check-finite" ? 1 : 0
        #expect(try NetworkCommandTests.run(Array(arguments.dropLast())).status == isFinding)
        #expect(
            try NetworkCommandTests.run(["encode", Self.sana] + arguments[2...]).status
                == (folder.contents().contains("l.npy") ? 2 : 0)
        )
    }

    @Test func inputsAreCheckedToo() throws {
        let folder = try TemporaryFolder()
        var values = [Float](repeating: 0, count: 8)
        values[5] = .infinity
        try NumpyArray(shape: [8, 1, 1], values: values).write(to: folder("l.npy"))
        let line = try refusal(
            ["decode", Self.sana, folder("l.npy"), "-o", folder("s.png"), "--check-finite"],
            folder,
            status: 1
        )
        #expect(line == "dcae: error: T/l.npy: input: element 5 is inf")
    }
}
