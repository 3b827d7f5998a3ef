import CheckpointIO
import Foundation
import Images
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `dcae scale`, and measurement as evidence for `identify` and `convert`.
@Suite struct ScaleCommandTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")

    /// Pieces of a landscape, of several sizes and in two folders.
    static func writePictures(_ folder: TemporaryFolder, _ name: String = "photos", count: Int = 12) throws {
        let landscape = Picture.landscape(width: 256, height: 256)
        for index in 0..<count {
            let area = PixelArea(
                x: index % 3 * 60 + index / 9,
                y: index / 3 % 3 * 60,
                width: 64 + index % 50,
                height: 64
            )
            let key = "\(name)/\(index % 2 == 0 ? "below/" : "")p\(index).png"
            try folder.write(key, [])
            try landscape.cropped(to: area).writePNG(to: folder(key), overwrite: true)
        }
    }

    static func run(_ arguments: [String], in folder: TemporaryFolder? = nil, environment: [String: String] = [:])
        throws
        -> Program.Result
    {
        let result = try Program.run(arguments, environment: environment, in: folder?.path)
        #expect(!result.wasSignalled)
        return result
    }

    @Test func reportForPeopleAndForPrograms() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder)
        try folder.write("photos/bad.png", [0x89])
        let command = ["scale", Self.sana, folder("photos"), "--size", "64"]
        let shown = try Self.run(command)
        #expect(shown.status == 2)
        #expect(shown.errorLines.first?.hasPrefix("dcae: warning: bad.png: ") == true)
        #expect(shown.errorLines.last == "dcae: 1 of 13 pictures was skipped")
        let lines = shown.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "12 pictures at 64x64, 1 could not be read, 48 values in each of 8 channels")
        #expect(lines.contains { $0.hasPrefix("scaling factor, 1/rms  ") })
        #expect(lines.last == "no variant with this network has a published factor to compare with")
        let json = try Self.run(command + ["--json", "--threads", "1"])
        let document = try #require(try json.result["measurement"])
        #expect(
            document["picture_count"] == 12 && document["missing_count"] == 0
                && document["size"] == ["width": 64, "height": 64]
        )
        #expect(document["errors"]?.array?.first?["place"]?["path"] == "bad.png")
        #expect(document["latents_std"]?.array?.count == 8 && document["stated_scaling_factor"] == .double(0.41407))
        let factor = try #require(document["scaling_factor"]?.number)
        #expect(try Self.run(command + ["-q"]).output == "\(factor)\n")
        #expect(try json.measured == Self.run(command + ["--json", "--threads", "2"]).measured)
    }

    /// 1, 2, 7 and 100 parts, of which most are empty, give the bytes of one run, and the config that follows from them.
    @Test func partsGiveTheBytesOfOneRun() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder)
        let command = ["scale", Self.sana, "--images", folder("photos"), "--size", "64"]
        let config = ["--write-config", folder("whole.json"), "--with-mean-std"]
        let whole = try Self.run(command + ["--json"] + config)
        #expect(whole.status == 0)
        for count in [1, 2, 7, 100] {
            let folderName = folder("parts\(count)") + "/"
            for index in 1...count {
                let part = try Self.run(command + ["--shard", "\(index)/\(count)", "-o", folderName, "-q"])
                #expect(part.status == 0 && part.error.isEmpty, "\(part.error)")
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: folderName).sorted().map { folderName + $0 }
            #expect(files.count == count)
            let merged = try Self.run(
                ["scale", "merge"] + files.reversed() + [
                    "--json", "--write-config", folder("merged.json"), "--with-mean-std", "--force",
                ]
            )
            #expect(try merged.measured == whole.measured)
            #expect(try Fixtures.bytes(folder("merged.json")) == Fixtures.bytes(folder("whole.json")))
        }
        let part = try Self.run(command + ["--shard", "2/2", "-o", folder("p.json")])
        #expect(part.output == "wrote \(folder("p.json")) (part 2/2, 6 pictures)\n")
        let lone = try Self.run(["scale", "merge", folder("p.json")])
        #expect(lone.status == 2)
        #expect(lone.error.hasSuffix("part 1 of 2 is missing; run the missing parts, or add --allow-missing\n"))
        let some = try Self.run(["scale", "merge", folder("p.json"), "--allow-missing"])
        #expect(some.status == 0 && some.output.hasPrefix("6 pictures at 64x64, 6 missing, "))
    }

    @Test func slurmSaysWhichPart() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 4)
        let command = ["scale", Self.sana, "--images", folder("photos"), "--size", "64", "-o", folder("parts") + "/"]
        for task in 4...6 {
            let result = try Self.run(
                command,
                environment: [
                    "SLURM_ARRAY_TASK_ID": "\(task)", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "4",
                ]
            )
            #expect(result.status == 0)
            #expect(result.error == "dcae: note: part \(task - 3)/3 of the pictures, by Slurm's array\n")
        }
        #expect(
            folder.contents("parts") == (1...3).map { "part-0000\($0)-of-00003.json" }
        )
        let odd = try Self.run(command, environment: ["SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "2"])
        #expect(odd.status == 2 && odd.error.hasSuffix("; say which part with --shard, for example --shard 1/8\n"))
    }

    /// A signal leaves a state from which the same command goes on.
    @Test func interruptedRunsGoOn() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 150)
        let command = ["scale", Self.sana, "--images", folder("photos"), "--size", "64", "--threads", "1"]
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = command + ["-o", folder("state.json"), "--save-every", "0", "-q"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let deadline = Date.now + 60
        while process.isRunning, Date.now < deadline {
            let state = try? JSONReader.read(try Fixtures.bytes(folder("state.json")))
            if (state?["pictures"]?["keys"]?.array?.count ?? 0) >= 3 { break }
        }
        process.terminate()
        process.waitUntilExit()
        #expect(folder.contents().filter { $0.hasPrefix(".") } == [])
        let resumed = try Self.run(command + ["-o", folder("state.json"), "--json"])
        #expect(resumed.status == 0)
        #expect(resumed.error.contains(" of 150 pictures were measured before"))
        #expect(try resumed.measured == Self.run(command + ["--json"]).measured)
    }

    @Test(
        arguments: [
            (["scale"], "Missing expected argument '<path>'"),
            (["scale", "x"], "Missing expected argument '<pictures> ...'"),
            (["scale", "merge"], "Missing expected argument '<parts> ...'"),
            (["scale", "x", "--images", "z", "--shard", "9/8"], "--shard"),
            (["scale", "x", "--images", "z", "--shard", "1/8"], "--shard needs --output"),
            (["scale", "x", "--images", "z", "--size", "0"], "--size must be from 1 to 16384"),
            (["scale", "x", "--images", "z", "--with-mean-std"], "--with-mean-std needs --write-config"),
            (["scale", "merge", "p", "--images", "z"], "Unknown option '--images'"),
            (["encode", "x", "y", "-o", "z.npy", "--resume"], "--resume and --shard are for runs into a folder"),
            (["cache", "list"], "there is no command \"cache list\"; did you mean `dcae cache ls`?"),
            (["encode", "x", "y", "-o", "z", "--resume", "--force"], "--resume and --force exclude each other"),
        ]
    )
    func wrongUsage(arguments: [String], words: String) throws {
        let result = try Self.run(arguments)
        #expect(result.status == 64 && result.error.contains(words), "\(result.error)")
    }

    @Test func refusals() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 2)
        try folder.write("there.json", [65])
        let photos = folder("photos")
        let table: [([String], String)] = [
            (["--images", folder("none")], "--images: the only picture could not be measured"),
            (["--images", photos, "--size", "65"], "--size: 65 is no multiple"),
            (
                ["--images", photos, "--size", "64", "-o", folder("there.json")],
                "T/there.json: byte 0: this is not a partial result of `dcae scale`"
            ),
            (
                ["--images", photos, "--size", "64", "--write-config", folder("there.json")],
                "T/there.json: the output exists"
            ),
        ]
        for (arguments, line) in table {
            let result = try Self.run(["scale", Self.sana] + arguments + ["-q"])
            let error = result.error.replacing(folder.path, with: "T")
            #expect(result.status == 2 && error.hasPrefix("dcae: error: \(line)"), "\(error)")
            #expect(result.errorLines.count == 1 && result.output.isEmpty)
        }
        #expect(try Fixtures.bytes(folder("there.json")) == [65])
    }
}
