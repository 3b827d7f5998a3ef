import Foundation
import StrictJSON
import TestSupport
import Testing

/// What the README, the documents and the help show can be typed: commands, options and values exist, and the README's own lines do
/// what they say.
@Suite struct DocumentedCommandsTests {
    // MARK: Every command that is shown

    /// A command as the program describes it.
    private struct Known {
        var options: [String: [String]] = [:]
        var words: [String: Known] = [:]
        var takesPaths = false
        var examples: [String] = []

        init(_ value: JSONValue) {
            for argument in value["arguments"]?.array ?? [] {
                let values = (argument["allValues"]?.array ?? []).compactMap(\.string)
                if argument["kind"]?.string == "positional" { takesPaths = true }
                for name in argument["names"]?.array ?? [] {
                    let dashes = name["kind"]?.string == "long" ? "--" : "-"
                    options[dashes + (name["name"]?.string ?? "")] = argument["kind"]?.string == "flag" ? [] : values
                }
            }
            for child in value["subcommands"]?.array ?? [] {
                words[child["commandName"]?.string ?? ""] = Known(child)
            }
            let text = (value["discussion"]?.string ?? "")
            examples = text.split(separator: "\n").map(String.init).filter { $0.contains("dcae ") }
            // Commands that share a word with its arguments: `scale merge`.
            options["--help"] = options["--help"] ?? []
        }

        var allExamples: [String] { examples + words.values.flatMap(\.allExamples) }
    }

    private static let program: Known? = {
        guard let result = try? Program.run(["--experimental-dump-help"]),
            let value = try? JSONReader.read(Array(result.output.utf8))["command"]
        else { return nil }
        return Known(value)
    }()

    /// The commands in a line: each from the program's name to where the shell, a comment or a sentence goes on.
    static func commands(in line: String, isCode: Bool) -> [[String]] {
        var found: [[String]] = []
        var rest = line[...]
        while let range = rest.range(of: "dcae ") {
            let before = rest[..<range.lowerBound].last
            rest = rest[range.upperBound...]
            guard before == nil || before == " " || before == "\"" || before == "`" || before == "'" else { continue }
            // In a sentence the name stands for the program itself, but within backquotes.
            guard isCode || before == "`" else { continue }
            var text = rest[...]
            for end in ["#", "|", ">", "`", "&&", ";", "\"", "   ", " ::: ", "…", "("] {
                if let stop = text.range(of: end) { text = text[..<stop.lowerBound] }
            }
            let words = text.split(separator: " ").map(String.init)
            if !words.isEmpty { found.append(words) }
        }
        return found
    }

    /// Lines of code, and what stands between backquotes, of a document.
    private static func commands(ofDocument text: String) -> [[String]] {
        var isFenced = false
        return text.components(separatedBy: "\n").flatMap { line -> [[String]] in
            if line.hasPrefix("```") {
                isFenced.toggle()
                return []
            }
            // What `convert` prints may speak of the program.
            if line.hasPrefix("      because ") { return [] }
            let isCode = isFenced || line.hasPrefix("    ")
            return commands(in: line, isCode: isCode)
        }
    }

    private static let documents =
        ["README.md", "CONTRIBUTING.md"]
        + ((try? FileManager.default.contentsOfDirectory(atPath: Fixtures.project + "/docs")) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }

