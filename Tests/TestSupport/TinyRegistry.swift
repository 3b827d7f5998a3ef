package import ModelZoo
internal import Synthesis
internal import TensorCore

extension TemporaryFolder {
    /// Variants small enough to be written in a test: the tiny networks as a user's registry in this folder.
    package func tinyRegistry() throws -> Registry {
        for family in Fixtures.families {
            try write("Registry/tiny-\(family).json", Array("{\"name\": \"tiny-\(family)\"}".utf8))
            let config = try Fixtures.bytes(Fixtures.path("tiny/\(family)/diffusers/config.json"))
            try write("Configs/tiny-\(family)/config.json", config)
        }
        return try Registry(adding: path)
    }
}

extension Registry {
    /// Writes a tiny network of that registry with seeded weights.
    package func writeTiny(_ family: String, _ layout: Layout, seed: UInt64 = 1, to path: String) throws {
        let model = SynthesizedModel(
            variant: try variant(named: "tiny-" + family),
            layout: layout,
            seed: seed,
            dtype: .f32
        )
        _ = try model.write(to: path, force: false)
    }
}
