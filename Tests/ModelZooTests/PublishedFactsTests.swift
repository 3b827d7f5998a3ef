import CheckpointIO
import Foundation
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// What is stated of the published models, held against copies of the files and against itself.
@Suite struct PublishedFactsTests {
    /// The folders of Tests/Fixtures/published hold config.json as it was really published.
    @Test(arguments: [
        ("sana-1.0-vae", "dc-ae-f32c32-sana-1.0"), ("sana-1.1-vae", "dc-ae-f32c32-sana-1.1"),
        ("ace-step-f8c8", "ace-step-f8c8"),
    ])
    func publishedConfigsHaveTheirDigests(folder: String, name: String) throws {
        let path = Fixtures.path("published/\(folder)/config.json")
        let bytes = try Fixtures.bytes(path)
        let registry = try Registry()
        let found = try #require(registry.published(sha256: SHA256.hex(bytes)))
        #expect(found.variant.name == name && found.file.name == "config.json" && found.file.layout == .diffusers)
        #expect(found.file.byteCount == bytes.count)
        // What it says of itself is the variant too, and the network is the same.
        let reading = try AutoencoderDCConfig.read(bytes, path: path)
        #expect(reading.config == found.variant.config)
    }

    @Test(
        arguments: [
            (
                "15a4b09e56d95b768a0ec9da50b702e21d920333fc9b3480d66bb5c7fad9d87f", "sana-1.0", .diffusers,
                1_249_044_836
            ),
            (
                "dfd991d1b54ffabf22745c5885589d8f2a7bc59930d95d92bd741c4fc64454bb", "sana-1.1", .diffusers,
                1_249_044_836
            ),
            (
                "01a99a6d08b8e1d54bf9af28cab521432cdeee372720e84c38bac8b8abe27ba6", "sana-1.1", .original,
                1_249_046_372
            ),
            ("2b0cb469307ac50659d1880db2a99bae47d0df335cbb36853964662d4b80e8ee", "ace-step", .diffusers, nil),
        ] as [(String, String, Layout, Int?)]
    )
    func weightsAreKnownByTheirDigests(digest: String, name: String, layout: Layout, size: Int?) throws {
        let found = try #require(try Registry().published(sha256: digest.uppercased()))
        #expect(found.variant.shortName == name && found.file.layout == layout && found.file.byteCount == size)
        #expect(found.file.name.hasSuffix("model.safetensors") && !found.file.publications.isEmpty)
    }

    @Test func anUnknownDigestIsNobodys() throws {
        #expect(try Registry().published(sha256: String(repeating: "0", count: 64)) == nil)
        #expect(try Registry().published(sha256: "") == nil)
    }

    /// The published sizes are those that our own writer gives the same tensors: header and all.
    @Test func sizesOfWeightsFollowFromTheirNetworks() throws {
        for variant in try Registry().variants {
            for file in variant.digests where file.name.hasSuffix(".safetensors") {
                guard let size = file.byteCount else { continue }
                let tensors = NetworkDescription(variant.config).tensors(in: file.layout).map { tensor, kind in
                    TensorDescriptor(name: tensor.name, dtype: kind == .batchCounter ? .i64 : .f32, shape: tensor.shape)
                }
                let layout = SafetensorsLayout(tensors, format: file.layout == .diffusers ? "pt" : nil)
                #expect(layout.fileSize == size, "\(variant.name) \(file.layout)")
            }
        }
    }

    @Test func encodersAreSharedAsPublished() throws {
        let registry = try Registry()
        func sharing(_ name: String) throws -> [String] {
            registry.variants(withEncoderOf: try registry.variant(named: name)).map(\.shortName)
        }
        #expect(try sharing("sana-1.0") == ["sana-1.1", "lite"])
        #expect(try sharing("sana-1.1") == ["sana-1.0", "lite"])
        #expect(try sharing("lite") == ["sana-1.0", "sana-1.1"])
        #expect(try sharing("f32c32-in").isEmpty)
        #expect(registry.variants(withDecoderOf: try registry.variant(named: "sana-1.0")).isEmpty)
    }

    /// Of 375 diffusers tensors 320 are the same bytes in sana-1.0 and sana-1.1, all 179 of the encoder among them.
    @Test func whatChangedInSanaIsWhatWasCompared() throws {
        let variant = try Registry().variant(named: "sana-1.1")
        let derivation = try #require(variant.derivation)
        #expect(derivation.variant == "dc-ae-f32c32-sana-1.0")
        let names = NetworkDescription(variant.config).tensors(in: .diffusers).map(\.tensor.name)
        let same = names.filter { !derivation.changes($0) }
        #expect(names.count == 375 && same.count == 320)
        #expect(same.count { $0.hasPrefix("encoder.") } == 179)
        for module in ["conv_in", "up_blocks.3", "up_blocks.4", "up_blocks.5"] {
            #expect(same.contains { $0.hasPrefix("decoder.\(module).") })
        }
    }

