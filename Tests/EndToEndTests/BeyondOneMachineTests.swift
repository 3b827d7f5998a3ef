import Foundation
import StrictJSON
import TestSupport
import Testing

/// The lines of the documentation for several machines, run for real by GNU parallel and by a Slurm of one node.
@Suite struct BeyondOneMachineTests {
    /// Whether a program is there; tests that need it are skipped otherwise (`make test` installs GNU parallel).
    private static func isThere(_ name: String) -> Bool {
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin", "/usr/sbin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    /// The line of `dcae scale --help` that begins with a word.
    private static func documented(_ word: String) throws -> String {
        let help = try Program.run(["scale", "--help"]).output
        let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        return try #require(lines.first { $0.hasPrefix(word + " ") })
    }

    /// Runs a line of shell beside `sana`, a model, and `photos`, pictures; in the end gives what merging says.
    private static func run(_ line: String, before: [String] = []) throws {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder)
        let model = Fixtures.path("tiny/sana/diffusers")
        try FileManager.default.createSymbolicLink(atPath: folder("sana"), withDestinationPath: model)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // The squares are small here, as the pictures are.
        let small = line.replacing(" photos/", with: " photos/ --size 64")
        process.arguments = before + ["bash", "-c", small]
        process.currentDirectoryURL = URL(filePath: folder.path)
        var environment = ProcessInfo.processInfo.environment
        let programs = URL(filePath: Program.path).deletingLastPathComponent().path
        environment["PATH"] = "\(programs):\(environment["PATH"] ?? ""):/usr/sbin"
        environment["DCAE_REGISTRY"] = nil
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus == 77 { try Test.cancel("Slurm does not start here") }
        #expect(process.terminationStatus == 0)
        #expect(folder.contents("parts").count == 8)
        let parts = folder.contents("parts").map { folder("parts/" + $0) }
        let merged = try Program.run(["scale", "merge"] + parts + ["--json"])
        let whole = try Program.run(["scale", folder("sana"), "--images", folder("photos"), "--size", "64", "--json"])
        #expect(try merged.status == 0 && merged.measured == whole.measured)
    }

    @Test(.enabled(if: isThere("parallel"), "GNU parallel is not installed")) func gnuParallel() throws {
        try Self.run(try Self.documented("parallel").replacing("parallel ", with: "parallel --will-cite "))
    }

    @Test(.enabled(if: isThere("slurmctld") && isThere("slurmd"), "Slurm is not installed")) func slurm() throws {
        let line = try Self.documented("sbatch").replacing("sbatch ", with: "sbatch --wait -o /dev/null ")
        try Self.run(line, before: [Fixtures.project + "/.ci/slurm-one-node"])
    }

    /// The `sbatch` file in docs/scaling-factors.md: the same command, as a file.
    @Test(.enabled(if: isThere("slurmctld") && isThere("slurmd"), "Slurm is not installed")) func sbatchFile() throws {
        let readme = try Fixtures.text(Fixtures.project + "/docs/scaling-factors.md")
        let start = try #require(readme.range(of: "    #!/bin/bash\n    #SBATCH"))
        let lines = readme[start.lowerBound...].split(separator: "\n", omittingEmptySubsequences: false)
        let script = lines.prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }.filter {
            // One node, which has neither the processors nor the memory that the file asks for.
            !$0.hasPrefix("#SBATCH --cpus") && !$0.hasPrefix("#SBATCH --mem")
        }
        let text = script.joined(separator: "\n")
        try Self.run(
            "cat >job.sh <<'END'\n\(text)\nEND\nsbatch --wait -o /dev/null job.sh",
            before: [Fixtures.project + "/.ci/slurm-one-node"]
        )
    }
}
