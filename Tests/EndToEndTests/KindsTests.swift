import Foundation
import StrictJSON
import TestSupport
import Testing

/// Files of the kinds that people have, by the built program.
@Suite struct KindsTests {
    private static let weights = "diffusion_pytorch_model.safetensors"

    private static func folder(_ config: String?, in folder: TemporaryFolder, _ family: String = "sana") throws {
        try folder.write("m/" + weights, Fixtures.bytes(Fixtures.path("tiny/\(family)/diffusers/" + weights)))
        if let config { try folder.write("m/config.json", Array(config.utf8)) }
    }

    /// A link to a config.json that is gone, as in a cache from which a blob was removed, is a config.json that cannot be read.
    @Test func aConfigThatIsALinkToNothingIsNotAbsent() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        try Self.folder(nil, in: folder)
        try FileManager.default.createSymbolicLink(atPath: folder("m/config.json"), withDestinationPath: "gone.json")
        let reason = "the config.json beside it cannot be used: it is a link to gone.json, and there is no such file"
        for line in [["identify", "m"], ["convert", "m", "-o", "o", "--to", "original"], ["verify", "m"]] {
            let status: Int32 = line[0] == "convert" ? 2 : line[0] == "verify" ? 1 : 0
            let result = try OwnModelTests.run(line, known, in: folder, status: status)
            let text = result.output + result.error
            #expect(text.contains(line[0] == "verify" ? "it is a link to gone.json" : reason), "\(text)")
        }
        let encoded = try OwnModelTests.run(
            ["encode", "m", Fixtures.path("images/grey8.png"), "-o", "l.safetensors", "--scaled", "--size", "64"],
            known,
            in: folder,
            status: 2
        )
        #expect(encoded.error.contains(reason))
    }

    /// An archive of a folder is an archive, and a zip around a checkpoint too: nothing is damaged.
    @Test func archivesAreNamed() throws {
        let folder = try TemporaryFolder()
        try Self.folder("{}", in: folder)
        #expect(
            try Program.shell(
                "cd '\(folder.path)' && tar cf gnu.tar m && tar cf dot.tar -C m . && tar --format=pax -cf pax.tar m"
            ).status == 0
        )
        for name in ["gnu.tar", "dot.tar", "pax.tar"] {
            let result = try OwnModelTests.run(["identify", name], in: folder, status: 2)
            #expect(result.error.contains("this is a tar archive, not a checkpoint; unpack it first"), "\(name)")
        }
        let zip = TorchFile.zip([1], named: ["m/config.json", "m/model.safetensors"])
        try folder.write("m.zip", zip)
        let zipped = try OwnModelTests.run(["identify", "m.zip"], in: folder, status: 2)
        #expect(
            zipped.error.contains("this is a zip archive with a checkpoint in it, not a checkpoint; unpack it first")
        )
        try folder.write("x.pt2", TorchFile.zip([1], named: ["x/archive_format", "x/data/weights/weight_0"]))
        let exported = try OwnModelTests.run(["identify", "x.pt2"], in: folder, status: 2)
        #expect(exported.error.contains("this is a program of torch.export, not a checkpoint"))
    }

    /// A name with a factor of its own comes back, also where the factor is that of another variant of the same network.
    @Test(arguments: [("0.5", true), ("0.7", false)]) func aNameWithAFactorComesBack(factor: String, isOfAnother: Bool)
        throws
    {
        let folder = try TemporaryFolder()
        var known = try OwnModelTests.registry(in: folder)
        let config = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        try folder.write("reg/Registry/tiny-other.json", Array("{\"name\": \"tiny-other\"}".utf8))
        try folder.write("reg/Configs/tiny-other/config.json", Array(config.replacing("0.41407", with: "0.5").utf8))
        known["DCAE_REGISTRY"] = folder("reg")
        let text = "{\n  \"model_name\": \"tiny-sana\",\n  \"scaling_factor\": \(factor)\n}"
        try folder.write("m/config.json", Array(text.utf8))
        try folder.write("m/model.safetensors", Fixtures.bytes(Fixtures.path("tiny/sana/original.safetensors")))
        let there = try OwnModelTests.run(["convert", "m", "-o", "there"], known, in: folder)
        let said = there.error.contains("names tiny-sana, but its scaling_factor, 0.5, is that of tiny-other")
        #expect(said == isOfAnother, "\(there.error)")
        try OwnModelTests.run(["convert", "there", "-o", "back", "--to", "original"], known, in: folder)
        #expect(try Fixtures.text(folder("back/config.json")) == text)
    }

    /// A config.json whose members somebody put in an order of his own comes back in that order.
    @Test func theOrderOfAConfigComesBack() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let sorted = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        let end = try #require(sorted.range(of: "\n}", options: .backwards)?.lowerBound)
        let text =
            sorted[..<end]
            + ",\n  \"shift_factor\": 0.25,\n  \"_name_or_path\": \"me/mine\",\n  \"a_field\": {\n    \"z\": 1,\n    \"b\": 2\n  }\n}\n"
        try Self.folder(String(text), in: folder)
        try OwnModelTests.run(["convert", "m", "-o", "there", "--to", "original"], known, in: folder)
        try OwnModelTests.run(["convert", "there", "-o", "back"], known, in: folder)
        #expect(try OwnModelTests.body(folder("back/config.json")) == OwnModelTests.body(folder("m/config.json")))
    }

    /// A factor that 32-bit floats cannot multiply by is no factor.
    @Test(arguments: ["1e-320", "1e39", "1e-42"]) func aFactorBeyondFloatsIsRefused(factor: String) throws {
        let folder = try TemporaryFolder()
        let config = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        try Self.folder(config.replacing("0.41407", with: factor), in: folder)
        let result = try OwnModelTests.run(["convert", "m", "-o", "o", "--to", "mlx"], in: folder, status: 2)
        #expect(result.error.contains("which 32-bit floats cannot multiply and divide by"), "\(result.error)")
    }

    /// A network of other than three channels, as sound has, is measured there and back too.
    @Test func aRoundtripOfSoundIsMeasured() throws {
        let folder = try TemporaryFolder()
        let model = OwnModelTests.report("19-acestep/music_dcae_f8c8")
        try OwnModelTests.writeImage("x.safetensors", channels: 2, in: folder)
        let result = try OwnModelTests.run(
            ["roundtrip", model, "x.safetensors", "-o", "sheet.png", "--json"],
            in: folder
        )
        let document = try JSONReader.read(Array(result.output.utf8))
        #expect(document["ok"] == true && document["result"]?["pictures"]?.array?.count == 1)
        #expect(FileManager.default.fileExists(atPath: folder("sheet.png")))
    }
}
