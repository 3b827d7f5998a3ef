import Foundation
import TestSupport
import Testing

/// `convert --force` over a model, ended at every system call of its commit: the old model or the new, whole, and the next run
/// leaves nothing else.
@Suite struct ReplacementKillTests {
    /// What is replaced by what.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case fileByShards, shardsByFile, configAndWeights, otherDType, originalOverDiffusers

        var testDescription: String { rawValue }
    }

    /// How a run ends: each is injected at every call.
    enum End: String, CaseIterable {
        case kill = "signal=KILL"
        case terminate = "signal=TERM"
        case error = "error=EIO"
    }

    static let hasStrace = Program.exists("strace")

    /// The calls that change names, or bring them to the disk.
    private static let calls = [
        "mkdir", "rename", "renameat2", "linkat", "unlink", "rmdir", "fsync", "fchmod", "flock",
    ]

    /// A model in `t`, and the command that puts another in its place.
    private struct Stage {
        let folder: TemporaryFolder
        let command: [String]

        init(_ kind: Kind, hasFolder: Bool) throws {
            folder = try TemporaryFolder()
            let sana = CommandTests.tiny("sana")
            let f32 = CommandTests.tiny("f32")
            let shards = ["--max-shard-size", "300KB"]
            var first = ["convert", sana.original, "--config", sana.config, "-o", folder("t")]
            var second = ["convert", f32.original, "--config", f32.config]
            switch kind {
            case .fileByShards: second += shards
            case .shardsByFile: first += shards
            case .configAndWeights: break
            case .otherDType: second += ["--dtype", "fp16"]
            case .originalOverDiffusers:
                second = ["convert", f32.diffusers, "--config", f32.config, "--to", "original"]
            }
            command = second + ["-q", "--force", "-o"]
            try #require(try Program.run(first + ["-q"]).status == 0)
            try folder.write("t/notes", [1])
            if hasFolder { try folder.write("t/below/x", [2]) }
        }

        /// A copy of the model that is there at first.
        func copy(_ name: String) throws -> String {
            try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: folder("t"), toPath: folder(name + "/t"))
            return folder(name + "/t")
        }

        /// The files in a folder that are seen, and what is in them.
        func seen(_ target: String) throws -> [String: [UInt8]] {
            let names = try FileManager.default.contentsOfDirectory(atPath: target).filter {
                !$0.hasPrefix(".") && $0 != "below"
            }
            return Dictionary(uniqueKeysWithValues: try names.map { ($0, try Fixtures.bytes(target + "/" + $0)) })
        }

        /// What lies in the folder of a copy beside what may be there.
        func hidden(_ name: String) -> [String] { folder.contents(name).filter { $0.contains(".dcae-") } }
    }

    /// How often the commit makes each call: as strace counts them, by the thread that makes them.
    private static func counts(
        _ calls: [String],
        _ stage: Stage,
        _ target: String
    ) throws -> [(call: String, count: Int)] {
        let log = stage.folder("log")
        let run = try Program.run(
            stage.command + [target],
            under: ["strace", "-f", "-qq", "-o", log, "-e", "trace=\(calls.joined(separator: ","))"]
        )
        try #require(run.status == 0, "\(run.error)")
        let lines = try Fixtures.text(log).split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        let main = lines.first?.first
        return calls.map { call in
            (call, lines.count { $0[0] == main && $0[1].trimmingCharacters(in: .whitespaces).hasPrefix(call + "(") })
        }
    }

    private static func endings(
        _ kind: Kind,
        _ end: End,
        hasFolder: Bool = false,
        calls: [String] = calls,
        last: Int = .max,
        _ check: (_ seen: [String: [UInt8]], _ old: [String: [UInt8]], _ new: [String: [UInt8]], _ what: String) -> Void
    ) throws {
        let stage = try Stage(kind, hasFolder: hasFolder)
        let whole = try stage.copy("whole")
        let old = try stage.seen(whole)
        let counts = try counts(calls, stage, whole)
        let new = try stage.seen(whole)
        #expect(new != old && new["notes"] == old["notes"])
        #expect(stage.hidden("whole").isEmpty)
        let usual = hasFolder ? ["rename", "unlink", "fsync"] : ["renameat2", "linkat", "unlink", "fsync"]
        for call in calls.count > 1 ? usual : calls {
            #expect(counts.contains { $0.call == call && $0.count > 0 }, "\(call)")
        }
        for (call, count) in counts where count > 0 {
            for number in max(1, count - last)...count {
                let name = "\(call)-\(number)"
                let target = try stage.copy(name)
                let run = try Program.run(
                    stage.command + [target],
                    under: [
                        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)",
                        "-e", "inject=\(call):\(end.rawValue):when=\(number)",
                    ]
                )
                let what = "\(kind) \(name) \(end): \(run.error)"
                let seen = try stage.seen(target)
                check(seen, old, new, what)
                if end == .terminate { #expect(stage.hidden(name).isEmpty, "\(what)") }
                // A command that reads finds one of the two, and the same command completes the work.
                #expect(try Program.run(["hash", target, "-q"]).status == 0, "\(what)")
                let found = try stage.seen(target)
                #expect(found == old || found == new, "\(what)")
                #expect(try Program.run(stage.command + [target]).status == 0, "\(what)")
                #expect(try stage.seen(target) == new, "\(what)")
                #expect(stage.hidden(name).isEmpty, "\(what): \(stage.hidden(name))")
                try FileManager.default.removeItem(atPath: stage.folder(name))
            }
        }
    }

    @Test(.enabled(if: hasStrace, "strace is not installed"), arguments: Kind.allCases)
    func killedAtEveryCall(kind: Kind) throws {
        try Self.endings(kind, .kill) { seen, old, new, what in #expect(seen == old || seen == new, "\(what)") }
    }

    @Test(.enabled(if: hasStrace, "strace is not installed"), arguments: [End.terminate, .error])
    func endedOtherwiseAtEveryCall(end: End) throws {
        try Self.endings(.fileByShards, end) { seen, old, new, what in #expect(seen == old || seen == new, "\(what)") }
    }

    /// A folder with folders in it is no folder that can be exchanged: its files are replaced by a journal. What is seen
    /// before it is completed may be less than a model, but is never of two.
    @Test(.enabled(if: hasStrace, "strace is not installed"), arguments: End.allCases)
    func endedInAFolderWithFolders(end: End) throws {
        try Self.endings(.fileByShards, end, hasFolder: true) { seen, old, new, what in
            let names = Set(seen.keys)
            let isOld = names.allSatisfy { seen[$0] == old[$0] }
            let isNew = names.allSatisfy { seen[$0] == new[$0] }
            #expect(isOld || isNew, "\(what): \(names)")
        }
    }

    /// What cannot be looked at is neither there nor gone: for no answer of the disk is anything removed.
    @Test(
        .enabled(if: hasStrace, "strace is not installed"),
        arguments: [true, false],
        [Kind.fileByShards, .shardsByFile]
    )
    func filesThatCannotBeLookedAt(hasFolder: Bool, kind: Kind) throws {
        try Self.endings(kind, .error, hasFolder: hasFolder, calls: ["newfstatat"], last: 40) { seen, old, new, what in
            let names = Set(seen.keys)
            let isOld = names.allSatisfy { seen[$0] == old[$0] }
            let isNew = names.allSatisfy { seen[$0] == new[$0] }
            #expect(isOld || isNew, "\(what): \(names)")
        }
    }
}
