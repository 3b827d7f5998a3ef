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
        #expect(names.count == 14)
    }

    @Test(arguments: [
        ("lite", "dc-ae-lite-f32c32-sana-1.1"), ("dc-ae-lite-f32c32", "dc-ae-lite-f32c32-sana-1.1"),
        ("dc-ai/dc-ae-lite-f32c32-diffusers", "dc-ae-lite-f32c32-sana-1.1"), ("sana-1.1", "dc-ae-f32c32-sana-1.1"),
        ("Efficient-Large-Model/dc-ae-f32c32-sana-1.1", "dc-ae-f32c32-sana-1.1"),
        ("F32C32-MIX", "dc-ae-f32c32-mix-1.0"),
        ("mit-han-lab/dc-ae-f128c512-in-1.0-diffusers", "dc-ae-f128c512-in-1.0"),
        ("mit-han-lab/dc-ae-f32c32-sana-1.0-diffusers", "dc-ae-f32c32-sana-1.0"),
        ("dc-ae-f32c128-1.5", "dc-ae-f32c128-1.5"), ("dc-ae-1.5-f32c128", "dc-ae-f32c128-1.5"),
        ("dc-ai/dc-ae-1.5-f32c128-diffusers", "dc-ae-f32c128-1.5"), ("dc-ae-1.1-f32c128", "dc-ae-f32c128-1.1"),
        ("dc-ai/dc-ae-1.5-f64c128", "dc-ae-f64c128-1.5"), ("dc-ae-1.5-f64c128-diffusers", "dc-ae-f64c128-1.5"),
        ("dc-ai/DC-Gen-FLUX.1-Krea-Dev-Res4K", "dc-ae-f64c128-1.5"),
        ("Efficient-Large-Model/Sana_1600M_1024px_diffusers", "dc-ae-f32c32-sana-1.0"),
        ("Efficient-Large-Model/Sana_Sprint_1.6B_1024px_diffusers/vae", "dc-ae-f32c32-sana-1.1"),
        ("music_dcae_f8c8", "ace-step-f8c8"), ("ACE-Step/ACE-Step-v1-3.5B", "ace-step-f8c8"),
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
        #expect(factors["dc-ae-f32c128-1.1"] == .some(nil) && factors["dc-ae-f32c128-1.5"] == .some(nil))
        #expect(factors["dc-ae-f64c128-1.5"] == 0.5935)
        #expect(factors["ace-step-f8c8"] == 0.41407, "its config's own, which its pipeline does not use")
    }

    @Test func anUnknownNameGetsTheNearest() throws {
        let error = #expect(throws: CheckpointError.self) { try Registry().variant(named: "sana1.0") }
        #expect(
            error?.description
                == "variant: unknown variant \"sana1.0\"; did you mean sana-1.0?; `dcae list` shows all"
        )
    }
}
