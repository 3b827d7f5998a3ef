import CheckpointIO
import Inspection
import ModelZoo
import Models
import Pages
import TestSupport
import Testing

/// What strangers' files can do to a diff: nothing.
@Suite struct DiffOfBadInputsTests {
    @Test func whateverOpensCanBeCompared() throws {
        let registry = try Registry()
        let sana = try OpenedModel(Fixtures.path("tiny/sana/original.safetensors"), registry: registry)
        let folder = try TemporaryFolder()
        var compared = 0
        for input in BadInput.all {
            let path = try input.prepare(in: folder)
            // Of those that expand to gigabytes, opening alone is tested elsewhere.
            guard let checkpoint = try? Checkpoint.open(path), checkpoint.byteCount < 1 << 26 else { continue }
            do throws(CheckpointError) {
                let model = try OpenedModel(checkpoint, registry: registry)
                let itself = try CheckpointDiff.compare(model, model, .init())
                #expect(itself.tensors.allSatisfy { $0.relation == .identical }, "\(input.summary)")
                let other = try CheckpointDiff.compare(sana, model, .init())
                #expect(!other.isSame || checkpoint.tensors.count == sana.checkpoint.tensors.count, "\(input.summary)")
                #expect(other.page.html.hasSuffix("</html>\n") && !other.answer[0].isEmpty)
                compared += 1
            } catch {
                #expect(error.description.utf8.count <= 1000, "\(input.summary)")
            }
        }
        #expect(compared > 100)
    }
}
