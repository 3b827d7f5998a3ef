public import ArgumentParser
internal import CheckpointIO
package import Conversion
internal import Files
internal import Images
internal import Libc
public import ModelZoo
internal import Models
internal import TensorCore

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print one JSON object with stable field names.")
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

    /// Says which files of folders are left out, as their names do not end as pictures' do.
    func say(leftOutOf paths: [String]) {
        let (first, count) = PictureFolder.leftOut(at: paths, limit: 3)
        guard count > 0 else { return }
        let names = first.map { $0.escaped(limit: 100) }.joined(separator: ", ") + (count > first.count ? " …" : "")
        let why =
            count == 1
            ? " is left out, because its name does not end like a picture's"
            : "s are left out, because their names do not end like a picture's"
        say(["\(count) file\(why): \(names)"])
    }

    /// Prints notes, unless only the result is wanted.
    func say(_ notes: [String]) {
        for note in notes { Terminal.note(note, isSaid: !quiet) }
    }
}

extension CompletionKind {
    /// The names of the variants that are known, those of one's own registry too, when the key is pressed.
    static var variants: CompletionKind { .shellCommand("dcae list --quiet") }

    /// The families of the variants that the program knows by itself.
    static var families: CompletionKind {
        .list(Set((try? Registry())?.variants.map(\.family) ?? []).sorted())
    }
}

/// What users say of a checkpoint: what it is, and which part of a file is meant.
struct HintArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("The variant, if the checkpoint does not identify itself.", valueName: "variant"),
        completion: .variants
    )
    var variant: String?

    @Option(
        help: ArgumentHelp("A diffusers config.json that describes it, for models of your own.", valueName: "file"),
        completion: .file()
    )
    var config: String?

    @OptionGroup var open: OpenArguments
    @OptionGroup var hub: HubArguments

    func validate() throws {
        if variant != nil, config != nil { throw ValidationError("--variant and --config exclude each other") }
    }

    /// What was said.
    func hints(_ registry: Registry, scalingFactor: Double? = nil) throws -> ModelHints {
        ModelHints(
            variant: try variant.map { name throws(CheckpointError) in
                try registry.variant(named: name, in: "--variant")
            },
            config: try config.map { path throws(CheckpointError) in try AutoencoderDCConfig.read(file: path) },
            scalingFactor: scalingFactor,
            opening: try open.options()
        )
    }

    /// Opens a model, and says what was decided and what is odd.
    ///
    /// - Parameter fromAfar: whether its headers are enough, where it is on the Hub.
    func open(
        _ path: String,
        _ common: CommonOptions,
        scalingFactor: Double? = nil,
        fromAfar: Bool = false
    ) throws -> OpenedModel {
        let registry = try common.loadRegistry()
        let hints = try hints(registry, scalingFactor: scalingFactor)
        let place = try hub.place(of: path, registry, common, fromAfar: fromAfar)
        return say(try OpenedModel(place, hints, registry: registry), common)
    }

    /// Opens a model or reads a config.json, whichever a path leads to.
    ///
    /// - Parameter fromAfar: whether its headers are enough, where it is on the Hub.
    func openAny(_ path: String, _ common: CommonOptions, fromAfar: Bool = false) throws -> PathContent {
        let registry = try common.loadRegistry()
        return try openAny(path, common, registry, try hints(registry), fromAfar: fromAfar)
    }

    /// The same with a registry and hints that were read before, as for the second of two checkpoints.
    func openAny(
        _ path: String,
        _ common: CommonOptions,
        _ registry: Registry,
        _ hints: ModelHints,
        fromAfar: Bool = false
    ) throws -> PathContent {
        let place = try hub.place(of: path, registry, common, fromAfar: fromAfar)
        switch try ModelPath.open(place, hints.opening) {
        case .config(let text): return .config(text, registry)
        case .checkpoint(let file, let pipeline):
            return .model(say(try OpenedModel(file, in: pipeline, hints, registry: registry), common))
        }
    }

    private func say(_ model: OpenedModel, _ common: CommonOptions) -> OpenedModel {
        common.say(model.notes)
        // What is wrong with the data is said whatever else is silent.
        model.warnings.forEach { Terminal.warn(.model, $0) }
        return model
    }
}

/// What a path given to a command leads to.
enum PathContent {
    case model(OpenedModel)
    case config([UInt8], Registry)
}

/// How files are written.
struct WritingArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Do not flush what is written to the disk.",
            discussion: "It is faster, but after a loss of power files may be empty or missing."
        )
    )
    var noSync = false

    var durability: Durability { noSync ? .fast : .flushed }
}

/// How to open checkpoints whose content leaves a choice.
struct OpenArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The part of a PyTorch checkpoint that holds the weights, for example ema.",
            valueName: "name"
        )
    )
    var section: String?

    @Option(
        help: ArgumentHelp("The largest size a compressed file may expand to, for example 20GB.", valueName: "size")
    )
    var maxExpandedSize: String?

    func options() throws -> OpenOptions {
        var options = OpenOptions(section: section)
        if let maxExpandedSize { options.maxExpandedSize = try size(maxExpandedSize, option: "--max-expanded-size") }
        return options
    }
}

/// Refuses a scaling factor that is none.
func checkFactor(_ factor: Double?) throws {
    if let factor, !factor.isFinite || factor <= 0 {
        throw ValidationError("--scaling-factor must be a number above 0")
    }
}

/// The size that an option gives.
func size(_ text: String, option: String) throws -> Int {
    // Nobody means 500 bytes who types 500.
    if let number = Int(text), (1..<1_000_000).contains(number) {
        throw ValidationError("\(option) \(text) is \(text) bytes: did you mean \(text)MB? Write \(text)B for bytes")
    }
    guard let size = ByteSize.parse(text) else {
        throw CheckpointError(option, .file, ConversionFault.badShardSize(text))
    }
    return size
}

/// The dtypes that weights can be converted to, by the names that diffusers' script uses.
enum WeightDType: String, ExpressibleByArgument, CaseIterable {
    case fp32, fp16, bf16
    case fp8E4M3 = "fp8-e4m3"

    var dtype: DType {
        switch self {
        case .fp32: .f32
        case .fp16: .f16
        case .bf16: .bf16
        case .fp8E4M3: .f8E4M3
        }
    }
}

extension Layout: ExpressibleByArgument {
    /// A layout by its name.
    public init?(argument: String) { self.init(rawValue: argument) }
    /// What can be given.
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
    /// The default as the help shows it.
    public var defaultValueDescription: String { rawValue }
}
extension CheckLevel: ExpressibleByArgument {}

/// The end of a command whose check found something: exit code 1.
let checkFailed = ExitCode(1)
/// The end of a command that could not do its work: exit code 2.
let couldNot = ExitCode(2)
