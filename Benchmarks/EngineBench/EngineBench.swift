import CheckpointIO
import DCAENetwork
import Kernels
import ModelZoo

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// EngineBench MODEL_DIR [--size N] [--threads N] [--repeat N] [--layers] [--io FILE] [--fixtures FILE] [--only encode|decode]
@main
struct EngineBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        func value(_ name: String) -> String? {
            arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
        }
        let folder = arguments[1]
        var start = seconds()
        let source = try MappedWeights(folder + "/diffusion_pytorch_model.safetensors")
        let text = try InputFile(opening: folder + "/config.json").contents(limit: 1 << 20)
        let config = try AutoencoderDCConfig.read(text, path: folder).config
        let threads = value("--threads").flatMap { Int($0) } ?? ProcessorCount.available
        var options = AutoencoderDC.Options(threads: threads)
        if arguments.contains("--check") { options.check = .finite }
        let model = try AutoencoderDC(config: config, weights: source, options: options)
        print("open \(rounded(seconds() - start)) s, \(options.instructionSet), \(threads) threads")
        if let path = value("--fixtures") { return try compareFixtures(model, path) }

        let size = value("--size").flatMap { Int($0) } ?? 512
        let ratio = model.spatialCompressionRatio
        var image = try noise([1, config.inChannels, size, size])
        var latent = try noise([1, config.latentChannels, size / ratio, size / ratio])
        let io = try value("--io").map { try MappedWeights($0) }
        if let io { (image, latent) = (try io.tensor("image"), try io.tensor("latent")) }
        for name in ["encode", "decode"] where value("--only") ?? name == name {
            var times: [Double] = []
            var least = Double.infinity
            var output = image
            var report: AutoencoderDC.Report?
            var best: AutoencoderDC.Report?
            let repeats = value("--repeat").flatMap { Int($0) } ?? 3
            for round in (repeats == 0 ? 1 : 0)...max(1, repeats) {
                start = seconds()
                let used = processor()
                if arguments.contains("--layers") {
                    if name == "encode" {
                        (output, report) = try model.profileEncode(image)
                    } else {
                        (output, report) = try model.profileDecode(latent)
                    }
                } else {
                    output = name == "encode" ? try model.encode(image) : try model.decode(latent)
                }
                if round > 0, let found = report {
                    // What a layer takes when nothing else runs: the least of its times.
                    if let best {
                        report?.layers = zip(best.layers, found.layers).map { $0.seconds < $1.seconds ? $0 : $1 }
                    }
                    best = report
                }
                // On a machine that is shared, processor time over threads says what the time would be without the others.
                least = min(least, (processor() - used) / Double(threads))
                if round > 0 { times.append(seconds() - start) }
            }
            times.sort()
            print(
                "\(name) \(size): median \(rounded(times[times.count / 2])) s, least \(rounded(times[0])) s, processor \(rounded(least)) s"
            )
            if let io { print("  error:", compare(output, try io.tensor(name == "encode" ? "latent" : "sample"))) }
            if let report {
                print("  sum of least \(rounded(report.layers.reduce(0) { $0 + $1.seconds })) s")
                print("  buffers \(report.peakBufferBytes >> 20) MB")
                for layer in report.layers where layer.seconds > 0.0005 {
                    let line =
                        "\(rounded(layer.seconds * 1000)) ms \(Int(layer.operations / layer.seconds / 1e9)) GFLOPS "
                    print("  ", line, layer.name, layer.outputSize, layer.algorithm)
                }
                for (algorithm, layers) in Dictionary(grouping: report.layers, by: \.algorithm) {
                    let time = layers.reduce(0) { $0 + $1.seconds }
                    print(
                        "  =",
                        algorithm,
                        rounded(time),
                        Int(layers.reduce(0) { $0 + $1.operations } / time / 1e9),
                        "GFLOPS"
                    )
                }
            }
        }
        var usage = rusage()
        getrusage(0, &usage)
        print("peak RSS \(usage.ru_maxrss >> 10) MB")
    }

    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    static func processor() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    static func rounded(_ x: Double) -> Double { (x * 10000).rounded() / 10000 }

    static func noise(_ sizes: [Int]) throws -> FloatTensor {
        var state: UInt64 = 42
        let values = (0..<sizes.reduce(1, *)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
        }
        return try FloatTensor(batch: sizes[0], channels: sizes[1], height: sizes[2], width: sizes[3], values: values)
    }

    static func compare(_ a: FloatTensor, _ b: FloatTensor) -> String {
        guard a.dimensions == b.dimensions else { return "sizes \(a.dimensions) against \(b.dimensions)" }
        var (most, largest, squares, total) = (0.0, 0.0, 0.0, 0.0)
        for (x, y) in zip(a.values, b.values) {
            let difference = Double(x) - Double(y)
            if !(difference.magnitude <= most) { most = difference.magnitude }
            largest = max(largest, Double(y.magnitude))
            squares += difference * difference
            total += Double(y) * Double(y)
        }
        return "max \(most / largest), rms \((squares / total).squareRoot())"
    }

    static func compareFixtures(_ model: AutoencoderDC, _ path: String) throws {
        let file = try MappedWeights(path)
        for name in file.names where name.hasSuffix(".image") {
            let stem = String(name.dropLast(6))
            model.disableTiling()
            if stem.hasPrefix("tiled.") {
                let p = stem.split(separator: ".").map { $0.split(separator: "x").compactMap { Int($0) } }
                try model.enableTiling(
                    tileSampleMinHeight: p[1][0],
                    tileSampleMinWidth: p[1][1],
                    tileSampleStrideHeight: p[3][0],
                    tileSampleStrideWidth: p[3][1]
                )
            }
            let latent = try file.tensor(stem + ".latent")
            print(stem, "latent", compare(try model.encode(try file.tensor(name)), latent))
            print(stem, "sample", compare(try model.decode(latent), try file.tensor(stem + ".sample")))
        }
    }
}
