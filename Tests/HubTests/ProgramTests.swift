import CheckpointIO
import Foundation
import Hub
import StrictJSON
import TestSupport
import Testing

/// The program against a Hub, as a user runs it.
struct ProgramTests {
    private static let repository = "mit-han-lab/dc-ae-f32c32-sana-1.1-diffusers"

    /// A small network of the project's fixtures, under the name of a published one.
    private func scene(faults: Set<FakeHub.Fault> = []) async throws -> Scene {
        let folder = Fixtures.path("tiny/sana/diffusers")
        return try await Scene(
            [
                Self.repository: [
                    "config.json": try Fixtures.bytes(folder + "/config.json"),
                    "diffusion_pytorch_model.safetensors": try Fixtures.bytes(
                        folder + "/diffusion_pytorch_model.safetensors"
                    ),
                ]
            ],
            faults: faults
        )
    }

    private func run(_ scene: Scene, _ arguments: [String], _ more: [String: String] = [:]) async throws
        -> Program.Result
    {
        let environment = [
            "HF_ENDPOINT": scene.server.endpoint, "HF_HOME": scene.folder.path, "HF_TOKEN": "hf_secretOfTheTest",
        ]
        return try await blocking {
            try Program.run(arguments, environment: environment.merging(more) { $1 }, in: scene.folder.path)
        }
    }

    @Test func pullPrintsThePathAndWhatItFetches() async throws {
        let scene = try await scene()
        let result = try await run(scene, ["pull", "sana-1.1"])
        #expect(result.status == 0)
        let path = result.output.split(separator: "\n").first.map(String.init) ?? ""
        #expect(path.hasSuffix("snapshots/\(scene.server.commit(Self.repository))"))
        #expect(FileManager.default.fileExists(atPath: path + "/diffusion_pytorch_model.safetensors"))
        #expect(result.errorLines.count == 1)
        #expect(result.errorLines.first?.hasPrefix("dcae: fetching 2 files, ") == true)
        // Every command takes the name then, and asks nobody.
        let before = scene.server.requests.count
        let inspected = try await run(scene, ["inspect", "sana-1.1"])
        #expect(inspected.status == 0)
        #expect(inspected.output.hasPrefix(path))
        #expect(scene.server.requests.count == before)
    }

    @Test func fromAfarNothingIsLeftBehind() async throws {
        let scene = try await scene()
        let result = try await run(scene, ["inspect", "hf://\(Self.repository)"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("hf://\(Self.repository)@\(scene.server.commit(Self.repository))"))
        #expect(scene.folder.contents("").isEmpty)
        let verified = try await run(scene, ["verify", Self.repository])
        #expect(verified.output.contains("the values were not read"))
        let same = try await run(scene, ["diff", Self.repository, "hf://\(Self.repository)"])
        #expect(same.status == 0)
        #expect(scene.folder.contents("").isEmpty)
        let full = try await run(scene, ["verify", Self.repository, "--full"])
        #expect(full.status == verified.status)
        #expect(!full.output.contains("the values were not read"))
        #expect(!scene.folder.contents("hub").isEmpty)
    }

    @Test func theOriginIsInTheDocument() async throws {
        let scene = try await scene()
        let weights = try Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/diffusion_pytorch_model.safetensors"))
        let afar = try await run(scene, ["identify", Self.repository, "--json"])
        _ = try await run(scene, ["pull", "sana-1.1", "-q"])
        let here = try await run(scene, ["identify", Self.repository, "--json"])
        for result in [afar, here] {
            let origin = try result.result["origin"]
            #expect(origin?["repository"]?.string == Self.repository)
            #expect(origin?["commit"]?.string == scene.server.commit(Self.repository))
            #expect(origin?["etag"]?.string == SHA256.hex(weights))
        }
    }

    /// Without a network there is an answer at once, which says what was taken for what.
    @Test func nobodyIsReached() async throws {
        let scene = try await scene()
        let start = ContinuousClock.now
        let result = try await run(scene, ["inspect", "some/thing"], ["HF_ENDPOINT": "http://127.0.0.1:9"])
        #expect(ContinuousClock.now - start < .seconds(10), "under one second, on a machine that does nothing else")
        #expect(result.status == 2 && result.errorLines.count == 2)
        #expect(
            result.errorLines.first
                == "dcae: note: there is no file or folder some/thing here, so the repository of this name on the Hub is used"
        )
        #expect(result.errorLines.last?.hasPrefix("dcae: error: hf://some/thing: the Hub cannot be reached: ") == true)
    }

