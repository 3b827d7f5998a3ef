import CheckpointIO
import Foundation
import ModelZoo
import TestSupport
import Testing

/// A user's own registry: what is taken, and what is refused by name.
@Suite struct RegistryFaultTests {
    static let lite = "tiny/lite/diffusers/config.json"

    static func folder(_ entry: String, config: String?) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("Registry/mine.json", Array(entry.utf8))
        if let config { try folder.write("Configs/mine/config.json", Array(config.utf8)) }
        return folder
    }

    /// An entry with a digest that has these fields.
    static func digest(_ fields: String) -> String {
        "{\"name\": \"mine\", \"repositories\": {\"diffusers\": [\"me/mine\"]}, \"digests\": [{\(fields)}]}"
    }

    static let sha = String(repeating: "0f", count: 32)

    @Test func aUsersOwnVariantNeedsNoSwift() throws {
        let config = try Fixtures.text(Fixtures.path(Self.lite))
        let folder = try Self.folder("{\"name\": \"mine\", \"aliases\": [\"my-own\"]}", config: config)
        let registry = try Registry(adding: folder.path)
        #expect(registry.variants.count == 15)
        #expect(try registry.variant(named: "my-own").family == registry.variant(named: "mine").geometry)
        #expect(try registry.variant(named: "mine").layouts == [.original, .diffusers])
    }

    @Test func everyFieldCanBeSaid() throws {
        let entry = """
            {"name": "mine", "family": "own", "aliases": ["m"], "layouts": ["diffusers"],
             "repositories": {"diffusers": ["me/mine/sub/folder"], "pipelines": ["me/pipe/vae"]},
             "training_data": "mine", "scaling_factor": 0.41407, "scaling_factor_source": "measured",
             "normalization": {"latents_mean": [0, 1, -1, 0, 0, 0, 0, 0], "latents_std": [1, 2, 1, 1, 1, 1, 1, 1],
                               "scaling_factor": 1, "shift_factor": null, "reason": "measured"},
             "digests": [{"file": "config.json", "layout": "diffusers", "bytes": 1, "sha256": "\(Self.sha)",
                          "published_in": [{"repository": "me/pipe/vae", "revision": "\(Self.sha.prefix(40))"}],
                          "source": "me"}],
             "quality": [{"data": "mine", "pixels": 64, "ssim": 0.5, "latent_mean": -1, "source": "me"}],
             "notes": ["x"]}
            """
        let folder = try Self.folder(entry, config: try Fixtures.text(Fixtures.path(Self.lite)))
        let registry = try Registry(adding: folder.path)
        let variant = try registry.variant(named: "m")
        #expect(variant.family == "own" && variant.layouts == [.diffusers] && variant.scalingFactorSource == "measured")
        #expect(variant.repositories.map(\.path) == ["me/mine/sub/folder", "me/pipe/vae"])
        #expect(variant.repositories.map(\.folder) == ["sub/folder", "vae"])
        #expect(variant.repositories.map(\.isPipeline) == [false, true])
        #expect(variant.normalization?.formula() == "(latent - latents_mean) / latents_std")
        #expect(variant.normalization?.means?.prefix(3) == [0, 1, -1] && variant.pipelineScalingFactor == 1)
        #expect(variant.quality.first?.ssim == 0.5 && variant.quality.first?.latentMean == -1)
        #expect(registry.published(sha256: Self.sha.uppercased())?.file.publications.first?.repository == "me/pipe/vae")
    }

    /// A config.json may say the shift itself, by the names that diffusers has for it.
    @Test func aConfigurationMaySayItsNormalisation() throws {
        let text = try Fixtures.text(Fixtures.path(Self.lite))
            .replacingOccurrences(of: "{\n  \"_class", with: "{\n  \"shift_factor\": 0.5,\n  \"_class")
        let folder = try Self.folder("{\"name\": \"mine\"}", config: text)
        let variant = try Registry(adding: folder.path).variant(named: "mine")
        #expect(variant.shift == 0.5)
        #expect(variant.normalization?.formula(factor: nil) == "(latent - 0.5) x 0.41407")
    }

    @Test(
        arguments: [
            ("{\"name\": \"mine\", \"alias\": []}", "unknown field \"alias\" (did you mean \"aliases\"?)"),
            ("{\"name\": \"other\"}", "the file is called mine.json but its \"name\" is \"other\"; rename one of them"),
            ("{}", "the field \"name\" is missing"),
            (
                "{\"name\": \"mine\", \"aliases\": [\"lite\"]}",
                "the variant \"lite\" exists already; choose another name"
            ),
            (
                "{\"name\": \"mine\", \"repositories\": {\"diffusers\": [\"Dc-ai/DC-AE-lite-f32c32\"]}}",
                "the variant \"Dc-ai/DC-AE-lite-f32c32\" exists already; choose another name"
            ),
            (
                "{\"name\": \"mine\", \"scaling_factor\": 0.5}",
                "scaling_factor is 0.5 here and 0.41407 in its config.json"
            ),
            ("{\"name\": \"mine\", \"notes\": \"x\"}", "notes is a string, but a list of strings is needed"),
            ("{\"name\": \"mine\", \"repositories\": {\"hub\": []}}", "unknown field \"repositories.hub\""),
            (
                "{\"name\": \"mine\", \"repositories\": {\"pipeline\": []}}",
                "unknown field \"repositories.pipeline\" (did you mean \"pipelines\"?)"
            ),
            ("{\"name\": \"mine\", \"repositories\": []}", "repositories is a list, but an object is needed"),
            (
                "{\"name\": \"mine\", \"repositories\": {\"original\": [\"mine\"]}}",
                "repositories.original is \"mine\", but owner/repository or owner/repository/folder is needed"
            ),
            ("[]", "a registry entry is a JSON object, not a list"),
            ("{\"name\": \"mine\", \"layouts\": []}", "the field \"layouts\" is missing"),
            (
                "{\"name\": \"mine\", \"layouts\": [\"onnx\"]}",
                "layouts is \"onnx\", but \(Layout.allCases.map(\.rawValue).joined(separator: " or ")) is needed"
            ),
            (
                "{\"name\": \"mine\", \"layouts\": [\"diffusers\"], \"repositories\": {\"original\": [\"a/b\"]}}",
                "repositories.original is of the original layout, which is not in \"layouts\""
            ),
            (
                "{\"name\": \"mine\", \"encoder_of\": \"dc-ae-f32c32-sana-1.2\"}",
                "encoder_of names \"dc-ae-f32c32-sana-1.2\", which is unknown; did you mean dc-ae-f32c32-sana-1.0?"
            ),
            (
                "{\"name\": \"mine\", \"encoder_of\": \"mine\"}",
                "encoder_of names \"mine\", which is unknown; did you mean mine?"
            ),
            (
                "{\"name\": \"mine\", \"decoder_of\": \"dc-ae-f32c32-sana-1.0\"}",
                "decoder_of names dc-ae-f32c32-sana-1.0, but that is another network"
            ),
            (
                "{\"name\": \"mine\", \"derived_from\": {\"variant\": \"x\", \"changed\": [\"decoder.up\"], \"source\": \"\"}}",
                "derived_from.changed names \"decoder.up\", which is not a module of the diffusers layout"
            ),
            (
                "{\"name\": \"mine\", \"derived_from\": {\"variants\": \"x\"}}",
                "unknown field \"derived_from.variants\" (did you mean \"variant\"?)"
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"shift_factor\": 1}}",
                "the field \"normalization.reason\" is missing"
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"shift\": 1, \"reason\": \"\"}}",
                "unknown field \"normalization.shift\""
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"latents_mean\": [1], \"reason\": \"\"}}",
                "latents_mean has 1 entries for 8 latent channels"
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"latents_mean\": [0,0,0,0,0,0,0,0], \"reason\": \"\"}}",
                "latents_mean and latents_std belong together; one of them is missing"
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"shift_factor\": \"1\", \"reason\": \"\"}}",
                "shift_factor is a string, but a number is needed"
            ),
            (
                "{\"name\": \"mine\", \"normalization\": {\"scaling_factor\": 0, \"reason\": \"\"}}",
                "scaling_factor is 0.0; a finite number above 0 is needed"
            ),
            (
                digest("\"layout\": \"diffusers\", \"file\": \"x\", \"sha256\": \"0F\", \"source\": \"\""),
                "digests[0].sha256 is \"0F\", but 64 hexadecimal digits in lower case is needed"
            ),
            (
                digest("\"layout\": \"diffusers\", \"file\": \"x\", \"source\": \"\""),
                "the field \"digests[0].sha256\" is missing"
            ),
            (digest("\"layuot\": \"diffusers\""), "unknown field \"digests[0].layuot\" (did you mean \"layout\"?)"),
            (digest(""), "the field \"digests[0].layout\" is missing"),
            (
                digest("\"layout\": \"diffusers\", \"file\": \"x\", \"sha256\": \"\(sha)\", \"bytes\": -1"),
                "digests[0].bytes is a number, but a whole number above 0 is needed"
            ),
            (
                digest("\"layout\": \"diffusers\", \"published_in\": [{\"repository\": \"me/mien\"}]"),
                "digests[0].published_in[0].repository names \"me/mien\", which is unknown; did you mean me/mine?"
            ),
            (
                digest(
                    "\"layout\": \"diffusers\", \"published_in\": [{\"repository\": \"me/mine\", \"revision\": \"main\"}]"
                ),
                "digests[0].published_in[0].revision is \"main\", but 40 hexadecimal digits in lower case is needed"
            ),
            (
                digest(
                    "\"layout\": \"diffusers\", \"file\": \"x\", \"source\": \"\", \"sha256\": \"dfd991d1b54ffabf22745c5885589d8f2a7bc59930d95d92bd741c4fc64454bb\""
                ),
                "the digest dfd991d1b54f… is that of a file of dc-ae-f32c32-sana-1.1"
            ),
            ("{\"name\": \"mine\", \"aliases\": [\"m\", \"\"]}", "aliases is \"\", but a name is needed"),
            ("{\"name\": \"mine\", \"digests\": {}}", "digests is an object, but a list of objects is needed"),
            ("{\"name\": \"mine\", \"quality\": [1]}", "quality[0] is a number, but an object is needed"),
            (
                "{\"name\": \"mine\", \"quality\": [{\"data\": \"x\", \"pixels\": 1, \"source\": \"\"}]}",
                "quality[0] has no figures"
            ),
            (
                "{\"name\": \"mine\", \"quality\": [{\"data\": \"x\", \"pixels\": 1, \"psnr\": \"20 dB\"}]}",
                "quality[0].psnr is a string, but a number above 0 is needed"
            ),
        ] as [(String, String)]
    )
    func malformedEntriesAreRefused(entry: String, message: String) throws {
        let folder = try Self.folder(entry, config: try Fixtures.text(Fixtures.path(Self.lite)))
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        let fault = error?.fault.message ?? ""
        #expect(fault + (error?.fault.remedy.map { "; \($0)" } ?? "") == message)
        #expect(error?.path.hasSuffix("/Registry/mine.json") == true)
    }

    /// diffusers passes over a field that it does not know; in a registry it would be another network without a word.
    @Test(
        arguments: [
            (
                "\"latent_channels\"", "\"latent_chanels\"",
                "unknown field \"latent_chanels\" (did you mean \"latent_channels\"?)"
            ),
            ("\"in_channels\"", "\"shift_facto\"", "unknown field \"shift_facto\" (did you mean \"shift_factor\"?)"),
            ("\"in_channels\": 3", "\"latents_std\": [0]", "latents_std has 1 entries for 8 latent channels"),
            ("\"in_channels\": 3", "\"in_channels\": 0", "in_channels is 0; 1 to 1024 is allowed"),
        ]
    )
    func malformedConfigurationsAreRefused(old: String, new: String, message: String) throws {
        let text = try Fixtures.text(Fixtures.path(Self.lite)).replacingOccurrences(of: old, with: new)
        let folder = try Self.folder("{\"name\": \"mine\"}", config: text)
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.fault.message == message)
        #expect(error?.path.hasSuffix("/Configs/mine/config.json") == true)
    }

    @Test func aVariantWithoutConfigIsRefused() throws {
        let folder = try Self.folder("{\"name\": \"mine\"}", config: nil)
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.description.contains("its configuration") == true)
    }

    @Test func aConfigWithoutEntryIsRefused() throws {
        let config = try Fixtures.text(Fixtures.path(Self.lite))
        let folder = try Self.folder("{\"name\": \"mine\"}", config: config)
        try folder.write("Configs/mien/config.json", Array(config.utf8))
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.fault as? RegistryFault == .noEntry(folder("Registry/mien.json")))
    }

    @Test func aNameOfTheProjectsOwnCannotBeTaken() throws {
        let folder = try TemporaryFolder()
        try folder.write("Registry/dc-ae-f32c32-in-1.0.json", Array("{\"name\": \"dc-ae-f32c32-in-1.0\"}".utf8))
        let config = try Fixtures.bytes(Fixtures.path(Self.lite))
        try folder.write("Configs/dc-ae-f32c32-in-1.0/config.json", config)
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.fault as? RegistryFault == .duplicateVariant("dc-ae-f32c32-in-1.0"))
    }
}
