import CheckpointIO
import Foundation
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `in` and `mix` told apart by the pictures they encode: `identify --images` and `convert --images`.
@Suite struct MeasuredEvidenceTests {
    /// A tiny network in the original layout with two variants and a factor made to be that of one.
    struct Model {
        let folder: TemporaryFolder
        let config: AutoencoderDCConfig
        let tensors: [(descriptor: TensorDescriptor, bytes: [UInt8])]

        init() throws {
            folder = try TemporaryFolder()
            try ScaleCommandTests.writePictures(folder, count: 64)
            let path = Fixtures.path("tiny/f32/diffusers/config.json")
            var config = try AutoencoderDCConfig.read(try Fixtures.bytes(path), path: path).config
            // Without the shortcut latents are proportional to the last convolution.
            config.encoderOutShortcut = false
            for (name, factor) in [("tiny-in", 0.3189), ("tiny-mix", 0.4552)] {
                config.scalingFactor = factor
                try folder.write("registry/Registry/\(name).json", Array("{\"name\": \"\(name)\"}".utf8))
                try folder.write("registry/Configs/\(name)/config.json", Array(config.text.utf8))
            }
            config.scalingFactor = nil
            self.config = config
            try folder.write("config.json.own", Array(config.text.utf8))
            let checkpoint = try Checkpoint.open(Fixtures.path("tiny/f32/original.safetensors"))
            tensors = try checkpoint.tensors.map { ($0.descriptor, try checkpoint.bytes(of: $0)) }
        }

        func write(_ name: String, gain: Double) throws -> String {
            let scaled = tensors.map { tensor in
                let prefix = "encoder.project_out.main."
                guard tensor.descriptor.name.hasPrefix(prefix) else { return tensor }
                let values = tensor.bytes.withUnsafeBytes {
                    $0.bindMemory(to: Float.self).map { Float(Double($0) * gain) }
                }
                // A convolution without a shortcut has no main branch.
                let name = "encoder.project_out." + tensor.descriptor.name.dropFirst(prefix.count)
                let (dtype, shape) = (tensor.descriptor.dtype, tensor.descriptor.shape)
                return (TensorDescriptor(name: name, dtype: dtype, shape: shape), values.withUnsafeBytes { Array($0) })
            }
            return try folder.write("\(name)/model.safetensors", tensors: scaled)
        }

        /// Runs the program with the registry and the pictures.
        func run(_ arguments: [String]) throws -> Program.Result {
            try ScaleCommandTests.run(arguments + ["--registry", folder("registry")])
        }

        var images: [String] { ["--images", folder("photos"), "--size", "64"] }

        /// A file whose latents have the root mean square that belongs to a factor.
        func write(_ name: String, factor: Double) throws -> String {
            let plain = try write("plain", gain: 1)
            let found = try run(["scale", plain, "-q"] + images)
            let now = try #require(Double(found.output.trimmingCharacters(in: .newlines)))
            return try write(name, gain: now / factor)
        }
    }

    @Test func identify() throws {
        let model = try Model()
        let mix = try model.write("mix", factor: 0.4552)
        #expect(try model.run(["identify", mix]).status == 2)
        let found = try model.run(["identify", mix] + model.images)
        #expect(found.status == 0 && found.error.isEmpty, "\(found.error)")
        #expect(found.output.hasSuffix("tiny-mix: original layout, scaling factor 0.4552\n"))
        #expect(
            found.output.contains("  measurement: a factor of 0.4552 was measured (")
                && found.output.contains(
                    ", 95%, 64 pictures), 0.0% from the 0.4552 of tiny-mix; so in 100.0% of resamples\n    fits tiny-mix\n"
                ),
            "\(found.output)"
        )
        let json = try model.run(["identify", mix, "--json"] + model.images).result
        #expect(json["variant"] == "tiny-mix" && json["measurement"]?["verdict"] == "agrees")
        let between = try model.run(["identify", try model.write("between", factor: 0.381)] + model.images)
        #expect(between.status == 2 && between.output.contains("measurement: the pictures do not decide: "))
        #expect(between.error.contains("this could be tiny-in (0.3189) or tiny-mix (0.4552)"))
    }

    @Test func convert() throws {
        let model = try Model()
        let file = try model.write("in", factor: 0.3189)
        #expect(try model.run(["convert", file, "-o", model.folder("refused")]).status == 2)
        let converted = try model.run(["convert", file, "-o", model.folder("out")] + model.images)
        #expect(converted.status == 0 && converted.error.isEmpty, "\(converted.error)")
        #expect(converted.output.contains("original -> diffusers: tiny-in\n"))
        #expect(converted.output.contains("  because a factor of 0.3189 was measured ("))
        let config = try JSONReader.read(try Fixtures.bytes(model.folder("out/config.json")))
        #expect(config["scaling_factor"] == .double(0.3189))
    }

    /// What the user says holds, and the contradiction is reported.
    @Test func explicitWordsHold() throws {
        let model = try Model()
        let file = try model.write("in", factor: 0.3189)
        for (words, start) in [
            (
                ["--variant", "tiny-mix"],
                "dcae: warning: it is taken for tiny-mix, but a factor of 0.3189 was measured ("
            ),
            (
                ["--scaling-factor", "0.4552"],
                "dcae: warning: it is taken for tiny-mix, but a factor of 0.3189 was measured ("
            ),
            (
                ["--scaling-factor", "0.9"],
                "dcae: warning: its scaling factor is taken to be 0.9, but a factor of 0.3189 was measured ("
            ),
        ] {
            let out = model.folder("out" + (words.last ?? ""))
            let result = try model.run(["convert", file, "-o", out] + words + model.images)
            #expect(result.status == 0 && result.errorLines.last?.hasPrefix(start) == true, "\(result.error)")
            let config = try JSONReader.read(try Fixtures.bytes(out + "/config.json"))
            #expect(config["scaling_factor"]?.number == Double(words[1]) ?? 0.4552)
        }
        let agreeing = try model.run(
            ["convert", file, "-o", model.folder("agreeing"), "--variant", "tiny-in"] + model.images
        )
        #expect(agreeing.status == 0 && agreeing.error.isEmpty)
        #expect(
            agreeing.output.contains(
                "  because the variant given is tiny-in\n  because a factor of 0.3189 was measured ("
            )
        )
        // A config.json beside the file is evidence like the measurement: neither overrides the other.
        try model.folder.write("in/config.json", Array("{\"model_name\": \"tiny-mix\"}".utf8))
        let contradiction = try model.run(["convert", file, "-o", model.folder("never")] + model.images)
        #expect(contradiction.status == 2)
        #expect(contradiction.errorLines.last?.contains("the evidence contradicts itself: ") == true)
        #expect(!model.folder.contents().contains("never"))
    }
}