    @Test func offline() async throws {
        let scene = try await scene()
        for (arguments, more) in [
            (["inspect", Self.repository, "--offline"], [:]), (["inspect", Self.repository], ["HF_HUB_OFFLINE": "1"]),
            (["pull", "sana-1.1", "--offline"], [:]), (["pull", "sana-1.1"], ["HF_HUB_OFFLINE": "yes"]),
        ] {
            let result = try await run(scene, arguments, more)
            #expect(result.status == 2)
            #expect(result.errorLines.count == 1)
            #expect(result.error.contains("it is not in the cache, and offline mode is on"))
        }
        #expect(scene.server.requests.isEmpty)
    }

    @Test func aFolderOfThatNameWins() async throws {
        let scene = try await scene()
        try FileManager.default.createDirectory(
            atPath: scene.folder("mit-han-lab"),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(
            atPath: Fixtures.path("tiny/sana/diffusers"),
            toPath: scene.folder(Self.repository)
        )
        let result = try await run(scene, ["inspect", Self.repository])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix(Self.repository + "\n"))
        #expect(scene.server.requests.isEmpty)
    }

    @Test func aDryRunFetchesNothing() async throws {
        let scene = try await scene()
        let result = try await run(scene, ["pull", "sana-1.1", "--dry-run", "--json"])
        let model = try result.result["models"]?.array?.first
        #expect(model?["repository"]?.string == Self.repository)
        #expect(model?["files"]?.array?.count == 2)
        #expect(model?["files"]?.array?.allSatisfy { $0["cached"] == .bool(false) } == true)
        #expect(scene.server.requests.count == 1)
        #expect(scene.folder.contents("").isEmpty)
    }

    @Test func theCacheIsShownCheckedAndCleared() async throws {
        let scene = try await scene()
        #expect(try await run(scene, ["cache"]).output.hasPrefix("no known variants in "))
        _ = try await run(scene, ["pull", "sana-1.1", "-q"])
        let list = try await run(scene, ["cache"])
        #expect(list.output.contains("dc-ae-f32c32-sana-1.1"))
        #expect(list.output.contains("weights"))
        #expect(try await run(scene, ["cache", "verify"]).status == 0)

        let weights = scene.folder.contents("hub").first { $0.contains("/blobs/") && $0.utf8.count > 100 }
        let blob = URL(filePath: scene.folder("hub/\(try #require(weights))"))
        var bytes = try Data(contentsOf: blob)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: blob)
        let verified = try await run(scene, ["cache", "verify"])
        #expect(verified.status == 1)
        #expect(verified.output.contains("/diffusion_pytorch_model.safetensors: its SHA-256 is "))

        let shown = try await run(scene, ["cache", "rm", "sana-1.1"])
        #expect(shown.output.contains("add --yes"))
        #expect(FileManager.default.fileExists(atPath: blob.path))
        #expect(try await run(scene, ["cache", "rm", "sana-1.1", "--yes"]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: blob.path))
        #expect(try await run(scene, ["cache", "rm", "sana-1.1"]).status == 2)
    }

    @Test func refusalsAreOneLineWithoutTheToken() async throws {
        let scene = try await scene(faults: [.flip])
        for arguments in [
            ["pull", "sana-1.1", "-q"], ["pull", "org/nothing"], ["pull", "hf://a/../b"],
            ["inspect", "hf://org/nothing"],
            ["pull", "hf://\(Self.repository)@nope"], ["cache", "rm", "org/nothing"],
        ] {
            let result = try await run(scene, arguments)
            #expect(result.status == 2, "\(arguments): \(result.error)")
            #expect(result.errorLines.count == 1)
            #expect(!(result.error + result.output).contains("hf_secret"))
        }
    }

    /// Killed again and again, it gets there; what was fetched is not fetched again.
    @Test func killedItGoesOn() async throws {
        let folder = try TemporaryFolder()
        let weights = Scene.bytes(24 << 20)
        let scene = try await Scene([Self.repository: ["model.safetensors": weights]])
        let commit = scene.server.commit(Self.repository)
        var killed = 0
        for _ in 0..<20 {
            let process = Process()
            process.executableURL = URL(filePath: Program.path)
            process.arguments = ["pull", Self.repository, "-q"]
            process.environment = ["HF_ENDPOINT": scene.server.endpoint, "HF_HOME": folder.path, "HOME": folder.path]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...60)))
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                killed += 1
            }
            try await blocking { process.waitUntilExit() }
        }
        let result = try await run(scene, ["pull", Self.repository, "-q"], ["HF_HOME": folder.path])
        #expect(result.status == 0, "\(result.error)")
        #expect(killed > 0)
        let snapshot = folder("hub/models--mit-han-lab--dc-ae-f32c32-sana-1.1-diffusers/snapshots/\(commit)")
        #expect(try Fixtures.bytes(snapshot + "/model.safetensors") == weights)
    }
}
