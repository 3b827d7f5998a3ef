internal import Inference
internal import Kernels
internal import StrictJSON
internal import TensorCore

/// Shows how near the network comes to what the machine could do.
struct RooflineRendering {
    let peaks: MachinePeaks

    func printPeaks() {
        func rate(_ value: Double) -> String { (value / 1e9).fixed(0) }
        let bf16 = peaks.bf16.map { ", \(rate($0)) of bf16" } ?? ""
        Terminal.print()
        Terminal.print("this machine's peak rates, \(peaks.threads) thread\(peaks.threads == 1 ? "" : "s"):")
        Terminal.print("  products  \(rate(peaks.f32)) GFLOPS of f32 (one thread \(rate(peaks.f32OfOne)))\(bf16)")
        Terminal.print(
            "  bytes     \(rate(peaks.cache)) GB/s from caches, \(rate(peaks.read)) read from memory, "
                + "\(rate(peaks.move)) moved in it"
        )
    }

    func print(_ name: String, _ roofline: Roofline, layers: Bool) {
        Terminal.print()
        var table = Table(
            [name.uppercased(), "LAYERS", "MS", "AT LEAST", "OF LIMIT", "LOST MS", "BOUND BY"],
            right: [1, 2, 3, 4, 5],
            shortened: 0,
            columns: Terminal.textWidth
        )
        for row in (layers ? roofline.layers : roofline.algorithms) + [roofline.total] {
            table.add([
                row.name, "\(row.count)", (1000 * row.seconds).fixed(2), (1000 * row.limit).fixed(2),
                (100 * row.share).fixed(0) + "%", (1000 * row.loss).fixed(2), row.bound.rawValue,
            ])
        }
        table.print()
    }

    var document: JSONValue {
        [
            "f32_operations": .double(peaks.f32), "f32_operations_of_one": .double(peaks.f32OfOne),
            "bf16_operations": JSONValue(peaks.bf16), "cache_bytes": .double(peaks.cache),
            "read_bytes": .double(peaks.read), "move_bytes": .double(peaks.move),
        ]
    }

    func document(_ roofline: Roofline) -> JSONValue {
        func row(_ row: Roofline.Row) -> JSONValue {
            [
                "name": .string(row.name), "layer_count": .integer(row.count), "seconds": .double(row.seconds),
                "limit_seconds": .double(row.limit), "share": .double(row.share), "bound": .string(row.bound.rawValue),
            ]
        }
        return [
            "layers": .array(roofline.layers.map(row)), "algorithms": .array(roofline.algorithms.map(row)),
            "total": row(roofline.total),
        ]
    }
}
