import CheckpointIO
import Foundation
import Images
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `dcae encode` of whole folders: parts, going on after an interruption, and what must not be overwritten.
@Suite struct FolderEncodeTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")

    private static func files(_ folder: TemporaryFolder, _ name: String) -> [String] {
        folder.contents(name).filter { $0.contains(".") }
    }

    /// Parts write together what one run writes, to the byte; of either kind, and scaled where that is asked for.
    @Test(arguments: ["npy", "safetensors"]) func partsGiveTheFilesOfOneRun(format: String) throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 7)
        let command = ["encode", Self.sana, folder("photos"), "--size", "64", "--format", format, "--scaled", "-q"]
        #expect(try ScaleCommandTests.run(command + ["-o", folder("whole")]).status == 0)
        for index in 1...3 {
            let part = try ScaleCommandTests.run(command + ["-o", folder("parts"), "--shard", "\(index)/3"])
            #expect(part.status == 0 && part.error.isEmpty)
        }
        let names = Self.files(folder, "whole")
        #expect(names.count == 7 && names.contains("below/p0.\(format)") && names.contains("p1.\(format)"))
        #expect(Self.files(folder, "parts") == names)
        for name in names {
            #expect(try Fixtures.bytes(folder("parts/" + name)) == Fixtures.bytes(folder("whole/" + name)))
            let latent = try NetworkCommandTests.values(folder("whole/" + name), "latent")
            #expect(latent.shape == [1, 8, 2, 2])
        }
    }

    /// What is there is left alone and not computed again; without --resume it is refused before any work.
    @Test func goingOn() throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 5)
        let command = ["encode", Self.sana, folder("photos"), "--size", "64", "-o", folder("out")]
        #expect(try ScaleCommandTests.run(command).status == 0)
        let whole = try Fixtures.bytes(folder("out/p1.safetensors"))
        try FileManager.default.removeItem(atPath: folder("out/p1.safetensors"))
        try folder.write("out/p3.safetensors", [1])
        let refused = try ScaleCommandTests.run(command)
        #expect(refused.status == 2 && refused.error.contains("the output exists already"))
        #expect(!folder.contents("out").contains("p1.safetensors"))
        let resumed = try ScaleCommandTests.run(command + ["--resume"])
        #expect(resumed.status == 0 && resumed.error == "dcae: note: 4 of 5 exist already\n")
        #expect(resumed.output.hasPrefix("wrote \(folder("out/p1.safetensors")) "))
        #expect(try Fixtures.bytes(folder("out/p1.safetensors")) == whole)
        #expect(try Fixtures.bytes(folder("out/p3.safetensors")) == [1])
        let done = try ScaleCommandTests.run(command + ["--resume", "--json"])
        #expect(done.status == 0)
        #expect(try done.result["results"] == [])
    }

    /// In a Slurm array folders are shared out among the tasks; files that a task names are its own.
    @Test func slurmSharesOutFolders() throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 4)
        let task = ["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "1"]
        let size = ["--size", "64", "-o"]
        let shared = try ScaleCommandTests.run(
            ["encode", Self.sana, folder("photos")] + size + [folder("shared")],
            environment: task
        )
        #expect(shared.status == 0 && Self.files(folder, "shared") == ["below/p2.safetensors", "p3.safetensors"])
        #expect(shared.error == "dcae: note: part 2/2 of the pictures, by Slurm's array\n")
        let own = try ScaleCommandTests.run(
            ["encode", Self.sana, folder("photos/p1.png")] + size + [folder("own")],
            environment: task
        )
        #expect(own.status == 0 && own.error.isEmpty && Self.files(folder, "own") == ["p1.safetensors"])
    }

    /// Two pictures whose latents would have one name: refused whatever part they are in.
    @Test func namesDoNotCollide() throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 2)
        try folder.write("photos/p1.jpg", try Fixtures.bytes(Fixtures.path("images/444.jpg")))
        for part in [[], ["--shard", "1/3"]] {
            let result = try ScaleCommandTests.run(
                ["encode", Self.sana, folder("photos"), "--size", "64", "-o", folder("out")] + part
            )
            #expect(result.status == 2)
            let line = result.error.replacing(folder.path, with: "T")
            #expect(
                line
                    == "dcae: error: T/out/p1.safetensors: T/photos/p1.jpg and T/photos/p1.png would both be written to it; "
                    + "write them into different folders\n" || line.contains("…")
            )
        }
        #expect(!folder.contents().contains("out"))
    }

    /// A picture that cannot be read is named and counted in its part; the others are done.
    @Test func unreadablePictures() throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 3)
        try folder.write("photos/a.png", [0x89])
        let command = ["encode", Self.sana, folder("photos"), "--size", "64", "-o", folder("out")]
        let first = try ScaleCommandTests.run(command + ["--shard", "1/4"])
        #expect(first.status == 2 && first.errorLines.last == "dcae: 1 of 1 files were skipped")
        let second = try ScaleCommandTests.run(command + ["--shard", "2/4"])
        #expect(second.status == 0)
    }

    /// A run that a signal ends leaves whole files or none.
    @Test func signalsLeaveWholeFiles() throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 150)
        let command = ["encode", Self.sana, folder("photos"), "--size", "64", "-o", folder("out"), "-q"]
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = command + ["--threads", "1"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let deadline = Date.now + 60
        while process.isRunning, Date.now < deadline, Self.files(folder, "out").count < 5 {}
        process.terminate()
        process.waitUntilExit()
        let files = Self.files(folder, "out")
        #expect(files.allSatisfy { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") })
        for name in files { #expect(try Checkpoint.open(folder("out/" + name)).tensors.count == 1) }
        #expect(try ScaleCommandTests.run(command + ["--resume"]).status == 0)
        #expect(Self.files(folder, "out").count == 150)
    }
}
