import Foundation
import StrictJSON
import TestSupport
import Testing

/// Names are bytes: what the file system has is what is read, and what is written is called the same.
@Suite struct ByteNameTests {
    private static let sana = Fixtures.path("tiny/sana/diffusers")
    /// No UTF-8, a combining mark after the slash, and two names that are one where letters are composed.
    private static let names: [[UInt8]] = [
        [0xFF, 0x61], Array("\u{301}x".utf8), Array("\u{E9}".utf8), Array("e\u{301}".utf8), [0xC3],
    ]

    /// Writes a file below a folder whose name is any bytes.
    private static func write(_ folder: String, _ name: [UInt8], _ bytes: [UInt8]) {
        let path = (Array(folder.utf8) + [0x2F] + name + [0]).map { CChar(bitPattern: $0) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
        #expect(descriptor >= 0)
        #expect(bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        close(descriptor)
    }

    /// The names in a folder, as bytes.
    private static func listing(_ folder: String) throws -> Set<[UInt8]> {
        let stream = try #require(opendir(folder))
        defer { closedir(stream) }
        var names: Set<[UInt8]> = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name.first != UInt8(ascii: ".") { names.insert(name) }
        }
        return names
    }

    private static func workplace() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try ScaleCommandTests.writePictures(folder, count: 1)
        let picture = try Fixtures.bytes(folder("photos/below/p0.png"))
        try FileManager.default.createDirectory(atPath: folder("in"), withIntermediateDirectories: false)
        for name in names { write(folder("in"), name + Array(".png".utf8), picture) }
        return folder
    }

    @Test func everyPictureHasItsOutput() throws {
        let folder = try Self.workplace()
        let run = try Program.run([
            "encode", Self.sana, folder("in"), "--size", "64", "-o", folder("out"), "--format", "npy",
        ])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("\\xffa.npy") && run.output.utf8.allSatisfy { $0 != 0xFF })
        #expect(try Self.listing(folder("out")) == Set(Self.names.map { $0 + Array(".npy".utf8) }))
        #expect(
            folder.contents().filter { !$0.hasPrefix("in") && !$0.hasPrefix("out") && !$0.hasPrefix("photos") }.isEmpty
        )
        let resumed = try Program.run(
            [
                "encode", Self.sana, folder("in"), "--size", "64", "-o", folder("out"), "--format", "npy", "--resume",
                "--json",
            ]
        )
        #expect(try resumed.result["results"] == [])
        let back = try Program.run(["decode", Self.sana, folder("out"), "-o", folder("back"), "-q"])
        #expect(back.status == 0, "\(back.error)")
        #expect(try Self.listing(folder("back")) == Set(Self.names.map { $0 + Array(".png".utf8) }))
    }

    /// What scale writes, scale reads: the state with such names is continued, and merged.
    @Test func statesHoldThem() throws {
        let folder = try Self.workplace()
        let command = ["scale", Self.sana, "--images", folder("in"), "--size", "64", "--json"]
        let whole = try Program.run(command)
        #expect(whole.status == 0, "\(whole.error)")
        for part in 1...2 {
            let state = ["-o", folder("parts/"), "--shard", "\(part)/2"]
            #expect(try Program.run(command + state).status == 0)
            #expect(try Program.run(command + state).status == 0, "continued, where all is done")
        }
        let parts = folder.contents("parts").map { folder("parts/" + $0) }
        let merged = try Program.run(["scale", "merge"] + parts + ["--json"])
        #expect(try merged.status == 0 && merged.measured == whole.measured, "\(merged.error)")
    }

    /// A name that is no UTF-8 can be typed, as input and as output.
    @Test func namesCanBeTyped() throws {
        let folder = try Self.workplace()
        let script = "\"$0\" encode '\(Self.sana)' \"$(printf 'in/\\377a.png')\" --size 64 -o \"$(printf '\\376.npy')\""
        let run = try Program.shell(script, in: folder.path)
        #expect(run.status == 0, "\(run.error)")
        #expect(try Self.listing(folder.path).contains([0xFE] + Array(".npy".utf8)))
        #expect(run.output.hasPrefix("wrote \\xfe.npy "), "\(run.output)")
    }

    /// A name with what a terminal obeys is shown escaped, in lines and in JSON.
    @Test func namesAreShownEscaped() throws {
        let folder = try Self.workplace()
        let picture = try Fixtures.bytes(folder("photos/below/p0.png"))
        Self.write(folder.path, Array("a\u{1B}[31m\n\u{202E}.png".utf8), picture)
        for option in [[], ["--json"], ["-q"]] {
            let run = try Program.run(
                [
                    "encode", Self.sana, folder("a\u{1B}[31m\n\u{202E}.png"), "--size", "64", "--force", "-o",
                    folder("a\u{1B}\u{202E}.npy"),
                ] + option
            )
            #expect(run.status == 0, "\(run.error)")
            #expect(!run.output.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
            #expect(option == ["--json"] || run.output.split(separator: "\n").count == 1)
        }
    }
}
