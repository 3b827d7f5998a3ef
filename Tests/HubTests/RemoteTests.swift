import CheckpointIO
import Foundation
import Hub
import TestSupport
import Testing

struct RemoteTests {
    private func bytes(_ file: any ByteSource, _ range: Range<Int>) throws -> [UInt8] {
        var result = [UInt8](repeating: 0, count: range.count)
        try result.withUnsafeMutableBytes { try file.read(into: $0, at: range.lowerBound) }
        return result
    }

    private func remote(_ scene: Scene, known: [[UInt8]] = []) throws -> RemoteRepositories {
        RemoteRepositories(try scene.hub().settings, known: known)
    }

    @Test func readsWhatIsAskedForAndNothingElse() async throws {
        let scene = try await Scene()
        let (remote, name) = (try remote(scene), try scene.name())
        let path = try await blocking { try remote.path(of: name) }
        #expect(path == "hf://\(Scene.repository)@\(scene.server.commit(Scene.repository))")
        let file = try await blocking { try remote.open(path + "/model.safetensors") }
        #expect(file.size == Scene.weights.count)
        #expect(file.digest == SHA256.hex(Scene.weights))
        let ranges = [0..<8, 8..<500, 130_000..<140_000, 100..<200, Scene.weights.count - 3..<Scene.weights.count]
        for range in ranges {
            #expect(try await blocking { try bytes(file, range) } == Array(Scene.weights[range]))
        }
        // The list, where the file is, and three blocks.
        #expect(scene.server.requests.count == 5)
        #expect(scene.server.sent("model.safetensors").map(\.count).reduce(0, +) < 300_000)
        #expect(scene.folder.contents("").isEmpty)
        #expect(throws: CheckpointError.self) { try bytes(file, Scene.weights.count - 1..<Scene.weights.count + 1) }
    }

    @Test func aFolderIsAFolder() async throws {
        let scene = try await Scene([
            "org/pipeline": ["vae/config.json": Scene.config, "vae/model.safetensors": Scene.weights, "a": [1]]
        ])
        let (remote, name) = (try remote(scene), try scene.name("org/pipeline"))
        let path = try await blocking { try remote.path(of: name) }
        #expect(remote.isFolder(path) && remote.isFolder(path + "/vae"))
        #expect(!remote.isFolder(path + "/a") && !remote.isFolder(path + "/b"))
        #expect(try remote.names(in: path) == ["a", "vae"])
        #expect(try remote.names(in: path + "/vae") == ["config.json", "model.safetensors"])
        #expect(throws: CheckpointError.self) { try remote.open(path + "/vae") }
        #expect(throws: CheckpointError.self) { try remote.open(path + "/vae/../../x") }
        #expect(scene.server.requests.count == 1)
    }

    @Test func whatIsKnownIsNotAskedFor() async throws {
        let scene = try await Scene()
        let (remote, name) = (try remote(scene, known: [Scene.config]), try scene.name())
        let path = try await blocking { try remote.path(of: name) }
        let file = try remote.open(path + "/config.json")
        #expect(try bytes(file, 0..<Scene.config.count) == Scene.config)
        #expect(scene.server.requests.count == 1)
    }

    @Test func aServerWithoutRangesIsSaid() async throws {
        let scene = try await Scene(faults: [.noRange])
        let (remote, name) = (try remote(scene), try scene.name())
        let path = try await blocking { try remote.path(of: name) }
        let file = try remote.open(path + "/model.safetensors")
        let error = await #expect(throws: CheckpointError.self) { try await blocking { try bytes(file, 0..<8) } }
        #expect(error?.description.contains("does not send parts of files") == true)
    }

    @Test(arguments: [FakeHub.Fault.tooMany, .failing, .expired, .moved])
    func faultsThatPass(fault: FakeHub.Fault) async throws {
        let scene = try await Scene(faults: [fault])
        let (remote, name) = (try remote(scene), try scene.name())
        let path = try await blocking { try remote.path(of: name) }
        let file = try remote.open(path + "/model.safetensors")
        #expect(try await blocking { try bytes(file, 3..<300) } == Array(Scene.weights[3..<300]))
    }
}
