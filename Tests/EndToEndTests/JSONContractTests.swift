import Foundation
import Images
import ModelZoo
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// docs/json.md, kept: `--json` gives one object of docs/dcae-1.schema.json for every command, when it succeeds, when a check
/// finds something and when it fails. `Program.run` holds every output of `--json` that any test sees against the schema.
@Suite struct JSONContractTests {
    private static let sana = Fixtures.path("tiny/sana/diffusers")
    private static let config = sana + "/config.json"
    private static let original = Fixtures.path("tiny/sana/original.safetensors")
    private static let f32 = Fixtures.path("tiny/f32/diffusers")
    private static let partial = LatentCommandTests.partial

    /// A folder with pictures, latents and what else commands read, and a cache of the Hub that is empty.
    private static func workplace() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["photos", "made"] {
            for index in 0..<3 {
                let path = try folder.write("\(name)/p\(index).png", [])
                try SeededPicture.make(70 + index, 66, seed: index).writePNG(to: path, overwrite: true)
            }
        }
        try SeededPicture.make(64, 96, seed: 9).writePNG(to: folder("p.png"))
        try folder.write("mixed/good.png", try Fixtures.bytes(folder("p.png")))
        try folder.write("mixed/bad.png", [0x89])
        try folder.write("notes.txt", Array("no checkpoint".utf8))
        try folder.write("empty/readme", [])
        return folder
    }

    private static func writeNaN(to file: String, _ shape: [Int]) throws {
        let values = [Float](repeating: .nan, count: shape.reduce(1, *))
        try NumpyArray(shape: Shape(shape), values: values).write(to: file)
    }

    /// Runs a line, in which words have no spaces.
    private static func run(_ line: String, _ folder: TemporaryFolder, quiet: Bool = false) throws -> Program.Result {
        let names = [
            "SANA": sana, "CONFIG": config, "ORIGINAL": original, "F32": f32, "V15": partial,
            "SHARDS": Fixtures.path("bad/shards"),
        ]
        let words = line.split(separator: " ").map { names[String($0)] ?? String($0) }
        return try Program.run(
            words + ["--json"] + (quiet ? ["-q"] : []),
            environment: [
                "TORCH_HOME": "/nonexistent", "HF_HOME": folder("hub"), "HF_HUB_OFFLINE": "1", "COLUMNS": "80",
            ],
            in: folder.path
        )
    }

    // MARK: The contract itself

    /// The schema's lists of kinds are those of the code, so that neither grows alone.
    @Test func kindsAreThoseOfTheSchema() throws {
        let schema = try Fixtures.schemaOfJSON()
        let kinds = schema["$defs"]?["error"]?["properties"]?["kind"]?["enum"]?.array?.compactMap(\.string)
        #expect(kinds == RefusalKind.allCases.map(\.rawValue))
        let guide = try Fixtures.text(Fixtures.project + "/docs/json.md")
        for kind in kinds ?? [] { #expect(guide.contains("`\(kind)`"), "docs/json.md explains \(kind)") }
        let warnings = schema["$defs"]?["warning"]?["properties"]?["kind"]?["enum"]?.array?.compactMap(\.string)
        for kind in warnings ?? [] { #expect(guide.contains("`\(kind)`"), "docs/json.md explains \(kind)") }
        let layouts = schema["$defs"]?["layout"]?["enum"]?.array?.compactMap(\.string)
        #expect(layouts == Layout.allCases.map(\.rawValue))
    }

    /// A command that is new is in the schema, and in the tests below or in those of the Hub.
    @Test func everyCommandIsInTheSchema() throws {
        let commands = try #require(
            try Fixtures.schemaOfJSON()["properties"]?["command"]?["enum"]?.array?.compactMap(\.string)
        )
        let help = try Program.run(["--help"]).output
        let section = help.components(separatedBy: "SUBCOMMANDS:").last ?? ""
        let names = section.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(names.count >= 19)
        for name in names where name != "See" {
            #expect(commands.contains { $0 == name || $0.hasPrefix(name + " ") }, "\(name) is in no schema")
        }
        let tested = Set((Self.successes + Self.findings + Self.failures.map(\.line)).map(Self.command))
        let ofTheHub: Set = ["pull", "cache rm"]
        #expect(Set(commands).subtracting(tested).subtracting(ofTheHub).isEmpty)
    }

    /// The words of a line that name the command.
    private static func command(_ line: String) -> String {
        let words = line.split(separator: " ").prefix(2).map(String.init)
        let isNested =
            words.count > 1
            && (words[0] == "cache" || words[1] == "merge" || (words[0] == "eval" && words[1] == "compare"))
        return words.prefix(isNested ? 2 : 1).joined(separator: " ")
    }

    // MARK: Success

    private static let successes = [
        "list", "list --family sana", "show sana-1.1", "show sana-1.1 --config", "show sana-1.1 --tensors original",
        "show ace-step", "tokens 1024x1024 1000x600", "inspect SANA", "inspect SANA --tree --stats --tensors",
        "inspect SANA --html i.html --force", "inspect CONFIG", "identify SANA", "diff SANA SANA", "diff SANA ORIGINAL",
        "diff CONFIG CONFIG", "diff SANA SANA --html d.html --force", "hash SANA", "hash SANA -o m.txt --force",
        "hash SANA --stored", "convert ORIGINAL --config CONFIG -o converted --force",
        "convert SANA -o one.safetensors --dtype bf16 --force", "convert ORIGINAL --config CONFIG --dry-run",
        "convert SANA -o checked --to original --check structure --force",
        "convert SANA -o comfy --to comfyui --force", "convert SANA -o mlx --to mlx --force", "inspect MLX",
        "identify MLX", "verify MLX", "verify SANA", "verify CONFIG",
        "encode SANA p.png -o l.safetensors --force --scaled",
        "encode SANA photos -o latents --size 64 --force --format npy", "decode SANA latents -o decoded --force",
        "roundtrip SANA", "roundtrip SANA p.png -o sheet.png --force", "roundtrip SANA p.png --reference SANA",
        "roundtrip SANA p.png --as fp16,bf16 --activations fp16",
        "roundtrip V15 p.png --latent-channels 8,16 --fit crop",
        "bench SANA --size 64 --repeat 1 --layers", "scale SANA --images photos --size 64",
        "scale SANA --images photos --size 64 --shard 1/2 -o parts/ --force", "eval SANA photos --size 64",
        "eval SANA F32 photos --size 64 --html e.html --force", "eval --pairs photos made",
        "eval SANA photos --size 64 --shard 1/2 -o parts.json --force",
        "synthesize lite --weights seeded -o lite --force", "picture -o drawn.png --size 64x64 --force", "cache ls",
        "cache verify", "cache prune",
    ]

    @Test(arguments: successes) func success(line: String) throws {
        let folder = try Self.workplace()
        if line.hasSuffix(" MLX") { _ = try Self.run("convert SANA -o MLX --to mlx", folder) }
        if line.hasPrefix("decode") { _ = try Self.run("encode SANA photos -o latents --size 64 --format npy", folder) }
        // A model of 1.2 GB is not made in a test.
        let own = line.hasPrefix("synthesize") ? try Self.tinyRegistry(in: folder) : line
        let result = try Self.run(own, folder)
        let document = try result.document
        #expect(result.status == 0 && document["ok"] == true && document["error"] == .null, "\(result.error)")
        #expect(document["command"]?.string == Self.command(line))
        // The same object with --quiet, but for times; words alone are silenced.
        let quiet = try Self.run(own, folder, quiet: true)
        let (a, b) = (Self.shape(document), Self.shape(try quiet.document))
        #expect(quiet.status == 0 && a == b)
        // What is said to have been written is there.
        for path in document["result"]?["outputs"]?.array?.compactMap(\.string) ?? [] {
            #expect(FileManager.default.fileExists(atPath: path.hasPrefix("/") ? path : folder(path)), "\(path)")
        }
    }

    /// A line that writes a small model instead of a large one.
    private static func tinyRegistry(in folder: TemporaryFolder) throws -> String {
        _ = try folder.tinyRegistry()
        return "synthesize tiny-lite -o lite --force --registry ."
    }

    /// The keys and kinds of values, without times and other numbers that no two runs share.
    private static func shape(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(shape))
        case .object(let members): .object(members.map { .init($0.key, shape($0.value)) })
        case .integer, .unsigned, .double, .spelled: 0
        default: value
        }
    }

    @Test func mergedAndCompared() throws {
        let folder = try Self.workplace()
        for index in 1...2 {
            _ = try Self.run("scale SANA --images photos --size 64 --shard \(index)/2 -o s\(index).json", folder)
            _ = try Self.run("eval SANA photos --size 64 --shard \(index)/2 -o e\(index).json", folder)
        }
        for line in Self.merges {
            let result = try Self.run(line, folder)
            let document = try result.document
            #expect(result.status == 0 && document["command"]?.string == Self.command(line), "\(result.error)")
            #expect(document["input"] == JSONValue(line.split(separator: " ").dropFirst(2).prefix(2).map(String.init)))
        }
    }

    private static let merges = [
        "scale merge s1.json s2.json", "eval merge e1.json e2.json -o whole.json",
        "eval compare whole.json whole.json",
    ]

    // MARK: Findings

    private static let findings = [
        "diff SANA F32", "diff CONFIG V15/config.json", "hash F32 --check m.txt", "verify F32 --config CONFIG",
        "decode SANA nan.npy -o nan.png --check-finite",
        "encode SANA nan-image.npy -o n.npy",
    ]

    /// A check that finds something gives its result all the same, and exit code 1.
    @Test(arguments: findings) func finding(line: String) throws {
        let folder = try Self.workplace()
        _ = try Self.run("hash SANA -o m.txt", folder)
        try folder.write("V15/config.json", try Fixtures.bytes(Self.partial + "/config.json"))
        try Self.writeNaN(to: folder("nan.npy"), [1, 8, 2, 2])
        try Self.writeNaN(to: folder("nan-image.npy"), [1, 3, 32, 32])
        let result = try Self.run(line, folder)
        let document = try result.document
        #expect(result.status == 1 && document["ok"] == false, "\(result.error)")
        #expect(document["error"]?["kind"] == "finding" && document["error"]?["message"]?.string?.isEmpty == false)
        // The first value that is not finite ends the run.
        let isEnded = line.contains("--check-finite")
        #expect((document["result"] == .null) == false || isEnded)
    }

    // MARK: Failures

    private struct Failure: CustomTestStringConvertible, Sendable {
        let line: String
        let kind: RefusalKind
        var place: String?
        var status: Int32 = 2
        var testDescription: String { line }
    }

    private static let failures = [
        Failure(line: "list --family sanna", kind: .unknownFamily, status: 64),
        Failure(line: "show sana-1.2", kind: .unknownVariant, status: 64),
        Failure(line: "show mix", kind: .ambiguousVariant, status: 64),
        Failure(line: "tokens 1024x", kind: .usage, status: 64),
        Failure(line: "inspect none.safetensors", kind: .noSuchFile, place: "none.safetensors"),
        Failure(line: "inspect notes.txt", kind: .unknownFormat, place: "notes.txt"),
        Failure(line: "inspect empty", kind: .noCheckpoint, place: "empty"),
        Failure(line: "identify p.png", kind: .unknownFormat),
        Failure(line: "identify ORIGINAL", kind: .notDCAE),
        Failure(line: "diff SANA none", kind: .noSuchFile, place: "none"),
        Failure(line: "diff SANA CONFIG", kind: .badOption),
        Failure(line: "hash none", kind: .noSuchFile, place: "none"),
        Failure(line: "hash SANA --check notes.txt", kind: .unknownFormat, place: "notes.txt"),
        Failure(line: "hash SANA -o notes.txt", kind: .alreadyExists, place: "notes.txt"),
        Failure(line: "convert ORIGINAL -o x", kind: .notDCAE),
        Failure(line: "convert SANA -o x", kind: .nothingToDo),
        Failure(line: "convert SANA -o -", kind: .badOutput),
        Failure(line: "convert SANA", kind: .usage, status: 64),
        Failure(line: "verify none", kind: .noSuchFile, place: "none"),
        Failure(line: "encode SANA p.png -o -", kind: .badOutput),
        Failure(line: "encode SANA mixed -o out --size 64", kind: .someFailed),
        Failure(line: "eval SANA mixed --size 64", kind: .someFailed),
        Failure(line: "scale SANA mixed --size 64", kind: .someFailed),
        Failure(line: "roundtrip SANA mixed --size 64", kind: .someFailed),
        Failure(line: "encode SANA none.png -o l.npy", kind: .noSuchFile, place: "none.png"),
        Failure(line: "decode SANA notes.txt -o x.png", kind: .unknownFormat),
        Failure(line: "roundtrip SANA none.png", kind: .noSuchFile, place: "none.png"),
        Failure(line: "bench none", kind: .noSuchFile, place: "none"),
        Failure(line: "scale SANA --images empty --size 64", kind: .noInputs),
        Failure(line: "scale merge none.json", kind: .noSuchFile, place: "none.json"),
        Failure(line: "eval SANA", kind: .noInputs),
        Failure(line: "eval merge notes.txt", kind: .unknownFormat),
        Failure(line: "eval compare notes.txt notes.txt", kind: .unknownFormat),
        Failure(line: "synthesize sana-1.2 -o x", kind: .unknownVariant, status: 64),
        Failure(line: "picture -o notes.txt --size 64x64", kind: .alreadyExists, place: "notes.txt"),
        Failure(line: "picture -o - --size 64x64", kind: .badOutput, place: "-"),
        Failure(line: "cache ls lite", kind: .notCached), Failure(line: "cache verify lite", kind: .notCached),
        Failure(line: "cache rm lite", kind: .notCached), Failure(line: "cache prune lite", kind: .notCached),
        Failure(line: "pull lite", kind: .offline),
    ]

    @Test(arguments: failures) private func failure(_ failure: Failure) throws {
        let folder = try Self.workplace()
        let before = folder.contents()
        let result = try Self.run(failure.line, folder)
        let document = try result.document
        let error = try #require(document["error"])
        #expect(result.status == failure.status, "\(result.error)")
        #expect(error["kind"]?.string == failure.kind.rawValue, "\(result.output)")
        #expect(document["command"]?.string == Self.command(failure.line))
        if let place = failure.place { #expect(error["place"]?["path"]?.string == place) }
        // Words go where they always went, and say the same.
        let message = try #require(error["message"]?.string)
        #expect(result.error.contains(message), "\(message) is in \(result.error)")
        if let remedy = error["remedy"]?.string, failure.kind != .usage { #expect(result.error.contains(remedy)) }
        // What was found out, and what was done of many, is in the result.
        guard failure.kind != .someFailed, !failure.line.hasPrefix("identify ORIGINAL") else {
            #expect(document["result"] != .null)
            return
        }
        #expect(document["result"] == .null && folder.contents() == before)
    }

    /// Every command, with a flag that none has.
    @Test func wrongUsage() throws {
        let folder = try Self.workplace()
        for line in Set(Self.successes + Self.merges) {
            let result = try Self.run(line + " --nonsense", folder)
            let document = try result.document
            #expect(result.status == 64 && document["error"]?["kind"] == "usage", "\(line)")
            #expect(document["result"] == .null && document["input"] == .null)
            #expect(document["error"]?["message"]?.string?.contains("--nonsense") == true, "\(line)")
        }
        let unknown = try Self.run("convrt", folder)
        #expect(try unknown.status == 64 && unknown.document["command"] == .null)
        #expect(try unknown.document["error"]?["candidates"] == [["name": "convert"]])
        let early = try Program.run(["--json", "convert", "x"])
        #expect(try early.status == 64 && early.document["command"] == "convert")
        let near = try Self.run("convert SANA -o x --dryrun", folder)
        #expect(try near.document["error"]?["candidates"] == [["name": "--dry-run"]], "\(near.output)")
        // What follows -- is no flag.
        let file = try Program.run(["inspect", "--", "--json"])
        #expect(file.status == 2 && file.output.isEmpty)
    }

    // MARK: What an error says

    @Test func anAmbiguityNamesItsCandidates() throws {
        let folder = try Self.workplace()
        let several = try Self.run("show mix", folder).document["error"]
        let mixed: JSONValue = ["variant": "dc-ae-f32c32-mix-1.0", "scaling_factor": 0.4552]
        #expect(several?["candidates"]?.array?.contains(mixed) == true && several?["place"] == .null)
        let near = try Self.run("show sana-1.11", folder).document["error"]
        #expect(near?["candidates"] == [["variant": "dc-ae-f32c32-sana-1.1", "scaling_factor": 0.41407]])
        let given = try Self.run("inspect SANA --variant sana-1.11", folder).document["error"]
        #expect(given?["place"] == ["option": "--variant"])
        // in and mix have the same tensors, and other factors.
        let model = try folder.writeHollow(
            "in-or-mix.safetensors",
            try Registry().variant(named: "f32c32-mix-1.0").config,
            .original
        )
        let result = try Self.run("convert \(model) -o x", folder)
        let error = try #require(try result.document["error"])
        #expect(error["kind"] == "ambiguous_variant" && error["place"]?["path"]?.string == model)
        #expect(error["remedy"]?.string?.contains("--variant") == true)
        let candidates = try #require(error["candidates"]?.array)
        #expect(candidates.contains(["variant": "dc-ae-f32c32-in-1.0", "scaling_factor": 0.3189]))
        #expect(candidates.contains(["variant": "dc-ae-f32c32-mix-1.0", "scaling_factor": 0.4552]))
        // `identify` shows what it found, and says why that is not enough.
        let found = try Self.run("identify \(model)", folder)
        #expect(try found.status == 2 && found.result["verdict"] == "ambiguous")
        #expect(try found.document["error"]?["candidates"] == error["candidates"])
    }

    @Test func aPlaceSaysWhere() throws {
        let folder = try Self.workplace()
        try folder.write("cut.safetensors", Array(try Fixtures.bytes(Self.original).prefix(100)))
        let cut = try Self.run("inspect cut.safetensors", folder).document["error"]
        #expect(cut?["kind"] == "damaged_file" && cut?["place"]?["path"] == "cut.safetensors")
        try Self.writeNaN(to: folder("nan-image.npy"), [1, 3, 32, 32])
        let nan = try Self.run("encode SANA nan-image.npy -o l.npy --check-finite", folder)
        #expect(try nan.status == 1 && nan.document["error"]?["place"]?["path"] == "nan-image.npy")
    }

    /// What could not be used of many inputs has errors of the same kind, and what could has results.
    @Test func aRunThatFailsInPart() throws {
        let folder = try Self.workplace()
        let result = try Self.run("encode SANA mixed -o out --size 64", folder)
        let errors = try #require(try result.result["errors"]?.array)
        #expect(errors.count == 1 && errors[0]["place"]?["path"] == "mixed/bad.png")
        #expect(errors[0]["kind"] == "unknown_format" && errors[0]["message"]?.string?.isEmpty == false)
        #expect(try result.result["results"]?.array?.count == 1)
        let measured = try Self.run("scale SANA --images mixed --size 64", folder)
        let passed = try #require(try measured.result["measurement"]?["errors"]?.array)
        #expect(passed.count == 1 && passed[0]["kind"] == "unreadable_input")
        #expect(passed[0]["place"] == ["path": "bad.png"])
        #expect(try measured.document["warnings"]?.array?.contains { $0["kind"] == "input" } == true)
    }

    @Test func warningsHaveKinds() throws {
        let folder = try Self.workplace()
        let one = try Self.run("convert SANA -o one.safetensors --dtype bf16", folder)
        let warnings = try #require(try one.document["warnings"]?.array)
        #expect(warnings.contains { $0["kind"] == "config" }, "\(one.output)")
        for warning in warnings {
            let message = warning["message"]?.string ?? ""
            #expect(one.error.contains(message), "\(message)")
        }
        var config = try #require(try JSONReader.read(Fixtures.bytes(Self.config)).members)
        config.removeAll { $0.key == "scaling_factor" }
        config.append(.init("latent_chanels", 8))
        try folder.write("c.json", Array(JSONWriter.pretty(.object(config)).utf8))
        let odd = try Self.run("inspect c.json", folder, quiet: true)
        let kinds = try odd.document["warnings"]?.array?.map { $0["kind"] }
        #expect(kinds == ["config", "config"] && odd.error.isEmpty)
    }
}

extension Fixtures {
    fileprivate static func schemaOfJSON() throws -> JSONValue {
        try JSONReader.read(try bytes(project + "/docs/dcae-1.schema.json"))
    }
}
