import Foundation
import Images
import TestSupport
import Testing

/// The packages in Examples, which a stranger copies.
///
/// They are compiled against the modules that the tests themselves were built from: to build the library once more for them
/// would take minutes.
@Suite struct ExamplesTests {
    private static let build = (Program.path as NSString).deletingLastPathComponent

    /// Files below a folder whose names end so.
    private static func files(_ folder: String, _ ending: String) -> [String] {
        (FileManager.default.subpaths(atPath: folder) ?? []).filter { $0.hasSuffix(ending) }.map { folder + "/" + $0 }
    }

    /// Compiles the one source of an example, as `swift build` would.
    private func compile(_ name: String, into folder: TemporaryFolder) throws -> String {
        // The library and what it is made of: not the program, tests, tools and what only these need.
        let manifest = try Fixtures.text(Fixtures.project + "/Package.swift")
        let targets = try FileManager.default.contentsOfDirectory(atPath: Fixtures.project + "/Sources").filter {
            manifest.contains("name: \"\($0)\"") && !["Program", "EmbedRegistry", "Synthesis"].contains($0)
        }
        let objects = targets.flatMap { Self.files(Self.build + "/\($0).build", ".o") }
        let maps =
            Self.files(Fixtures.project + "/Sources", "module.modulemap")
            + targets.flatMap { Self.files(Self.build + "/\($0).build", "module.modulemap") }
        let libraries = ["json-c", "libzstd", "libcrypto", "libpng", "libturbojpeg", "libwebp"].joined(separator: " ")
        let flags = try Program.shell("pkg-config --cflags --libs \(libraries)").output
            .split(whereSeparator: \.isWhitespace).map(String.init)
        let program = folder(name)
        let arguments =
            ["-swift-version", "6", "-O"]
            + [Fixtures.project + "/Examples/\(name)/Sources/main.swift"] + objects + ["-o", program]
            + ["-I", Self.build + "/Modules", "-module-name", name, "-ldl"]
            + maps.flatMap { ["-Xcc", "-fmodule-map-file=" + $0] }
            + flags.flatMap { $0.hasPrefix("-l") || $0.hasPrefix("-L") ? [$0] : ["-Xcc", $0] }
        let result = try Program.shell("exec swiftc \"$@\"", arguments)
        try #require(result.status == 0, "\(result.error)")
        #expect(!result.error.contains("warning:"), "\(result.error)")
        return program
    }

    private func run(_ program: String, _ arguments: [String]) throws -> Program.Result {
        try Program.shell("shift; exec \"\(program)\" \"$@\"", ["-"] + arguments)
    }

    /// The manifests name this package and its product, so that they build where they lie.
    @Test(arguments: ["ConvertAndCheck", "EncodeFolder"]) func manifest(name: String) throws {
        let folder = Fixtures.project + "/Examples/" + name
        let manifest = try Fixtures.text(folder + "/Package.swift")
        #expect(manifest.contains(".package(name: \"dcae\", path: \"../..\")"))
        #expect(manifest.contains(".product(name: \"DCAE\", package: \"dcae\")"))
        let own = try Fixtures.text(Fixtures.project + "/Package.swift")
        let version = try #require(own.split(separator: "\n").first)
        #expect(
            manifest.hasPrefix(version) && own.contains(".library(name: \"DCAE\"") || own.contains("name: \"DCAE\",")
        )
        #expect(try Fixtures.text(folder + "/README.md").contains("swift run -c release \(name) "))
    }

    @Test func convertAndCheck() throws {
        let folder = try TemporaryFolder()
        let program = try compile("ConvertAndCheck", into: folder)
        let result = try run(program, [Fixtures.path("tiny/sana/diffusers"), folder("copy")])
        #expect(result.status == 0, "\(result.error)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == 3, "\(result.output)")
        #expect(lines[0].hasPrefix("described, diffusers layout, factor 0."))
        #expect(lines[1].hasPrefix("wrote model.safetensors, config.json; "))
        let hash = try Program.run(["hash", folder("copy"), "-q"])
        #expect(lines[2] == "the same content: \(hash.output.trimmingCharacters(in: .whitespacesAndNewlines))")
        let again = try run(program, [Fixtures.path("tiny/sana/diffusers"), folder("copy")])
        #expect(again.status == 2 && again.output.contains("error: ") && !again.output.contains("--"))
    }

    @Test func encodeFolder() throws {
        let folder = try TemporaryFolder()
        let program = try compile("EncodeFolder", into: folder)
        for index in 0..<3 {
            try folder.write("photos/p\(index).png", try Picture.landscape(width: 70, height: 66).png())
        }
        try folder.write("photos/bad.png", [1, 2, 3])
        let arguments = [Fixtures.path("tiny/sana/diffusers"), folder("photos"), folder("latents")]
        let result = try run(program, arguments)
        #expect(result.status == 0, "\(result.output)\(result.error)")
        #expect(result.output.contains("p1.png -> \(folder("latents"))/p1.safetensors [1, 8, 2, 2]\n"))
        #expect(
            result.output.contains("left out: ") && result.output.contains("3 encoded, 0 there before, 1 left out\n")
        )
        #expect(try Picture(file: folder("latents/first.png")).width == 64)
        // The program of this package makes the same latents.
        let own = try Program.run([
            "encode", arguments[0], folder("photos"), "-o", folder("own"), "--fit", "crop", "-q",
        ])
        #expect(own.status == 2)
        for index in 0..<3 {
            let name = "/p\(index).safetensors"
            #expect(try Fixtures.bytes(folder("own") + name) == Fixtures.bytes(folder("latents") + name))
        }
        let again = try run(program, arguments)
        #expect(again.status == 0 && again.output.contains("0 encoded, 3 there before, 1 left out\n"))
    }
}
