import CheckpointIO
import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

struct FaultTests {
    static let pairs: [Set<FakeHub.Fault>] = FakeHub.Fault.common.flatMap { a in
        FakeHub.Fault.common.filter { $0.rawValue >= a.rawValue }.map { [a, $0] }
    }

    /// Each fault of fake_hub.py, alone and with each other: the right bytes, or one line.
    @Test(arguments: pairs)
    func theRightBytesOrOneLine(faults: Set<FakeHub.Fault>) async throws {
        let scene = try await Scene(faults: faults)
        let refused = try await scene.refusal { $0.token = "hf_secret" }
        let sent = scene.server.sent("model.safetensors")
        if faults.contains(.flip) {
            guard case .digestMismatch? = refused?.fault as? HubFault else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(refused?.description.contains("\n") == false)
            // Fetched once more, said so, and nothing was kept.
            #expect(scene.notes.count == 1)
            #expect(!FileManager.default.fileExists(atPath: scene.snapshot + "/model.safetensors"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: scene.blobs) == [FakeHub.gitBlob(Scene.config)])
        } else {
            #expect(refused == nil)
            #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
            // A server without ranges has to begin anew; no other sends a good byte twice.
            if !faults.contains(.noRange) { #expect(overlap(sent) == 0) }
            #expect(sent.map(\.count).reduce(0, +) <= Scene.weights.count * 2)
        }
        #expect(scene.server.requests.allSatisfy { !$0.path.hasPrefix("/cdn") || $0.authorization == nil })
    }

    @Test func wrongBytesAreFetchedOnceMore() async throws {
        let scene = try await Scene(faults: [.flipOnce])
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(scene.notes.count == 1)
        #expect(scene.notes.first?.contains("model.safetensors: the download does not have the listed SHA-256") == true)
    }

    @Test func aFileThatChangedMeanwhileIsListedAnew() async throws {
        let scene = try await Scene(faults: [.replaced])
        let path = try await scene.pull()
        #expect(try Fixtures.bytes(path + "/model.safetensors") == Scene.weights.reversed())
        #expect(path == scene.snapshot)
        #expect(scene.notes.contains { $0.contains("has just changed") })
    }

    @Test func anExpiredAddressIsAskedForAnew() async throws {
        let scene = try await Scene(faults: [.expired])
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(overlap(scene.server.sent("model.safetensors")) == 0)
    }

    @Test func waitsAsLongAsTheHubAsks() async throws {
        let scene = try await Scene(faults: [.tooMany], retryAfter: 1)
        let start = ContinuousClock.now
        try await scene.pull("hf://\(Scene.repository)/config.json")
        // The list and the file, a second each.
        #expect(ContinuousClock.now - start >= .seconds(2))
    }

    @Test func aLongPauseIsNotWaitedFor() async throws {
        let scene = try await Scene(faults: [.tooMany], retryAfter: 3600)
        let refused = try await scene.refusal()
        #expect(refused?.fault as? HubFault == .rateLimited(seconds: 3600))
    }

    @Test func aHubThatIsNotThereIsSaid() async throws {
        let scene = try await Scene()
        guard let nowhere = WebAddress("http://127.0.0.1:1") else { return #expect(Bool(false)) }
        let refused = try await scene.refusal { $0.endpoint = nowhere }
        guard case .network? = refused?.fault as? HubFault else {
            Issue.record("\(String(describing: refused))")
            return
        }
        // What is in the cache needs no Hub.
        try await scene.pull()
        let (hub, name) = (try scene.hub { $0.endpoint = nowhere }, try scene.name())
        #expect(try await blocking { try hub.localPath(for: name) } == scene.snapshot)
    }
}

struct ResumeTests {
    private var digest: String { SHA256.hex(Scene.weights) }

    @Test func goesOnWhereItStopped() async throws {
        let scene = try await Scene(faults: [.truncate])
        let refused = try await scene.refusal {
            $0.attempts = 1
            // Of several connections, what was under way when one failed would count as sent.
            $0.connections = 1
        }
        #expect(refused != nil)
        #expect(scene.folder.contents("hub").contains { $0.hasSuffix(".dcae.incomplete") })
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(overlap(scene.server.sent("model.safetensors")) == 0)
        #expect(!scene.folder.contents("hub").contains { $0.hasSuffix(".incomplete") })
    }

    /// Who wants the end is heard while bytes come; what has come is kept for the next time.
    @Test func stopsWhereItIsToldTo() async throws {
        let scene = try await Scene()
        let (hub, name) = (try scene.hub { $0.connections = 1 }, try scene.name())
        let end = CheckpointError("here", .file, HubFault.offline)
        let hasBegun = Mutex(false)
        var reporter = HubReporter(progress: { done, _, _ in if done > 0 { hasBegun.withLock { $0 = true } } })
        reporter.stopped = { hasBegun.withLock { $0 } ? end : nil }
        let stopping = Hub(hub.settings, reporter: reporter)
        let error = await #expect(throws: CheckpointError.self) { try await blocking { try stopping.pull(name) } }
        #expect(error?.path == "here")
        #expect(scene.folder.contents("hub").contains { $0.hasSuffix(".dcae.incomplete") })
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
    }

    /// Clients before huggingface_hub 1.6, and swift-huggingface, leave the beginning of a file under this name.
    @Test(arguments: [0, 1, Scene.pieceSize, Scene.pieceSize * 2 + 77, Scene.weights.count])
    func goesOnWithWhatAnOlderClientLeft(count: Int) async throws {
        let scene = try await Scene()
        let blobs = "hub/models--mit-han-lab--dc-ae-f32c32-in-1.0/blobs/"
        try scene.folder.write(blobs + digest + ".incomplete", Array(Scene.weights[..<count]))
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        let sent = scene.server.sent("model.safetensors")
        #expect(sent.map(\.count).reduce(0, +) == Scene.weights.count - count)
        #expect(!scene.folder.contents("hub").contains { $0.hasSuffix(".incomplete") })
    }

    /// A partial file of other bytes costs one more fetch, and no wrong file.
    @Test(arguments: [100, Scene.weights.count, Scene.weights.count + 5, Scene.weights.count * 2])
    func whatIsNotTheFileIsThrownAway(count: Int) async throws {
        let scene = try await Scene()
        let blobs = "hub/models--mit-han-lab--dc-ae-f32c32-in-1.0/blobs/"
        try scene.folder.write(blobs + digest + ".dcae.incomplete", Scene.bytes(count, seed: 99))
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
    }

    /// A link under the name of a partial file is not written through.
    @Test func aPlantedLinkIsNotFollowed() async throws {
        let scene = try await Scene()
        let victim = try scene.folder.write("victim", Array("mine".utf8))
        let blobs = scene.folder("hub/models--mit-han-lab--dc-ae-f32c32-in-1.0/blobs")
        try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(blobs)/\(digest).dcae.incomplete",
            withDestinationPath: victim
        )
        try await scene.pull()
        #expect(try Fixtures.text(victim) == "mine")
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
    }

    @Test func aBlobOfAnotherSizeIsFetchedAnew() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let blob = scene.blobs + "/" + digest
        try Data(Scene.weights.prefix(1000)).write(to: URL(filePath: blob))
        try await scene.pull()
        #expect(try Fixtures.bytes(scene.snapshot + "/model.safetensors") == Scene.weights)
        #expect(scene.notes.contains { $0.contains("the copy in the cache is incomplete") })
    }

    /// A second repository, or revision, with the same file needs it once more only where the cache has it not.
    @Test func aFileOfAnotherRevisionIsLinked() async throws {
        let scene = try await Scene()
        try await scene.pull()
        let before = scene.server.sent("model.safetensors").count
        scene.server.replace(Scene.repository, "config.json", Array("{}".utf8))
        let path = try await scene.pull()
        #expect(scene.server.sent("model.safetensors").count == before)
        #expect(try Fixtures.bytes(path + "/model.safetensors") == Scene.weights)
        #expect(try Fixtures.text(path + "/config.json") == "{}")
    }
}
