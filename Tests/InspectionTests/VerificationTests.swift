import CheckpointIO
import Foundation
import Inspection
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct VerificationTests {
    /// A diffusers folder of the tiny sana network as a registered variant, changed by `change`.
    static func findings(
        opening name: String = "d",
        _ change: (TemporaryFolder) throws -> Void = { _ in }
    ) throws -> [String] {
        let folder = try TemporaryFolder()
        let config = try Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/config.json"))
        try folder.write("Registry/tiny-sana.json", Array("{\"name\": \"tiny-sana\"}".utf8))
        try folder.write("Configs/tiny-sana/config.json", config)
        try folder.write("d/config.json", config)
        try folder.write(
            "d/diffusion_pytorch_model.safetensors",
            Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/diffusion_pytorch_model.safetensors"))
        )
        try change(folder)
        let result = try Verification.verify(OpenedModel(folder(name), registry: Registry(adding: folder.path)))
        return result.findings.map { "\($0.severity): \($0.place): \($0.message)" }
    }

    static func edit(_ folder: TemporaryFolder, _ key: String, _ value: JSONValue?) throws {
        var members = try #require(try JSONReader.read(Fixtures.bytes(folder("d/config.json"))).members)
        members.removeAll { $0.key == key }
        if let value { members.append(.init(key, value)) }
        try folder.write("d/config.json", Array(JSONWriter.pretty(.object(members)).utf8))
    }

    static func rewrite(
        _ folder: TemporaryFolder,
        _ header: (String) -> String,
        _ data: (inout [UInt8]) -> Void = { _ in }
    ) throws {
        let path = folder("d/diffusion_pytorch_model.safetensors")
        let bytes = try Fixtures.bytes(path)
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let text = Array(header(String(decoding: bytes[8..<(8 + length)], as: UTF8.self)).utf8)
        var content = Array(bytes[(8 + length)...])
        data(&content)
        try folder.write(
            "d/diffusion_pytorch_model.safetensors",
            (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + content
        )
    }

    @Test func aGoodCheckpointHasNothingWrong() throws {
        #expect(try Self.findings() == [])
    }

    @Test func aMissingConfigIsAnError() throws {
        #expect(
            try Self.findings { try FileManager.default.removeItem(atPath: $0("d/config.json")) }
                == ["error: config.json: missing; diffusers needs it beside the weights"]
        )
    }

    /// A file of another name is none that diffusers would load where it lies.
    @Test(arguments: [("vae.safetensors", "warning"), ("diffusion_pytorch_model.safetensors", "error")])
    func aLooseFileMayHaveNoConfig(name: String, severity: String) throws {
        let findings = try Self.findings(opening: "d/" + name) { folder in
            try FileManager.default.removeItem(atPath: folder("d/config.json"))
            let weights = folder("d/diffusion_pytorch_model.safetensors")
            if folder("d/" + name) != weights {
                try FileManager.default.moveItem(atPath: weights, toPath: folder("d/" + name))
            }
        }
        #expect(findings == ["\(severity): config.json: missing; diffusers needs it beside the weights"])
    }

    @Test(
        arguments: [
            ("scaling_factor", nil, "error: config.json: scaling_factor is missing: diffusers uses 1.0"),
            (
                "scaling_factor", 0.4552,
                "error: config.json: scaling_factor is 0.4552, that of dc-ae-f32c32-mix-1.0, instead of 0.41407"
            ),
            (
                "scaling_factor", 0.5,
                "error: config.json: scaling_factor is 0.5, that of no known variant, instead of 0.41407"
            ),
            (
                "decoder_conv_act_fn", nil,
                "warning: config.json: decoder_conv_act_fn is missing: diffusers uses its default"
            ),
            (
                "upsample_block_type", "pixel_shuffle",
                "error: config.json: upsample_block_type is \"pixel_shuffle\" instead of \"interpolate\""
            ),
            ("foo", 1, "warning: config.json: unknown field \"foo\": diffusers ignores it"),
        ] as [(String, JSONValue?, String)]
    )
    func configFieldsAreHeldAgainstTheVariant(field: String, value: JSONValue?, finding: String) throws {
        #expect(try Self.findings { try Self.edit($0, field, value) } == [finding])
    }

    /// Variants of one network with one factor, as sana-1.0 and sana-1.1: the factor is named once.
    @Test func aSharedFactorIsNamedOnce() throws {
        let found = try Self.findings { folder in
            try folder.write("Registry/twin.json", Array("{\"name\": \"twin\"}".utf8))
            try folder.write("Configs/twin/config.json", Fixtures.bytes(folder("d/config.json")))
            try Self.edit(folder, "scaling_factor", 0.5)
        }
        #expect(found == ["error: config.json: scaling_factor is 0.5, that of no known variant, instead of 0.41407"])
    }

    @Test func everyStructuralFaultIsListed() throws {
        let found = try Self.findings { folder in
            try Self.rewrite(folder) { header in
                header.replacingOccurrences(of: "encoder.conv_in.bias", with: "encoder.conv_in.bios")
                    .replacingOccurrences(
                        of: "decoder.norm_out.weight\":{\"dtype\":\"F32\",\"shape\":[",
                        with: "decoder.norm_out.weight\":{\"dtype\":\"F32\",\"shape\":[1,"
                    )
            }
        }
        #expect(found.contains("error: encoder.conv_in.bias: missing"))
        #expect(found.contains("error: encoder.conv_in.bios: unexpected"))
        #expect(found.contains { $0.hasPrefix("error: decoder.norm_out.weight: shape [1, ") })
        #expect(found.filter { $0.hasPrefix("error") }.count == 3)
    }

    @Test func nanAndInfinityAreCounted() throws {
        let found = try Self.findings { folder in
            try Self.rewrite(folder, { $0 }) { data in
                // The last tensor by name is the last in the file: its last two values.
                data.replaceSubrange((data.count - 8)..., with: [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0xFF])
            }
        }
        #expect(found.count == 1)
        #expect(found.first?.contains("1 NaN and 1 infinite of") == true)
    }

    @Test func missingMetadataIsAWarning() throws {
        let found = try Self.findings { folder in
            try Self.rewrite(folder) { $0.replacingOccurrences(of: "\"__metadata__\":{\"format\":\"pt\"},", with: "") }
        }
        #expect(found == ["warning: weights: no {\"format\": \"pt\"} in the metadata, which some loaders require"])
    }
}
