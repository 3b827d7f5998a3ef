import Foundation
import ModelZoo
import StrictJSON
import TestSupport
import Testing

/// `list`, `show` and `tokens`: what the registry knows, and what a name can mean.
@Suite struct RegistryCommandTests {
    /// The text of Tests/Fixtures/registry; DCAE_RECORD=1 writes it anew.
    static func golden(_ name: String, _ text: String) throws -> String {
        let path = Fixtures.path("registry/" + name)
        if ProcessInfo.processInfo.environment["DCAE_RECORD"] == "1" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return try Fixtures.text(path)
    }

    static func longest(_ text: String) -> Int {
        text.split(separator: "\n").map(\.unicodeScalars.count).max() ?? 0
    }

    @Test(arguments: [80, 120, 200]) func listFits(columns: Int) throws {
        let result = try Program.run(["list"], environment: ["COLUMNS": "\(columns)"])
        #expect(result.status == 0 && Self.longest(result.output) <= columns)
        #expect(try result.output == Self.golden("list-\(columns).txt", result.output))
    }

    /// Where nobody says how wide it is, it is made for 80.
    @Test func aPipedListFitsIn80Columns() throws {
        let result = try Program.run(["list"], environment: ["COLUMNS": ""])
        #expect(try result.output == Fixtures.text(Fixtures.path("registry/list-80.txt")))
    }

    @Test(arguments: ["sana-1.1", "ace-step", "f64c128-in", "f32c128-1.5"]) func showTellsAll(name: String) throws {
        let result = try Program.run(["show", name], environment: ["COLUMNS": "80"])
        #expect(try result.output == Self.golden("show-\(name).txt", result.output))
    }

    @Test func showOfEveryVariantFitsIn80Columns() throws {
        for variant in try Registry().variants {
            let result = try Program.run(["show", variant.name], environment: ["COLUMNS": "80"])
            #expect(result.status == 0 && Self.longest(result.output) <= 80, "\(variant.name)")
        }
    }

    @Test func aLongNameOfAUsersOwnIsCutInTheList() throws {
        let folder = try TemporaryFolder()
        let name = "a-" + String(repeating: "very-", count: 20) + "long-name"
        try folder.write("Registry/\(name).json", Array("{\"name\": \"\(name)\"}".utf8))
        let config = try Fixtures.bytes(Fixtures.path("tiny/lite/diffusers/config.json"))
        try folder.write("Configs/\(name)/config.json", config)
        let result = try Program.run(["list", "--registry", folder.path], environment: ["COLUMNS": "80"])
        #expect(result.status == 0 && Self.longest(result.output) <= 80 && result.output.contains("…"))
    }

