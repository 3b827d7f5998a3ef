import CheckpointIO
import Foundation
import TestSupport
import Testing

/// Paths that are no checkpoint, whatever they are; none blocks, none is read without end.
@Suite struct HostilePathTests {
    private func refusal(_ path: String) throws -> String {
        try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }.description
    }

    @Test func whatIsNoFileIsRefused() throws {
        let folder = try TemporaryFolder()
        #expect(try refusal(folder("missing")).contains("no such file"))
        #expect(try refusal("").contains("no such file"))
        #expect(try refusal("/dev/null").contains("not a regular file"))
        #expect(try refusal("/dev/zero").contains("not a regular file"))
        #expect(try refusal(folder.path).contains("there is no checkpoint in this folder"))
        #expect(mkfifo(folder("fifo"), 0o600) == 0)
        #expect(try refusal(folder("fifo")).contains("not a regular file"))
        #expect(try refusal(try folder.write("empty.pt", [])).contains("the file is empty"))
    }

    @Test func symbolicLinksLeadWhereTheyLead() throws {
        let folder = try TemporaryFolder()
        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: folder(name), withDestinationPath: target)
        }
        try link("loop", to: "loop")
        #expect(try refusal(folder("loop")).contains("open failed"))
        try link("one", to: "two")
        try link("two", to: "one")
        #expect(try refusal(folder("one")).contains("open failed"))
        try link("dangling", to: "nothing")
        #expect(try refusal(folder("dangling")).contains("no such file"))
        try link("folder", to: ".")
        #expect(try refusal(folder("folder")).contains("there is no checkpoint in this folder"))
        // A user's own link out of the folder is followed: downloads of the Hugging Face hub are such links.
        try link("outside.safetensors", to: Fixtures.path("bad/st_ok_header_trailing_ws.safetensors"))
        _ = try? Checkpoint.open(folder("outside.safetensors"))
    }

    @Test func aShardThatIsAFolderOrDeviceIsRefused() throws {
        let folder = try TemporaryFolder()
        let index = Array("{\"weight_map\":{\"a\":\"shard.safetensors\"}}".utf8)
        let path = try folder.write("model.safetensors.index.json", index)
        #expect(try refusal(path).contains("no such file"))
        #expect(mkfifo(folder("shard.safetensors"), 0o600) == 0)
        #expect(try refusal(path).contains("not a regular file"))
        try FileManager.default.removeItem(atPath: folder("shard.safetensors"))
        try FileManager.default.createDirectory(atPath: folder("shard.safetensors"), withIntermediateDirectories: false)
        #expect(try refusal(path).contains("a folder, not a file"))
        try FileManager.default.removeItem(atPath: folder("shard.safetensors"))
        try FileManager.default.createSymbolicLink(
            atPath: folder("shard.safetensors"),
            withDestinationPath: "model.safetensors.index.json"
        )
        #expect(try refusal(path).contains("called safetensors"))
    }

    /// A file that shrinks after it was opened gives an error where it ends, not a crash.
    @Test func aFileThatShrinksIsNoticed() throws {
        let folder = try TemporaryFolder()
        for (file, tensor) in [("sana.pt", "whole"), ("views.pt", "transposed")] {
            let path = try folder.write(file, try Fixtures.bytes(Fixtures.path("torch/" + file)))
            let checkpoint = try Checkpoint.open(path)
            let wanted = try #require(checkpoint[tensor] ?? checkpoint.tensors.last)
            #expect(truncate(path, 100) == 0)
            let error = try #require(throws: CheckpointError.self) { try checkpoint.bytes(of: wanted) }
            #expect(error.description.contains("shorter than"))
        }
    }

    /// A hostile name is shown escaped and short, and the line stays below its limit.
    @Test func namesAreShownSafely() throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "\u{1F4A3}\u{1B}[2J\u{202E}", count: 30)
        let header =
            "{\"\(name.replacing("\u{1B}", with: "\\u001b"))\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}"
        let length = UInt64(header.utf8.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
        let path = try folder.write(String(repeating: "é\u{202E}", count: 40) + ".safetensors", bytes)
        let message = try refusal(path)
        #expect(message.utf8.count <= 285)
        #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.value != 0x202E })
    }

    /// What is known and no checkpoint is called by its name.
    @Test(
        arguments: [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "this is a Git LFS pointer"),
            ("\n <!DOCTYPE html><html>Not found</html>", "this is a web page, not a checkpoint"),
            ("GGUF\u{3}\0\0\0\0\0\0\0", "this is a GGUF file, not a checkpoint"),
            ("BZh91AY&SY", "this is a bzip2 file, not a checkpoint"),
            ("import torch\nmodel = 1\n", "no checkpoint format begins with the text \"import torch"),
            ("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{1}", "no checkpoint format begins with the bytes 01 02 03 04"),
            ("{\"a\": 1, \"b\": 2}", "this JSON file is not a shard index"),
        ]
    )
    func otherFormatsAreNamed(text: String, message: String) throws {
        let folder = try TemporaryFolder()
        let found = try refusal(try folder.write("x.safetensors", Array(text.utf8)))
        #expect(found.contains(message), "\(found)")
    }
}
