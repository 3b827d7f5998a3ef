import Foundation
import TestSupport
import Testing

extension BadInput: CustomTestStringConvertible {
    /// What a failing test shows.
    public var testDescription: String { summary }
}

/// The built program, given every input of Tests/Fixtures/bad: it ends by itself, within limits, in one line.
@Suite struct BadInputProgramTests {
    /// Half a gigabyte of address space (the program may use a quarter of one), ten seconds of processor time, no core,
    /// and no file that grows beyond what an honest expansion needs.
    static let limits = "ulimit -v 524288; ulimit -t 10; ulimit -c 0"
    static let marker = "/tmp/dcae-bad-case/PWNED"

    @Test(arguments: BadInput.all)
    func endsCleanly(_ input: BadInput) throws {
        let folder = try TemporaryFolder()
        let temporary = try TemporaryFolder()
        let path = try input.prepare(in: folder)
        let before = folder.contents()
        let start = ContinuousClock.now
        let result = try Program.run(
            ["inspect", path],
            environment: ["TMPDIR": temporary.path],
            in: folder.path,
            limits: Self.limits
        )
        // Two seconds for the program alone; the tests beside this one take their share of the processor.
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(!result.wasSignalled && (result.status == 0 || result.status == 2), "status \(result.status)")
        switch input.verdict {
        case .accept: #expect(result.status == 0, "\(result.error)")
        case .reject: #expect(result.status == 2, "\(result.output)")
        case .either: break
        }
        if result.status == 2 {
            #expect(result.output.isEmpty)
            #expect(result.errorLines.count == 1 && result.error.hasSuffix("\n"), "\(result.error)")
            #expect(result.error.hasPrefix("dcae: error: "))
            #expect(result.error.utf8.count <= 301, "\(result.error)")
        }
        for text in [result.error, result.output] {
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        }
        #expect(folder.contents() == before && temporary.contents().isEmpty, "something was written")
        #expect(!FileManager.default.fileExists(atPath: Self.marker))
    }

    /// Compressed files expand into a file without a name: where none can be made, the program says what to do.
    @Test func temporaryFolderIsNamedWhereItFails() throws {
        let path = Fixtures.path("torch/sana.safetensors.zst")
        let result = try Program.run(["inspect", path], environment: ["TMPDIR": "/nonexistent"])
        #expect(result.status == 2)
        #expect(result.error.contains("no temporary file for the expanded data in /nonexistent"))
        #expect(result.error.contains("set TMPDIR to a folder with room"))
    }

    /// Killed while it expands a file, the program leaves nothing behind.
    @Test func nothingIsLeftOfAnExpansionThatIsKilled() throws {
        let temporary = try TemporaryFolder()
        let path = Fixtures.path("bad/zst_bomb_2g_valid.safetensors.zst")
        for _ in 0..<5 {
            let result = try Program.run(
                ["inspect", path, "--max-expanded-size", "3GB"],
                environment: ["TMPDIR": temporary.path],
                limits: "(sleep 0.0$(($$ % 7)); kill -9 $$) & true"
            )
            #expect(result.wasSignalled || result.status == 0)
            #expect(temporary.contents().isEmpty)
        }
    }
}
