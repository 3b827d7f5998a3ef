import CheckpointIO
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

@Suite struct LayoutViewTests {
    private func network(_ family: String) throws -> NetworkDescription {
        let model = try OpenedModel(Fixtures.path("tiny/\(family)/diffusers"), registry: Registry())
        return try #require(model.network, "its own config.json describes it")
    }

    private func content(_ view: LayoutView) throws -> [UTF8Name: (TensorDescriptor, [UInt8])] {
        var content: [UTF8Name: (TensorDescriptor, [UInt8])] = [:]
        for tensor in view.tensors {
            var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
            // In odd parts, so that they cross the borders between pieces.
            for start in stride(from: 0, to: bytes.count, by: 4 * 777) {
                let end = min(bytes.count, start + 4 * 777)
                try bytes.withUnsafeMutableBytes {
                    try view.read(tensor, from: start, into: UnsafeMutableRawBufferPointer(rebasing: $0[start..<end]))
                }
            }
            content[UTF8Name(tensor.descriptor.name)] = (tensor.descriptor, bytes)
        }
        return content
    }

    @Test(arguments: Fixtures.families, Layout.allCases)
    func eitherLayoutIsSeenAsTheOther(family: String, layout: Layout) throws {
        let network = try network(family)
        let original = try Checkpoint.open(Fixtures.path("tiny/\(family)/original.safetensors"))
        let diffusers = try Checkpoint.open(Fixtures.path("tiny/\(family)/diffusers"))
        let (a, b) = (
            LayoutView(original, in: .original, as: layout, network: network),
            LayoutView(diffusers, in: .diffusers, as: layout, network: network)
        )
        #expect(a.tensors.map(\.descriptor) == b.tensors.map(\.descriptor))
        #expect(a.tensors.map(\.descriptor.name) == network.tensors(in: layout).map(\.tensor.name))
        let (left, right) = (try content(a), try content(b))
        #expect(left.count == right.count)
        for (name, value) in left { #expect(try #require(right[name]) == value, "\(name.string)") }
    }

    @Test func whatTheNetworkDoesNotKnowKeepsItsName() throws {
        let network = try network("sana")
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "odd.safetensors",
            tensors: [
                (.init(name: "encoder.project_in.conv.weight", dtype: .f32, shape: [2]), Array(repeating: 0, count: 8)),
                (.init(name: "encoder.stages.0.other", dtype: .f32, shape: [1]), Array(repeating: 1, count: 4)),
            ]
        )
        let view = LayoutView(try Checkpoint.open(path), in: .original, as: .diffusers, network: network)
        #expect(view.tensors.map(\.descriptor.name) == ["encoder.conv_in.weight", "encoder.stages.0.other"])
        #expect(view.tensors[0].descriptor.shape == [2], "a shape that is not the network's is kept")
    }
}
