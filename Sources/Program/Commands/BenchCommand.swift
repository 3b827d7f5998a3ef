internal import ArgumentParser
internal import CheckpointIO
internal import Conversion
internal import DCAE
internal import DCAENetwork
internal import Inference
internal import Kernels
internal import ModelZoo
internal import Models
internal import StrictJSON
internal import TensorCore

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times encoding and decoding of a checkpoint's network.",
        discussion: """
            The image is noise; the latent is its encoding. One run warms up; medians are
            taken of the rest. Operations are counted as direct computation would need
            them, so that rates can be compared: an algorithm that needs fewer operations
            shows a higher rate.

              dcae bench sana/ --size 512 --threads 2
              dcae bench sana/ --size 1024x768 --layers
              dcae bench sana/ --roofline           how close to the limit

            --roofline measures the machine's peak rates in this process, and computes the
            least time of each algorithm: its own products at the peak rate of registers,
            or its bytes at the rate of the caches, whichever is longer.
            """
    )

    @Argument(help: "A checkpoint, a shard index or a model folder.", completion: .file())
    var path: String

    @Option(help: ArgumentHelp("The size of the image, in pixels.", valueName: "WxH"))
    var size = SizeArgument(height: 512, width: 512)

    @Option(name: .customLong("repeat"), help: ArgumentHelp("The number of runs that count.", valueName: "number"))
    var repeats = 3

    @Option(help: "Time only encode or only decode.")
    var only: Only?

    @Flag(help: "Show every layer of the median run, with its algorithm.")
    var layers = false

    @Flag(
        help: "Measure the machine's peak rates, and compare each algorithm with them; with --layers also each layer."
    )
    var roofline = false

    @OptionGroup var tiles: TileArguments
    @OptionGroup var model: ModelArguments
    @OptionGroup var common: CommonOptions

    enum Only: String, ExpressibleByArgument, CaseIterable {
        case encode, decode
    }

    func validate() throws {
        if !(1...1000).contains(repeats) { throw ValidationError("--repeat must be from 1 to 1000") }
    }

    func run() throws {
        let loaded = try model.load(path, common, tiles: tiles)
        let names = only.map { [$0.rawValue] } ?? Only.allCases.map(\.rawValue)
        let bar = Progress("running", total: names.count * (repeats + 1), quiet: common.quiet)
        defer { bar.finish() }
        let result = try NetworkBenchmark(
            loaded,
            height: size.height,
            width: size.width,
            repeats: repeats,
            names: names
        ) { _ in bar.advance(1) }
        bar.finish()
        let options = loaded.network.options
        let limits = roofline ? MachinePeaks(threads: options.threads, options.instructionSet) : nil
        if common.json { return Terminal.print(document(loaded, result, limits)) }
        if !common.quiet {
            Terminal.print(
                "\(loaded.source.name): \(size.width)x\(size.height), \(options.threads) thread\(options.threads == 1 ? "" : "s"), "
                    + "\(options.instructionSet), \(options.precision), opened in \(loaded.seconds.fixed(3)) s"
            )
        }
        var table = Table(["", "MEDIAN", "FASTEST", "GFLOP", "GFLOPS", "BUFFERS"], right: [1, 2, 3, 4, 5])
        for coder in result.coders {
            table.add([
                coder.name, coder.median.seconds.fixed(3) + " s", coder.best.seconds.fixed(3) + " s",
                (coder.median.operations / 1e9).fixed(0), coder.rate.fixed(0), ByteSize.show(coder.median.bufferBytes),
            ])
        }
        table.print()
        if let limits {
            let rendering = RooflineRendering(peaks: limits)
            rendering.printPeaks()
            for coder in result.coders {
                rendering.print(coder.name, Roofline(coder.median.layers, limits), layers: layers)
            }
        } else if layers {
            result.coders.forEach(printLayers)
        }
        if common.quiet { return }
        let (peak, mapped) = (ProcessMemory.peakBytes, loaded.source.checkpoint.byteCount)
        Terminal.print(
            "peak memory of the process \(ByteSize.show(peak)), of which up to \(ByteSize.show(mapped)) are mapped weights"
        )
    }

    private func printLayers(_ coder: NetworkBenchmark.Coder) {
        Terminal.print()
        var table = Table(
            ["LAYER", "OUTPUT", "MS", "SHARE", "GFLOPS", "GB/S", "ALGORITHM"],
            right: [1, 2, 3, 4, 5],
            shortened: 0,
            optional: [5, 4],
            columns: Terminal.textWidth
        )
        let total = coder.median.layers.reduce(0) { $0 + $1.seconds }
        for layer in coder.median.layers {
            let seconds = max(layer.seconds, 1e-9)
            table.add([
                layer.name, layer.outputSize.map(String.init).joined(separator: "x"), (1000 * layer.seconds).fixed(2),
                (100 * layer.seconds / max(total, 1e-9)).fixed(1) + "%", (layer.operations / seconds / 1e9).fixed(0),
                (layer.bytes / seconds / 1e9).fixed(1), layer.algorithm,
            ])
        }
        table.print()
    }

    private func document(
        _ loaded: LoadedModel,
        _ result: NetworkBenchmark,
        _ limits: MachinePeaks?
    ) -> JSONValue {
        [
            "peaks": limits.map { RooflineRendering(peaks: $0).document } ?? .null,
            "variant": JSONValue(loaded.source.variant?.name),
            "size": JSONValue(width: size.width, height: size.height),
            "threads": .integer(loaded.network.options.threads),
            "instruction_set": .string("\(loaded.network.options.instructionSet)"),
            "precision": .string(loaded.network.options.precision.rawValue),
            "open_seconds": .double(loaded.seconds),
            "peak_rss_bytes": .integer(ProcessMemory.peakBytes),
            "weight_bytes": .integer(loaded.source.checkpoint.byteCount),
            "coders": .array(result.coders.map { document($0, limits) }),
        ]
    }

    private func document(_ coder: NetworkBenchmark.Coder, _ limits: MachinePeaks?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(coder.name)), .init("input_shape", JSONValue(coder.input)),
            .init("output_shape", JSONValue(coder.output)), .init("median_seconds", .double(coder.median.seconds)),
            .init("best_seconds", .double(coder.best.seconds)),
            .init("runs_seconds", .array(coder.runs.map { .double($0.seconds) })),
            .init("operations", .double(coder.median.operations)), .init("gflops", .double(coder.rate)),
            .init("buffer_bytes", .integer(coder.median.bufferBytes)),
        ]
        if layers { members.append(.init("layers", .array(coder.median.layers.map(document)))) }
        if let limits {
            let roofline = Roofline(coder.median.layers, limits)
            members.append(.init("roofline", RooflineRendering(peaks: limits).document(roofline)))
        }
        return .object(members)
    }

    private func document(_ layer: LayerProfile) -> JSONValue {
        [
            "name": .string(layer.name), "algorithm": .string(layer.algorithm), "seconds": .double(layer.seconds),
            "operations": .double(layer.operations), "bytes": .double(layer.bytes),
            "output_shape": JSONValue(layer.outputSize),
        ]
    }
}
