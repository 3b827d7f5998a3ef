import CheckpointIO
import Foundation
import StrictJSON
import TestSupport
import Testing

/// What an original config.json says beyond the name is neither lost nor believed against the tensors.
@Suite struct OriginalConfigTests {
    private static let weights = "tiny/sana/original.safetensors"

    /// A folder in the original layout with this config.json.
    private func model(_ folder: TemporaryFolder, _ config: String) throws -> [String: String] {
        let known = try OwnModelTests.registry(in: folder)
        try folder.write("m/model.safetensors", Fixtures.bytes(Fixtures.path(Self.weights)))
        try folder.write("m/config.json", Array(config.utf8))
        return known
    }

    private func sorted(_ text: String) throws -> String {
        JSONWriter.pretty(try JSONReader.read(Array(text.utf8)), sortKeys: true)
    }

    /// Fields of its own, a name that nobody knows, a factor that the name says too, spellings: all come back.
    @Test(
        arguments: [
            #"{"model_name": "tiny-sana", "license": "mit", "trained_by": {"who": "me", "steps": 1000}}"#,
            #"{"model_name": "tiny-sana", "scaling_factor": 0.41407}"#,
            #"{"model_name": "tiny-sana", "scaling_factor": 4.1407e-1, "note": null}"#,
            #"{"model_name": "tiny-sana", "scaling_factor": 0.25, "learning_rate": 1E-4, "list": [1.50, -0.0, 1e22]}"#,
            #"{"model_name": "tiny-sana", "_name_or_path": "./here"}"#,
            #"{"model_name": "tiny-sana", "scaling_factor": 0.3}"#,
            #"{"model_name": "tiny-sana"}"#,
        ]
    )
    func everyFieldComesBack(config: String) throws {
        let folder = try TemporaryFolder()
        let known = try model(folder, config)
        try OwnModelTests.run(["convert", "m", "-o", "d"], known, in: folder)
        try OwnModelTests.run(["convert", "d", "-o", "o", "--to", "original"], known, in: folder)
        #expect(try sorted(Fixtures.text(folder("o/config.json"))) == sorted(config))
        #expect(try Fixtures.bytes(folder("o/model.safetensors")) == Fixtures.bytes(Fixtures.path(Self.weights)))
        let verified = try Program.run(["verify", "d"], environment: known, in: folder.path)
        #expect(!verified.output.contains("_original_config") && !verified.error.contains("_original_config"))
    }

