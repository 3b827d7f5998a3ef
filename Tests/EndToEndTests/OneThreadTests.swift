import CheckpointIO
import Foundation
import TestSupport
import Testing

/// Where the system gives no thread, as under a limit on processes, the program's one thread does all the work.
@Suite struct OneThreadTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")

    /// No thread can be made whose stack would be larger than the machine. (A limit on processes does not hold for root, who
    /// runs tests in containers.) What would wait for a thread for ever is ended.
    static let noThreads = "ulimit -s 17179869184; set -- 120 \"$0\" \"$@\"; set -- timeout \"$@\"; exec \"$@\""

    #if os(Linux)
        @Test func everyKindOfWorkEnds() throws {
            let folder = try TemporaryFolder()
            try ScaleCommandTests.writePictures(folder, count: 4)
            let original = Fixtures.path("tiny/sana/original.safetensors")
            for (name, limits) in [("limited", Self.noThreads), ("plain", nil)] {
                let commands = [
                    ["convert", original, "--config", Self.sana + "/config.json", "-o", folder(name), "-q"],
                    ["encode", Self.sana, folder("photos"), "--size", "64", "-o", folder(name + "-latents"), "-q"],
                    ["hash", Self.sana, "-q"],
                    ["diff", Self.sana, folder(name), "-q"],
                ]
                for command in commands {
                    let result = try Program.run(command, limits: limits)
                    #expect(result.status == 0, "\(name) \(command[0]): \(result.error)")
                }
            }
            for part in ["", "-latents"] {
                let names = folder.contents("plain" + part).filter { $0.contains(".") }
                #expect(names.count >= 2)
                for name in names {
                    let (limited, plain) = (folder("limited\(part)/\(name)"), folder("plain\(part)/\(name)"))
                    #expect(try Fixtures.bytes(limited) == Fixtures.bytes(plain), "\(name)")
                }
            }
        }
    #endif
}
