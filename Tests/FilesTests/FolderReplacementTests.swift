import Files
import Foundation
import Libc
import TestSupport
import Testing

/// A set of files in the place of another: what else is in the folder stays, and so does what the folder is.
@Suite struct FolderReplacementTests {
    private static let old = ["config.json", "m-1", "m-2", "m.index"]

    private static func replace(
        _ target: String,
        with texts: [(name: String, text: String)],
        force: Bool = true
    ) throws {
        let names = texts.map(\.name)
        let replaced = { (name: String) in old.contains(name) }
        let output = try OutputFolder(target: target, names: names, replaced: replaced, force: force, sources: [])
        for (name, text) in texts { try output.write(name, text) }
        try output.commit(names, replaced: replaced)
    }

    private static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in old + ["notes", ".hidden"] { try folder.write("t/" + name, Array(name.utf8)) }
        try FileManager.default.createSymbolicLink(atPath: folder("t/link"), withDestinationPath: "nowhere")
        return folder
    }

    private static let new = [("m", "whole"), ("config.json", "new")]

    /// Both ways: exchanged as a whole, and, where a folder in it forbids that, one by one.
    @Test(arguments: [false, true]) func theRestStays(hasFolder: Bool) throws {
        let folder = try Self.folder()
        if hasFolder { try folder.write("t/below/x", [1]) }
        #expect(chmod(folder("t"), 0o711) == 0)
        var before = stat()
        #expect(lstat(folder("t/notes"), &before) == 0)
        try Self.replace(folder("t"), with: Self.new)
        let below = hasFolder ? ["t/below", "t/below/x"] : []
        #expect(
            folder.contents() == (["t", "t/.hidden", "t/config.json", "t/link", "t/m", "t/notes"] + below).sorted()
        )
        #expect(try Fixtures.text(folder("t/config.json")) == "new")
        var after = stat()
        #expect(stat(folder("t"), &after) == 0 && after.st_mode & 0o7777 == 0o711)
        #expect(lstat(folder("t/notes"), &after) == 0 && after.st_ino == before.st_ino && after.st_nlink == 1)
    }

    /// A folder is what it was for whoever is in it, or has come to it by a link.
    @Test func theFolderOfALink() throws {
        let folder = try Self.folder()
        try FileManager.default.createSymbolicLink(atPath: folder("way"), withDestinationPath: "t")
        try Self.replace(folder("way"), with: Self.new)
        #expect(folder.contents("t") == [".hidden", "config.json", "link", "m", "notes"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder("way")) == "t")
    }

    @Test(arguments: [false, true]) func nothingIsReplacedUnasked(hasFolder: Bool) throws {
        let folder = try Self.folder()
        if hasFolder { try folder.write("t/below/x", [1]) }
        let before = folder.contents()
        let error = #expect(throws: CheckpointError.self) {
            try Self.replace(folder("t"), with: Self.new, force: false)
        }
        #expect(error?.fault as? FileFault == .exists)
        #expect(folder.contents() == before)
    }

    @Test func whatIsNoFileStays() throws {
        let folder = try Self.folder()
        #expect(unlink(folder("t/config.json")) == 0 && mkfifo(folder("t/config.json"), 0o600) == 0)
        let error = #expect(throws: CheckpointError.self) { try Self.replace(folder("t"), with: Self.new) }
        #expect(error?.fault as? FileFault == .isSpecial)
        #expect(folder.contents("t").contains("m-1"))
    }

    /// Somebody else's lock is waited for a while, and named.
    @Test func aLockedFolder() throws {
        let folder = try Self.folder()
        let descriptor = open(folder("t"), O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        let start = ContinuousClock.now
        let error = #expect(throws: CheckpointError.self) { try Self.replace(folder("t"), with: Self.new) }
        #expect(error?.fault as? FileFault == .locked)
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(
            folder.contents("t").contains("m-1")
                && folder.contents() == folder.contents().filter { !$0.contains(".dcae") }
        )
    }

    /// Where nobody has a right to make a folder beside it, the files are replaced in it.
    @Test(.enabled(if: getuid() != 0, "root may write anywhere")) func aFolderThatCannotBeExchanged() throws {
        let folder = try Self.folder()
        #expect(chmod(folder.path, 0o555) == 0)
        defer { chmod(folder.path, 0o755) }
        try Self.replace(folder("t"), with: Self.new)
        #expect(folder.contents("t") == [".hidden", "config.json", "link", "m", "notes"])
    }
}
