import Foundation
import StrictJSON
import TestSupport
import Testing

/// The built program, as a user meets it: output, exit codes and error lines to the letter.
@Suite struct CommandTests {
    static let commands = [
        "list", "show", "tokens", "inspect", "identify", "diff", "hash", "convert", "verify", "roundtrip", "scale",
        "synthesize",
    ]

    static func tiny(_ family: String) -> (original: String, diffusers: String, config: String) {
        let folder = Fixtures.path("tiny/\(family)")
        return (folder + "/original.safetensors", folder + "/diffusers", folder + "/diffusers/config.json")
    }

    @Test(arguments: commands) func everyCommandHasHelp(command: String) throws {
        let help = try Program.run([command, "--help"])
        #expect(
            help.status == 0 && help.output.hasPrefix("OVERVIEW: ") && help.output.contains("USAGE: dcae \(command)")
        )
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreMade(shell: String) throws {
        let result = try Program.run(["--generate-completion-script", shell])
        #expect(result.status == 0 && result.output.contains("synthesize"))
    }

    @Test func wrongUsageIs64() throws {
        #expect(try Program.run(["convert", "x"]).status == 64)
        #expect(try Program.run(["nothing"]).status == 64)
        #expect(try Program.run(["tokens", "1024x"]).status == 64)
    }

    @Test func listShowsAllFourteen() throws {
        let result = try Program.run(["list", "--json"])
        let list = try #require(try result.result["variants"]?.array)
        #expect(list.count == 14)
        #expect(list.first { $0["variant"] == "dc-ae-f32c32-in-1.0-256px" }?["scaling_factor"] == .null)
        #expect(try Program.run(["list", "--family", "lite", "-q"]).output == "dc-ae-lite-f32c32-sana-1.1\n")
    }

    @Test func showPrintsTheConfigOfDiffusers() throws {
        let result = try Program.run(["show", "sana-1.0", "--config"])
        #expect(try result.output == Fixtures.text(Fixtures.project + "/Configs/dc-ae-f32c32-sana-1.0/config.json"))
    }

    @Test func tokensAreCounted() throws {
        let result = try Program.run(["tokens", "1024x1024", "--json"])
        let counts = try #require(try result.result["counts"]?.array)
        #expect(counts.map { $0["tokens"] } == [1024, 1024, 256, 64])
        #expect(counts.allSatisfy { $0["tokens_f8p2"] == 4096 })
    }

