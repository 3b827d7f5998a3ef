import TestSupport
import Testing

@Suite struct CommandTests {
    @Test func everyCommandHasHelp() throws {
        let help = try Program.run(["--help"])
        #expect(help.status == 0)
    }
}
