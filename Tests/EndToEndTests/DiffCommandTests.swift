import CheckpointIO
import Foundation
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `dcae diff` as a user meets it: the real questions, exit codes, words and documents.
@Suite struct DiffCommandTests {
    private static let sana = CommandTests.tiny("sana")

    /// A folder with the tiny sana network as `a/`, and a copy whose decoder has one other value as `b/`.
    private static func workplace() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        var original = try Fixtures.bytes(sana.original)
        try folder.write("a/model.safetensors", original)
        try folder.write("a/config.json", Array(#"{"model_name": "dc-ae-f32c32-sana-1.0"}"#.utf8))
        let checkpoint = try Checkpoint.open(sana.original)
        let tensor = try #require(checkpoint.tensors.first { $0.descriptor.name.hasPrefix("decoder.stages.") })
        // Its first value gets another exponent.
        original[tensor.location.offset + 3] ^= 0x01
        try folder.write("b/model.safetensors", original)
        try folder.write("b/config.json", Array(#"{"model_name": "dc-ae-f32c32-sana-1.1"}"#.utf8))
        return folder
    }

    private static func diff(_ arguments: [String], in folder: TemporaryFolder) throws -> Program.Result {
        try Program.run(["diff"] + arguments, in: folder.path)
    }

    @Test func hasOneTheSameEncoderAsTheOther() throws {
        let folder = try Self.workplace()
        let whole = try Self.diff(["a", "b", "--brief"], in: folder)
        #expect(whole.status == 1 && whole.error.isEmpty)
        #expect(whole.output.hasPrefix("the encoder is identical; the decoder differs in 1 of "))
        let encoder = try Self.diff(["a", "b", "--only", "encoder.*", "--brief"], in: folder)
        #expect(encoder.status == 0 && encoder.output.hasPrefix("identical: of those selected, all "))
        #expect(try Self.diff(["a", "b", "--only", "decoder.*", "-q"], in: folder).status == 1)
        #expect(try Self.diff(["a", "b", "--ignore", "decoder.*", "-q"], in: folder).status == 0)
    }

    @Test(arguments: ["bf16", "fp16"]) func isThisFileTheRoundingOfThatOne(dtype: String) throws {
        let folder = try TemporaryFolder()
        let made = try Program.run(
            ["convert", Self.sana.original, "-o", folder("h"), "--config", Self.sana.config, "--dtype", dtype, "-q"]
        )
        #expect(made.status == 0, "\(made.error)")
        let name = dtype == "bf16" ? "BF16" : "F16"
        let diff = try Self.diff([Self.sana.original, folder("h"), "--brief"], in: folder)
        #expect(diff.status == 1)
        #expect(diff.output.hasPrefix("B is A rounded to \(name) (nearest even): "), "\(diff.output)")
        let back = try Self.diff([folder("h"), Self.sana.original, "--brief"], in: folder)
        #expect(back.output.hasPrefix("A is B rounded to \(name) (nearest even): "), "\(back.output)")
        let near = try Self.diff(
            [Self.sana.original, folder("h"), "--rtol", "0.004", "--atol", "1e-6", "-q"],
            in: folder
        )
        #expect(near.status == 0 && near.output.isEmpty)
    }

    /// Files of the same architecture and names: two diffs against copies that are known say which it is.
    @Test func isThisInOrMix() throws {
        let folder = try TemporaryFolder()
        let config = try Fixtures.text(CommandTests.tiny("f32").config)
        let factor = try #require(config.range(of: #""scaling_factor": [0-9.]+"#, options: .regularExpression))
        for (name, number, seed) in [("in", "0.3189", "1"), ("mix", "0.4552", "2")] {
            try folder.write("r/Registry/my-\(name).json", Array(#"{"name": "my-\#(name)"}"#.utf8))
            let own = config.replacingCharacters(in: factor, with: #""scaling_factor": \#(number)"#)
            try folder.write("r/Configs/my-\(name)/config.json", Array(own.utf8))
            let made = try Program.run(
                ["synthesize", "my-" + name, "--seed", seed, "-o", folder(name), "-q", "--registry", folder("r")]
            )
            #expect(made.status == 0, "\(made.error)")
        }
        let moved = try Program.run(
            ["convert", folder("mix"), "-o", folder("moved"), "--compress", "zstd", "-q", "--registry", folder("r")]
        )
        #expect(moved.status == 0, "\(moved.error)")
        // The file alone, as it is found on a disk: nothing beside it says what it is.
        let file = try #require(folder.contents("moved").first { $0.hasSuffix(".zst") })
        try folder.write("unknown.zst", try Fixtures.bytes(folder("moved/" + file)))
        let options = ["--brief", "--registry", "r"]
        let wrong = try Self.diff(["unknown.zst", "in"] + options, in: folder)
        #expect(wrong.status == 1 && wrong.output.hasPrefix("the encoder differs in "), "\(wrong.output)\(wrong.error)")
        let right = try Self.diff(["unknown.zst", "mix"] + options, in: folder)
        #expect(right.status == 0 && right.output.hasPrefix("identical: all "), "\(right.output)\(right.error)")
        // With their configurations beside them, these are compared too.
        let configs = try Self.diff(["in/config.json", "mix/config.json"] + options, in: folder)
        #expect(configs.status == 1)
        #expect(configs.output == "the configs differ: scaling_factor is 0.3189 in A and 0.4552 in B\n")
    }

    @Test func formatsAndShardsDoNotMatter() throws {
        let folder = try TemporaryFolder()
        for (name, options) in [("shards", ["--max-shard-size", "300KB"]), ("zst", ["--compress", "zstd"])] {
            let arguments = ["convert", Self.sana.original, "--config", Self.sana.config, "-o", folder(name), "-q"]
            #expect(try Program.run(arguments + options).status == 0)
        }
        for name in ["shards", "zst", Self.sana.diffusers] {
            let diff = try Self.diff([Self.sana.original, name, "--brief"], in: folder)
            #expect(
                diff.status == 0 && diff.output.hasPrefix("identical: all "),
                "\(name): \(diff.output)\(diff.error)"
            )
        }
        #expect(try Self.diff(["shards", "zst", "-q"], in: folder).status == 0)
    }

    @Test func theDocumentHasStableNames() throws {
        let folder = try Self.workplace()
        let result = try Self.diff(["a", "b", "--json", "--rtol", "0.5"], in: folder)
        let document = try result.result
        #expect(
            document.members?.map(\.key) == [
                "verdict", "answer", "a", "b", "layout", "tolerance", "counts", "modules", "tensors", "config",
                "metadata", "outputs",
            ]
        )
        #expect(document["counts"]?["changed"] == 1 && document["layout"] == "original")
        let changed = try #require(document["tensors"]?.array?.first { $0["relation"] == "changed" })
        #expect(
            changed["difference"]?.members?.map(\.key) == [
                "value_count", "differing_count", "nan_mismatches", "infinity_mismatches", "outside_tolerance",
                "max_abs", "rms",
                "relative_rms", "rms_a", "rms_b", "cosine", "max_ulp",
            ]
        )
        #expect(changed["difference"]?["differing_count"] == 1)
    }

    @Test func theTablesComeAfterTheAnswer() throws {
        let folder = try Self.workplace()
        let lines = try Self.diff(["a", "b"], in: folder).output.split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        #expect(lines[0].hasPrefix("the encoder is identical; the decoder differs in 1 of "))
        #expect(lines[2].hasPrefix("A  a  (safetensors, original layout, 156 tensors, F32 "))
        #expect(lines.contains { $0.hasPrefix("MODULE ") } && lines.contains { $0.hasPrefix("TENSOR ") })
        #expect(lines.count { $0.contains(" changed ") } == 1)
    }

    @Test func twoConfigurationsAreCompared() throws {
        let folder = try TemporaryFolder()
        func path(_ name: String) -> String { Fixtures.project + "/Configs/\(name)/config.json" }
        let (mix, input) = (path("dc-ae-f32c32-mix-1.0"), path("dc-ae-f32c32-in-1.0"))
        let different = try Self.diff([input, mix], in: folder)
        #expect(different.status == 1)
        #expect(
            different.output
                == """
                the configs differ: scaling_factor is 0.3189 in A and 0.4552 in B

                CONFIG          A       B
                scaling_factor  0.3189  0.4552

                """
        )
        let same = try Self.diff([input, input], in: folder)
        #expect(same.status == 0 && same.output == "the configs are the same\n")
        // An original config.json names a model; the registry knows its configuration.
        try folder.write("config.json", Array(#"{"model_name": "dc-ae-f32c32-mix-1.0"}"#.utf8))
        #expect(try Self.diff(["config.json", mix, "-q"], in: folder).status == 0)
        #expect(try Self.diff(["config.json", input, "-q"], in: folder).status == 1)
    }

    @Test func whatCannotBeComparedIsOneLine() throws {
        let folder = try Self.workplace()
        try folder.write("text", Array("hello, this is no checkpoint".utf8))
        let cases: [([String], String)] = [
            (["a", "none"], "none: there is no such file or folder; check the path"),
            (["none", "a"], "none: there is no such file or folder; check the path"),
            (
                ["a", "text"],
                "text: no checkpoint format begins with the text \"hello, this is n\"; safetensors and PyTorch files are read, "
                    + "plain or compressed with zstd"
            ),
            (
                ["a", "b/config.json"],
                "b/config.json: this is a configuration, but a is a checkpoint; compare two of a kind"
            ),
            (
                ["a", "b", "--only", "x*"],
                "--only: no tensor is selected on either side; `dcae inspect` with --tensors lists the names"
            ),
        ]
        for (arguments, line) in cases {
            let result = try Self.diff(arguments, in: folder)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
            #expect(result.error == "dcae: error: \(line)\n", "\(arguments)")
        }
        #expect(try Self.diff(["a", "b", "--rtol", "-1"], in: folder).status == 64)
        #expect(try Self.diff(["a"], in: folder).status == 64)
    }

    @Test func namesCannotCommandATerminal() throws {
        let folder = try TemporaryFolder()
        let name = "\u{1B}]0;x\u{7}<script>\u{202E}"
        for (file, value) in [("a.safetensors", UInt8(1)), ("b.safetensors", 2)] {
            try folder.write(file, tensors: [(.init(name: name, dtype: .u8, shape: [1]), [value])])
        }
        let result = try Self.diff(["a.safetensors", "b.safetensors"], in: folder)
        #expect(result.status == 1 && !result.output.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
        #expect(result.output.contains("\\u{1b}]0;x\\u{7}<script>\\u{202e}"))
    }
}
