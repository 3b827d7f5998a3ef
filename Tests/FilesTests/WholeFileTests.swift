import Files
import Foundation
import Libc
internal import TensorCore
import TestSupport
import Testing

/// One file: the old or the new, whole, and nothing beside it.
@Suite struct WholeFileTests {
    private func fault(_ body: () throws -> Void) -> FileFault? {
        #expect(throws: CheckpointError.self) { try body() }?.fault as? FileFault
    }

    @Test func itIsThereWholeOrNotAtAll() throws {
        let folder = try TemporaryFolder()
        do {
            let file = try WholeFile(folder("x/y/a"), force: false)
            #expect(folder.contents().count == 3, "two folders, and a hidden file")
            _ = file
        }
        #expect(folder.contents().isEmpty)
        try WholeFile(folder("x/y/a"), force: false).write("one")
        #expect(folder.contents() == ["x", "x/y", "x/y/a"])
        #expect(fault { try WholeFile.write(folder("x/y/a"), "two", force: false) } == .exists)
        try WholeFile.write(folder("x/y/a"), "two", force: true)
        #expect(try Fixtures.text(folder("x/y/a")) == "two")
    }

    /// What somebody made meanwhile is not replaced.
    @Test func theNameIsAskedForAgain() throws {
        let folder = try TemporaryFolder()
        let file = try WholeFile(folder("a"), force: false)
        try folder.write("a", [1])
        #expect(fault { try file.write("mine") } == .exists)
        #expect(try Fixtures.bytes(folder("a")) == [1])
    }

    @Test func severalOutputsGoIntoOneNewFolder() throws {
        let folder = try TemporaryFolder()
        do {
            let first = try WholeFile(folder("new/a"), force: false)
            let second = try WholeFile(folder("new/b"), force: false)
            try second.write("b")
            _ = first
        }
        #expect(folder.contents() == ["new", "new/b"])
        do {
            let first = try WholeFile(folder("other/a"), force: false)
            _ = try WholeFile(folder("other/b"), force: false)
            #expect(folder.contents("other").count == 1)
            try first.write("a")
        }
        #expect(folder.contents("other") == ["a"])
        do { _ = (try WholeFile(folder("third/c/a"), force: false), try WholeFile(folder("third/b"), force: false)) }
        #expect(folder.contents() == ["new", "new/b", "other", "other/a"])
    }

    /// More at a time than there once were places for.
    @Test func manyAtATime() throws {
        let folder = try TemporaryFolder()
        do {
            let files = try (0..<100).map { try WholeFile(folder("many/\($0)"), force: false) }
            #expect(folder.contents("many").count == 100)
            try files[99].write("last")
        }
        #expect(folder.contents("many") == ["99"])
    }

    @Test func hiddenAndLongNames() throws {
        let folder = try TemporaryFolder()
        for name in [".hidden", String(repeating: "n", count: 255)] {
            try WholeFile.write(folder(name), "x", force: false)
            #expect(fault { try WholeFile.write(folder(name), "y", force: false) } == .exists)
        }
        let long = folder(String(repeating: "n", count: 256))
        #expect(fault { try WholeFile.write(long, "x", force: false) } == .system(call: "open", code: ENAMETOOLONG))
    }

    /// Devices, pipes and sockets are no files, whatever is asked for.
    @Test(arguments: [false, true]) func whatIsNoFileIsNeverReplaced(force: Bool) throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder("fifo"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "/dev/null")
        for path in [folder("fifo"), folder("link"), "/dev/null", "/dev/stdout", "/dev/fd/1"] {
            let found = fault { try WholeFile.write(path, "x", force: force) }
            #expect(found == .isSpecial, "\(path)")
        }
        #expect(FileFault.isSpecial.remedy?.description.contains("overwrite") == false)
        #expect(fault { try WholeFile.write(folder.path, "x", force: force) } == .isFolder)
        #expect(fault { try WholeFile.write("", "x", force: force) } == .noName)
        #expect(fault { try WholeFile.write("-", "x", force: force) } == .standardOutput)
        #expect(fault { try WholeFile.write(folder("no/"), "x", force: force) } == .isFolder)
    }

    @Test func sourcesAreNeverReplaced() throws {
        let folder = try TemporaryFolder()
        let source = try InputFile(opening: try folder.write("a", [1]))
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "a")
        try FileManager.default.linkItem(atPath: folder("a"), toPath: folder("hard"))
        for name in ["a", "link", "hard"] {
            let found = fault { _ = try WholeFile(folder(name), force: true, sources: [source]) }
            #expect(found == .isSource)
        }
    }

    /// What a run left that was killed goes with the next run; what belongs to one that goes on stays.
    @Test func leftoversGoAndOthersStay() throws {
        let folder = try TemporaryFolder()
        try folder.write(".dcae-0123456789abc", [1])
        try folder.write(".dcae-notes", [1])
        mkdir(folder(".dcae-0123456789abd"), 0o700)
        let going = try WholeFile(folder("a"), force: false)
        let there = folder.contents()
        #expect(there.count == 2 && there.contains(".dcae-notes"))
        try WholeFile.write(folder("b"), "b", force: false)
        #expect(folder.contents().filter { $0.hasPrefix(".dcae-") } == there, "another has its file still")
        try going.write("a")
        #expect(folder.contents() == [".dcae-notes", "a", "b"])
    }

    @Test func manyMappings() throws {
        let folder = try TemporaryFolder()
        let maps = try (0..<200).map { try InputFile(opening: folder.write("\($0)", [UInt8($0)])).map() }
        #expect(maps.enumerated().allSatisfy { $1.bytes[0] == UInt8($0) })
    }
}
