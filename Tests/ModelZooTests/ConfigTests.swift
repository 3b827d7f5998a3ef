import CheckpointIO
import Foundation
import ModelZoo
import StrictJSON
import TestSupport
import Testing

@Suite struct ConfigTests {
    static let sana = "/Configs/dc-ae-f32c32-sana-1.0/config.json"

    static func reading(_ changes: [(String, JSONValue?)]) throws -> AutoencoderDCConfig.Reading {
        let text = try Fixtures.bytes(Fixtures.project + sana)
        var members = try #require(try JSONReader.read(text).members)
        for (key, value) in changes {
            members.removeAll { $0.key == key }
            if let value { members.append(.init(key, value)) }
        }
        return try AutoencoderDCConfig.read(Array(JSONWriter.pretty(.object(members)).utf8), path: "config.json")
    }

    @Test(
        arguments: [
            (
                "_class_name", "AutoencoderKL",
                "this is the configuration of \"AutoencoderKL\", not of AutoencoderDC; give the config.json of the autoencoder"
            ),
            ("_class_name", .null, "_class_name is null, but \"AutoencoderDC\" is needed"),
            ("latent_channels", "32", "latent_channels is a string, but a whole number is needed"),
            ("latent_channels", 32.5, "latent_channels is a number, but a whole number is needed"),
            ("latent_channels", true, "latent_channels is true or false, but a whole number is needed"),
            ("latent_channels", 0, "latent_channels is 0; 1 to 65536 is allowed"),
            (
                "latent_channels", 48,
                "encoder_out_shortcut needs the last stage's 1024 channels to be a multiple of latent_channels, 48"
            ),
            ("attention_head_dim", 0, "attention_head_dim is 0; 1 to 4096 is allowed"),
            ("encoder_layers_per_block", [2, 2, 2, 3, 3], "encoder_layers_per_block has 5 entries for 6 stages"),
            (
                "encoder_layers_per_block", [2, 2, 0, 3, 3, 3],
                "encoder_layers_per_block is 0 for stage 2; only the first or last stage may have none"
            ),
            (
                "encoder_layers_per_block", [2, 2, 1_000_000_000, 3, 3, 3],
                "encoder_layers_per_block is 1000000000; 0 to 1000 is allowed"
            ),
            (
                "decoder_block_out_channels", [128, 256, 512, 512, 1024],
                "decoder_layers_per_block has 6 entries for 5 stages"
            ),
            (
                "encoder_block_types", ["ResBlock", "ResBlock", "ResBlock", "ViT", "ViT", "ViT"],
                "encoder_block_types is \"ViT\"; known values are ResBlock, EfficientViTBlock"
            ),
            (
                "encoder_qkv_multiscales", [[], [], [], [4], [5], [5]],
                "encoder_qkv_multiscales has the even kernel size 4, which changes the image's size"
            ),
            (
                "encoder_qkv_multiscales", [0, 0, 0, 5, 5, 5],
                "encoder_qkv_multiscales is a number, but a list of lists is needed"
            ),
            ("decoder_norm_types", ["rms_norm"], "decoder_norm_types has 1 entries for 6 stages"),
            (
                "decoder_norm_types", "layer_norm",
                "decoder_norm_types is \"layer_norm\"; known values are batch_norm, rms_norm"
            ),
            ("decoder_act_fns", "evil", "decoder_act_fns is \"evil\"; known values are relu, silu, swish, gelu, mish"),
            (
                "downsample_block_type", "pool",
                "downsample_block_type is \"pool\"; known values are pixel_unshuffle, conv, Conv"
            ),
            ("decoder_in_shortcut", .null, "decoder_in_shortcut is null, but true or false is needed"),
            ("scaling_factor", "0.4", "scaling_factor is a string, but a number is needed"),
            ("scaling_factor", .null, "scaling_factor is null, but a number is needed"),
            ("shift_factor", "0.1", "shift_factor is a string, but a number is needed"),
            ("latents_mean", [0, "1"], "latents_mean is a list, but a list of numbers is needed"),
            ("latents_mean", [0, 1], "latents_mean has 2 entries for 32 latent channels"),
            (
                "latents_std", .array(.init(repeating: 1, count: 33)),
                "latents_std has 33 entries for 32 latent channels"
            ),
            (
                "latents_std", .array(.init(repeating: 0, count: 32)),
                "latents_std holds 0.0; only numbers above 0 can be divided by"
            ),
            (
                "latents_std", .array(.init(repeating: 1, count: 32)),
                "latents_mean and latents_std belong together; one of them is missing"
            ),
            ("scaling_factor", 0, "scaling_factor is 0.0; a finite number above 0 is needed"),
            (
                "encoder_qkv_multiscales", [[], [], [], [65], [5], [5]],
                "encoder_qkv_multiscales is 65; 1 to 63 is allowed"
            ),
            (
                "encoder_qkv_multiscales", [[], [], [], .array(.init(repeating: 5, count: 3000)), [5], [5]],
                "encoder_qkv_multiscales has 3000 kernels for stage 3; at most 16 are allowed"
            ),
            (
                "decoder_layers_per_block", [1000, 1000, 1000, 1000, 1000, 1000],
                "its blocks and scales give more than 50000 parameters, more than any network of this kind has"
            ),
            (
                "encoder_block_out_channels", [128, 256, 512, 500, 1024, 1024],
                "the shortcut from 512 to 500 channels after encoder stage 2 needs 4 x 512 to be a multiple of 500"
            ),
        ] as [(String, JSONValue, String)]
    )
    func malformedConfigsAreRefusedInOneLine(field: String, value: JSONValue, message: String) {
        let error = #expect(throws: CheckpointError.self) { try Self.reading([(field, value)]) }
        #expect(error?.description == "config.json: " + message)
    }

