import CheckpointIO
import Foundation
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// A model is what its own config.json says: for every command, there and back, whatever a registry knows.
@Suite struct OwnModelTests {
    static func report(_ name: String) -> String { Fixtures.path("reports/" + name) }

    /// A registry with the tiny networks.
    static func registry(in folder: TemporaryFolder) throws -> [String: String] {
        for family in Fixtures.families {
            try folder.write("reg/Registry/tiny-\(family).json", Array("{\"name\": \"tiny-\(family)\"}".utf8))
            let config = try Fixtures.bytes(Fixtures.path("tiny/\(family)/diffusers/config.json"))
            try folder.write("reg/Configs/tiny-\(family)/config.json", config)
        }
        return ["DCAE_REGISTRY": folder("reg")]
    }

    /// A config.json without its version, which says who wrote it and not what the model is.
    static func body(_ path: String) throws -> [String] {
        try Fixtures.text(path).split(separator: "\n").map(String.init).filter { !$0.contains("_diffusers_version") }
    }

    @discardableResult
    static func run(
        _ arguments: [String],
        _ environment: [String: String] = [:],
        in folder: TemporaryFolder,
        status: Int32 = 0
    ) throws -> Program.Result {
        let result = try Program.run(arguments, environment: environment, in: folder.path)
        #expect(result.status == status, "\(arguments): \(result.error)")
        return result
    }

    /// Writes an image of so many channels, 64 by 64, as a tensor.
    static func writeImage(_ name: String, channels: Int, in folder: TemporaryFolder) throws {
        let shape = Shape([1, channels, 64, 64])
        let values: [Float] = (0..<(channels * 64 * 64)).map { index in Float(index % 97) / 48 - 1 }
        let descriptor = TensorDescriptor(name: "x", dtype: .f32, shape: shape)
        try folder.write(name, tensors: [(descriptor, values.withUnsafeBytes { Array($0) })])
    }

    /// Folders that describe themselves, known to a registry or not, with what differs from a known variant.
    static let folders: [(path: String, knows: Bool, variant: String?)] = [
        ("19-acestep/music_dcae_f8c8", false, nil), ("20-dcae-1.1/m", false, nil), ("64-custom-folder", false, nil),
        ("63-batch-counters/as_f32", false, nil), ("60-own-config/no_in_shortcut", true, nil),
        ("60-own-config/conv_act_silu", true, nil), ("60-own-config/factor_0.3", true, nil),
        ("60-own-config/same", true, "tiny-known"),
    ]

    @Test(arguments: folders)
    func needsNoFlagThereAndBack(model: (path: String, knows: Bool, variant: String?)) throws {
        let folder = try TemporaryFolder()
        let source = Self.report(model.path)
        let known = model.knows ? ["DCAE_REGISTRY": Self.report("60-own-config/registry")] : [:]
        let there = try Self.run(["convert", source, "-o", "o", "--to", "original", "--json"], known, in: folder)
        let plan = try there.result
        #expect(plan["variant"]?.string == model.variant)
        try Self.run(["verify", "o"], known, in: folder)
        try Self.run(["convert", "o", "-o", "b"], known, in: folder)
        #expect(try Self.body(folder("b/config.json")) == Self.body(source + "/config.json"))
        #expect(try Self.run(["diff", source, "b", "--brief"], known, in: folder).status == 0)
        for arguments in [["identify", source], ["inspect", source], ["hash", source, "-q"], ["roundtrip", source]] {
            try Self.run(arguments, known, in: folder)
        }
        // Every command that runs it.
        let config = try AutoencoderDCConfig.read(file: source + "/config.json").config
        // What is not a picture, as sound, comes as a tensor.
        let (input, output) = config.inChannels == 3 ? ("p.png", "s.png") : ("x.safetensors", "s.safetensors")
        try Self.run(["picture", "-o", "p.png", "--size", "64x64"], in: folder)
        try Self.writeImage("x.safetensors", channels: config.inChannels, in: folder)
        let encoded = try Self.run(["encode", source, input, "-o", "l.safetensors", "--scaled"], known, in: folder)
        #expect(encoded.error.contains("scaled = latent x \(config.scalingFactor ?? 0)"))
        try Self.run(["decode", source, "l.safetensors", "-o", output, "--scaled"], known, in: folder)
        try Self.run(["roundtrip", source, input], known, in: folder)
        // The original layout computes the same.
        try Self.run(["encode", "o", input, "-o", "m.safetensors", "--scaled"], known, in: folder)
        let (ours, theirs) = (folder("l.safetensors"), folder("m.safetensors"))
        #expect(try NetworkCommandTests.values(ours, "latent") == NetworkCommandTests.values(theirs, "latent"))
    }

