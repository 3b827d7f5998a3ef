import Foundation
import TestSupport
import Testing

/// Files that are made to make the program trap, hang or take gigabytes: each ends in an answer or one line.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileInputTests {
    private static let model = Fixtures.path("tiny/sana/diffusers")
    private static let files = [
        "a2_many_strided.pt.zst", "hostile_names.safetensors", "latent_6000.safetensors.zst",
        "latent_bomb.safetensors.zst",
        "name_nul.safetensors", "nul_dtype.safetensors", "pickle_bomb.pt.zst", "tree_order.safetensors",
    ]

    /// - Parameter limits: memory is addresses here, of which the runtime takes some without using them.
    private func end(_ arguments: [String], limits: String = "ulimit -v 4194304; ulimit -t 10") throws {
        let result = try Program.run(arguments, limits: limits)
        #expect(
            !result.wasSignalled && [0, 1, 2].contains(result.status),
            "\(arguments): \(result.status) \(result.error)"
        )
        #expect(result.errorLines.count { $0.hasPrefix("dcae: error:") } <= 1, "\(result.error)")
        #expect(result.status == 0 || result.status == 1 || !result.errorLines.isEmpty)
    }

    @Test(arguments: files) func everyCommandEnds(name: String) throws {
        let path = Fixtures.path("reports/70-hostile/" + name)
        let folder = try TemporaryFolder()
        for command in [
            ["inspect", "--tree"], ["inspect", "--stats"], ["identify"], ["verify"], ["hash"], ["diff", path],
        ] {
            try end(command + [path])
        }
        try end(["convert", path, "-o", folder("x")])
        try end(["decode", Self.model, path, "-o", folder("x.npy")])
        #expect(folder.contents().allSatisfy { !$0.hasPrefix(".") }, "nothing half-made is left")
    }

    @Test(arguments: ["png_1bit_16384.png", "png_wide.png"]) func picturesEnd(name: String) throws {
        let path = Fixtures.path("reports/70-hostile/" + name)
        let folder = try TemporaryFolder()
        for arguments in [
            ["encode", Self.model, path, "-o", folder("x.safetensors")],
            ["roundtrip", Self.model, path, "-o", folder("x.png")],
            ["scale", Self.model, "--images", path],
        ] {
            try end(arguments)
        }
        let result = try Program.run(["encode", Self.model, path, "-o", folder("x.npy")])
        #expect(
            result.status == 2 && result.error.contains("pixels, which take")
                && result.error.contains("but the file has")
        )
    }

    /// No thread can be made where its stack finds no room: the caller does all the work.
    @Test func oneThreadIsEnough() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("tiny/sana/original.safetensors")
        let limits = "ulimit -s 67108864; ulimit -v 16777216"
        for arguments in [
            ["hash", source], ["verify", Self.model], ["diff", source, Self.model], ["inspect", "--stats", source],
            ["convert", source, "--config", Self.model + "/config.json", "--to", "diffusers", "-o", folder("out")],
            ["encode", Self.model, Fixtures.path("images/rgb8.png"), "--fit", "pad", "-o", folder("l.npy")],
        ] {
            let result = try Program.run(arguments, limits: limits)
            #expect(!result.wasSignalled && result.status <= 1, "\(arguments): \(result.status) \(result.error)")
        }
        #expect(
            try Fixtures.bytes(folder("out/diffusion_pytorch_model.safetensors"))
                == Fixtures.bytes(Self.model + "/diffusion_pytorch_model.safetensors")
        )
    }
}

/// Reports of what people have: floats of 64 and 8 bits, folders of trainers, broken downloads.
@Suite struct FormatCommandTests {
    private static let sana = Fixtures.path("tiny/sana/diffusers")
    private static let config = ["--config", sana + "/config.json"]

    private func bytes(_ path: String) throws -> [UInt8] { try Fixtures.bytes(path) }

    @Test func aDistributedCheckpointIsConverted() throws {
        let folder = try TemporaryFolder()
        let result = try Program.run(
            ["convert", Fixtures.path("reports/17-dcp/step_100"), "--to", "diffusers", "-o", folder("out")]
                + Self.config
        )
        #expect(result.status == 0, "\(result.error)")
        let name = "/diffusion_pytorch_model.safetensors"
        #expect(try bytes(folder("out") + name) == bytes(Self.sana + name))
    }

    @Test func scaledWeightsAreConvertedAndRun() throws {
        let folder = try TemporaryFolder()
        let source = Fixtures.path("reports/01-fp8-scaled/comfy.safetensors")
        let result = try Program.run(["convert", source, "--dtype", "bf16", "-o", folder("out")] + Self.config)
        #expect(result.status == 0, "\(result.error)")
        let encoded = try Program.run(
            ["encode", source, Fixtures.path("images/rgb8.png"), "--fit", "pad", "-o", folder("l.npy")] + Self.config
        )
        #expect(encoded.status == 0, "\(encoded.error)")
    }

    @Test func verifyNamesWhatABrokenDownloadLeaves() throws {
        let folder = try TemporaryFolder()
        var data = try bytes(Self.sana + "/diffusion_pytorch_model.safetensors")
        for index in (data.count - 400_000)..<data.count { data[index] = 0 }
        let path = try folder.write("m.safetensors", data)
        let result = try Program.run(["verify", path] + Self.config)
        #expect(result.status == 1)
        #expect((result.output + result.error).contains("the download was broken off, in all likelihood"))
    }
}
