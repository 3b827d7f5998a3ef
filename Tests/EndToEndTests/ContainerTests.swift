import Foundation
import TestSupport
import Testing

/// The same weights convert to the same bytes from whatever container they come in.
@Suite struct ContainerTests {
    static let config = Fixtures.path("tiny/sana/diffusers/config.json")
    static let weights = "diffusion_pytorch_model.safetensors"

    private func convert(_ path: String, _ arguments: [String] = []) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let result = try Program.run(["convert", path, "-o", folder("out"), "--config", Self.config, "-q"] + arguments)
        try #require(result.status == 0, "\(result.error)")
        return try Fixtures.bytes(folder("out/" + Self.weights))
    }

    @Test(arguments: ["sana.pt", "sana.legacy.pt", "sana.safetensors.zst"])
    func givesTheBytesOfDiffusers(file: String) throws {
        let expected = try Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + Self.weights))
        #expect(try convert(Fixtures.path("torch/" + file)) == expected)
    }

    /// What is written compressed is the same file, and is read again.
    @Test func compressedOutputIsReadAgain() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("torch/sana.pt")
        let arguments = ["convert", source, "-o", folder("out"), "--config", Self.config, "--compress", "zstd:9"]
        let result = try Program.run(arguments)
        try #require(result.status == 0, "\(result.error)")
        let back = try Program.run([
            "convert", folder("out/" + Self.weights + ".zst"), "-o", folder("back"), "--config", Self.config, "--to",
            "original",
        ])
        try #require(back.status == 0, "\(back.error)")
        let original = try Fixtures.bytes(Fixtures.path("tiny/sana/original.safetensors"))
        #expect(try Fixtures.bytes(folder("back/model.safetensors")) == original)
    }

    @Test func theSectionThatIsTakenIsNamed() throws {
        let path = Fixtures.path("torch/training.pt")
        let result = try Program.run(["inspect", path])
        #expect(result.status == 0)
        #expect(result.errorLines.contains("dcae: note: weights taken from state_dict"))
        #expect(
            result.errorLines.contains(
                "dcae: note: there are weights under ema too; to take those, name the section ema"
            )
        )
        #expect(try Program.run(["inspect", path, "--section", "ema"]).status == 0)
        let none = try Program.run(["inspect", Fixtures.path("tiny/sana/original.safetensors"), "--section", "ema"])
        #expect(
            none.status == 2 && none.error.contains("there is no section \"ema\", nor any other; leave out --section")
        )
        let wrong = try Program.run(["inspect", path, "--section", "emma"])
        #expect(wrong.status == 2 && wrong.error.contains("there is no section \"emma\" with weights, but"))
    }
}