    @Test func aStrangersRegistryCannotSpeakToTheTerminal() throws {
        let folder = try TemporaryFolder()
        let entry =
            #"{"name": "mine", "aliases": ["m\u001b[31m"], "notes": ["a\u001b]0;x\u0007\nb"], "training_data": "\u001b[2J"}"#
        try folder.write("Registry/mine.json", Array(entry.utf8))
        let config = try Fixtures.bytes(Fixtures.path("tiny/lite/diffusers/config.json"))
        try folder.write("Configs/mine/config.json", config)
        for arguments in [["list"], ["show", "mine"]] {
            let result = try Program.run(arguments + ["--registry", folder.path], environment: ["COLUMNS": "200"])
            #expect(result.status == 0 && result.output.contains("\\u{1b}"))
            #expect(!result.output.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        }
    }

    /// Every field of the registry's schema, of the variant that has nearly all of them.
    @Test func jsonHasAllFields() throws {
        let shown = try Program.run(["show", "sana-1.1", "--json"]).result
        let listed = try Program.run(["list", "--json"]).result["variants"]?.array?
            .first { $0["variant"] == "dc-ae-f32c32-sana-1.1" }
        for member in try #require(listed?.members) { #expect(shown[member.key] == member.value, "\(member.key)") }
        #expect(shown["encoder_shared_with"] == ["dc-ae-f32c32-sana-1.0", "dc-ae-lite-f32c32-sana-1.1"])
        #expect(shown["decoder_shared_with"] == [] && shown["same_tensors_as"] == ["dc-ae-f32c32-sana-1.0"])
        #expect(shown["derived_from"]?["changed"]?.array?.count == 5)
        #expect(shown["digests"]?.array?.map { $0["bytes"] } == [1_249_044_836, 1_249_046_372, 1280])
        #expect(shown["quality"]?.array?.first?["psnr"] == 29.74)
        #expect(shown["repositories"]?["pipelines"]?.array?.count == 2)
        #expect(shown["config"]?["latent_channels"] == 32 && shown["tensor_counts"]?["diffusers"] == 375)
        #expect(shown["normalization"] == .null)
    }

    @Test func theNormalisationOfMusicIsShown() throws {
        let shown = try Program.run(["show", "ace-step", "--json"]).result
        let normalization = try #require(shown["normalization"])
        #expect(shown["scaling_factor"] == 0.41407 && normalization["scaling_factor"] == 0.1786)
        #expect(normalization["shift_factor"] == -1.9091)
        #expect(normalization["formula"] == "(latent + 1.9091) x 0.1786")
        #expect(shown["layouts"] == ["diffusers"] && shown["tensor_counts"]?["original"] == nil)
    }

    /// Wrong usage, as a flag is that is not known: exit code 64, one line, and what was probably meant.
    @Test(
        arguments: [
            (["show", "sana1.0"], "show: unknown variant \"sana1.0\"; did you mean sana-1.0?; `dcae list` shows all"),
            (["show", "1.5"], "show: \"1.5\" can mean f32c128-1.5 or f64c128-1.5; name one of them"),
            (["show", "mix"], "show: \"mix\" can mean f32c32-mix, f64c128-mix or f128c512-mix; name one of them"),
            (["show", "sana"], "show: \"sana\" can mean sana-1.0, sana-1.1 or lite; name one of them"),
            (["show", ""], "show: unknown variant \"\"; `dcae list` shows all"),
            (
                ["show", "dc-ae"],
                "show: \"dc-ae\" can mean f32c128-1.1, f32c128-1.5, f32c32-in, f32c32-in-256px, f32c32-mix, sana-1.0, sana-1.1, lite and 5 more; name one of them"
            ),
            (
                ["list", "--family", "f99"],
                "--family: unknown family \"f99\"; known families are ace-step, f128c512, f32c128, f32c32, f64c128, lite, sana"
            ),
            (
                ["synthesize", "ace-step", "-o", "x", "--layout", "original"],
                "--layout: ace-step-f8c8 has no original layout; it exists in diffusers"
            ),
            (
                ["synthesize", "lit", "-o", "x"],
                "synthesize: unknown variant \"lit\"; did you mean lite?; `dcae list` shows all"
            ),
            (
                ["verify", "x", "--variant", "mix"],
                "--variant: \"mix\" can mean f32c32-mix, f64c128-mix or f128c512-mix; name one of them"
            ),
            (
                ["convert", "x", "-o", "y", "--variant", "mit-han-lab/dc-ae-f32c32-mix-1.0-diffuser"],
                "--variant: unknown variant \"mit-han-lab/dc-ae-f32c32-mix-1.0-diffuser\"; did you mean mit-han-lab/dc-ae-f32c32-mix-1.0-diffusers?; `dcae list` shows all"
            ),
            (
                ["encode", "x", "y", "-o", "z", "--variant", "lote"],
                "--variant: unknown variant \"lote\"; did you mean lite?; `dcae list` shows all"
            ),
        ] as [([String], String)]
    )
    func anUnknownNameIsWrongUsage(arguments: [String], message: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("x", [0])
        let result = try Program.run(arguments, in: folder.path)
        #expect(result.status == 64)
        #expect(result.output.isEmpty && result.error == "dcae: error: \(message)\n")
    }

    /// What is wrong with a registry's files is no wrong usage.
    @Test func aFolderWithoutRegistryIsNamed() throws {
        let folder = try TemporaryFolder()
        let result = try Program.run(["list", "--registry", "."], in: folder.path)
        #expect(result.status == 2)
        #expect(
            result.error
                == "dcae: error: .: there is no folder Registry in it; a registry holds Registry/NAME.json and Configs/NAME/config.json\n"
        )
    }

    @Test func tokensNamesTheNearestSizesThatFit() throws {
        let table = try Program.run(["tokens", "1920x1080", "20x40"]).output
        #expect(
            table == """
                IMAGE      VARIANTS      LATENT                     TOKENS  F8P2  FEWER
                1920x1080  f32c32 (6)    fit: 1920x1056, 1920x1088       -     -      -
                1920x1080  f32c128 (2)   fit: 1920x1056, 1920x1088       -     -      -
                1920x1080  f64c128 (3)   fit: 1920x1024, 1920x1088       -     -      -
                1920x1080  f128c512 (2)  fit: 1920x1024, 1920x1152       -     -      -
                20x40      f32c32 (6)    fit: 32x64                      -     -      -
                20x40      f32c128 (2)   fit: 32x64                      -     -      -
                20x40      f64c128 (3)   fit: 64x64                      -     -      -
                20x40      f128c512 (2)  fit: 128x128                    -     -      -

                """
        )
        let json = try Program.run(["tokens", "1920x1080", "--json"]).result
        #expect(
            json["counts"]?.array?.first?["nearest"] == [
                ["width": 1920, "height": 1056], ["width": 1920, "height": 1088],
            ]
        )
        #expect(json["counts"]?.array?.first?["tokens"] == .null)
    }
}