    /// A factor that was changed on the way is the one that comes back.
    @Test func aFactorThatWasChangedIsKept() throws {
        let folder = try TemporaryFolder()
        let known = try model(folder, #"{"model_name": "tiny-sana", "license": "mit"}"#)
        try OwnModelTests.run(["convert", "m", "-o", "d"], known, in: folder)
        let text = try Fixtures.text(folder("d/config.json")).replacing("0.41407", with: "0.5")
        try folder.write("d/config.json", Array(text.utf8))
        try OwnModelTests.run(["convert", "d", "-o", "o", "--to", "original"], known, in: folder)
        let expected = #"{"model_name": "tiny-sana", "license": "mit", "scaling_factor": 0.5}"#
        #expect(try sorted(Fixtures.text(folder("o/config.json"))) == sorted(expected))
    }

    /// Where no known network fits, a config.json that names one, or is of no use, is what is wrong.
    @Test(
        arguments: [
            (
                #"{"model_name": "tiny-sana"}"#,
                "it does not have the tensors of tiny-sana, which the config.json beside it"
            ),
            (#"{"model_name""#, "the config.json beside it cannot be used: byte 13: not valid JSON"),
            (#"{"model_name": "nobody's"}"#, "this is no checkpoint of a known DC-AE: nearest is"),
        ]
    )
    func theConfigIsAtFaultBeforeWhatIsNearest(config: String, text: String) throws {
        let folder = try TemporaryFolder()
        let known = try model(folder, config)
        let file = try Checkpoint.open(folder("m/model.safetensors"))
        let tensors = try file.tensors.dropLast().map { ($0.descriptor, try file.bytes(of: $0)) }
        try folder.write("m/model.safetensors", tensors: tensors)
        for arguments in [["identify", "m"], ["convert", "m", "-o", "d"]] {
            let result = try OwnModelTests.run(arguments, known, in: folder, status: 2)
            #expect(result.errorLines.count == 1 && result.error.contains(text), "\(result.error)")
        }
    }

    /// Two factors in one file: neither is taken.
    @Test func twoFactorsAreNotChosenFrom() throws {
        let folder = try TemporaryFolder()
        let own = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        let known = try model(
            folder,
            #"{"model_name": "tiny-sana", "scaling_factor": 0.5, "diffusers_config": \#(own)}"#
        )
        let result = try OwnModelTests.run(["convert", "m", "-o", "d"], known, in: folder, status: 2)
        #expect(result.error.contains("has scaling_factor 0.5, and 0.41407 in its diffusers_config"))
        try OwnModelTests.run(["convert", "m", "-o", "d", "--scaling-factor", "0.5"], known, in: folder)
        #expect(try Fixtures.text(folder("d/config.json")).contains("\"scaling_factor\": 0.5"))
    }

    /// A description that the tensors do not have is told, and nothing is made of it.
    @Test func aDescriptionOfAnotherNetworkIsTold() throws {
        let folder = try TemporaryFolder()
        let own = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
            .replacing("\"interpolate\"", with: "\"pixel_shuffle\"")
        let known = try model(folder, #"{"model_name": "tiny-sana", "diffusers_config": \#(own)}"#)
        let result = try OwnModelTests.run(["convert", "m", "-o", "d"], known, in: folder, status: 2)
        #expect(
            result.error.contains("describes another network") || result.error.contains("does not have the tensors")
        )
    }

    /// What convert will not choose from is no clean bill of health either.
    @Test func verifyAndIdentifySayIt() throws {
        let folder = try TemporaryFolder()
        let own = try Fixtures.text(Fixtures.path("tiny/sana/diffusers/config.json"))
        let known = try model(
            folder,
            #"{"model_name": "tiny-f32", "scaling_factor": 0.5, "diffusers_config": \#(own)}"#
        )
        let verified = try OwnModelTests.run(["verify", "m"], known, in: folder, status: 1)
        #expect(verified.output.contains("scaling_factor is 0.5, but 0.41407 in its diffusers_config"))
        #expect(verified.output.contains("model_name is tiny-f32, but the tensors are those of tiny-sana"))
        let identified = try Program.run(["identify", "m"], environment: known, in: folder.path)
        #expect(identified.error.contains("has scaling_factor 0.5, and 0.41407 in its diffusers_config"))
    }

    /// A scale that makes infinity of weights is told as what it is, before anything is written.
    @Test func scalesThatMakeInfinityAreRefused() throws {
        let folder = try TemporaryFolder()
        let bytes = try Fixtures.bytes(Fixtures.path("reports/01-fp8-scaled/comfy.safetensors"))
        let whole = try folder.write("whole.safetensors", bytes)
        let scale = try #require(
            try JSONReader.read(Self.header(bytes)).members?.first { $0.key.hasSuffix(".scale_weight") }?.key
        )
        try folder.write("x.safetensors", Self.replacing(scale, with: 1e38, in: bytes))
        let config = ["--config", Fixtures.path("tiny/sana/diffusers/config.json")]
        for more in [[], ["--dry-run"], ["--dtype", "bf16"]] {
            let result = try OwnModelTests.run(
                ["convert", "x.safetensors", "-o", "o"] + config + more,
                in: folder,
                status: 2
            )
            #expect(result.error.contains("would become infinite or NaN when multiplied by their scale"))
            #expect(!result.error.contains("use --dtype bf16"))
        }
        try OwnModelTests.run(["convert", "x.safetensors", "-o", "o", "--allow-infinite"] + config, in: folder)
        try OwnModelTests.run(["convert", whole, "-o", "w"] + config, in: folder)
    }

    private static func header(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes[8..<(8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) })])
    }

    /// Counters that hold no number are told; the weights come through.
    @Test(arguments: [Float.nan, .infinity, 1e30, 0.5])
    func aCounterWithoutANumberIsTold(value: Float) throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let counter = "decoder.stages.1.op_list.1.main.conv2.norm.num_batches_tracked"
        let bytes = try Fixtures.bytes(Fixtures.path("tiny/f64/original.safetensors"))
        try folder.write("x.safetensors", Self.replacing(counter, with: value, in: bytes))
        let result = try OwnModelTests.run(["inspect", "x.safetensors"], known, in: folder)
        #expect((result.output + result.error).contains("no count, but NaN, a fraction, too much or several numbers"))
    }

    /// A safetensors file in which one scalar I64 is an F32.
    private static func replacing(_ name: String, with value: Float, in bytes: [UInt8]) throws -> [UInt8] {
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONReader.read(Array(bytes[8..<(8 + length)]))
        var (members, data): ([JSONValue.Member], [UInt8]) = ([], [])
        for member in header.members ?? [] {
            guard let offsets = member.value["data_offsets"]?.array?.compactMap(\.integer), offsets.count == 2 else {
                members.append(member)
                continue
            }
            var content = Array(bytes[(8 + length + offsets[0])..<(8 + length + offsets[1])])
            var dtype = member.value["dtype"] ?? .null
            if member.key == name {
                content = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
                dtype = "F32"
            }
            let start = data.count
            data += content
            members.append(
                .init(
                    member.key,
                    [
                        "dtype": dtype, "shape": member.value["shape"] ?? [],
                        "data_offsets": JSONValue([start, data.count]),
                    ]
                )
            )
        }
        let text = Array(JSONWriter.inline(.object(members)).utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
    }
}
