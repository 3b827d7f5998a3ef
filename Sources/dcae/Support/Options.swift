public import ArgumentParser
internal import CheckpointIO
package import Conversion
internal import Files
internal import Libc
public import ModelZoo
internal import TensorCore

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print one JSON document with stable field names.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but the result: no progress, no notes.")
    var quiet = false

    @Option(
        help: ArgumentHelp(
            "A folder with variants of your own.",
            discussion: "It holds Registry/NAME.json and Configs/NAME/config.json. DCAE_REGISTRY does the same.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var registry: String?

    /// The variants that are known to this run.
    func loadRegistry() throws -> Registry {
        let fromEnvironment = getenv("DCAE_REGISTRY").map { SystemText.text(cString: $0) }.flatMap {
            $0.isEmpty ? nil : $0
        }
        return try Registry(adding: registry ?? fromEnvironment)
    }

    /// Prints what was decided on opening a checkpoint.
    func say(notesOf checkpoint: Checkpoint) {
        guard !quiet else { return }
        for note in checkpoint.notes { Terminal.say("dcae: note: \(note)") }
    }
}

/// How files are written.
struct WritingArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Do not wait until what is written is on the disk.",
            discussion: "It is faster; after a loss of power files may be empty or gone, with their names in place."
        )
    )
    var noSync = false

    var durability: Durability { noSync ? .fast : .flushed }
}

/// How to open checkpoints whose content leaves a choice.
struct OpenArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The part of a PyTorch checkpoint that holds the weights, as ema.", valueName: "name"))
    var section: String?

    @Option(
        help: ArgumentHelp("The most that a compressed file may expand to, as 20GB.", valueName: "size")
    )
    var maxExpandedSize: String?

    func open(_ path: String) throws -> Checkpoint {
        var options = OpenOptions(section: section)
        if let maxExpandedSize { options.maxExpandedSize = try size(maxExpandedSize, option: "--max-expanded-size") }
        return try Checkpoint.open(path, options: options)
    }
}

/// The size that an option gives.
func size(_ text: String, option: String) throws -> Int {
    do throws(ConversionFault) {
        return try ByteSize.parse(text)
    } catch {
        throw CheckpointError(option, .file, error)
    }
}

/// The dtypes that weights can be converted to, by the names that diffusers' script uses.
enum WeightDType: String, ExpressibleByArgument, CaseIterable {
    case fp32, fp16, bf16

    var dtype: DType {
        switch self {
        case .fp32: .f32
        case .fp16: .f16
        case .bf16: .bf16
        }
    }
}

extension Layout: ExpressibleByArgument {}
extension CheckLevel: ExpressibleByArgument {}

/// The end of a command whose check found something: exit code 1.
let checkFailed = ExitCode(1)
/// The end of a command that could not do its work: exit code 2.
let couldNot = ExitCode(2)
