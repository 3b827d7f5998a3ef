import CheckpointIO
import Foundation
package import ModelZoo
package import StrictJSON
package import TensorCore

/// Files of Tests/Fixtures.
package enum Fixtures {
    /// The folder Tests/Fixtures.
    package static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures").path

    /// The root of the project.
    package static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The path of a fixture.
    package static func path(_ name: String) -> String {
        folder + "/" + name
    }

    /// The bytes of a file.
    package static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path)))
    }

    /// The text of a file.
    package static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    /// A JSON fixture.
    package static func json(_ name: String) throws -> JSONValue {
        try JSONReader.read(try bytes(path(name)))
    }

    /// The families of small networks.
    package static let families = ["sana", "f32", "f64", "f128", "lite"]
    /// The same and that of DC-AE 1.5, whose latents may have fewer channels.
    package static let allFamilies = families + ["v15"]
}

/// A folder of its own for a test, removed with this object.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "dcae-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in the folder.
    package func callAsFunction(_ name: String) -> String {
        path + "/" + name
    }

    /// Writes a file in the folder and gives its path.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let url = URL(filePath: self(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    /// Writes a file that begins with some bytes and goes on in zeros that take no room on the disk.
    package func writeSparse(_ name: String, _ start: [UInt8], size: Int) throws -> String {
        let path = try write(name, start)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(size))
        try handle.close()
        return path
    }

    /// Writes a safetensors file with the tensors of a network, all zeros that take no room on the disk.
    package func writeHollow(_ name: String, _ config: AutoencoderDCConfig, _ layout: Layout) throws -> String {
        let tensors = NetworkDescription(config).tensors(in: layout).map { tensor, kind in
            TensorDescriptor(name: tensor.name, dtype: kind == .batchCounter ? .i64 : .f32, shape: tensor.shape)
        }
        let file = SafetensorsLayout(tensors, format: nil)
        return try writeSparse(name, file.header, size: file.fileSize)
    }

    /// Writes a safetensors file with tensors and their data.
    @discardableResult
    package func write(_ name: String, tensors: [(descriptor: TensorDescriptor, bytes: [UInt8])]) throws -> String {
        let file = SafetensorsLayout(tensors.map(\.descriptor), format: nil)
        let data = file.placements.flatMap { placed in tensors.first { $0.descriptor == placed.descriptor }?.bytes ?? []
        }
        return try write(name, file.header + data)
    }

    /// Everything in the folder and below it, hidden or not, sorted.
    package func contents(_ name: String = "") -> [String] {
        (FileManager.default.subpaths(atPath: name.isEmpty ? path : self(name)) ?? []).sorted()
    }
}
