import CheckpointIO
import Foundation
import ModelZoo
import TestSupport
import Testing

@Suite struct RegistryTests {
    @Test func whatIsCompiledInIsWhatLiesInTheFolders() throws {
        let names = try ModelFolder.fileNames(in: Fixtures.project + "/Registry").map { String($0.dropLast(5)) }
        #expect(Set(try Registry().variants.map(\.name)) == Set(names))
        #expect(try ModelFolder.fileNames(in: Fixtures.project + "/Configs") == names.sorted())
        #expect(names.count == 10)
    }

    @Test(arguments: [
        ("lite", "dc-ae-lite-f32c32-sana-1.1"), ("dc-ae-lite-f32c32", "dc-ae-lite-f32c32-sana-1.1"),
        ("dc-ai/dc-ae-lite-f32c32-diffusers", "dc-ae-lite-f32c32-sana-1.1"), ("sana-1.1", "dc-ae-f32c32-sana-1.1"),
        ("Efficient-Large-Model/dc-ae-f32c32-sana-1.1", "dc-ae-f32c32-sana-1.1"),
        ("F32C32-MIX", "dc-ae-f32c32-mix-1.0"),
        ("mit-han-lab/dc-ae-f128c512-in-1.0-diffusers", "dc-ae-f128c512-in-1.0"),
    ])
    func aliasesAndRepositoriesLeadToTheirVariant(alias: String, name: String) throws {
        #expect(try Registry().variant(named: alias).name == name)
    }

    @Test func noNameStandsForTwoVariants() throws {
        let names = try Registry().variants.flatMap { Set($0.names) }
        #expect(Set(names).count == names.count)
    }

    @Test func factorsAreThePublishedOnes() throws {
        let factors = Dictionary(
            uniqueKeysWithValues: try Registry().variants.map { ($0.name, $0.config.scalingFactor) }
        )
        #expect(factors["dc-ae-f32c32-in-1.0"] == 0.3189)
        #expect(factors["dc-ae-f32c32-mix-1.0"] == 0.4552)
        #expect(factors["dc-ae-f32c32-in-1.0-256px"] == .some(nil))
        #expect(factors["dc-ae-f64c128-in-1.0"] == 0.2889)
        #expect(factors["dc-ae-f64c128-mix-1.0"] == 0.4538)
        #expect(factors["dc-ae-f128c512-in-1.0"] == 0.4883)
        #expect(factors["dc-ae-f128c512-mix-1.0"] == 0.362)
        #expect(factors["dc-ae-f32c32-sana-1.0"] == 0.41407)
    }

    @Test func anUnknownNameGetsTheNearest() throws {
        let error = #expect(throws: CheckpointError.self) { try Registry().variant(named: "sana1.0") }
        #expect(
            error?.description
                == "--variant: unknown variant \"sana1.0\"; did you mean sana-1.0?; `dcae list` shows all"
        )
    }

    static func folder(_ entry: String, config: String?) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("Registry/mine.json", Array(entry.utf8))
        if let config { try folder.write("Configs/mine/config.json", Array(config.utf8)) }
        return folder
    }

    @Test func aUsersOwnVariantNeedsNoSwift() throws {
        let config = try Fixtures.text(Fixtures.path("tiny/lite/diffusers/config.json"))
        let folder = try Self.folder("{\"name\": \"mine\", \"aliases\": [\"my-own\"]}", config: config)
        let registry = try Registry(adding: folder.path)
        #expect(registry.variants.count == 11)
        #expect(try registry.variant(named: "my-own").family == registry.variant(named: "mine").geometry)
    }

    @Test(arguments: [
        ("{\"name\": \"mine\", \"alias\": []}", "unknown field \"alias\" (did you mean \"aliases\"?)"),
        ("{\"name\": \"other\"}", "the file is called mine.json but its \"name\" is \"other\"; rename one of them"),
        ("{}", "the field \"name\" is missing"),
        ("{\"name\": \"mine\", \"aliases\": [\"lite\"]}", "the variant \"lite\" is known already; choose another name"),
        ("{\"name\": \"mine\", \"scaling_factor\": 0.5}", "scaling_factor is 0.5 here and 0.41407 in its config.json"),
        ("{\"name\": \"mine\", \"notes\": \"x\"}", "notes is a string where a list of strings is needed"),
        ("{\"name\": \"mine\", \"repositories\": {\"hub\": []}}", "unknown field \"repositories.hub\""),
        ("[]", "a configuration is a JSON object, not a list"),
    ])
    func malformedEntriesAreRefused(entry: String, message: String) throws {
        let folder = try Self.folder(entry, config: try Fixtures.text(Fixtures.path("tiny/lite/diffusers/config.json")))
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.description.hasSuffix("/Registry/mine.json: " + message) == true, "\(String(describing: error))")
    }

    @Test func aVariantWithoutConfigIsRefused() throws {
        let folder = try Self.folder("{\"name\": \"mine\"}", config: nil)
        let error = #expect(throws: CheckpointError.self) { try Registry(adding: folder.path) }
        #expect(error?.description.contains("its configuration") == true)
    }
}
