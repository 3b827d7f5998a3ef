import CheckpointIO
import ModelZoo
import TensorCore
import TestSupport
import Testing

extension BadInput: CustomTestStringConvertible {
    /// What a failing test shows.
    public var testDescription: String { summary }
}

/// Every malformed, hostile or merely odd input of Tests/Fixtures/bad gets the verdict that its manifest asks for.
@Suite struct BadInputTests {
    @Test func corpusIsWhole() {
        #expect(BadInput.all.count == 970)
    }

    @Test(arguments: BadInput.all.filter { $0.kind != "config" })
    func verdict(of input: BadInput) throws {
        let folder = try TemporaryFolder()
        let path = try input.prepare(in: folder)
        let checkpoint: Checkpoint
        do throws(CheckpointError) {
            checkpoint = try Checkpoint.open(path)
        } catch {
            #expect(input.verdict != .accept, "\(error)")
            return checkMessage(error.description)
        }
        #expect(input.verdict != .reject, "accepted, with \(checkpoint.tensors.count) tensors")
        try compare(checkpoint, with: input)
    }

    @Test(arguments: BadInput.all.filter { $0.kind == "config" })
    func verdict(ofConfig input: BadInput) throws {
        let folder = try TemporaryFolder()
        let path = try input.prepare(in: folder)
        do throws(CheckpointError) {
            let file = try InputFile(opening: path)
            _ = try AutoencoderDCConfig.read(try file.contents(limit: 16 << 20), path: path)
        } catch {
            #expect(input.verdict != .accept, "\(error)")
            return checkMessage(error.description)
        }
        #expect(input.verdict != .reject)
    }

    /// One line, printable, with its prefix of at most 300 bytes, which names the file.
    private func checkMessage(_ message: String) {
        #expect(message.utf8.count <= 300 - "dcae: error: ".utf8.count)
        #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.value != 0x2028 })
        #expect(message.contains(": "))
    }

    private func compare(_ checkpoint: Checkpoint, with input: BadInput) throws {
        if input.verdict == .accept, !input.tensors.isEmpty || input.tensorCount != nil {
            #expect(checkpoint.tensors.count == input.tensorCount ?? input.tensors.count)
        }
        let sections = ["state_dict", "model", "module", "model_state_dict", "ema", "net"]
        for expected in input.tensors {
            guard let path = expected.path, !expected.isShortened else { continue }
            var names = [path.joined(separator: ".")]
            if let first = path.first, sections.contains(first) {
                names.append(path.dropFirst().joined(separator: "."))
            }
            guard let tensor = names.lazy.compactMap({ checkpoint[$0] }).first else {
                #expect(input.verdict == .either, "\(names) is missing")
                continue
            }
            #expect(tensor.descriptor.dtype.rawValue == expected.dtype.replacing("torch.complex32", with: "C32"))
            if let shape = expected.shape { #expect(tensor.descriptor.shape.dimensions == shape) }
            if let digest = expected.digest {
                #expect(SHA256.hex(try checkpoint.bytes(of: tensor)).hasPrefix(digest))
            }
        }
    }
}
