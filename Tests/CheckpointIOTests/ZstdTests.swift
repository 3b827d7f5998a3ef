import CheckpointIO
import TensorCore
import TestSupport
import Testing

@Suite struct ZstdTests {
    static let original = Fixtures.path("tiny/sana/original.safetensors")

    private func compress(_ bytes: [UInt8], level: Int = 3, size: Int? = nil, part: Int = 100_000) throws -> [UInt8] {
        var result: [UInt8] = []
        let writer = try ZstdWriter(path: "out.zst", level: level, size: size)
        func keep(_ part: UnsafeRawBufferPointer) { result += part }
        try bytes.withUnsafeBytes { whole in
            for start in stride(from: 0, to: whole.count, by: part) {
                let end = min(start + part, whole.count)
                try writer.write(UnsafeRawBufferPointer(rebasing: whole[start..<end]), to: keep)
            }
        }
        try writer.finish(to: keep)
        return result
    }

    private func frames(_ bytes: [UInt8], cutAt cuts: [Int]) throws -> [UInt8] {
        try zip([0] + cuts, cuts + [bytes.count]).flatMap { try compress(Array(bytes[$0..<$1])) }
    }

    private func refusal(_ bytes: [UInt8], _ options: OpenOptions = OpenOptions()) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write("x.zst", bytes)
        return try #require(throws: CheckpointError.self) { try Checkpoint.open(path, options: options) }.description
    }

    @Test(arguments: [-5, 1, 3, 19])
    func whatIsWrittenReadsAsTheSame(level: Int) throws {
        let bytes = try Fixtures.bytes(Self.original)
        let folder = try TemporaryFolder()
        let path = try folder.write("w.safetensors.zst", try compress(bytes, level: level, size: bytes.count))
        let (compressed, plain) = (try Checkpoint.open(path), try Checkpoint.open(Self.original))
        #expect(compressed.isCompressed && compressed.format == .safetensors)
        #expect(compressed.tensors.map(\.descriptor) == plain.tensors.map(\.descriptor))
        for tensor in plain.tensors {
            let other = try #require(compressed[tensor.descriptor.name])
            #expect(try compressed.bytes(of: other) == plain.bytes(of: tensor))
        }
    }

    @Test func framesMayFollowEachOther() throws {
        let bytes = try Fixtures.bytes(Fixtures.path("torch/views.pt"))
        let skippable: [UInt8] = [0x5E, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let all = skippable + (try frames(bytes, cutAt: [5, 600, 601])) + skippable
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(try folder.write("v.zst", all))
        #expect(checkpoint.format == .torchZip && checkpoint.isCompressed)
        #expect(checkpoint.tensors.count == 17)
    }

    @Test func damageIsNamed() throws {
        let bytes = try Fixtures.bytes(Self.original)
        let whole = try compress(bytes)
        #expect(try refusal(Array(whole.dropLast())).contains("ends in the middle of a frame"))
        #expect(try refusal(whole + [0]).contains("the zstd data"))
        #expect(try refusal(whole + Array("trailing".utf8)).contains("Unknown frame descriptor"))
        #expect(try refusal(whole + whole).contains("expands beyond the \(bytes.count) bytes"))
        #expect(try refusal(try compress(whole)).contains("compressed more than once"))
        #expect(try refusal(try compress(Array(bytes.dropLast()))).contains("bytes, but"))
        var flipped = whole
        flipped[flipped.count / 2] ^= 1
        #expect(try refusal(flipped).contains("the zstd data is damaged"))
    }

    @Test func expansionHasABound() throws {
        let bytes = try compress(try Fixtures.bytes(Fixtures.path("torch/sana.pt")))
        #expect(try refusal(bytes, OpenOptions(maxExpandedSize: 100_000)).contains("more than 100000 bytes"))
        let folder = try TemporaryFolder()
        let size = try Fixtures.bytes(Fixtures.path("torch/sana.pt")).count
        let options = OpenOptions(maxExpandedSize: size)
        #expect(try Checkpoint.open(try folder.write("w.zst", bytes), options: options).tensors.count > 10)
    }

    @Test func levelsHaveALimit() throws {
        let error = try #require(throws: CheckpointError.self) { _ = try ZstdWriter(path: "out.zst", level: 23) }
        #expect(error.description.contains("zstd has no level 23"))
    }
}
