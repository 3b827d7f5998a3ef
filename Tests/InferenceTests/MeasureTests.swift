import CheckpointIO
import DCAE
import Images
import Inference
import TensorCore
import TestSupport
import Testing

@Suite struct MeasureTests {
    private func tensor(_ values: [Float]) throws -> FloatTensor {
        try FloatTensor(batch: 1, channels: 1, height: 1, width: values.count, values: values)
    }

    @Test func statistics() throws {
        let found = TensorStatistics(try tensor([3, -4, 0, 1]))
        #expect(found.mean == 0)
        #expect(found.rms == 6.5.squareRoot())
        #expect((found.minimum, found.maximum) == (-4, 3))
        #expect(found.nonFiniteCount == 0)
        #expect(TensorStatistics(try tensor([1, .nan, .infinity])).nonFiniteCount == 2)
    }

    @Test func differences() throws {
        let found = try #require(TensorDifference(of: try tensor([1, 2, 3]), from: try tensor([1, 2, 4])))
        #expect(found.largest == 1)
        #expect(found.relativeLargest == 0.25)
        #expect(found.relativeRMS == (1.0 / 21).squareRoot())
        #expect(!found.isNone)
        let none = try #require(TensorDifference(of: try tensor([0, 2]), from: try tensor([-0.0, 2])))
        #expect(none.isNone && none.relativeLargest == 0 && none.relativeRMS == 0)
        #expect(try #require(TensorDifference(of: try tensor([.nan]), from: try tensor([1]))).largest.isNaN)
        #expect(TensorDifference(of: try tensor([1]), from: try tensor([1, 2])) == nil)
    }

    @Test func fixedPoint() {
        #expect(29.305.fixed(2) == "29.31" && (-0.004).fixed(2) == "0.00" && 3.0.fixed(0) == "3")
        #expect((-1.5).fixed(1) == "-1.5" && Double.infinity.fixed(2) == "inf" && 0.05.fixed(3) == "0.050")
    }

    @Test func targets() throws {
        let kinds: [OutputDocument.Kind] = [.safetensors, .npy]
        func target(_ path: String) throws -> RunTarget {
            try RunTarget(path, kinds: kinds, folderKind: .safetensors)
        }
        #expect(try target("a/latent.SAFETENSORS") == .file("a/latent.SAFETENSORS", .safetensors))
        #expect(try target("latent.npy") == .file("latent.npy", .npy))
        #expect(try target("latents") == .folder("latents", .safetensors))
        #expect(try target("run.v2/") == .folder("run.v2/", .safetensors))
        #expect(throws: CheckpointError.self) { try target("latent.png") }
        let error = #expect(throws: CheckpointError.self) { try target("latent.pt") }
        #expect(error?.description == "latent.pt: an output file ends in .safetensors or .npy; or name a folder")
    }

    @Test func namesAreKept() throws {
        let folder = try TemporaryFolder()
        let picture = try Picture(width: 2, height: 2, filledWith: .white).png()
        for name in ["in/a.png", "in/below/b.v2.PNG", "in/.hidden.png", "in/notes.txt"] {
            try folder.write(name, picture)
        }
        let files = try RunFile.images(at: [folder("in"), folder("in/a.png")])
        #expect(files.map(\.name) == ["a", "below/b.v2", "a"])
        let target = RunTarget.folder(folder("out"), .npy)
        #expect(target.path(for: files[1]) == folder("out/below/b.v2.npy"))
        let error = #expect(throws: CheckpointError.self) { try target.check(files, force: false) }
        #expect(
            error?.description.contains("would both be written to it; write them into different folders") == true
        )
    }

    /// The stages of a network, whose layers may come again with every tile.
    @Test func stages() throws {
        let model = try AutoencoderDC(pretrained: Fixtures.path("tiny/sana/diffusers"))
        let values = [Float](repeating: 0.5, count: 3 * 64 * 32)
        let image = try FloatTensor(batch: 2, channels: 3, height: 32, width: 32, values: values)
        let (_, report) = try model.profileEncode(image)
        let stages = StageCost.stages(of: report.layers)
        #expect(
            stages.map(\.name) == ["encoder", "encoder.conv_in"] + (0..<6).map { "encoder.down_blocks.\($0)" } + [
                "encoder.conv_out"
            ]
        )
        #expect(stages.reduce(0) { $0 + $1.operations } == report.layers.reduce(0) { $0 + $1.operations })
    }
}
