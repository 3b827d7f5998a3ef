import CheckpointIO
import TensorCore
import TestSupport
import Testing

/// Folders that torch.distributed.checkpoint wrote.
@Suite struct DistributedTests {
    private let folder = Fixtures.path("reports/17-dcp/step_100")

    @Test func theWeightsAreThoseThatWereSaved() throws {
        let checkpoint = try Checkpoint.open(folder)
        #expect(checkpoint.format == .torchDistributed)
        let original = try Checkpoint.open(Fixtures.path("tiny/sana/original.safetensors"))
        #expect(checkpoint.tensors.count == original.tensors.count)
        for tensor in original.tensors {
            let found = try #require(checkpoint["model." + tensor.descriptor.name])
            #expect(
                found.descriptor.dtype == tensor.descriptor.dtype && found.descriptor.shape == tensor.descriptor.shape
            )
            #expect(try checkpoint.bytes(of: found) == original.bytes(of: tensor))
        }
        #expect(try checkpoint.damage() == [])
        #expect(try Checkpoint.open(folder + "/__0_0.distcp").tensors.count == checkpoint.tensors.count)
        #expect(try Checkpoint.open(folder + "/.metadata").tensors.count == checkpoint.tensors.count)
    }

    @Test func sectionsAreTheFirstPartsOfNames() throws {
        let model = try Checkpoint.open(folder, options: OpenOptions(section: "model"))
        #expect(model.tensors.count == (try Checkpoint.open(folder).tensors.count))
        let error = try #require(throws: CheckpointError.self) {
            try Checkpoint.open(folder, options: OpenOptions(section: "nope"))
        }
        #expect(error.description.contains("there is no section \"nope\" with weights, but "))
    }

    /// Names may have dots without any dict: what the index says of the way to a tensor decides, not the name.
    @Test(
        arguments: [
            ("dcp_flat", ["model.diffusion.a", "vae.b"], ["ignored: model.step"]),
            ("dcp_nested", ["diffusion.a"], ["weights taken from model", "ignored: vae.b"]),
        ]
    )
    func aNameWithDotsIsNoSection(name: String, names: [String], notes: [String]) throws {
        let checkpoint = try Checkpoint.open(Fixtures.path("torch/" + name))
        #expect(checkpoint.tensors.map(\.descriptor.name).sorted() == names)
        #expect(checkpoint.notes == notes)
    }

    @Test func aPartAloneIsCalledThat() throws {
        let other = try TemporaryFolder()
        let path = try other.write("__0_0.distcp", try Fixtures.bytes(folder + "/__0_0.distcp"))
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error.fault as? DistributedFault == .noIndex)
    }

    /// No place of the index leads out of the folder, and no change of it makes the reader trap.
    @Test func aDamagedIndexIsRefusedOrReadsTheSame() throws {
        let other = try TemporaryFolder()
        try other.write("__0_0.distcp", try Fixtures.bytes(folder + "/__0_0.distcp"))
        let index = try Fixtures.bytes(folder + "/.metadata")
        let text = Array("__0_0.distcp".utf8)
        let place = try #require(index.indices.dropLast(12).first { Array(index[$0..<($0 + 12)]) == text })
        var evil = index
        evil.replaceSubrange(place..<(place + 12), with: "../../../etc".utf8)
        try other.write(".metadata", evil)
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(other.path) }
        #expect(error.fault as? DistributedFault == .fileOutside("../../../etc"))
        for step in stride(from: 11, to: index.count, by: 977) {
            var bytes = index
            bytes[step] ^= UInt8(truncatingIfNeeded: step * 31 | 1)
            try other.write(".metadata", bytes)
            _ = try? Checkpoint.open(other.path).tensors.count
        }
    }
}