    /// What is wrong with a command line, by the program's own description of itself; nil for nothing.
    private static func fault(of words: [String], _ program: Known) -> String? {
        var (known, rest) = (program, words[...])
        while let word = rest.first, let child = known.words[word] {
            known = child
            rest = rest.dropFirst()
        }
        if known.words.count == program.words.count {
            guard let first = rest.first else { return nil }
            // A sentence about the program: `dcae` itself, its version, its help.
            return first.hasPrefix("-") || first == "COMMAND" ? nil : "there is no command \(first)"
        }
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1, word != "-" else { continue }
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard let values = known.options[parts[0]] else { return "\(parts[0]) is no option of it" }
            guard !values.isEmpty else { continue }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else { continue }
            // A placeholder stands for any value.
            let isPlaceholder = value == value.uppercased()
            let choices = value.split(separator: ",").flatMap { $0.split(separator: "|") }.map(String.init)
            if !isPlaceholder, !choices.allSatisfy(values.contains) { return "\(value) is no value of \(parts[0])" }
        }
        return nil
    }

    @Test(arguments: documents) func everyCommandOfADocumentExists(path: String) throws {
        let program = try #require(Self.program)
        for words in Self.commands(ofDocument: try Fixtures.text(Fixtures.project + "/" + path)) {
            #expect(Self.fault(of: words, program) == nil, "\(path): dcae \(words.joined(separator: " "))")
        }
    }

    @Test func everyExampleOfTheHelpExists() throws {
        let program = try #require(Self.program)
        let examples = program.allExamples.flatMap { Self.commands(in: $0, isCode: $0.hasPrefix("  ")) }
        #expect(examples.count > 60)
        for words in examples {
            #expect(Self.fault(of: words, program) == nil, "dcae \(words.joined(separator: " "))")
        }
    }

    /// The check itself finds what is wrong.
    @Test(
        arguments: [
            ("dcae convrt a", "there is no command convrt"),
            ("dcae convert a --too original", "--too is no option of it"),
            ("dcae convert a --to orignal", "orignal is no value of --to"), ("dcae cache ls -q", nil),
            ("dcae convert a -o b --to original   and more", nil),
        ] as [(String, String?)]
    )
    func mistakesAreFound(line: String, fault: String?) throws {
        let program = try #require(Self.program)
        let words = try #require(Self.commands(in: line, isCode: true).first)
        #expect(Self.fault(of: words, program) == fault)
    }

    // MARK: The README, run

    /// Lines that need what a test has not: the reason.
    private static let left = [
        "pull": "the network", "cache": "shown where HubTests has a Hub", "inspect mit-han-lab": "the network",
        "convert model.safetensors": "a file that can be two models; IdentificationTests",
    ]

    @Test func theReadmeRuns() throws {
        let folder = try TemporaryFolder()
        let known = try OwnModelTests.registry(in: folder)
        let (original, diffusers) = (
            Fixtures.path("tiny/sana/original.safetensors"), Fixtures.path("tiny/sana/diffusers")
        )
        try folder.write("dc-ae-f32c32-sana-1.0/model.safetensors", Fixtures.bytes(original))
        try folder.write("dc-ae-f32c32-sana-1.0/config.json", Array(#"{"model_name": "tiny-sana"}"#.utf8))
        try folder.write(
            "pipeline/model_index.json",
            Array(#"{"_class_name": "SanaPipeline", "vae": ["diffusers", "AutoencoderDC"]}"#.utf8)
        )
        for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
            try folder.write("pipeline/vae/" + name, Fixtures.bytes(diffusers + "/" + name))
        }
        let storage = [("0", EncodingTestBytes.ones(16))]
        let weights = TorchFile.dict([("w", TorchFile.tensor(TorchFile.storage("0", count: 4), length: 4))])
        try folder.write(
            "epoch_12.ckpt",
            TorchFile.zip(TorchFile.pickle(TorchFile.dict([("ema", weights)])), storages: storage)
        )
        try OwnModelTests.run(["picture", "-o", "photo.png", "--size", "64x64"], known, in: folder)
        try folder.write("photos/a.png", Fixtures.bytes(folder("photo.png")))
        var run = 0
        for line in try Fixtures.text(Fixtures.project + "/README.md").components(separatedBy: "\n")
        where line.hasPrefix("    dcae ") || line.hasPrefix("    $ dcae ") {
            let words = try #require(Self.commands(in: line, isCode: true).first)
            let text = words.joined(separator: " ")
            if Self.left.keys.contains(where: text.hasPrefix) { continue }
            // A file of a trainer that holds no DC-AE is refused for that, after its section was found.
            let status: Int32 = text.hasPrefix("convert epoch_12.ckpt") ? 2 : 0
            let arguments = words + (text.hasPrefix("eval") ? ["--size", "64"] : [])
            let result = try Program.run(arguments, environment: known, in: folder.path)
            #expect(result.status == status, "\(text): \(result.error)")
            if status == 2 { #expect(result.error.contains("weights taken from ema"), "\(result.error)") }
            run += 1
        }
        #expect(run > 12)
        // "the same bytes again", "identical", "the same".
        #expect(try Fixtures.bytes(folder("back/model.safetensors")) == Fixtures.bytes(original))
    }
}

/// Bytes for a storage of floats.
private enum EncodingTestBytes {
    static func ones(_ count: Int) -> [UInt8] { (0..<(count / 4)).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] } }
}
