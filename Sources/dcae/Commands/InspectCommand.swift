internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what is in a checkpoint, from its headers alone.",
        discussion: """
            Format, layout, metadata, dtypes and parameters by module. No tensor data is
            read, so a file of any size answers at once. A config.json is checked as the
            configuration of an AutoencoderDC.
            """
    )

    @Argument(help: "A checkpoint, a shard index, a model folder or a config.json.", completion: .file())
    var path: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @OptionGroup var open: OpenArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        if case .config(let text) = try PathKind.of(path) { return try inspectConfig(text) }
        let checkpoint = try open.open(path)
        let summary = CheckpointSummary(checkpoint, registry: try common.loadRegistry())
        if common.json { return Terminal.print(summary.document(tensors: tensors)) }
        common.say(notesOf: checkpoint)
        if tensors { return list(checkpoint) }
        summary.render()
    }

    private func list(_ checkpoint: Checkpoint) {
        var table = Table(["TENSOR", "DTYPE", "SHAPE", "BYTES"], right: [3])
        for tensor in checkpoint.tensors {
            table.add([
                tensor.descriptor.name.escaped(limit: 200), tensor.descriptor.dtype.rawValue,
                tensor.descriptor.shape.description, Show.grouped(tensor.byteCount),
            ])
        }
        table.print()
    }

    private func inspectConfig(_ text: [UInt8]) throws {
        let reading = try AutoencoderDCConfig.read(text, path: path)
        let registry = try common.loadRegistry()
        let same = registry.variants.filter { $0.config == reading.config }.map(\.name)
        let network = NetworkDescription(reading.config)
        if common.json {
            return Terminal.print([
                "format": "config", "config": reading.config.json, "missing": JSONValue(reading.missing),
                "unknown": JSONValue(reading.unknown), "variants": JSONValue(same),
                "parameters": .integer(network.parameterCount),
            ])
        }
        let config = reading.config
        Terminal.print("AutoencoderDC configuration, f\(config.spatialCompressionRatio)c\(config.latentChannels)")
        Terminal.print("  parameters      \(Show.grouped(network.parameterCount))")
        Terminal.print("  scaling factor  \(config.scalingFactor.map { "\($0)" } ?? "missing")")
        Terminal.print("  equal to        \(same.isEmpty ? "that of no known variant" : same.joined(separator: ", "))")
        guard !common.quiet else { return }
        for field in reading.missing { Terminal.warn("\(field) is missing: diffusers takes its default") }
        for field in reading.unknown {
            Terminal.warn("unknown field \"\(field.escaped(limit: 40))\": diffusers ignores it")
        }
    }
}

/// What the headers of a checkpoint say.
struct CheckpointSummary {
    private let checkpoint: Checkpoint
    private let match: StructureMatch
    private let modules: [(name: String, tensors: Int, elements: Int, bytes: Int)]
    private let dtypes: [(dtype: DType, tensors: Int, bytes: Int)]

    init(_ checkpoint: Checkpoint, registry: Registry) {
        self.checkpoint = checkpoint
        match = StructureMatch(checkpoint, registry: registry)
        var modules: [String: (tensors: Int, elements: Int, bytes: Int)] = [:]
        var dtypes: [DType: (tensors: Int, bytes: Int)] = [:]
        for tensor in checkpoint.tensors {
            let name = Self.module(of: tensor.descriptor.name, isKnown: match.layout != nil)
            let elements = tensor.descriptor.shape.elementCount ?? 0
            let sum = modules[name] ?? (0, 0, 0)
            modules[name] = (sum.tensors + 1, sum.elements + elements, sum.bytes + tensor.byteCount)
            let count = dtypes[tensor.descriptor.dtype] ?? (0, 0)
            dtypes[tensor.descriptor.dtype] = (count.tensors + 1, count.bytes + tensor.byteCount)
        }
        self.modules = modules.map { ($0, $1.tensors, $1.elements, $1.bytes) }.sorted { $0.name < $1.name }
        self.dtypes = dtypes.map { ($0, $1.tensors, $1.bytes) }.sorted { $0.dtype > $1.dtype }
    }

    /// The module that a tensor is counted under: `encoder.stages.3`, or the first part of a name that is unknown.
    private static func module(of name: String, isKnown: Bool) -> String {
        // By bytes: a name may be long, and characters are found slowly.
        let parts = name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard isKnown, parts.count > 3, parts[1].hasSuffix("s") else {
            return parts.prefix(isKnown ? 2 : 1).joined(separator: ".")
        }
        return parts.prefix(3).joined(separator: ".")
    }

