import CheckpointIO
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Files that real PyTorch wrote (see Tests/Fixtures/torch/make_torch_fixtures.py) hold what it says they hold.
@Suite struct TorchFixtureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let entry: JSONValue
        var testDescription: String { file }
    }

    static let cases: [Case] = ((try? Fixtures.json("torch/expected.json"))?["cases"]?.array ?? []).map {
        Case(file: $0["file"]?.string ?? "", entry: $0)
    }

    @Test func casesAreThere() {
        #expect(Self.cases.count == 49)
    }

    @Test(arguments: cases)
    func holdsWhatTorchSays(_ test: Case) throws {
        let path = Fixtures.path("torch/" + test.file)
        let options = OpenOptions(section: test.entry["section"]?.string)
        guard let refusal = test.entry["refused"]?.string else {
            let model = try OpenedModel(path, ModelHints(opening: options), registry: Registry())
            return try compare(model.checkpoint, with: test.entry)
        }
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path, options: options) }
        #expect(error.description.contains(refusal))
    }

    private func compare(_ checkpoint: Checkpoint, with entry: JSONValue) throws {
        let expected = entry["tensors"]?.array ?? []
        #expect(checkpoint.tensors.count == expected.count)
        for item in expected {
            let name = try #require(item["name"]?.string)
            let tensor = try #require(checkpoint[name], "\(name) is missing")
            #expect(tensor.descriptor.dtype.rawValue == item["dtype"]?.string, "\(name)")
            #expect(tensor.descriptor.shape.dimensions == item["shape"]?.array?.compactMap(\.integer), "\(name)")
            let bytes = try checkpoint.bytes(of: tensor)
            #expect(SHA256.hex(bytes) == item["sha256"]?.string, "\(name)")
            try readInParts(checkpoint, tensor, bytes)
        }
        for note in entry["notes"]?.array ?? [] {
            let text = try #require(note.string)
            #expect(checkpoint.notes.contains { $0.contains(text) }, "\(text) is not in \(checkpoint.notes)")
        }
    }

    /// Conversion reads a tensor by parts; together they are the whole, wherever the cuts lie.
    private func readInParts(_ checkpoint: Checkpoint, _ tensor: StoredTensor, _ whole: [UInt8]) throws {
        let size = tensor.descriptor.dtype.byteCount ?? 1
        guard whole.count > 7 * size, whole.count < 10_000 else { return }
        var parts: [UInt8] = []
        for start in stride(from: 0, to: whole.count, by: 7 * size) {
            var part = [UInt8](repeating: 0, count: min(7 * size, whole.count - start))
            try part.withUnsafeMutableBytes { try checkpoint.read(tensor, from: start, into: $0) }
            parts += part
        }
        #expect(parts == whole)
    }
}
