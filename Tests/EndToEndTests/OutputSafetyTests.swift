import Foundation
import TestSupport
import Testing

/// What no command does with its outputs, whatever it is told.
@Suite struct OutputSafetyTests {
    private static let sana = Fixtures.path("tiny/sana/diffusers")

    /// A model and what can be done with it, each with its source among the outputs.
    private static func workplace() throws -> TemporaryFolder {
        let folder = try CommandTests.workplace()
        try ScaleCommandTests.writePictures(folder, count: 2)
        return folder
    }

    private static func run(_ arguments: [String], _ folder: TemporaryFolder) throws -> Program.Result {
        try Program.run(arguments, in: folder.path)
    }

    @Test(
        arguments: [
            ["encode", "d", "photos/p1.png", "-o", "d/diffusion_pytorch_model.safetensors", "--size", "64"],
            ["encode", "d", "latent.safetensors", "-o", ".", "--tensor", "latent"],
            ["hash", "d", "-o", "d/diffusion_pytorch_model.safetensors"],
            ["hash", "d", "--config", "config.json", "-o", "config.json"],
            [
                "hash", "shards/diffusion_pytorch_model.safetensors.index.json", "-o",
                "shards/diffusion_pytorch_model.safetensors.index.json",
            ],
            [
                "hash", "packed/diffusion_pytorch_model.safetensors.zst", "-o",
                "packed/diffusion_pytorch_model.safetensors.zst",
            ],
            ["inspect", "d", "--html", "d/diffusion_pytorch_model.safetensors"],
            ["diff", "d", "sana.safetensors", "--html", "sana.safetensors"],
            ["roundtrip", "d", "photos/p1.png", "photos/below/p0.png", "-o", "photos/below/p0.png"],
            ["scale", "d", "--images", "photos", "--size", "64", "-o", "photos/p1.png"],
            ["scale", "d", "--images", "photos", "--size", "64", "--write-config", "d/config.json"],
            ["convert", "sana.safetensors", "--config", "lone/config.json", "-o", "lone"],
            ["convert", "d", "--config", "config.json", "-o", "d", "--max-shard-size", "300KB"],
            ["decode", "d", "latent.safetensors", "-o", "latent.safetensors"],
        ]
    )
    func sourcesAreNeverReplaced(arguments: [String]) throws {
        let folder = try Self.workplace()
        try folder.write("lone/config.json", try Fixtures.bytes(CommandTests.tiny("sana").config) + [0x20])
        let made = [
            ["encode", "d", "photos/p1.png", "--size", "64", "-o", "latent.safetensors"],
            ["convert", "sana.safetensors", "--config", "config.json", "-o", "shards", "--max-shard-size", "300KB"],
            ["convert", "sana.safetensors", "--config", "config.json", "-o", "packed", "--compress", "zstd"],
        ]
        for command in made { try #require(try Self.run(command, folder).status == 0) }
        let before = folder.contents()
        let bytes = before.filter { $0.contains(".") }.map { try? Fixtures.bytes(folder($0)) }
        let result = try Self.run(arguments + ["--force"], folder)
        #expect(
            result.status == 2
                && result.error.hasSuffix("the output is the same file as the source; choose another target\n"),
            "\(result.error)"
        )
        #expect(folder.contents() == before)
        #expect(before.filter { $0.contains(".") }.map { try? Fixtures.bytes(folder($0)) } == bytes)
    }

