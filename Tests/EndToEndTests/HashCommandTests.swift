import Foundation
import StrictJSON
import TestSupport
import Testing

/// `dcae hash` as a user meets it.
@Suite struct HashCommandTests {
    private func tiny(_ family: String) -> (original: String, diffusers: String, config: String) {
        CommandTests.tiny(family)
    }

    /// One content in either layout, as a PyTorch file, in shards, compressed.
    @Test(arguments: Fixtures.families) func theContentHasOneDigest(family: String) throws {
        let folder = try TemporaryFolder()
        let files = tiny(family)
        let original = try Program.run(["hash", files.original, "--config", files.config])
        #expect(original.status == 0 && original.error.isEmpty, "\(original.error)")
        let diffusers = try Program.run(["hash", files.diffusers])
        #expect(
            diffusers.output == original.output && original.output.hasPrefix("# dcae manifest 1\n# names diffusers\n")
        )
        try folder.write("m.txt", Array(original.output.utf8))
        let options = ["--config", files.config, "-q"]
        for more in [["--max-shard-size", "20KB"], ["--compress", "zstd"], ["--to", "diffusers"]] {
            let output = folder(more[1])
            let made = try Program.run(["convert", files.original, "-o", output] + options + more)
            #expect(made.status == 0, "\(made.error)")
            let result = try Program.run(["hash", output, "--check", folder("m.txt")])
            #expect(result.status == 0, "\(result.output)\(result.error)")
            #expect(result.output.hasPrefix("the same: ") && result.error.isEmpty)
        }
    }

    /// What the help says: anyone can compute the content digest from the lines.
    @Test func theContentDigestIsThatOfTheLines() throws {
        let text = try Program.run(["hash", tiny("lite").diffusers]).output
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[2].hasPrefix("# content sha256:") && lines[2].utf8.count == 17 + 64)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "grep -v '^#' | sha256sum"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // A manifest of a small network fits into a pipe.
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        let sum = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(sum.prefix(64) == lines[2].suffix(64))
        #expect(try Program.run(["hash", tiny("lite").diffusers, "-q"]).output == sum.prefix(64) + "\n")
    }

    /// Is this bf16 file the rounding of that fp32 file?
    @Test(arguments: ["fp16", "bf16"]) func roundingsAreTold(dtype: String) throws {
        let folder = try TemporaryFolder()
        let source = tiny("sana").diffusers
        let made = try Program.run(
            [
                "convert", source, "--to", "original", "--dtype", dtype, "-o", folder("x"), "-q", "--config",
                tiny("sana").config,
            ]
        )
        #expect(made.status == 0, "\(made.error)")
        let options = ["--config", tiny("sana").config]
        let narrow = try Program.run(["hash", folder("x")] + options)
        let rounded = try Program.run(["hash", source, "--as", dtype])
        #expect(narrow.status == 0 && narrow.output == rounded.output)
        try folder.write("m.txt", Array(narrow.output.utf8))
        #expect(try Program.run(["hash", source, "--as", dtype, "--check", folder("m.txt")]).status == 0)
        let plain = try Program.run(["hash", source, "--check", folder("m.txt")])
        #expect(plain.status == 1)
        #expect(plain.error == "dcae: note: --as \(dtype) compares the weights after rounding\n")
    }

    @Test func differencesAreNamed() throws {
        let folder = try TemporaryFolder()
        let files = tiny("sana")
        var bytes = try Fixtures.bytes(files.diffusers + "/diffusion_pytorch_model.safetensors")
        let manifest = try Program.run(["hash", files.diffusers, "-o", folder("m.txt")])
        #expect(manifest.status == 0 && manifest.output.hasPrefix("wrote \(folder("m.txt")) ("))
        bytes[bytes.count - 1] ^= 1
        try folder.write("d/diffusion_pytorch_model.safetensors", bytes)
        try folder.write("d/config.json", try Fixtures.bytes(files.config))
        let result = try Program.run(["hash", folder("d"), "--check", folder("m.txt")])
        #expect(result.status == 1 && result.error.isEmpty)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("different: ") && lines[0].hasSuffix(": other content"))
        #expect(lines[1].hasPrefix("not the same: 1 different, 0 missing, 0 unexpected, "))
        let document = try Program.run(["hash", folder("d"), "--check", folder("m.txt"), "--json"]).result
        #expect(document["verdict"] == "different" && document["different"]?.array?.count == 1)
        let quiet = try Program.run(["hash", folder("d"), "--check", folder("m.txt"), "-q"])
        #expect(quiet.status == 1 && quiet.output == lines[0] + "\n")
    }

    @Test func anotherNetworkDiffersInBoundedLines() throws {
        let folder = try TemporaryFolder()
        #expect(
            try Program.run(["hash", tiny("sana").diffusers, "-o", folder("m.txt"), "-q"]).output == folder("m.txt")
                + "\n"
        )
        let result = try Program.run(["hash", tiny("lite").diffusers, "--check", folder("m.txt")])
        #expect(result.status == 1)
        #expect(result.output.split(separator: "\n").count <= 3 * 21 + 1)
        #expect(result.output.contains("missing: and ") || result.output.contains("unexpected: and "))
    }

    @Test func storedNamesAreForThisFileAlone() throws {
        let folder = try TemporaryFolder()
        let files = tiny("f32")
        #expect(try Program.run(["hash", files.original, "--stored", "-o", folder("m.txt")]).status == 0)
        #expect(try Fixtures.text(folder("m.txt")).contains("\n# names stored\n"))
        #expect(try Program.run(["hash", files.original, "--check", folder("m.txt")]).status == 0)
        #expect(try Program.run(["hash", files.diffusers, "--check", folder("m.txt")]).status == 1)
    }

    @Test func whatNobodyKnowsKeepsItsNames() throws {
        let result = try Program.run(["hash", tiny("f64").original])
        #expect(result.status == 0 && result.output.contains("\n# names stored\n"))
        #expect(
            result.error
                == "dcae: note: no known DC-AE has exactly these tensors, so they keep their names; describe it with --config\n"
        )
    }

    @Test func jsonHasEveryTensor() throws {
        let result = try Program.run(["hash", tiny("sana").diffusers, "--as", "bf16", "--json"])
        let document = try result.result
        #expect(document["names"] == "diffusers" && document["dtype"] == "bf16")
        let tensors = try #require(document["tensors"]?.array)
        #expect(
            !tensors.isEmpty && tensors.allSatisfy { $0["sha256"]?.string?.utf8.count == 64 && $0["dtype"] == "BF16" }
        )
    }

    /// One line on standard error, exit code 2, nothing left behind.
    @Test(
        arguments: [
            (["hash", "none"], "none: there is no such file or folder; check the path"),
            (["hash", "d", "--check", "none"], "none: there is no such file or folder; check the path"),
            (["hash", "d", "--check", "."], ".: this is a folder, not a file; name the file in it"),
            (
                ["hash", "d", "--check", "text"],
                "text: line 1: this is not a manifest: it does not begin with \"# dcae manifest 1\"; `dcae hash` makes one"
            ),
            (
                ["hash", "d", "-o", "text"],
                "text: the output exists already; choose another target, or add --force to replace it"
            ),
            (
                ["hash", "sana.safetensors", "-o", "sana.safetensors", "--force"],
                "sana.safetensors: the output is the same file as the source; choose another target"
            ),
            (
                ["hash", "d", "-o", "/proc/nowhere/x"],
                "/proc/nowhere: creating the folder failed: no such file or directory"
            ),
            (["hash", "d", "--config", "text"], "text: byte 0: not valid JSON: found 'h' instead of a value"),
        ] as [([String], String)]
    )
    func refusalsAreOneLineAndLeaveNothing(arguments: [String], message: String) throws {
        let folder = try CommandTests.workplace()
        let before = folder.contents()
        let result = try Program.run(arguments, in: folder.path)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.error == "dcae: error: \(message)\n")
        #expect(folder.contents() == before)
    }

    @Test(
        arguments: [
            ["hash"], ["hash", "x", "--as", "fp8"], ["hash", "x", "--check", "a", "-o", "b"],
            ["hash", "x", "--check", "a", "--stored"], ["hash", "x", "--stored", "--config", "c"],
        ]
    )
    func wrongUsage(arguments: [String]) throws {
        #expect(try Program.run(arguments).status == 64)
    }

    @Test func manifestsThatAreTooLargeAreNotRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("m.txt", [])
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: 1 << 30)
        try handle.close()
        let result = try Program.run(["hash", tiny("sana").diffusers, "--check", path])
        #expect(result.status == 2)
        #expect(result.error.contains("the file is larger than 33554432 bytes, the limit for such files"))
    }

    @Test func thereIsHelp() throws {
        let help = try Program.run(["hash", "--help"])
        #expect(help.status == 0 && help.output.contains("USAGE: dcae hash"))
        #expect(
            help.output.split(separator: "\n").allSatisfy { !$0.hasPrefix("  dcae") || $0.unicodeScalars.count <= 78 }
        )
    }
}
