import CheckpointIO
import Foundation
import TestSupport
import Testing

@Suite struct OutputFolderTests {
    static func folder(_ target: String, force: Bool = false, sources: [InputFile] = []) throws -> OutputFolder {
        try OutputFolder(
            target: target,
            names: ["a", "b"],
            replaced: { ShardName.stem(of: $0) == "a" },
            force: force,
            sources: sources
        )
    }

    @Test func nothingAppearsBeforeTheCommit() throws {
        let folder = try TemporaryFolder()
        do {
            let output = try Self.folder(folder("x/y/out"))
            try output.write("a", "one")
            #expect(
                folder.contents() == [
                    "x", "x/y", "x/y/" + ModelFolder.name(of: output.stagingPath),
                    "x/y/" + ModelFolder.name(of: output.stagingPath) + "/a",
                ]
            )
        }
        #expect(folder.contents().isEmpty, "and what was not committed is gone, with the folders made for it")
    }

    @Test func aCommitShowsEverythingAtOnce() throws {
        let folder = try TemporaryFolder()
        let output = try Self.folder(folder("out"))
        try output.write("a", "one")
        try output.write("b", "two")
        try output.commit(["a", "b"], replaced: { _ in false })
        #expect(folder.contents() == ["out", "out/a", "out/b"])
        #expect(try Fixtures.text(folder("out/b")) == "two")
    }

    @Test func existingFilesAreKept() throws {
        let folder = try TemporaryFolder()
        try folder.write("out/a", [1])
        try folder.write("out/other", [2])
        let error = #expect(throws: CheckpointError.self) { try Self.folder(folder("out")) }
        #expect(
            error?.description.hasSuffix(
                "out/a: the output exists already; choose another target, or add overwrite: to replace it"
            ) == true
        )
        #expect(folder.contents() == ["out", "out/a", "out/other"])
    }

    @Test func forceReplacesAndTakesStaleShardsAway() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "other", "a-00001-of-00002.safetensors", "a.safetensors.index.json"] {
            try folder.write("out/" + name, [1])
        }
        let output = try Self.folder(folder("out"), force: true)
        try output.write("a", "one")
        try output.write("b", "two")
        try output.commit(["a", "b"], replaced: { ShardName.stem(of: $0) == "a" })
        #expect(folder.contents("out") == ["a", "b", "other"])
    }

    @Test func theSourceIsNeverWrittenOver() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("out/a", [1])
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: folder("out"))
        let source = try InputFile(opening: path)
        let error = #expect(throws: CheckpointError.self) {
            try Self.folder(folder("link"), force: true, sources: [source])
        }
        #expect(
            error?.description.hasSuffix("link/a: the output is the same file as the source; choose another target")
                == true
        )
    }

    @Test func aFileInTheWayIsRefused() throws {
        let folder = try TemporaryFolder()
        try folder.write("out", [1])
        #expect(throws: CheckpointError.self) { try Self.folder(folder("out"), force: true) }
        #expect(throws: CheckpointError.self) { try Self.folder(folder("out/below")) }
        #expect(folder.contents() == ["out"])
    }

    @Test func aTargetThatVanishesIsReported() throws {
        let folder = try TemporaryFolder()
        try folder.write("out/other", [1])
        do {
            let output = try Self.folder(folder("out"))
            try FileManager.default.removeItem(atPath: folder("out"))
            try output.write("a", "one")
            let error = #expect(throws: CheckpointError.self) { try output.commit(["a"], replaced: { _ in false }) }
            #expect(error?.fault as? FileFault == .targetVanished)
        }
        #expect(folder.contents().isEmpty)
    }

    @Test func ofTwoWritersOneWins() throws {
        let folder = try TemporaryFolder()
        let outputs = try [Self.folder(folder("out")), Self.folder(folder("out"))]
        for (number, output) in outputs.enumerated() {
            try output.write("a", "\(number)")
            try output.write("b", "\(number)")
        }
        try outputs[1].commit(["a", "b"], replaced: { _ in false })
        #expect(throws: CheckpointError.self) { try outputs[0].commit(["a", "b"], replaced: { _ in false }) }
        #expect(try Fixtures.text(folder("out/a")) == "1")
    }
}
