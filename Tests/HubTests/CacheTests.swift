import CPlatform
import CheckpointIO
import Foundation
import Hub
import TestSupport
import Testing

struct CacheTests {
    private let base = "hub/models--mit-han-lab--dc-ae-f32c32-in-1.0"

    private func repository() throws -> RepositoryID { try #require(RepositoryID(Scene.repository)) }

    @Test func showsWhatIsThere() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let cache = HubCache(root: scene.folder("hub"))
        let found = try #require(cache.repositories().first)
        #expect(cache.repositories().count == 1)
        #expect(found.repository.description == Scene.repository)
        #expect(found.snapshots.map(\.commit) == [scene.server.commit(Scene.repository)])
        #expect(found.snapshots.first?.revisions == ["main"])
        #expect(found.snapshots.first?.files.map(\.path) == ["config.json", "model.safetensors"])
        #expect(found.snapshots.first?.files.map(\.size) == [Scene.config.count, Scene.weights.count])
        #expect(found.byteCount == Scene.config.count + Scene.weights.count)
        #expect(found.partials.isEmpty && found.orphans.isEmpty)
    }

    @Test func verifyFindsTheByte() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let cache = HubCache(root: scene.folder("hub"))
        let found = try #require(cache.inventory(of: repository()))
        #expect(try cache.verify(found) { _ in }.findings.isEmpty)
        #expect(try cache.verify(found) { _ in }.checked == 2)

        let blob = URL(filePath: scene.blobs + "/" + SHA256.hex(Scene.weights))
        var bytes = Scene.weights
        bytes[70_000] ^= 4
        try Data(bytes).write(to: blob)
        let findings = try cache.verify(found) { _ in }.findings
        #expect(
            findings.map(\.file) == [
                "hf://\(Scene.repository)@\(scene.server.commit(Scene.repository))/model.safetensors"
            ]
        )

        try FileManager.default.removeItem(at: blob)
        let after = try #require(cache.inventory(of: repository()))
        #expect(try cache.verify(after) { _ in }.findings.map(\.message) == ["its link leads nowhere"])
    }

    @Test func removesARepositoryAndNothingElse() async throws {
        let scene = try await Scene([Scene.repository: Scene.files, "org/other": Scene.files])
        try await scene.pull()
        try await scene.pull("org/other")
        let cache = HubCache(root: scene.folder("hub"))
        let removal = try #require(cache.removal(of: HubName(repository()), wholeRepository: true))
        #expect(removal.byteCount == Scene.config.count + Scene.weights.count)
        try cache.carryOut(removal)
        #expect(cache.repositories().map(\.repository.description) == ["org/other"])
        #expect(try cache.removal(of: HubName(repository()), wholeRepository: true) == nil)
    }

    /// A download that is under way is not pulled from under the other program's feet.
    @Test func whatIsInUseStays() async throws {
        let scene = try await Scene(faults: [.stall])
        async let pulling: String = scene.pull()
        while !scene.folder.contents("hub").contains(where: { $0.hasSuffix(".dcae.incomplete") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        let cache = HubCache(root: scene.folder("hub"))
        #expect(try cache.pruning(of: repository()).isEmpty)
        let removal = try #require(cache.removal(of: HubName(repository()), wholeRepository: true))
        let error = #expect(throws: CheckpointError.self) { try cache.carryOut(removal) }
        #expect(error?.fault as? HubFault == .inUse)
        _ = try await pulling
    }

    @Test func prunesWhatNothingRefersTo() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let old = scene.snapshot
        scene.server.replace(Scene.repository, "config.json", Array("{\"new\": 1}".utf8))
        try await scene.pull()
        try scene.folder.write("\(base)/blobs/\(String(repeating: "a", count: 64)).12345678.incomplete", [1, 2, 3])
        try scene.folder.write("\(base)/blobs/\(String(repeating: "b", count: 40))", [1, 2, 3, 4])
        let cache = HubCache(root: scene.folder("hub"))
        let pruning = try cache.pruning(of: repository())
        #expect(pruning.byteCount == Scene.config.count + 3 + 4)
        try cache.carryOut(pruning)
        #expect(!FileManager.default.fileExists(atPath: old))
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(try cache.pruning(of: repository()).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scene.blobs).count == 2)
    }

    /// huggingface_hub 2.x may keep a blob once for all repositories: `blobs/<etag>` is then a link to `blobs/<2 hex>/<hash>`
    /// at the root, whose `.refs` lists the links. Made here as its utils/_shared_blobs.py makes it.
    @Test func blobsThatRepositoriesShare() async throws {
        let scene = try await Scene([Scene.repository: Scene.files, "org/other": Scene.files])
        try await scene.pull()
        try await scene.pull("org/other")
        let digest = SHA256.hex(Scene.weights)
        let hash = String(repeating: "ab", count: 32)
        let store = scene.folder("hub/blobs")
        try scene.folder.write("hub/blobs/.huggingface-shared-blobs", Array("1\n".utf8))
        try scene.folder.write("hub/blobs/ab/\(hash)", Scene.weights)
        var references = ""
        for folder in ["models--mit-han-lab--dc-ae-f32c32-in-1.0", "models--org--other"] {
            let blob = scene.folder("hub/\(folder)/blobs/\(digest)")
            try FileManager.default.removeItem(atPath: blob)
            try FileManager.default.createSymbolicLink(
                atPath: blob,
                withDestinationPath: "../../blobs/ab/\(hash)"
            )
            references += "\(folder)/blobs/\(digest)\n"
        }
        try scene.folder.write("hub/blobs/ab/\(hash).refs", Array(references.utf8))

        // Read through both links, and not fetched again.
        let before = scene.server.requests.count
        let path = try await scene.pull()
        #expect(scene.server.requests.count == before + 1)
        #expect(try Fixtures.bytes(path + "/model.safetensors") == Scene.weights)
        let cache = HubCache(root: scene.folder("hub"))
        let found = try #require(cache.inventory(of: repository()))
        #expect(try cache.verify(found) { _ in }.findings.isEmpty)

        // The bytes stay as long as somebody has a link to them.
        try cache.carryOut(try #require(cache.removal(of: HubName(repository()), wholeRepository: true)))
        #expect(FileManager.default.fileExists(atPath: store + "/ab/\(hash)"))
        let other = try #require(RepositoryID("org/other"))
        try cache.carryOut(try #require(cache.removal(of: HubName(other), wholeRepository: true)))
        #expect(!FileManager.default.fileExists(atPath: store + "/ab/\(hash)"))
    }

    @Test func aBranchThatIsNoCommitIsNotBelieved() throws {
        let folder = try TemporaryFolder()
        let cache = HubCache(root: folder("hub"))
        for text in ["../../../etc", "", String(repeating: "A", count: 40), String(repeating: "a", count: 41)] {
            try folder.write("\(base)/refs/main", Array(text.utf8))
            #expect(try cache.commit(of: HubName(repository())) == nil)
        }
        try folder.write("\(base)/refs/main", Array((String(repeating: "a", count: 40) + "\n").utf8))
        #expect(try cache.commit(of: HubName(repository())) == String(repeating: "a", count: 40))
    }
}

/// What a power loss may leave: the name is there, the bytes are not. A note of another start of the machine stands for it.
struct PowerLossTests {
    private static let attribute = "user.dcae.written"

    /// Whether files here can carry such notes.
    static let hasNotes: Bool = {
        guard let folder = try? TemporaryFolder(), let path = try? folder.write("file", [1]) else { return false }
        return dcae_set_attribute(path, attribute, "x", 1) == 0
    }()

    private func mark(_ path: String) {
        let other = "00000000-0000-0000-0000-000000000000"
        #expect(dcae_set_attribute(path, Self.attribute, other, other.utf8.count) == 0)
    }

    private func note(_ path: String) -> Bool { dcae_get_attribute(path, Self.attribute, nil, 0) > 0 }

    @Test(.enabled(if: hasNotes))
    func aBlobThatIsWholeIsHashedOnce() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let blob = scene.blobs + "/" + SHA256.hex(Scene.weights)
        #expect(note(blob))
        mark(blob)
        let (hub, name) = (try scene.hub { $0.isOffline = true }, try scene.name())
        #expect(try hub.localPath(for: name) == scene.snapshot)
        #expect(!note(blob))
    }

    @Test(.enabled(if: hasNotes))
    func aBlobOfZerosIsFetchedAnew() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let blob = scene.blobs + "/" + SHA256.hex(Scene.weights)
        let handle = try FileHandle(forWritingTo: URL(filePath: blob))
        try handle.write(contentsOf: Data(count: Scene.weights.count))
        try handle.close()
        mark(blob)
        let (offline, name) = (try scene.hub { $0.isOffline = true }, try scene.name())
        #expect(throws: CheckpointError.self) { try offline.localPath(for: name) }
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(try offline.localPath(for: name) == scene.snapshot)
    }
}