    @Test(arguments: Fixtures.families) func conversionThereAndBack(family: String) throws {
        let folder = try TemporaryFolder()
        let files = Self.tiny(family)
        let there = try Program.run(["convert", files.original, "-o", folder("d"), "--config", files.config])
        #expect(there.status == 0, "\(there.error)")
        #expect(there.output.contains("checked: opened again, mapped back,"))
        #expect(
            try Fixtures.bytes(folder("d/diffusion_pytorch_model.safetensors"))
                == Fixtures.bytes(files.diffusers + "/diffusion_pytorch_model.safetensors")
        )
        let back = try Program.run(["convert", folder("d"), "-o", folder("o"), "--to", "original", "-q"])
        #expect(back.status == 0 && back.output == folder("o") + "\n" && back.error.isEmpty)
        #expect(try Fixtures.bytes(folder("o/model.safetensors")) == Fixtures.bytes(files.original))
        #expect(try Program.run(["roundtrip", folder("d")]).status == 0)
        #expect(try Program.run(["verify", folder("d")]).status == 0)
    }

    /// A folder with the tiny sana network in both layouts and some files that are wrong.
    static func workplace() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let sana = tiny("sana")
        let original = try Fixtures.bytes(sana.original)
        try folder.write("sana.safetensors", original)
        try folder.write("config.json", try Fixtures.bytes(sana.config))
        try folder.write("lite.json", try Fixtures.bytes(tiny("lite").config))
        for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
            try folder.write("d/" + name, try Fixtures.bytes(sana.diffusers + "/" + name))
        }
        try folder.write("taken/config.json", Array("{}".utf8))
        try folder.write("short.safetensors", Array(original.dropLast(5)))
        try folder.write("text", Array("hello".utf8))
        return folder
    }

    /// One line on standard error, exit code 2, nothing left behind.
    @Test(
        arguments: [
            (["inspect", "none"], "none: there is no such file or folder; check the path"),
            (
                ["convert", "d", "--to", "diffusers", "-o", "x"],
                "d: nothing would change: it already has this layout (diffusers), dtype and number of files; copy it, or ask for another dtype, layout or number of files"
            ),
            (
                ["convert", "sana.safetensors", "-o", "taken", "--config", "config.json"],
                "taken/config.json: the output exists already; choose another target, or add --force to replace it"
            ),
            (
                ["convert", "sana.safetensors", "-o", "text", "--config", "config.json"],
                "text: the output exists already; choose another target, or add --force to replace it"
            ),
            (
                ["convert", "sana.safetensors", "-o", "/proc/nowhere/x", "--config", "config.json"],
                "/proc/nowhere: creating the folder failed: no such file or directory"
            ),
            (
                ["convert", "sana.safetensors", "-o", "x", "--config", "sana.safetensors"],
                "sana.safetensors: the file is larger than 1000000 bytes, the limit for such files"
            ),
            (
                ["convert", "sana.safetensors", "-o", "x", "--config", "config.json", "--max-shard-size", "much"],
                "--max-shard-size: \"much\" is not a size; write it as 5GB, 300MB, 100KB or 500000B"
            ),
            (
                ["convert", "sana.safetensors", "-o", "x", "--variant", "lite"],
                "sana.safetensors: it does not have the tensors of dc-ae-lite-f32c32-sana-1.1: 188 missing, 69 unexpected, 87 of another shape (first encoder.project_in.conv.weight: shape [8, 3, 3, 3] instead of [128, 3, 3, 3]); `dcae verify` lists all differences"
            ),
            (["inspect", "lite.json/x"], "lite.json/x: open failed: not a directory"),
            (
                ["verify", "taken/config.json"],
                "taken/config.json: it has no field of an AutoencoderDC configuration; give the config.json of the autoencoder"
            ),
            (
                ["roundtrip", "taken"],
                "taken: there is no checkpoint in this folder; a model folder holds model.safetensors or diffusion_pytorch_model.safetensors"
            ),
        ] as [([String], String)]
    )
    func refusalsAreOneLineAndLeaveNothing(arguments: [String], message: String) throws {
        let folder = try Self.workplace()
        let before = folder.contents()
        let result = try Program.run(arguments, in: folder.path)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.error == "dcae: error: \(message)\n")
        #expect(folder.contents() == before)
    }

    /// All that ends a conversion halfway: every one leaves the folder as it was.
    @Test func aTruncatedSourceLeavesNothing() throws {
        let folder = try Self.workplace()
        let before = folder.contents()
        let result = try Program.run(
            ["convert", "short.safetensors", "-o", "x", "--config", "config.json"],
            in: folder.path
        )
        #expect(result.status == 2 && result.errorLines.count == 1)
        #expect(result.error.contains("short.safetensors: the tensors take "))
        #expect(folder.contents() == before)
    }

    @Test func verifyListsWhatIsWrongAndExits1() throws {
        let folder = try Self.workplace()
        try folder.write(
            "d/config.json",
            Array(try Fixtures.text(folder("config.json")).replacingOccurrences(of: "0.41407", with: "0.5").utf8)
        )
        let result = try Program.run(["verify", "d", "--config", "config.json"], in: folder.path)
        #expect(result.status == 1)
        #expect(
            result.output.hasPrefix(
                "error: config.json: scaling_factor is 0.5, that of no known variant, instead of 0.41407\n"
            )
        )
        #expect(result.output.hasSuffix("1 error, 0 warnings\n"))
    }

    @Test func aDryRunPrintsThePlanAndWritesNothing() throws {
        let folder = try Self.workplace()
        let before = folder.contents()
        let result = try Program.run(
            ["convert", "sana.safetensors", "--config", "config.json", "--dry-run"],
            in: folder.path
        )
        #expect(result.status == 0)
        #expect(result.output.contains("split"))
        #expect(result.output.contains("would write ./diffusion_pytorch_model.safetensors"))
        #expect(folder.contents() == before)
    }

    /// A user's variants `my-in` and `my-mix` of one network: as with the real pair, nothing in the file tells them apart.
    static func registry() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let config = try Fixtures.text(tiny("f32").config)
        for (name, factor) in [("my-in", "0.3189"), ("my-mix", "0.4552")] {
            try folder.write("Registry/\(name).json", Array("{\"name\": \"\(name)\"}".utf8))
            let text = config.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.contains("scaling_factor") ? "  \"scaling_factor\": \(factor)," : String($0)
            }
            try folder.write("Configs/\(name)/config.json", Array(text.joined(separator: "\n").utf8))
        }
        try folder.write("m/model.safetensors", try Fixtures.bytes(tiny("f32").original))
        return folder
    }

    @Test(arguments: ["identify", "convert"]) func inAndMixAreNotGuessed(command: String) throws {
        let folder = try Self.registry()
        let before = folder.contents()
        let target = command == "convert" ? ["-o", "x"] : []
        let result = try Program.run(
            [command, "m/model.safetensors"] + target,
            environment: ["DCAE_REGISTRY": folder.path],
            in: folder.path
        )
        #expect(result.status == 2)
        #expect(
            result.error
                == "dcae: error: m/model.safetensors: this could be my-in (0.3189) or my-mix (0.4552), which need different scaling factors; say which with --variant or --scaling-factor, as --variant my-in; `dcae identify` can measure it over pictures\n"
        )
        #expect(folder.contents() == before)
    }

    @Test func evidenceSettlesItAndIsTold() throws {
        let folder = try Self.registry()
        try folder.write("m/config.json", Array("{\n  \"model_name\": \"my-mix\"\n}".utf8))
        let result = try Program.run(["convert", "m", "-o", "x", "--registry", folder.path], in: folder.path)
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("  because config.json beside it has model_name my-mix\n"))
        #expect(try Fixtures.text(folder("x/config.json")).contains("\"scaling_factor\": 0.4552"))
        let again = try Program.run(["convert", "m", "-o", "x", "--registry", folder.path], in: folder.path)
        #expect(again.status == 2 && again.error.contains("the output exists already"))
        #expect(
            try Program.run(["convert", "m", "-o", "x", "--registry", folder.path, "--force"], in: folder.path).status
                == 0
        )
    }
}
