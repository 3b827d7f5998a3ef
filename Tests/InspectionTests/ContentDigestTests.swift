import CheckpointIO
import Inspection
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

@Suite struct ContentDigestTests {
    /// Digests by the name that a layout has for a tensor.
    private func digests(_ path: String, as layout: Layout?, threads: Int = 2) throws -> [UTF8Name: SHA256Digest] {
        let network = try #require(try OpenedModel(path + "/diffusers", registry: Registry()).network)
        let (name, own) = layout == .original ? ("/diffusers", Layout.diffusers) : ("/original.safetensors", .original)
        let view = LayoutView(try Checkpoint.open(path + name), in: own, as: layout, network: network)
        let all = try ContentDigest.all(of: view, threads: threads)
        return Dictionary(uniqueKeysWithValues: zip(view.tensors.map { UTF8Name($0.descriptor.name) }, all))
    }

    /// A tensor that is put together from pieces has the digest of the one that is stored whole.
    @Test(arguments: Fixtures.families) func layoutsAgree(family: String) throws {
        let path = Fixtures.path("tiny/\(family)")
        for (layout, file) in [(Layout.original, "/original.safetensors"), (.diffusers, "/diffusers")] {
            let stored = try Checkpoint.open(path + file)
            let viewed = try digests(path, as: layout)
            #expect(viewed.count == stored.tensors.count)
            for tensor in stored.tensors {
                let direct = SHA256.digest(try stored.bytes(of: tensor))
                #expect(viewed[UTF8Name(tensor.descriptor.name)] == direct, "\(tensor.descriptor.name)")
            }
        }
    }

    @Test func threadsChangeNothing() throws {
        let path = Fixtures.path("tiny/sana")
        let one = try digests(path, as: .diffusers, threads: 1)
        for threads in 2...4 { #expect(try digests(path, as: .diffusers, threads: threads) == one) }
    }

    @Test func weightsAreRoundedAndTheRestIsNot() throws {
        let folder = try TemporaryFolder()
        // 1 + 2^-9 and 1 + 3 * 2^-9 lie between two BF16 values each; the second goes to the even one above.
        let floats: [Float] = [1, 1 + 1.0 / 512, 1 + 3.0 / 512, -2.5]
        let rounded: [UInt16] = [0x3F80, 0x3F80, 0x3F81, 0xC020]
        let path = try folder.write(
            "a.safetensors",
            tensors: [
                (.init(name: "w", dtype: .f32, shape: [4]), floats.withUnsafeBytes { Array($0) }),
                (.init(name: "n", dtype: .i64, shape: [1]), [7, 0, 0, 0, 0, 0, 0, 0]),
                (.init(name: "none", dtype: .f32, shape: [0, 3]), []),
            ]
        )
        let view = LayoutView(try Checkpoint.open(path))
        func digest(_ name: String, as dtype: DType?) throws -> SHA256Digest {
            let tensor = try #require(view.tensors.first { $0.descriptor.name == name })
            return try ContentDigest.of(tensor, in: view, as: dtype)
        }
        #expect(try digest("w", as: nil) == SHA256.digest(floats.withUnsafeBytes { Array($0) }))
        #expect(try digest("w", as: .bf16) == SHA256.digest(rounded.withUnsafeBytes { Array($0) }))
        #expect(try digest("w", as: .f32) == digest("w", as: nil))
        #expect(try digest("n", as: .bf16) == SHA256.digest([7, 0, 0, 0, 0, 0, 0, 0]))
        #expect(try digest("none", as: .bf16) == SHA256.digest([]))
    }
}