    @Test(arguments: Fixtures.families, [0.41407, 0.5012, 1]) func noFactorIsLost(family: String, factor: Double) throws
    {
        let folder = try TemporaryFolder()
        let known = try Self.registry(in: folder)
        let path = Fixtures.path("tiny/\(family)/diffusers/")
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + name, Fixtures.bytes(path + name))
        let json = try JSONReader.read(Fixtures.bytes(path + "config.json")).members ?? []
        let members = json.map { $0.key == "scaling_factor" ? .init($0.key, .double(factor)) : $0 }
        let text = JSONWriter.pretty(.object(members), sortKeys: true) + "\n"
        try folder.write("m/config.json", Array(text.utf8))
        try Self.run(["convert", "m", "-o", "o", "--to", "original"], known, in: folder)
        // A second time within the layout, with other shards and a dtype, keeps it too.
        try Self.run(["convert", "o", "-o", "o2", "--to", "original", "--max-shard-size", "300KB"], known, in: folder)
        #expect(try Fixtures.text(folder("o/config.json")) == Fixtures.text(folder("o2/config.json")))
        try Self.run(["convert", "o2", "-o", "b"], known, in: folder)
        #expect(try Fixtures.text(folder("b/config.json")) == text)
        #expect(try Fixtures.bytes(folder("b/" + name)) == Fixtures.bytes(path + name))
    }

    /// As it was published, with old spellings and fields, a config.json comes back as it was.
    @Test(arguments: ["sana-1.0-vae", "sana-1.1-vae"]) func publishedConfigsComeBack(name: String) throws {
        let folder = try TemporaryFolder()
        let published = Fixtures.path("published/\(name)/config.json")
        let config = try AutoencoderDCConfig.read(file: published).config
        let weights = "m/diffusion_pytorch_model.safetensors"
        _ = try folder.writeHollow(weights, config, .diffusers)
        try folder.write("m/config.json", Fixtures.bytes(published))
        let found = try Self.run(["identify", "m", "-q"], in: folder)
        #expect(found.output == "dc-ae-f32c32-\(name.dropLast(4))\n", "its _name_or_path names the release")
        let plan = ["convert", "m", "-o", "o", "--to", "original", "--check", "structure"]
        try Self.run(plan, in: folder)
        let model = try JSONReader.read(Fixtures.bytes(folder("o/config.json")))
        #expect(model["model_name"]?.string == "dc-ae-f32c32-\(name.dropLast(4))")
        try Self.run(["convert", "o", "-o", "b", "--check", "structure"], in: folder)
        #expect(try Self.body(folder("b/config.json")) == Self.body(published))
    }

    /// A config.json that is of no use is said to be so by every command, and nothing falls back to a registry's factor.
    @Test(arguments: ["bom", "nan", "empty", "python_repr", "yaml", "scaling_string"])
    func aBrokenNeighbourIsNamed(fault: String) throws {
        let folder = try TemporaryFolder()
        let known = try Self.registry(in: folder)
        let name = "diffusion_pytorch_model.safetensors"
        try folder.write("m/" + name, Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/" + name)))
        try folder.write("m/config.json", Fixtures.bytes(Self.report("23-configs/\(fault)/config.json")))
        let warning = "dcae: warning: the config.json beside it cannot be used: "
        for arguments in [["identify", "m"], ["inspect", "m"], ["hash", "m", "-q"], ["diff", "m", "m", "-q"]] {
            let result = try Self.run(arguments, known, in: folder)
            #expect(result.error.contains(warning), "\(arguments)")
        }
        for arguments in [["convert", "m", "-o", "o"], ["encode", "m", "p.png", "-o", "l.npy", "--scaled"]] {
            try Self.run(["picture", "-o", "p.png", "--size", "64x64", "--force"], in: folder)
            let result = try Self.run(arguments, known, in: folder, status: 2)
            #expect(result.error.contains(": the config.json beside it cannot be used: "), "\(result.error)")
        }
        try Self.run(["encode", "m", "p.png", "-o", "l.npy"], known, in: folder)
        try Self.run(["convert", "m", "-o", "o", "--variant", "tiny-sana"], known, in: folder)
        #expect(try Self.run(["verify", "m"], known, in: folder, status: 1).output.contains("error: config.json: "))
    }

    /// Finite weights that fp16 cannot hold.
    @Test func whatWouldBecomeInfiniteIsRefused() throws {
        let folder = try TemporaryFolder()
        let known = try Self.registry(in: folder)
        let checkpoint = try Checkpoint.open(Fixtures.path("tiny/lite/original.safetensors"))
        let tensors = try checkpoint.tensors.map { tensor in
            var bytes = try checkpoint.bytes(of: tensor)
            if tensor.descriptor.name.hasSuffix("norm.weight") {
                withUnsafeBytes(of: Float(1e6).bitPattern.littleEndian) { bytes.replaceSubrange(0..<4, with: $0) }
            }
            return (descriptor: tensor.descriptor, bytes: bytes)
        }
        try folder.write("big.safetensors", tensors: tensors)
        let refused = try Self.run(
            ["convert", "big.safetensors", "-o", "o", "--dtype", "fp16"],
            known,
            in: folder,
            status: 2
        )
        #expect(refused.error.contains("finite values would become infinite in F16, in "))
        #expect(refused.error.contains("; use --dtype bf16, or --allow-infinite to write them anyway"))
        #expect(folder.contents().allSatisfy { $0 != "o" && !$0.contains("dcae-") })
        let allowed = try Self.run(
            ["convert", "big.safetensors", "-o", "o", "--dtype", "fp16", "--allow-infinite", "-q"],
            known,
            in: folder
        )
        #expect(allowed.error.contains("dcae: warning: ") && allowed.error.contains("values became infinite in F16"))
        try Self.run(["convert", "big.safetensors", "-o", "p", "--dtype", "bf16"], known, in: folder)
        let small = try Self.run(
            ["convert", "big.safetensors", "-o", "q", "--dtype", "fp8-e4m3"],
            known,
            in: folder,
            status: 2
        )
        #expect(small.error.contains("finite values would become NaN in F8_E4M3, in "))
    }
}