    @Test(arguments: [
        ("f32c128-1.1", ["f32c128-1.5"]), ("f32c128-1.5", ["f32c128-1.1"]), ("f64c128-1.5", []),
        ("f32c32-in", ["f32c32-in-256px", "f32c32-mix"]), ("sana-1.0", ["sana-1.1"]), ("lite", []), ("ace-step", []),
    ])
    func whatLooksAlikeIsKnown(name: String, alike: [String]) throws {
        let registry = try Registry()
        #expect(registry.variants(withTensorsOf: try registry.variant(named: name)).map(\.shortName) == alike)
    }

    /// ACE-Step's: diffusers alone, two channels, a shift and a factor of its pipeline's own.
    @Test func musicHasOneLayoutAndItsOwnNormalisation() throws {
        let registry = try Registry()
        let variant = try registry.variant(named: "ace-step")
        #expect(variant.layouts == [.diffusers] && variant.geometry == "f8c8" && variant.config.inChannels == 2)
        #expect(variant.shift == -1.9091 && variant.pipelineScalingFactor == 0.1786)
        #expect(variant.config.scalingFactor == 0.41407)
        #expect(variant.normalizationReason?.contains("left over from SANA") == true)
        #expect(variant.normalization?.formula() == "(latent + 1.9091) x 0.1786")
        #expect(NetworkDescription(variant.config).parameterCount == 156_812_426)
        #expect(
            try Fixtures.bytes(Fixtures.project + "/Configs/ace-step-f8c8/config.json")
                == Fixtures.bytes(Fixtures.path("published/ace-step-f8c8/config.json"))
        )
        for other in registry.variants where other.name != variant.name {
            #expect(other.layouts == [.original, .diffusers] && other.shift == nil)
            #expect(other.pipelineScalingFactor == other.config.scalingFactor)
        }
    }

    @Test func qualityIsThePublishedOne() throws {
        let registry = try Registry()
        let f64 = try #require(try registry.variant(named: "f64c128-in").quality.first)
        #expect(f64.data == "ImageNet validation" && f64.pixels == 512)
        #expect(f64.rFID == 0.2168 && f64.psnr == 26.1489 && f64.ssim == 0.7105 && f64.lpips == 0.0802)
        #expect(f64.latentMean == -0.0523 && f64.latentRMS == 3.4593 && f64.latentStandardDeviation == 3.4589)
        let (old, new) = (
            try registry.variant(named: "sana-1.0").quality[0], try registry.variant(named: "sana-1.1").quality[0]
        )
        #expect(old.data == new.data && old.pixels == 1024 && old.rFID == 0.339 && old.psnr == 29.31)
        #expect(new.rFID == 0.314 && new.psnr == 29.74 && new.ssim == nil)
        for variant in registry.variants { #expect(variant.quality.allSatisfy { !$0.source.isEmpty }) }
    }

    @Test(arguments: [
        ("mix", ["f32c32-mix", "f64c128-mix", "f128c512-mix"]), ("1.5", ["f32c128-1.5", "f64c128-1.5"]),
        ("sana", ["sana-1.0", "sana-1.1", "lite"]), ("SANA-1.1", ["sana-1.1", "lite"]),
        ("f128", ["f128c512-in", "f128c512-mix"]),
        ("1.5 f64", ["f64c128-1.5"]), ("256", ["f32c32-in-256px"]), ("f8c8", ["ace-step"]), ("", []), ("-", []),
        ("ana", []), ("mit-han-lab", []),
    ])
    func partOfANameCanMean(text: String, names: [String]) throws {
        #expect(try Registry().candidates(matching: text).map(\.shortName) == names)
    }

    /// What diffusers notes in `_name_or_path`: a repository, or a path on somebody's disk.
    @Test(
        arguments: [
            ("mit-han-lab/dc-ae-f32c32-sana-1.0-diffusers", "sana-1.0"),
            ("mit-han-lab/dc-ae-f32c32-sana-1.1-diffusers", "sana-1.1"),
            ("checkpoints/music_dcae_f8c8", "ace-step"), ("/data/dc-ae-f32c32-mix-1.0-diffusers/", "f32c32-mix"),
            ("/data/dc-ae-f64c128-in-1.0", "f64c128-in"), ("/data/models/lite", nil), ("/data/mix", nil),
            ("runs/sana-1.0", nil), ("vae", nil), ("", nil), ("/", nil),
        ] as [(String, String?)]
    )
    func aNoteOfWhereItCameFromIsUnderstood(text: String, name: String?) throws {
        #expect(try Registry().variant(nameOrPath: text)?.shortName == name)
    }
}
