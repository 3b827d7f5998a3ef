import CheckpointIO
import Perception
import TensorCore
import TestSupport
import Testing

/// Files of weights: found, recognised by their tensors, and refused with a place and a remedy.
@Suite struct WeightsTests {
    private static func refusal(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test func filesAreRecognisedByTheirTensors() throws {
        let folder = try TemporaryFolder()
        let heads = try folder.writeWeights("w/one.safetensors", .heads)
        let alexNet = try folder.writeWeights("w/two.safetensors", .alexNet)
        try folder.write("w/note.txt", [65])
        let search = WeightsSearch { _ in nil }
        for paths in [[heads, alexNet], [alexNet, heads], [folder("w")]] {
            let found = try #require(try search.lpips(paths))
            #expect(found.network.path == alexNet && found.heads.path == heads)
            #expect(found.network.identity.published == nil && found.network.identity.sha256.count == 64)
            #expect(found.network.identity.text.hasSuffix(" (not the published weights)"))
        }
        #expect(try search.lpips([]) == nil && search.inception(nil) == nil)
        // What is in torch's cache is found there.
        let cached = try folder.writeWeights("torch/hub/checkpoints/alexnet-owt-7be5be79.pth", .alexNet)
        _ = try folder.writeWeights("torch/hub/checkpoints/alex.pth", .heads)
        for variables in [["TORCH_HOME": folder("torch")], ["XDG_CACHE_HOME": folder.path, "TORCH_HOME": ""]] {
            let found = try #require(try WeightsSearch { variables[$0] }.lpips([]))
            #expect(found.network.path == cached)
        }
        #expect(WeightsSearch { $0 == "HOME" ? "/h" : nil }.hubFolder == "/h/.cache/torch/hub/checkpoints")
    }

    @Test func refusals() throws {
        let folder = try TemporaryFolder()
        let search = WeightsSearch { _ in nil }
        let heads = try folder.writeWeights("heads.safetensors", .heads)
        let again = try folder.writeWeights("again.safetensors", .heads)
        let other = try folder.write(
            "other.safetensors",
            tensors: [(TensorDescriptor(name: "x", dtype: .f32, shape: [1]), [0, 0, 0, 0])]
        )
        let name = "lin0.model.1.weight"
        let short = try folder.write(
            "short.safetensors",
            tensors: [
                (TensorDescriptor(name: name, dtype: .f32, shape: [1, 2, 1, 1]), [UInt8](repeating: 0, count: 8))
            ]
        )
        let table: [([String], String)] = [
            (
                [heads],
                "heads.safetensors: these are only the heads of LPIPS; it also needs AlexNet's weights; give it too: "
                    + "torchvision has it as alexnet-owt-7be5be79.pth"
            ),
            (
                [heads, again],
                "again.safetensors: it is another file of LPIPS heads, beside T/heads.safetensors; give one of them"
            ),
            (
                [other],
                "other.safetensors: these are not weights of AlexNet or LPIPS heads: there is no tensor \"features.0.weight\" or "
                    + "\"lin0.model.1.weight\"; torchvision has it as alexnet-owt-7be5be79.pth; the package lpips has them as "
                    + "weights/v0.1/alex.pth"
            ),
            (
                [short],
                "short.safetensors: tensor \"lin0.model.1.weight\": its shape is [1, 2, 1, 1], but LPIPS heads has "
                    + "[1, 64, 1, 1]; give the file as it was published"
            ),
        ]
        for (paths, line) in table {
            let found = Self.refusal { try search.lpips(paths) }.replacing(folder.path, with: "T")
            #expect(found.hasSuffix(line), "\(found)")
        }
        #expect(Self.refusal { try search.inception(heads) }.contains("these are not weights of Inception"))
        try folder.write("empty/x.txt", [65])
        #expect(Self.refusal { try search.lpips([folder("empty")]) }.contains("no file in this folder holds weights"))
    }
}
