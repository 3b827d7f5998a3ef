import CheckpointIO
import Conversion
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

/// Every tiny network through every layout, dtype and container, and back to the bytes of the original.
@Suite struct LayoutMatrixTests {
    /// ComfyUI_ExtraModels has the network of SANA alone.
    static let cases: [(family: String, layout: Layout)] =
        Fixtures.allFamilies.flatMap { family in
            [Layout.original, .diffusers, .mlx].map { (family, $0) }
        } + [("sana", .comfyui)]

    struct Container: Sendable {
        let name: String
        var shards: Int?
        var compression: Int?
    }

    static let containers = [
        Container(name: "one"), Container(name: "shards", shards: 200_000), Container(name: "zstd", compression: 1),
        Container(name: "both", shards: 200_000, compression: 1),
    ]

    /// Whether a file has these bytes. An expectation of two lists would look for how they differ, which takes minutes.
    private static func isSame(_ path: String, _ bytes: [UInt8]) throws -> Bool {
        let found = try Fixtures.bytes(path)
        return found == bytes
    }

    private func convert(
        _ source: String,
        _ family: String,
        to target: String,
        _ layout: Layout,
        _ dtype: DType?,
        _ container: Container = Container(name: "one")
    ) throws {
        var options = ConversionOptions()
        options.target = layout
        options.dtype = dtype
        options.maxShardSize = container.shards
        options.compression = container.compression
        let plan = try ConversionPlan(OpenedModel(source, hints(family), registry: Registry()), options)
        _ = try Conversion.run(plan, into: target, level: .content, force: true, durability: .fast)
    }

    @Test(arguments: cases) func thereAndBackByteForByte(family: String, layout: Layout) throws {
        let folder = try TemporaryFolder()
        let original = Fixtures.path("tiny/\(family)/original.safetensors")
        for dtype in [DType.f32, .bf16, .f16] {
            // A cast loses digits once, in whatever layout it happens.
            var expected = try Fixtures.bytes(original)
            if dtype != .f32 {
                try convert(original, family, to: folder("truth-\(dtype)"), .original, dtype)
                expected = try Fixtures.bytes(folder("truth-\(dtype)/model.safetensors"))
            }
            for container in Self.containers where layout != .original || container.name != "one" || dtype != .f32 {
                let there = folder("there-\(dtype)-\(container.name)")
                let back = folder("back-\(dtype)-\(container.name)")
                try convert(original, family, to: there, layout, dtype, container)
                if layout == .original, container.name == "one" {
                    #expect(try Self.isSame(there + "/model.safetensors", expected), "\(dtype)")
                } else {
                    try convert(there, family, to: back, .original, nil)
                    #expect(
                        try Self.isSame(back + "/model.safetensors", expected),
                        "\(dtype) in \(container.name)"
                    )
                }
            }
        }
    }

    /// From every layout to every other, the bytes are those of the way over the original.
    @Test(arguments: cases) func everyPairOfLayoutsAgrees(family: String, layout: Layout) throws {
        let folder = try TemporaryFolder()
        let original = Fixtures.path("tiny/\(family)/original.safetensors")
        let others = Self.cases.filter { $0.family == family && $0.layout != layout }.map(\.layout)
        let source = folder("source.safetensors")
        try file(original, family, to: source, layout, or: Fixtures.bytes(original))
        for other in others {
            try file(source, family, to: folder("out.safetensors"), other, or: [])
            try file(original, family, to: folder("truth.safetensors"), other, or: Fixtures.bytes(original))
            #expect(
                try Self.isSame(folder("out.safetensors"), Fixtures.bytes(folder("truth.safetensors"))),
                "\(layout) to \(other)"
            )
        }

        func file(_ from: String, _ family: String, to path: String, _ layout: Layout, or same: [UInt8]) throws {
            let model = try OpenedModel(from, hints(family), registry: Registry())
            guard model.layout != layout else {
                try folder.write(ModelFolder.name(of: path), same)
                return
            }
            var options = ConversionOptions()
            options.target = layout
            options.output = .file(ModelFolder.name(of: path))
            let plan = try ConversionPlan(model, options)
            _ = try Conversion.run(plan, into: folder.path, level: .content, force: true, durability: .fast)
        }
    }

    @Test(arguments: Fixtures.allFamilies.filter { $0 != "sana" })
    func otherNetworksHaveNoComfyUILayout(family: String) throws {
        let error = #expect(throws: CheckpointError.self) {
            try convert(Fixtures.path("tiny/\(family)/original.safetensors"), family, to: "x", .comfyui, nil)
        }
        #expect(error?.description.contains("programs that read the comfyui layout have no such network") == true)
    }
}
