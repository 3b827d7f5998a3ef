import CheckpointIO
import Foundation
import Images
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Latents that say what they are: written by `encode`, read by `decode`.
@Suite struct LatentCommandTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")
    static let partial = Fixtures.path("tiny/v15/diffusers")

    @discardableResult
    private func run(
        _ arguments: [String],
        in folder: TemporaryFolder,
        _ environment: [String: String] = [:],
        status: Int32 = 0
    ) throws -> Program.Result {
        try OwnModelTests.run(arguments, environment, in: folder, status: status)
    }

    private func picture(_ folder: TemporaryFolder, width: Int = 96, height: Int = 64) throws {
        try Picture.landscape(width: width, height: height).writePNG(to: folder("p.png"))
    }

    private func values(_ path: String) throws -> [Float] { try NetworkCommandTests.values(path, "latent").values }

    @Test func aScaledLatentIsBroughtBackWithoutBeingTold() throws {
        let folder = try TemporaryFolder()
        try picture(folder)
        try run(["encode", Self.sana, "p.png", "-o", "plain.safetensors"], in: folder)
        try run(["encode", Self.sana, "p.png", "-o", "scaled.safetensors", "--scaled"], in: folder)
        let metadata = try Checkpoint.open(folder("scaled.safetensors")).metadata
        #expect(metadata.first { $0.key == "dcae.scaled" }?.value == "true")
        #expect(metadata.first { $0.key == "dcae.normalization" }?.value == "{\"scaling_factor\": 0.41407}")
        let plain = try run(["decode", Self.sana, "plain.safetensors", "-o", "a.npy"], in: folder)
        #expect(plain.error.isEmpty)
        let back = try run(["decode", Self.sana, "scaled.safetensors", "-o", "b.npy"], in: folder)
        #expect(
            back.error
                == "dcae: note: scaled.safetensors: its metadata says that it is scaled: latent = scaled / 0.41407\n"
        )
        #expect(
            NetworkCommandTests.isNear(
                try NumpyArray(file: folder("a.npy")).values,
                try NumpyArray(file: folder("b.npy")).values
            )
        )
        let told = ["decode", Self.sana, "scaled.safetensors", "-o", "c.npy", "--scaled", "--json"]
        let document = try run(told, in: folder).result
        #expect(document["normalization"]?["formula"] == "latent x 0.41407")
        #expect(document["results"]?.array?.first?["brought_back"] == .null)
        #expect(try Fixtures.bytes(folder("b.npy")) == Fixtures.bytes(folder("c.npy")))
    }

    @Test func contradictionsAreErrors() throws {
        let folder = try TemporaryFolder()
        try picture(folder)
        try run(["encode", Self.sana, "p.png", "-o", "plain.safetensors"], in: folder)
        try run(["encode", Self.sana, "p.png", "-o", "scaled.safetensors", "--scaled"], in: folder)
        let plain = ["decode", Self.sana, "plain.safetensors", "-o", "a.png", "--scaled"]
        #expect(
            try run(plain, in: folder, status: 2).error.contains(
                "you said that it is scaled, but its metadata says that it is not; leave out --scaled"
            )
        )
        let other = ["decode", Self.sana, "scaled.safetensors", "-o", "a.png", "--scaled", "--scaling-factor", "2"]
        #expect(
            try run(other, in: folder, status: 2).error.contains(
                "its metadata says that it was scaled as latent x 0.41407, but you asked for latent x 2.0"
            )
        )
        #expect(!folder.contents().contains("a.png"))
        // A model with another factor: what the latent says holds, and the difference is told.
        try copy(folder, "other", changing: ("0.41407", "0.3"))
        let warned = try run(["decode", "other", "scaled.safetensors", "-o", "a.png"], in: folder)
        #expect(
            warned.error.contains(
                "it was scaled as latent x 0.41407, but latents of this model are scaled as latent x 0.3"
            )
        )
    }

    /// Copies a tiny model with one text of its config.json replaced.
    private func copy(_ folder: TemporaryFolder, _ name: String, changing: (String, String)) throws {
        let weights = "/diffusion_pytorch_model.safetensors"
        try folder.write(name + weights, Fixtures.bytes(Self.sana + weights))
        let config = try Fixtures.text(Self.sana + "/config.json").replacing(changing.0, with: changing.1)
        try folder.write(name + "/config.json", Array(config.utf8))
    }

    @Test func aLatentOfAnotherModelIsAWarning() throws {
        let folder = try TemporaryFolder()
        for (name, compression) in [("a", 32), ("b", 64)] {
            let metadata = [
                ("dcae.model", name), ("dcae.compression", "\(compression)"), ("dcae.channels", "8"),
                ("dcae.variant", name == "a" ? "dc-ae-f64c128-mix-1.0" : "tiny-sana"), ("dcae.scaled", "false"),
            ]
            let descriptor = TensorDescriptor(name: "latent", dtype: .f32, shape: [1, 8, 1, 1])
            let layout = SafetensorsLayout([descriptor], metadata: metadata.map { (key: $0.0, value: $0.1) })
            try folder.write(name + ".safetensors", layout.header + .init(repeating: 0, count: 32))
        }
        let known = try OwnModelTests.registry(in: folder)
        let a = try run(["decode", Self.sana, "a.safetensors", "-o", "a.png"], in: folder, known)
        #expect(
            a.error.contains(
                "warning: a.safetensors: it is a latent of dc-ae-f64c128-mix-1.0, but this model is tiny-sana"
            )
        )
        let b = try run(["decode", Self.sana, "b.safetensors", "-o", "b.png"], in: folder, known)
        #expect(b.error.contains("it is a latent of tiny-sana, of another network: f64c8; this one is f32c8"))
        // Of a model that nobody knows, by the tensors of its encoder.
        try picture(folder)
        try run(["encode", Self.sana, "p.png", "-o", "l.safetensors"], in: folder)
        #expect(try run(["decode", Self.sana, "l.safetensors", "-o", "l.png"], in: folder).error.isEmpty)
        let f32 = Fixtures.path("tiny/f32/diffusers")
        let other = try run(["decode", f32, "l.safetensors", "-o", "m.png"], in: folder)
        #expect(other.error.contains("whose encoder has different tensors than this model's"), "\(other.error)")
    }

    /// A shift, or means and deviations, are applied by the same formula in both directions, and kept by conversion.
    @Test(
        arguments: [
            ("\"shift_factor\": -1.5", "(latent + 1.5) x 0.41407", "scaled / 0.41407 - 1.5"),
            (
                "\"latents_mean\": [1, 2, 3, 4, 5, 6, 7, 8], \"latents_std\": [1, 2, 1, 2, 1, 2, 1, 4]",
                "(latent - latents_mean) / latents_std x 0.41407, with latents_mean 1.0, 2.0, 3.0, … 8.0; latents_std "
                    + "1.0, 2.0, 1.0, … 4.0",
                "scaled / 0.41407 x latents_std + latents_mean, with latents_mean 1.0, 2.0, 3.0, … 8.0; latents_std "
                    + "1.0, 2.0, 1.0, … 4.0"
            ),
        ]
    )
    func shiftsAndMeans(fields: String, there: String, back: String) throws {
        let folder = try TemporaryFolder()
        try picture(folder)
        try copy(folder, "m", changing: ("\"scaling_factor\"", fields + ", \"scaling_factor\""))
        try run(["encode", "m", "p.png", "-o", "plain.npy"], in: folder)
        let scaled = try run(["encode", "m", "p.png", "-o", "scaled.npy", "--scaled"], in: folder)
        #expect(scaled.error == "dcae: note: scaled = \(there)\n")
        let (plain, found) = (try values(folder("plain.npy")), try values(folder("scaled.npy")))
        let isShift = fields.contains("shift")
        let deviations: [Float] = [1, 2, 1, 2, 1, 2, 1, 4]
        let expected = plain.enumerated().map { index, value in
            let channel = index / 6
            return isShift
                ? (value + 1.5) * 0.41407 : (value - Float(channel + 1)) / deviations[channel] * 0.41407
        }
        #expect(NetworkCommandTests.isNear(found, expected, 1e-6))
        try run(["decode", "m", "plain.npy", "-o", "a.npy"], in: folder)
        let decoded = try run(["decode", "m", "scaled.npy", "-o", "b.npy", "--scaled"], in: folder)
        #expect(decoded.error == "dcae: note: latent = \(back)\n")
        #expect(
            NetworkCommandTests.isNear(
                try NumpyArray(file: folder("b.npy")).values,
                try NumpyArray(file: folder("a.npy")).values
            )
        )
        let roundtrip = try run(["roundtrip", "m", "p.png", "--scaled"], in: folder)
        #expect(roundtrip.error.hasPrefix("dcae: note: scaled = \(there)\n"))
        // Nothing is lost in any layout.
        for layout in ["original", "mlx", "comfyui"] {
            try run(["convert", "m", "-o", layout, "--to", layout], in: folder)
            try run(["convert", layout, "-o", layout + "-back"], in: folder)
            #expect(
                try OwnModelTests.body(folder(layout + "-back/config.json")).joined().filter { $0 != " " }
                    .hasSuffix(OwnModelTests.body(folder("m/config.json")).joined().filter { $0 != " " }.suffix(20))
            )
            let same = try run(["diff", "m", layout + "-back", "--json"], in: folder)
            #expect(try same.result["verdict"] == "same" && same.status == 0)
            let again = try run(["encode", layout + "-back", "p.png", "-o", layout + ".npy", "--scaled"], in: folder)
            #expect(again.error == scaled.error && again.status == 0)
            #expect(try Fixtures.bytes(folder(layout + ".npy")) == Fixtures.bytes(folder("scaled.npy")))
        }
    }

    /// What a pipeline really does is in the registry, beside a factor that is only left over in the config.
    @Test func theRegistrysNormalizationComesBeforeTheConfigs() throws {
        let folder = try TemporaryFolder()
        try picture(folder)
        let config = try Fixtures.bytes(Self.sana + "/config.json")
        try folder.write("reg/Configs/tiny/config.json", config)
        let entry = """
            {"name": "tiny", "normalization": {"scaling_factor": 0.1786, "shift_factor": -1.9091,
             "reason": "its pipeline does so"}}
            """
        try folder.write("reg/Registry/tiny.json", Array(entry.utf8))
        let known = ["DCAE_REGISTRY": folder("reg")]
        let scaled = try run(["encode", Self.sana, "p.png", "-o", "s.npy", "--scaled"], in: folder, known)
        #expect(scaled.error == "dcae: note: scaled = (latent + 1.9091) x 0.1786; its pipeline does so\n")
        let own = ["--scaled", "--scaling-factor", "0.1786"]
        let same = try run(["encode", Self.sana, "p.png", "-o", "t.npy"] + own, in: folder, known)
        #expect(same.error.hasSuffix("dcae: note: scaled = (latent + 1.9091) x 0.1786; its pipeline does so\n"))
        #expect(try Fixtures.bytes(folder("s.npy")) == Fixtures.bytes(folder("t.npy")))
        let given = ["--scaled", "--scaling-factor", "3", "--config", Self.sana + "/config.json"]
        let other = try run(["encode", Self.sana, "p.png", "-o", "u.npy"] + given, in: folder, known)
        #expect(other.error.hasSuffix("dcae: note: scaled = latent x 3.0\n"))
    }

    /// Means and deviations that were measured bring latents to a root mean square of 1, and the factor beside them is 1.
    @Test func measuredMeansAndDeviationsFitTogether() throws {
        let folder = try TemporaryFolder()
        for index in 0..<4 {
            try FileManager.default.createDirectory(atPath: folder("in"), withIntermediateDirectories: true)
            try Picture.landscape(width: 64 + 32 * index, height: 64).writePNG(to: folder("in/\(index).png"))
        }
        let measured = ["--write-config", "c.json", "--with-mean-std", "--size", "64"]
        try run(["scale", Self.sana, "--images", "in"] + measured, in: folder)
        let text = try Fixtures.bytes(folder("c.json"))
        #expect(try JSONReader.read(text)["scaling_factor"] == 1.0)
        let encode = ["encode", Self.sana, "in", "-o", "out", "--size", "64", "--format", "npy", "--json"]
        let result = try run(encode + ["--config", "c.json", "--scaled"], in: folder)
        let items = try result.result["results"]?.array ?? []
        let squares = items.compactMap { $0["rms"]?.number }.map { $0 * $0 }
        #expect(squares.count == 4 && abs(squares.reduce(0, +) / 4 - 1) < 1e-3)
        // A factor beside them would scale twice, which verify says.
        try copy(folder, "m", changing: ("x", "x"))
        let twice = String(decoding: text, as: UTF8.self).replacing(
            "\"scaling_factor\": 1.0",
            with: "\"scaling_factor\": 0.4"
        )
        try folder.write("m/config.json", Array(twice.utf8))
        let verified = try run(["verify", "m"], in: folder)
        #expect(
            verified.output.contains(
                "scaling_factor is 0.4 beside latents_mean and latents_std, which need 1.0"
            )
        )
    }

    @Test func paddingIsCutOffAgain() throws {
        let folder = try TemporaryFolder()
        try picture(folder, width: 93, height: 70)
        try run(["encode", Self.sana, "p.png", "-o", "l.safetensors", "--fit", "pad"], in: folder)
        let decoded = try run(["decode", Self.sana, "l.safetensors", "-o", "q.png"], in: folder)
        #expect(try Picture(file: folder("q.png")).size == PixelSize(width: 93, height: 70))
        #expect(decoded.error.contains("its padding is cropped off"))
        try run(["decode", Self.sana, "l.safetensors", "-o", "q.npy"], in: folder)
        #expect(try NumpyArray(file: folder("q.npy")).shape == [1, 3, 96, 96])
        for way in ["crop", "resize"] {
            try run(["encode", Self.sana, "p.png", "-o", "\(way).safetensors", "--fit", way], in: folder)
            try run(["decode", Self.sana, "\(way).safetensors", "-o", "\(way).png"], in: folder)
            #expect(
                try Picture(file: folder("\(way).png")).size == PixelSize(width: way == "crop" ? 64 : 96, height: 64)
            )
        }
    }

    /// Of DC-AE 1.5, as the original network computes them.
    @Test(arguments: ["safetensors", "npy"]) func partialLatents(kind: String) throws {
        let folder = try TemporaryFolder()
        let truth = Fixtures.path("tiny/v15/expected.safetensors")
        let (latent, sample) = ("l.\(kind)", "s.npy")
        let image = [truth, "--tensor", "128x192.image", "-o", latent, "--latent-channels", "8"]
        try run(["encode", Self.partial] + image, in: folder)
        let found = try NetworkCommandTests.values(folder(latent), "latent")
        #expect(found.shape == [1, 8, 2, 3])
        #expect(
            NetworkCommandTests.isNear(
                found.values,
                try NetworkCommandTests.values(truth, "128x192.channels.8.latent").values
            )
        )
        let decoded = try run(["decode", Self.partial, latent, "-o", sample], in: folder)
        let words =
            kind == "npy"
            ? "it has 8 channels; they are used as the first of 24" : "it has only the first 8 of 24 channels"
        #expect(decoded.error == "dcae: note: \(latent): \(words)\n")
        #expect(
            NetworkCommandTests.isNear(
                try NumpyArray(file: folder(sample)).values,
                try NetworkCommandTests.values(truth, "128x192.channels.8.sample").values
            )
        )
    }

    @Test func partialLatentsAreRefusedWhereThereAreNone() throws {
        let folder = try TemporaryFolder()
        try picture(folder, width: 128, height: 64)
        for (model, count, text) in [
            (Self.sana, "4", "this network cannot use only some latent channels"),
            (Self.partial, "25", "25 channels of a latent were requested; this network's have 1 to 24"),
            (Self.partial, "0", "0 channels of a latent were requested"),
        ] {
            let encode = ["encode", model, "p.png", "-o", "l.npy", "--latent-channels", count]
            #expect(try run(encode, in: folder, status: 2).error.contains(text))
        }
        try run(["roundtrip", Self.sana, "p.png", "--latent-channels", "4"], in: folder, status: 2)
        try run(["roundtrip", Self.partial, "p.png", "--latent-channels", "4,4"], in: folder, status: 64)
        try run(["roundtrip", Self.partial, "--latent-channels", "4"], in: folder, status: 64)
        try run(["roundtrip", Self.partial, "p.png", "--latent-channels", "4", "--scaled"], in: folder, status: 64)
    }

    @Test func roundtripOfPartialLatents() throws {
        let folder = try TemporaryFolder()
        try picture(folder, width: 128, height: 64)
        let command = ["roundtrip", Self.partial, "p.png", "--latent-channels", "8,16,24"]
        let shown = try run(command + ["-o", "sheet.png"], in: folder)
        let lines = shown.output.split(separator: "\n")
        #expect(lines[0].contains("CHANNELS") && lines[1].contains(" 8 of 24") && lines[3].contains("24 of 24"))
        #expect(try Picture(file: folder("sheet.png")).width > 4 * 128, "the input and a panel for each")
        let document = try run(command + ["--json"], in: folder).result
        let parts = try #require(document["pictures"]?.array?.first?["parts"]?.array)
        #expect(parts.map { $0["latent_channels"]?.integer } == [8, 16, 24])
        for key in ["encode_operations", "decode_operations"] {
            let costs = parts.compactMap { $0[key]?.number }
            #expect(costs.count == 3 && costs == costs.sorted() && costs[0] < costs[2], "fewer channels cost less")
        }
        // All channels are what roundtrip without the option gives.
        let whole = try run(["roundtrip", Self.partial, "p.png", "--json"], in: folder).result
        #expect(whole["pictures"]?.array?.first?["quality"]?["psnr"] == parts[2]["psnr"])
    }
}
