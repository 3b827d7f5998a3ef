internal import ArgumentParser
internal import CheckpointIO
internal import Inference
internal import Inspection
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

struct HashCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Prints SHA-256 digests of a checkpoint's content, the same in every layout and format.",
        discussion: """
            Prints a manifest: the digest of every tensor's data, under the names of the
            diffusers layout, and one digest of the whole content. An original checkpoint,
            its diffusers copy, its shards and its PyTorch file have the same manifest.
            In files that are not a DC-AE, tensors keep their names.

              dcae hash model.safetensors -o sana.txt     write the manifest
              dcae hash sana-diffusers/ --check sana.txt  the same weights?
              dcae hash fp32/ --as bf16 -q                the digest of the rounding
              dcae hash bf16/ -q                          ... should equal this one

            Each line is the SHA-256 of the data (row-major, least significant byte
            first), dtype, shape and name; the content digest is that of all these lines:
            grep -v '^#' sana.txt | sha256sum

            Exit codes: 0 done, or the same; 1 --check found a difference; 2 it could not be
            done.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Option(name: .customLong("as"), help: "Round the weights first: to fp32, fp16, bf16 or fp8-e4m3.")
    var cast: WeightDType?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write the manifest into a file.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @Option(
        help: ArgumentHelp("Compare with a manifest, and show what differs.", valueName: "file"),
        completion: .file()
    )
    var check: String?

    @Flag(help: "List the tensors as they are stored, under their names in this file.")
    var stored = false

    @Flag(help: "Replace a file that exists.")
    var force = false

    @OptionGroup var hints: HintArguments
    @OptionGroup var writing: WritingArguments
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if check != nil, output != nil { throw ValidationError("--check and --output exclude each other") }
        if check != nil, stored { throw ValidationError("--stored is not for --check: the manifest says which names") }
        if stored, hints.config != nil { throw ValidationError("--stored and --config exclude each other") }
    }

    func run() throws {
        let expected = try check.map { path throws(CheckpointError) in try Manifest.read(file: path) }
        let model = try hints.open(path, common)
        let document = try output.map { path throws(CheckpointError) in
            try OutputDocument(path, force: force, sources: model.files, durability: writing.durability)
        }
        let progress = Progress("hashing", total: model.checkpoint.byteCount, of: .bytes, quiet: common.quiet)
        defer { progress.finish() }
        let manifest = try Manifest(
            of: model,
            names: expected?.names ?? (stored ? .stored : .diffusers),
            nearest: expected != nil,
            as: cast?.dtype,
            progress: progress.advance
        )
        let match = try model.published()
        progress.finish()
        // To standard error: the manifest depends on the content alone.
        if let match { common.say([match.text]) }
        if expected == nil, !stored, manifest.names == .stored, model.layout != nil {
            if case .several? = model.problem {
                common.say(["it holds several networks, so all tensors keep their names; choose one with --section"])
            } else {
                common.say([
                    "no known DC-AE has exactly these tensors, so they keep their names; describe it with --config"
                ]
                )
            }
        }
        if let expected {
            return try render(ManifestComparison(expected: expected, found: manifest), expected, manifest)
        }
        try document?.write(manifest.text)
        render(manifest)
    }

    private func render(_ manifest: Manifest) {
        if common.json { return Terminal.print(document(manifest)) }
        if let output {
            let count = "\(manifest.entries.count) tensor\(manifest.entries.count == 1 ? "" : "s")"
            return Terminal.print(
                common.quiet ? output : "wrote \(output) (\(count), content sha256:\(manifest.content))"
            )
        }
        if common.quiet { return Terminal.print(manifest.content.description) }
        Terminal.write(manifest.text, to: 1)
    }

    private func render(_ result: ManifestComparison, _ expected: Manifest, _ found: Manifest) throws {
        defer { if common.json { Terminal.print(document(result, expected, found)) } }
        if !common.json {
            show("different", result.different) { "\($0.found.name): \($0.text)" }
            show("missing", result.missing) { $0.name }
            show("unexpected", result.unexpected) { $0.name }
            if !common.quiet {
                Terminal.print(verdict(result, found))
                if cast == nil, let name = result.suggestedCast?.weightName {
                    Terminal.say("dcae: note: --as \(name) compares the weights after rounding")
                }
            }
        }
        if !result.isEqual { throw Ending.finding(verdict(result, found)) }
    }

    /// The most lines of one kind.
    private static let listLimit = 20

    private func show<Item>(_ title: String, _ items: [Item], _ text: (Item) -> String) {
        // Names in manifests are escaped already.
        for item in items.prefix(Self.listLimit) { Terminal.print("\(title): \(text(item).clipped(toBytes: 300))") }
        if items.count > Self.listLimit { Terminal.print("\(title): and \(items.count - Self.listLimit) more") }
    }

    private func verdict(_ result: ManifestComparison, _ found: Manifest) -> String {
        if result.isEqual { return "the same: \(result.equalCount) tensors, content sha256:\(found.content)" }
        return "not the same: \(result.different.count) different, \(result.missing.count) missing, "
            + "\(result.unexpected.count) unexpected, \(result.equalCount) equal"
    }

    private func document(_ manifest: Manifest) -> JSONValue {
        [
            "names": .string(manifest.names.rawValue), "dtype": JSONValue(cast?.rawValue),
            "content_sha256": .string(manifest.content.description), "outputs": JSONValue(output.map { [$0] } ?? []),
            "tensor_count": .integer(manifest.entries.count),
            "tensors": .array(
                manifest.entries.map {
                    [
                        "name": .string($0.name), "dtype": .string($0.dtype.rawValue),
                        "shape": JSONValue($0.shape.dimensions), "sha256": .string($0.digest.description),
                    ]
                }
            ),
        ]
    }

    private func document(_ result: ManifestComparison, _ expected: Manifest, _ found: Manifest) -> JSONValue {
        [
            "verdict": result.isEqual ? "same" : "different", "manifest": JSONValue(check),
            "dtype": JSONValue(cast?.rawValue), "content_sha256": .string(found.content.description),
            "expected_content_sha256": .string(expected.content.description),
            "equal_count": .integer(result.equalCount),
            "different": .array(
                result.different.map { ["name": .string($0.found.name), "difference": .string($0.text)] }
            ),
            "missing": JSONValue(result.missing.map(\.name)), "unexpected": JSONValue(result.unexpected.map(\.name)),
        ]
    }
}

extension DType {
    /// The name that options have for a weight format.
    fileprivate var weightName: String? { WeightDType.allCases.first { $0.dtype == self }?.rawValue }
}
