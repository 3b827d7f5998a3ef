import Foundation
import Hub
import StrictJSON
import TestSupport
import Testing

/// `--json` of what speaks to the Hub. `Program.run` holds every output against docs/dcae-1.schema.json.
struct JSONTests {
    private static let repository = "mit-han-lab/dc-ae-f32c32-sana-1.1-diffusers"

    private func scene() async throws -> Scene {
        let folder = Fixtures.path("tiny/sana/diffusers")
        let weights = "diffusion_pytorch_model.safetensors"
        return try await Scene(
            [
                Self.repository: [
                    "config.json": try Fixtures.bytes(folder + "/config.json"),
                    weights: try Fixtures.bytes(folder + "/" + weights),
                ]
            ],
            faults: []
        )
    }

    private func run(_ scene: Scene, _ line: String) async throws -> Program.Result {
        let environment = ["HF_ENDPOINT": scene.server.endpoint, "HF_HOME": scene.folder.path]
        let words = line.split(separator: " ").map(String.init) + ["--json"]
        return try await blocking { try Program.run(words, environment: environment, in: scene.folder.path) }
    }

    @Test func pulledListedCheckedAndRemoved() async throws {
        let scene = try await scene()
        let planned = try await run(scene, "pull sana-1.1 --dry-run")
        #expect(try planned.status == 0 && planned.result["models"]?.array?.first?["path"] == .null)
        let pulled = try await run(scene, "pull sana-1.1")
        let model = try #require(try pulled.result["models"]?.array?.first)
        #expect(pulled.status == 0 && model["repository"]?.string == Self.repository)
        #expect(FileManager.default.fileExists(atPath: model["path"]?.string ?? ""))
        #expect(try pulled.document["input"] == ["sana-1.1"] && pulled.document["command"] == "pull")
        let offline = try await run(scene, "pull sana-1.1 --offline")
        #expect(try offline.result["models"]?.array?.first?["path"] == model["path"])
        let listed = try await run(scene, "cache ls")
        #expect(try listed.result["repositories"]?.array?.first?["variant"] == "dc-ae-f32c32-sana-1.1")
        #expect(try await run(scene, "cache").document["command"] == "cache ls")
        let checked = try await run(scene, "cache verify")
        #expect(try checked.status == 0 && checked.result["verdict"] == "passed")
        #expect(try await run(scene, "cache prune").status == 0)
        // A damaged file is a finding.
        let files = model["files"]?.array?.compactMap { $0["path"]?.string } ?? []
        let weights = try #require(files.first { $0.hasSuffix(".safetensors") })
        let blob = URL(filePath: (model["path"]?.string ?? "") + "/" + weights).resolvingSymlinksInPath()
        var bytes = try Data(contentsOf: blob)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: blob)
        let damaged = try await run(scene, "cache verify")
        #expect(try damaged.status == 1 && damaged.result["verdict"] == "failed")
        #expect(try damaged.result["findings"]?.array?.first?["severity"] == "error")
        let removed = try await run(scene, "cache rm sana-1.1 --yes")
        #expect(try removed.status == 0 && removed.result["removed"] == true)
        let gone = try await run(scene, "cache rm sana-1.1")
        #expect(try gone.status == 2 && gone.document["error"]?["kind"] == "not_cached")
    }

    /// What was fetched before an error is in the result.
    @Test func whatIsNotOnTheHub() async throws {
        let scene = try await scene()
        let result = try await run(scene, "pull sana-1.1 nobody/nothing")
        let error = try #require(try result.document["error"])
        #expect(result.status == 2 && error["kind"] == "not_on_hub" && error["remedy"] != .null)
        #expect(try result.result["models"]?.array?.count == 1)
        #expect(try await run(scene, "inspect nobody/nothing").document["error"]?["kind"] == "not_on_hub")
        let name = try await run(scene, "pull nothing-known")
        #expect(try name.status == 64 && name.document["error"]?["kind"] == "unknown_variant")
    }
}