    private var formatName: String {
        let shards =
            checkpoint.files.count > 1 || checkpoint.indexPath != nil ? ", \(checkpoint.files.count) shards" : ""
        return checkpoint.format.rawValue + shards + (checkpoint.isCompressed ? ", compressed with zstd" : "")
    }

    func render() {
        func line(_ label: String, _ text: String) {
            Terminal.print("  \(label)\(String(repeating: " ", count: max(1, 12 - label.count)))\(text)")
        }
        Terminal.print(Terminal.bold(checkpoint.path.escaped(limit: 400)))
        line("format", formatName)
        line("layout", match.layout.map { "\($0.rawValue) DC-AE" } ?? "not that of a DC-AE")
        if match.variants.isEmpty {
            if match.layout != nil, let mismatch = match.mismatch { line("variant", "none that is known; \(mismatch)") }
        } else {
            line("fits", match.variants.map(\.name).joined(separator: ", "))
        }
        let elements = modules.reduce(0) { $0 + $1.elements }
        line(
            "tensors",
            "\(checkpoint.tensors.count), \(Show.grouped(elements)) values, \(ByteSize.show(checkpoint.byteCount))"
        )
        line(
            "dtypes",
            dtypes.map { "\($0.dtype.rawValue) \(ByteSize.show($0.bytes)) in \($0.tensors)" }.joined(separator: ", ")
        )
        let metadata = checkpoint.metadata.prefix(8).map { member in
            "\(member.key.escaped(limit: 40)) = \((member.value.string ?? "").escaped(limit: 60))"
        }
        let more = checkpoint.metadata.count > 8 ? ", and \(checkpoint.metadata.count - 8) more" : ""
        line("metadata", metadata.isEmpty ? "none" : metadata.joined(separator: ", ") + more)
        guard !modules.isEmpty else { return }
        Terminal.print()
        var table = Table(["MODULE", "TENSORS", "VALUES", "SIZE"], right: [1, 2, 3])
        for module in modules.prefix(200) {
            table.add([
                module.name.escaped(), String(module.tensors), Show.grouped(module.elements),
                ByteSize.show(module.bytes),
            ])
        }
        table.print()
        if modules.count > 200 { Terminal.print("and \(modules.count - 200) more") }
    }

    func document(tensors: Bool) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("path", .string(checkpoint.path)),
            .init("format", .string(checkpoint.format.rawValue)),
            .init("compressed", .bool(checkpoint.isCompressed)),
            .init("files", JSONValue(checkpoint.files.map(\.path))),
            .init("index", JSONValue(checkpoint.indexPath)),
            .init("layout", JSONValue(match.layout?.rawValue)),
            .init("variants", JSONValue(match.variants.map(\.name))),
            .init("mismatch", JSONValue(match.mismatch.flatMap { match.variants.isEmpty ? $0 : nil })),
            .init("tensor_count", .integer(checkpoint.tensors.count)),
            .init("values", .integer(modules.reduce(0) { $0 + $1.elements })),
            .init("bytes", .integer(checkpoint.byteCount)),
            .init(
                "dtypes",
                .array(
                    dtypes.map {
                        [
                            "dtype": .string($0.dtype.rawValue), "tensors": .integer($0.tensors),
                            "bytes": .integer($0.bytes),
                        ]
                    }
                )
            ),
            .init("metadata", .object(checkpoint.metadata)),
            .init("notes", JSONValue(checkpoint.notes)),
            .init(
                "modules",
                .array(
                    modules.map {
                        [
                            "name": .string($0.name), "tensors": .integer($0.tensors), "values": .integer($0.elements),
                            "bytes": .integer($0.bytes),
                        ]
                    }
                )
            ),
        ]
        if tensors { members.append(.init("tensors", .array(checkpoint.tensors.map(entry)))) }
        return .object(members)
    }

    private func entry(_ tensor: StoredTensor) -> JSONValue {
        [
            "name": .string(tensor.descriptor.name), "dtype": .string(tensor.descriptor.dtype.rawValue),
            "shape": JSONValue(tensor.descriptor.shape.dimensions), "bytes": .integer(tensor.byteCount),
            "file": .string(ModelFolder.name(of: checkpoint.files[tensor.location.file].path)),
            "offset": .integer(tensor.location.offset),
        ]
    }
}
