import CheckpointIO
import Foundation
import Hub
import TestSupport
import Testing

struct PullTests {
    @Test func bringsWhatIsNeededAndNoMore() async throws {
        let scene = try await Scene()
        let path = try await scene.pull()
        #expect(path == scene.snapshot)
        #expect(try Fixtures.bytes(path + "/model.safetensors") == Scene.weights)
        #expect(try Fixtures.bytes(path + "/config.json") == Scene.config)
        #expect(!FileManager.default.fileExists(atPath: path + "/README.md"))
        // One list, the config, where the weights are, and a request for each piece.
        #expect(scene.server.requests.count == 9)
        #expect(overlap(scene.server.sent("model.safetensors")) == 0)
    }

    /// The tree as `hf download` of huggingface_hub 2.4.0 leaves it; Benchmarks/hub.sh holds the two against each other.
    @Test func leavesTheTreeThatPythonLeaves() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let digest = SHA256.hex(Scene.weights)
        let small = FakeHub.gitBlob(Scene.config)
        let commit = scene.server.commit(Scene.repository)
        let base = "models--mit-han-lab--dc-ae-f32c32-in-1.0"
        #expect(
            scene.folder.contents("hub")
                == [
                    ".locks", ".locks/\(base)", ".locks/\(base)/\(small).lock", ".locks/\(base)/\(digest).lock",
                    "CACHEDIR.TAG", base, "\(base)/blobs", "\(base)/blobs/\(small)", "\(base)/blobs/\(digest)",
                    "\(base)/refs", "\(base)/refs/main", "\(base)/snapshots", "\(base)/snapshots/\(commit)",
                    "\(base)/snapshots/\(commit)/config.json", "\(base)/snapshots/\(commit)/model.safetensors",
                ].sorted()
        )
        #expect(try Fixtures.text(scene.folder("hub/\(base)/refs/main")) == commit)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: scene.snapshot + "/model.safetensors")
        #expect(link == "../../blobs/\(digest)")
    }

    @Test func asksForNothingThatIsThere() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let before = scene.server.requests.count
        try await scene.pull()
        #expect(scene.server.requests.count == before + 1)
        let (hub, name) = (try scene.hub(), try scene.name())
        #expect(try await blocking { try hub.localPath(for: name) } == scene.snapshot)
        #expect(scene.server.requests.count == before + 1)
    }

    @Test func ofAPipelineTakesTheAutoencoder() async throws {
        let weights = Scene.bytes(3000)
        let scene = try await Scene([
            "org/pipeline": [
                "model_index.json": Array("{}".utf8), "vae/config.json": Scene.config,
                "vae/diffusion_pytorch_model.safetensors": weights, "transformer/config.json": Array("{}".utf8),
                "transformer/diffusion_pytorch_model.safetensors": Scene.bytes(5000),
                "vae/diffusion_pytorch_model.fp16.safetensors": Scene.bytes(1500),
            ]
        ])
        let path = try await scene.pull("org/pipeline")
        #expect(
            scene.folder.contents("hub/models--org--pipeline/snapshots/\(scene.server.commit("org/pipeline"))") == [
                "model_index.json", "vae", "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
            ]
        )
        #expect(try Fixtures.bytes(path + "/vae/diffusion_pytorch_model.safetensors") == weights)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: path + "/vae/config.json")
        #expect(link == "../../../blobs/" + FakeHub.gitBlob(Scene.config))
    }

    @Test func emptyFilesAreFilesToo() async throws {
        let scene = try await Scene(["org/empty": ["config.json": [], "model.safetensors": []]])
        let path = try await scene.pull("org/empty")
        #expect(try Fixtures.bytes(path + "/model.safetensors").isEmpty)
        #expect(try Fixtures.bytes(path + "/config.json").isEmpty)
    }

    @Test func goesIntoAFolderOfOnesOwn() async throws {
        let scene = try await Scene()
        let (hub, name, target) = (try scene.hub(), try scene.name(), scene.folder("mine"))
        let path = try await blocking { try hub.pull(name, into: target) }
        #expect(path == target)
        #expect(try Fixtures.bytes(target + "/model.safetensors") == Scene.weights)
        // What huggingface_hub 2.4.0 leaves there: .gitignore, CACHEDIR.TAG, and for each file three lines.
        let note = try Fixtures.text(target + "/.cache/huggingface/download/model.safetensors.metadata")
        let lines = note.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first.map(String.init) == scene.server.commit(Scene.repository))
        #expect(lines.dropFirst().first.map(String.init) == SHA256.hex(Scene.weights))
        #expect(try Fixtures.text(target + "/.cache/huggingface/.gitignore") == "*")

        let before = scene.server.requests.count
        _ = try await blocking { try hub.pull(name, into: target) }
        #expect(scene.server.requests.count == before + 1)

        // A file that is the user's own is not replaced.
        let other = scene.folder("other")
        try scene.folder.write("other/config.json", Array("mine".utf8))
        await #expect(throws: CheckpointError.self) { try await blocking { try hub.pull(name, into: other) } }
        #expect(try Fixtures.text(other + "/config.json") == "mine")
    }

    @Test func offlineMakesNoRequest() async throws {
        let scene = try await Scene()
        let refused = try await scene.refusal { $0.isOffline = true }
        #expect(refused?.fault as? HubFault == .offline)
        let (offline, name) = (try scene.hub { $0.isOffline = true }, try scene.name())
        #expect(throws: CheckpointError.self) { try offline.localPath(for: name) }
        #expect(scene.server.requests.isEmpty)

        try await scene.pull()
        let count = scene.server.requests.count
        #expect(try offline.localPath(for: name) == scene.snapshot)
        #expect(scene.server.requests.count == count)
    }

    @Test func theTokenGoesToTheHubAlone() async throws {
        let scene = try await Scene(
            ["org/private-model": Scene.files, "org/gated-model": Scene.files],
            token: "hf_secretOfTheTest"
        )
        try await scene.pull("org/private-model") { $0.token = "hf_secretOfTheTest" }
        let content = scene.server.requests.filter { $0.path.hasPrefix("/cdn") }
        #expect(content.count == 6)
        #expect(content.allSatisfy { $0.authorization == nil })
        #expect(
            scene.server.requests.allSatisfy {
                $0.path.hasPrefix("/cdn") || $0.authorization == "Bearer hf_secretOfTheTest"
            }
        )

        let wrong = try await scene.refusal(of: "org/private-model") { $0.token = "hf_wrong" }
        #expect(wrong?.fault as? HubFault == .repositoryNotFound(hasToken: true))
        let none = try await scene.refusal(of: "org/private-model")
        #expect(none?.fault as? HubFault == .repositoryNotFound(hasToken: false))
        let gated = try await scene.refusal(of: "org/gated-model") { $0.token = "hf_wrong" }
        #expect(gated?.description.contains("consent") == true)
        for error in [wrong, none, gated] { #expect(error?.description.contains("hf_") == false) }
    }

    @Test func whatIsNotThereIsNamed() async throws {
        let scene = try await Scene()
        #expect(try await scene.refusal(of: "org/nothing")?.fault as? HubFault == .repositoryNotFound(hasToken: false))
        let revision = try await scene.refusal(of: "hf://\(Scene.repository)@nope")
        #expect(revision?.fault as? HubFault == .revisionNotFound("nope"))
        let path = try await scene.refusal(of: "hf://\(Scene.repository)/nope/file.bin")
        #expect(path?.fault as? HubFault == .entryNotFound)
        #expect(scene.folder.contents("hub").isEmpty)
    }

    /// A commit is asked for as it is, and no branch is noted.
    @Test func aCommitIsARevision() async throws {
        let scene = try await Scene()
        let commit = scene.server.commit(Scene.repository)
        try await scene.pull("hf://\(Scene.repository)@\(commit)/model.safetensors")
        #expect(!FileManager.default.fileExists(atPath: scene.snapshot + "/../../refs"))
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
    }

    @Test func withoutLinksFilesLieInTheSnapshot() async throws {
        let scene = try await Scene()
        try await scene.pull { $0.usesLinks = false }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scene.blobs).isEmpty)
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        let before = scene.server.requests.count
        try await scene.pull { $0.usesLinks = false }
        #expect(scene.server.requests.count == before + 1)
    }

    @Test func twoPullsOfOneFileFetchItOnce() async throws {
        let scene = try await Scene(faults: [.stall])
        async let one: String = scene.pull()
        async let two: String = scene.pull()
        let paths = try await [one, two]
        #expect(paths == [scene.snapshot, scene.snapshot])
        #expect(overlap(scene.server.sent("model.safetensors")) == 0)
        #expect(overlap(scene.server.sent("config.json")) == 0)
        #expect(scene.notes.contains { $0.hasPrefix("waiting for another program") })
    }

    @Test func aFullDiskIsSaidBefore() async throws {
        let scene = try await Scene()
        scene.server.answer("/api/models/\(Scene.repository)/tree/main") { [server = scene.server] _ in
            let list = """
                [{"type": "file", "path": "model.safetensors", "size": 4611686018427387904, "oid": "\(FakeHub.gitBlob([]))",
                "lfs": {"oid": "\(SHA256.hex([]))", "size": 4611686018427387904}}]
                """
            return FakeHub.reply(200, ["X-Repo-Commit": server.commit(Scene.repository)], list)
        }
        let refused = try await scene.refusal()
        guard case .noSpace? = refused?.fault as? HubFault else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(scene.server.requests.count == 1)
    }
}
