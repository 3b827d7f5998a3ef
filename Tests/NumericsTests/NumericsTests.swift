import CheckpointIO
import DCAE
import DCAENetwork
import Images
import Inference
import ModelZoo
import Models
import Numerics
import ReferenceNetwork
import TensorCore
import TestSupport
import Testing

private func model(_ family: String) throws -> LoadedModel {
    try LoadedModel(options: .init(threads: 2)) {
        try OpenedModel(Fixtures.path("tiny/\(family)/diffusers"), registry: try Registry())
    }
}

private func landscape(_ side: Int) throws -> FloatTensor {
    let planes = Picture.landscape(width: side, height: side).planes()
    return try FloatTensor(batch: 1, channels: 3, height: side, width: side, values: planes)
}

@Suite struct NumericsReportTests {
    @Test(arguments: Fixtures.families + ["v15"])
    func `every layer of the fast engine is found, and is near the reference`(family: String) throws {
        let report = try NumericsReport.run(try model(family), try landscape(128), from: "landscape") { _ in }
        #expect(report.passed)
        for coder in [report.encoder, report.decoder] {
            let network = NetworkDescription(try model(family).network.config)
            let half = coder.direction == .encode ? network.encoder : network.decoder
            // As many as the description has, but for what stays within attention.
            let layers = half.stages.reduce(2 + (half.norm == nil ? 0 : 1)) { count, stage in
                let blocks = stage.blocks.reduce(0) { if case .residual = $1 { $0 + 2 } else { $0 + 6 } }
                return count + blocks + (stage.step == nil ? 0 : 1)
            }
            #expect(coder.layers.count == layers)
            for layer in coder.layers {
                #expect(layer.distance.relativeRMS < 2e-5, "\(layer.name): \(layer.distance.relativeRMS)")
            }
            #expect(coder.blocks.count > 3 && coder.blocks.count < layers)
        }
        #expect(report.encoder.result.relativeRMS > 0)
    }

    @Test func `what is saved are both engines' tensors`() throws {
        let report = try NumericsReport.run(try model("sana"), try landscape(64), from: "landscape") { _ in }
        let folder = try TemporaryFolder()
        try report.save(to: folder("tensors.safetensors"))
        let file = try Checkpoint.open(folder("tensors.safetensors"))
        #expect(file["image"]?.descriptor.shape == [1, 3, 64, 64])
        #expect(file["reference.latent"]?.descriptor.dtype == .f64)
        #expect(file["reference.latent"]?.descriptor.shape == file["latent"]?.descriptor.shape)
        let sample = try #require(file["reference.sample"])
        let bytes = try file.bytes(of: sample)
        #expect(bytes == report.decoder.reference.values.withUnsafeBytes { [UInt8]($0) })
    }
}

@Suite struct CastDamageTests {
    @Test func `the fewer the digits, the farther off`() throws {
        let formats = CastDamage.Format.allCases
        var runs = 0
        let damage = try CastDamage.measure(try model("sana"), try landscape(128), as: formats, from: "x") { runs += 1 }
        #expect(runs == 5)
        #expect(damage.map(\.format) == formats)
        let errors = damage.map(\.latent.relativeRMS)
        #expect(errors[0] > 1e-5 && errors[0] < errors[1] && errors[1] < errors[2], "\(errors)")
        #expect(damage.allSatisfy { $0.worst != nil && $0.lost.overflows == 0 })
        // Small weights become zero without a scale, and fewer with one.
        #expect(damage[2].lost.underflows > damage[3].lost.underflows)
        #expect(damage[2].losses.reduce(0) { $0 + $1.report.underflows } == damage[2].lost.underflows)
    }

    @Test func `a weight that a format does not hold is counted by name`() throws {
        let network = try model("lite").network
        let changed = try AutoencoderDC(
            config: network.config,
            weights: Changed(base: network.weights, name: "decoder.conv_in.bias", value: 70_000)
        )
        let (_, losses) = try changed.rounded(to: .f16)
        #expect(losses.first { $0.name == "decoder.conv_in.bias" }?.report.overflows == 1)
        #expect(losses.filter { $0.report.overflows > 0 }.map(\.name) == ["decoder.conv_in.bias"])
        #expect(try changed.rounded(to: .bf16).losses.allSatisfy { $0.report.overflows == 0 })
        #expect(try changed.rounded(to: .f8E4M3).losses.contains { $0.report.overflows == 1 })
    }

    /// Whatever comes after it is NaN too; it is the first that has to be looked at.
    @Test(arguments: [("decoder.conv_out.bias", "decoder.conv_out"), ("decoder.conv_in.bias", "decoder.conv_in")])
    func `a layer that is infinite or NaN is the worst`(bias: String, layer: String) throws {
        let plain = try model("sana")
        let (folder, checkpoint) = (try TemporaryFolder(), try Checkpoint.open(Fixtures.path("tiny/sana/diffusers")))
        func write(_ name: String, _ value: Float) throws -> LoadedModel {
            let tensors = try checkpoint.tensors.map { tensor in
                var bytes = try checkpoint.bytes(of: tensor)
                if tensor.descriptor.name == bias {
                    bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, as: Float.self) }
                }
                return (descriptor: tensor.descriptor, bytes: bytes)
            }
            _ = try folder.write("\(name)/diffusion_pytorch_model.safetensors", tensors: tensors)
            let config = try Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/config.json"))
            try folder.write("\(name)/config.json", config)
            return try LoadedModel(options: .init(threads: 2)) {
                try OpenedModel(folder(name), registry: try Registry())
            }
        }
        let formats: [CastDamage.Format] = [.fp16, .fp8E4M3]
        let damage = try CastDamage.measure(try write("big", 1e6), try landscape(64), as: formats, from: "x") {}
        for one in damage {
            #expect(one.worst?.name == layer, "\(one.format): \(one.worst?.name ?? "")")
            #expect(one.sample.oddCount > 0 && one.worst?.distance.relativeRMS.isFinite == false)
        }
        let report = try NumericsReport.run(try write("nan", .nan), try landscape(64), from: "x") { _ in }
        #expect(!report.passed && report.oddValues?.layer == layer && report.oddValues?.isInBoth == true)
        #expect(!report.decoder.result.relativeLargest.isFinite && !report.decoder.result.relativeRMS.isFinite)
        #expect(try NumericsReport.run(plain, try landscape(64), from: "x") { _ in }.oddValues == nil)
    }

    @Test func `activations are counted layer by layer`() throws {
        let network = try model("sana")
        let layers = try ActivationRange.measure(network, try landscape(64), in: .f16, from: "x")
        #expect(layers.allSatisfy { $0.count > 0 && $0.lost.overflows == 0 })
        #expect(layers.first?.layer == "encoder.conv_in")
        #expect(layers.last?.layer.hasPrefix("decoder.conv_out") == true)
        #expect(layers.contains { $0.largest > 0.5 })
    }
}

/// A source of weights with the first value of one of them replaced.
private struct Changed: WeightSource {
    let base: any WeightSource
    let name: String
    let value: Float

    func weight(_ name: String) throws(NetworkError) -> Weight {
        let weight = try base.weight(name)
        guard name == self.name else { return weight }
        let copy = Buffer(count: weight.bytes.count)
        copy.bytes.copyMemory(from: weight.bytes)
        copy.bytes.storeBytes(of: value, as: Float.self)
        return Weight(dtype: .f32, shape: weight.shape, bytes: UnsafeRawBufferPointer(copy.bytes), owner: copy)
    }
}