struct SelectionTests {
    private func select(_ paths: [String], at path: String? = nil) throws(HubFault) -> Selection {
        try Selection(among: paths, at: path)
    }

    @Test(
        arguments: [
            (["config.json", "model.safetensors", "README.md"], nil, ["config.json", "model.safetensors"]),
            (
                [
                    "config.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors",
                    "diffusion_pytorch_model.fp16.safetensors",
                ],
                nil, ["config.json", "diffusion_pytorch_model.safetensors"]
            ),
            (
                [
                    "model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
                    "transformer/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors",
                ],
                nil, ["model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.safetensors"]
            ),
            (
                ["model_index.json", "whole.safetensors", "vae/config.json", "vae/model.safetensors"],
                nil, ["model_index.json", "vae/config.json", "vae/model.safetensors"]
            ),
            (["a.safetensors", "b/c.safetensors"], "b", ["b/c.safetensors"]),
            (
                ["a.safetensors", "b/c.safetensors", "b/config.json"], "b/c.safetensors",
                ["b/config.json", "b/c.safetensors"]
            ),
            (
                [
                    "x.safetensors.index.json", "x-00001-of-00002.safetensors", "x-00002-of-00002.safetensors",
                    "y-00001-of-00001.safetensors",
                ],
                nil, ["x.safetensors.index.json", "x-00001-of-00002.safetensors", "x-00002-of-00002.safetensors"]
            ),
            (
                ["x.safetensors.index.fp16.json", "x.fp16-00001-of-00001.safetensors", "x-00001-of-00001.safetensors"],
                nil, ["x.safetensors.index.fp16.json", "x.fp16-00001-of-00001.safetensors"]
            ),
        ] as [([String], String?, [String])]
    )
    func takes(paths: [String], path: String?, chosen: [String]) throws {
        #expect(try select(paths, at: path).files == chosen)
    }

    @Test func refuses() {
        #expect(throws: HubFault.noWeights) { try select(["config.json"]) }
        #expect(throws: HubFault.noWeights) { try select([]) }
        #expect(throws: HubFault.entryNotFound) { try select(["model.safetensors"], at: "vae") }
        #expect(throws: HubFault.severalWeights(["a.safetensors", "b.safetensors"])) {
            try select(["a.safetensors", "b.safetensors"])
        }
        #expect(throws: HubFault.missingShards(have: 1, of: 2)) {
            try select(["x.safetensors.index.json", "x-00002-of-00002.safetensors"])
        }
    }
}
