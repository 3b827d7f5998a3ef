internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

struct RoundtripCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roundtrip",
        abstract: "Proves that a checkpoint survives conversion to the other layout and back, byte for byte.",
        discussion: """
            The plans of both directions are put together, and every byte is followed from the source through the other layout and
            back. Nothing is written.

            Exit codes: 0 every byte returns to its place, 1 some do not, 2 could not be checked.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @OptionGroup var open: OpenArguments
    @OptionGroup var common: CommonOptions

    func run() throws {
        let registry = try common.loadRegistry()
        let checkpoint = try open.open(path)
        common.say(notesOf: checkpoint)
        let result = try LayoutRoundtrip(checkpoint, registry: registry)
        if common.json {
            Terminal.print([
                "path": .string(path), "layout": .string(result.layout.rawValue),
                "through": .string(result.layout.other.rawValue),
                "tensors": .integer(result.tensorCount), "bytes": .integer(result.byteCount),
                "misplaced": JSONValue(result.misplaced),
            ])
        } else if !common.quiet {
            for name in result.misplaced { Terminal.print("misplaced: \(name.escaped(limit: 120))") }
            Terminal.print(
                "\(result.layout.rawValue) -> \(result.layout.other.rawValue) -> \(result.layout.rawValue): \(result.tensorCount) tensors, \(ByteSize.show(result.byteCount)), \(result.misplaced.isEmpty ? "every byte returns to its place" : "\(result.misplaced.count) tensors do not return")"
            )
        }
        if !result.misplaced.isEmpty { throw checkFailed }
    }
}
