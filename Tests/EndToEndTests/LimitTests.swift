import Foundation
import TestSupport
import Testing

/// What the system gives little of: addresses, and room in the pipe that a result goes to.
@Suite struct LimitTests {
    private static let sana = Fixtures.path("tiny/sana/diffusers")

    /// From what the program needs to start up to plenty: a line and status 2, or the work is done.
    @Test(arguments: Array(stride(from: 56, through: 100, by: 4)) + Array(stride(from: 120, through: 640, by: 40)))
    func anyLimitOnAddressesEndsInALine(megabytes: Int) throws {
        let folder = try TemporaryFolder()
        for arguments in [
            ["hash", Self.sana], ["convert", Self.sana, "--to", "original", "-o", folder("out")],
            ["encode", Self.sana, Fixtures.path("images/rgb8.png"), "--fit", "pad", "-o", folder("l.npy")],
        ] {
            let result = try Program.run(arguments, limits: "ulimit -v \(megabytes << 10); ulimit -c 0")
            #expect(!result.wasSignalled, "\(arguments[0]) in \(megabytes) MB: \(result.error)")
            #expect([0, 2, 127].contains(result.status), "\(arguments[0]) in \(megabytes) MB: \(result.error)")
            if result.status == 2 { #expect(result.error.contains("memory"), "\(result.error)") }
            if result.status != 0 {
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder("")).isEmpty)
            } else {
                for name in ["out", "l.npy"] { try? FileManager.default.removeItem(atPath: folder(name)) }
            }
        }
    }

    /// As where the other end of a terminal or a pipe was opened by a program that waits for many: nothing is lost.
    @Test func anOutputThatDoesNotBlockIsWaitedFor() throws {
        let arguments = ["hash", Self.sana]
        let expected = try Program.run(arguments).output
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0)
        // Less than the result, so that it does not fit.
        #if os(Linux)
            let setPipeSize: Int32 = 1031
            #expect(fcntl(descriptor, setPipeSize, 4096) >= 0)
        #endif
        process.standardOutput = pipe
        try process.run()
        Thread.sleep(forTimeInterval: 0.3)
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(output.count > 8192)
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }
}