    /// What is made in memory passes through the same validator as what is read.
    @Test func configsMadeInMemoryAreValidated() throws {
        let sana = try Self.reading([]).config
        func fault(_ change: (inout AutoencoderDCConfig) -> Void) -> ConfigFault? {
            var config = sana
            change(&config)
            return #expect(throws: ConfigFault.self) { try config.validate() }
        }
        try sana.validate()
        #expect(
            fault { $0.encoder.layersPerBlock[2] = -1 }
                == .outOfRange(field: "encoder_layers_per_block", found: -1, allowed: "0 to 1000")
        )
        #expect(
            fault { $0.decoder.blockOutChannels = [] }
                == .outOfRange(
                    field: "the number of stages in decoder_block_out_channels",
                    found: 0,
                    allowed: "1 to 16"
                )
        )
        #expect(
            fault {
                $0.decoder.blockOutChannels.removeLast()
                $0.decoder.layersPerBlock.removeLast()
                $0.decoder.qkvMultiscales.removeLast()
                $0.decoder.blockTypes = .uniform(.resBlock)
            } == .stagesDiffer(encoder: 6, decoder: 5)
        )
        #expect(fault { $0.inChannels = 0 } == .outOfRange(field: "in_channels", found: 0, allowed: "1 to 1024"))
        #expect(fault { $0.scalingFactor = .infinity } == .scalingFactor(.infinity))
        #expect(
            fault { $0.decoder.qkvMultiscales[5] = [127] }
                == .outOfRange(field: "decoder_qkv_multiscales", found: 127, allowed: "1 to 63")
        )
    }

    /// What is said of latents is read, written and compared to the last digit.
    @Test func normalizationsAreKept() throws {
        let numbers = (0..<32).map { Double($0) / 7 - 2 }
        let deviations = numbers.map { $0 * $0 + 0.1 }
        func list(_ numbers: [Double]) -> JSONValue { .array(numbers.map { .double($0) }) }
        let means = try Self.reading([
            ("latents_mean", list(numbers)), ("latents_std", list(deviations)), ("scaling_factor", 1),
        ])
        let shift = try Self.reading([("shift_factor", -1.9091)])
        #expect(means.unknown.isEmpty && shift.unknown.isEmpty && shift.missing.isEmpty)
        #expect(
            means.config.normalization
                == LatentNormalization(scalingFactor: 1, means: numbers, standardDeviations: deviations)
        )
        #expect(shift.config.shiftFactor == -1.9091)
        for reading in [means, shift] {
            let text = reading.config.text
            #expect(try AutoencoderDCConfig.read(Array(text.utf8), path: "c").config == reading.config)
            #expect(text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.map(String.init).isSorted)
            #expect(!reading.config.means(try Self.reading([]).config))
            #expect(reading.config.architecture == (try Self.reading([]).config.architecture))
        }
        #expect(throws: CheckpointError.self, "both define what is subtracted") {
            try Self.reading([("latents_mean", list(numbers)), ("latents_std", list(deviations)), ("shift_factor", 1)])
        }
        #expect(throws: ConfigFault.notFinite(field: "shift_factor", .infinity)) {
            try LatentNormalization(shift: .infinity).check(channels: 1)
        }
    }

    @Test(arguments: [
        (LatentNormalization(scalingFactor: 0.4), "latent x 0.4", "scaled / 0.4"),
        (LatentNormalization(scalingFactor: 1), "latent x 1.0", "scaled / 1.0"),
        (
            LatentNormalization(scalingFactor: 0.1786, shift: -1.9091), "(latent + 1.9091) x 0.1786",
            "scaled / 0.1786 - 1.9091"
        ),
        (LatentNormalization(scalingFactor: 2, shift: 0.5), "(latent - 0.5) x 2.0", "scaled / 2.0 + 0.5"),
        (
            LatentNormalization(means: [1], standardDeviations: [2]), "(latent - latents_mean) / latents_std",
            "scaled x latents_std + latents_mean"
        ),
    ])
    func formulas(normalization: LatentNormalization, there: String, back: String) {
        #expect(normalization.formula() == there)
        #expect(normalization.inverseFormula == back)
    }

    @Test func figuresOfManyChannelsAreCut() {
        let many = LatentNormalization(means: [1, 2, 3, 4, 5], standardDeviations: [1, 1, 1, 1, 2])
        #expect(many.figures == "latents_mean 1.0, 2.0, 3.0, … 5.0; latents_std 1.0, 1.0, 1.0, … 2.0")
        #expect(many.first(2).figures == "latents_mean 1.0, 2.0; latents_std 1.0, 1.0")
        #expect(LatentNormalization(scalingFactor: 1).figures == nil)
    }

    @Test func missingAndUnknownFieldsAreNamed() throws {
        let reading = try Self.reading([
            ("in_channels", nil), ("scaling_factor", nil), ("foo", 1), ("_name_or_path", "x"),
        ])
        #expect(reading.missing == ["in_channels", "scaling_factor"])
        #expect(reading.unknown == ["foo"])
        #expect(reading.config.scalingFactor == nil, "diffusers' default of 1.0 is right for no model")
        #expect(reading.config.inChannels == 3)
    }

    /// The published sana-1.0 config writes "Conv".
    @Test func publishedSpellingsAreTaken() throws {
        #expect(try Self.reading([("downsample_block_type", "Conv")]).config == Self.reading([]).config)
        #expect(try Self.reading([("decoder_act_fns", "SiLU")]).config == Self.reading([]).config)
    }

    @Test(arguments: Fixtures.families) func textIsThatOfSavePretrained(family: String) throws {
        let path = Fixtures.path("tiny/\(family)/diffusers/config.json")
        let reading = try AutoencoderDCConfig.read(try Fixtures.bytes(path), path: path)
        #expect(try reading.config.text == Fixtures.text(path))
        #expect(reading.missing.isEmpty && reading.unknown.isEmpty)
    }

    @Test func anOriginalRepositorysConfigIsCalledThat() {
        let text = Array("{\n  \"model_name\": \"dc-ae-f32c32-sana-1.0\"\n}".utf8)
        let error = #expect(throws: CheckpointError.self) { try AutoencoderDCConfig.read(text, path: "c.json") }
        #expect(
            error?.description
                == "c.json: this is an original repository's config.json, which only names the model: dc-ae-f32c32-sana-1.0; give the checkpoint beside it, or `dcae show` that model"
        )
    }
}

extension [String] {
    fileprivate var isSorted: Bool { self == sorted() }
}