    /// A dtype more beside a model needs no new config: the one that is there stays.
    @Test func anotherDTypeInTheSameFolder() throws {
        let folder = try Self.workplace()
        let config = try Fixtures.bytes(folder("d/config.json"))
        let result = try Self.run(["convert", "d", "--config", "d/config.json", "-o", "d", "--dtype", "fp16"], folder)
        #expect(result.status == 0, "\(result.error)")
        #expect(
            folder.contents("d") == [
                "config.json", "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.safetensors",
            ]
        )
        #expect(try Fixtures.bytes(folder("d/config.json")) == config)
    }

    @Test(
        arguments: [
            ["hash", "d", "-o", "OUT"], ["inspect", "d", "--html", "OUT"], ["picture", "-o", "OUT", "--size", "64x64"],
            ["encode", "d", "photos/p1.png", "--size", "64", "-o", "OUT"],
            ["convert", "sana.safetensors", "--config", "config.json", "-o", "OUT"],
            ["synthesize", "sana-1.0", "-o", "OUT"],
            ["scale", "d", "--images", "photos", "--size", "64", "-o", "OUT"],
            ["scale", "d", "--images", "photos", "--size", "64", "--write-config", "OUT"],
        ]
    )
    func whatIsNoFileIsNeverReplaced(arguments: [String]) throws {
        let folder = try Self.workplace()
        #expect(mkfifo(folder("fifo.png"), 0o600) == 0)
        let before = folder.contents()
        for name in ["fifo.png", "/dev/null", "/dev/stdout", "-", ""] {
            for force in [[], ["--force"]] {
                let command = arguments.map { $0 == "OUT" ? name : $0 }
                let result = try Self.run(command + force, folder)
                // No name at all is wrong usage to some commands.
                let isUsage = result.status == 64 && ["", "-"].contains(name)
                #expect(isUsage || result.status == 2 && result.errorLines.count == 1, "\(command): \(result.error)")
                #expect(!result.error.contains("--force"), "\(command): \(result.error)")
            }
        }
        #expect(folder.contents() == before)
    }

    /// A result that nobody can take is a failure that is told; what was written is whole.
    @Test(arguments: [">/dev/full", ">&-"]) func aResultThatCannotBeWritten(redirection: String) throws {
        let folder = try Self.workplace()
        for command in [
            "list", "inspect d", "hash d -o out.txt", "--help", "encode d photos/p1.png --size 64 -o l.npy --json",
        ] {
            let result = try Program.shell("\"$0\" \(command) \(redirection)", in: folder.path)
            #expect(result.status == 2, "\(command)")
            #expect(
                result.error.hasPrefix("dcae: error: standard output: write failed: "),
                "\(command): \(result.error)"
            )
        }
        #expect(folder.contents().filter { $0.contains(".dcae-") }.isEmpty)
        #expect(try Fixtures.text(folder("out.txt")).hasPrefix("#"))
    }

    /// A pipe whose reader is slow and that does not block takes everything all the same.
    @Test func aPipeThatDoesNotBlock() throws {
        let folder = try Self.workplace()
        let model = CommandTests.tiny("f128")
        let command = ["convert", model.original, "--config", model.config, "--dry-run", "--json"]
        let whole = try Self.run(command, folder).output
        #expect(whole.utf8.count > 65536, "more than a pipe holds")
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0)
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = command
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardOutput = pipe
        try process.run()
        try pipe.fileHandleForWriting.close()
        Thread.sleep(forTimeInterval: 0.3)
        #expect(pipe.fileHandleForReading.readDataToEndOfFile() == Data(whole.utf8))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// As under nohup, and in the background of a shell.
    @Test func anIgnoredSignalStaysIgnored() throws {
        let folder = try Self.workplace()
        let script = "trap '' HUP; \"$0\" encode d photos --size 512 -o out -q & p=$!; sleep 0.1; kill -HUP $p; wait $p"
        let result = try Program.shell(script, in: folder.path)
        #expect(result.status == 0 && folder.contents("out").count == 3)
    }

    /// A limit on open files is met with one line, however many shards there are.
    @Test func manyShardsAndFewDescriptors() throws {
        let folder = try TemporaryFolder()
        var map: [String] = []
        for number in 1...300 {
            let header = "{\"t\(number)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
            let length = UInt64(header.utf8.count)
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + [7]
            try folder.write("m/s\(number).safetensors", bytes)
            map.append("\"t\(number)\":\"s\(number).safetensors\"")
        }
        try folder.write(
            "m/model.safetensors.index.json",
            Array("{\"weight_map\":{\(map.joined(separator: ","))}}".utf8)
        )
        let few = try Program.run(["hash", folder("m"), "--stored", "-q"], limits: "ulimit -n 64")
        #expect(few.status == 2 && few.errorLines.count == 1 && few.error.contains("ulimit -n"), "\(few.error)")
        // A soft limit is raised.
        let soft = try Program.run(["hash", folder("m"), "--stored", "-q"], limits: "ulimit -Sn 64")
        #expect(soft.status == 0, "\(soft.error)")
    }
}
