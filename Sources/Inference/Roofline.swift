package import Kernels

/// What layers must cost at least on this machine, beside what they cost.
///
/// A layer's limit is the longer of two times: its products at the machine's peak, and its bytes (input, output and weights) at
/// the rate of the caches in which the network's steps leave them. Products are counted as the algorithm in use needs
/// them: Winograd's F(6,3) has 64 for 36 outputs, where direct computation has 324. Its transforms count as loss, and so does
/// the reading of weights from memory.
package struct Roofline: Sendable {
    /// What bounds a layer.
    package enum Bound: String, Sendable {
        case products, bytes
    }

    /// A layer, or layers that are computed alike.
    package struct Row: Sendable {
        package let name: String
        /// The layers in it.
        package let count: Int
        /// The seconds that were taken, and the least that are needed.
        package let seconds: Double
        package let limit: Double
        package let bound: Bound

        /// The share of the limit that was reached: 1 where nothing is lost.
        package var share: Double { seconds > 0 ? limit / seconds : 1 }
        /// The seconds that are lost.
        package var loss: Double { seconds - limit }
    }

    /// The layers in the order of the network.
    package let layers: [Row]
    /// The same by algorithm, the largest loss first.
    package let algorithms: [Row]
    /// All of it.
    package let total: Row

    package init(_ layers: [LayerProfile], _ peaks: MachinePeaks) {
        self.layers = layers.map { layer in
            let isBF16 = layer.algorithm.contains("bf16")
            let peak = isBF16 ? peaks.bf16 ?? peaks.f32 : peaks.f32
            let products = layer.operations * Self.share(ofProducts: layer.algorithm) / peak
            let bytes = layer.bytes / peaks.cache
            return Row(
                name: layer.name,
                count: 1,
                seconds: layer.seconds,
                limit: max(products, bytes),
                bound: products >= bytes ? .products : .bytes
            )
        }
        var groups: [String: [Row]] = [:]
        for (layer, row) in zip(layers, self.layers) { groups[layer.algorithm, default: []].append(row) }
        algorithms = groups.map { Self.sum($0.value, name: $0.key) }.sorted { ($0.loss, $1.name) > ($1.loss, $0.name) }
        total = Self.sum(self.layers, name: "all")
    }

    private static func sum(_ rows: [Row], name: String) -> Row {
        let byProducts = rows.reduce(0) { $0 + ($1.bound == .products ? $1.limit : 0) }
        let limit = rows.reduce(0) { $0 + $1.limit }
        return Row(
            name: name,
            count: rows.count,
            seconds: rows.reduce(0) { $0 + $1.seconds },
            limit: limit,
            bound: 2 * byProducts >= limit ? .products : .bytes
        )
    }

    /// The products of an algorithm for each that direct computation has.
    package static func share(ofProducts algorithm: String) -> Double {
        if algorithm.hasPrefix("winograd F(6,3)") { return 64.0 / (36 * 9) }
        if algorithm.hasPrefix("winograd F(4,3)") { return 36.0 / (16 * 9) }
        // Of pixels that were doubled, a 3x3 kernel sees 2x2 different ones: 9 products for 4 outputs.
        if algorithm.hasPrefix("upsample 9") { return 9.0 / (4 * 9) }
        // A stride of 2: 25 products for 4 outputs.
        if algorithm.hasPrefix("halve 25") { return 25.0 / (4 * 9) }
        return 1
    }
}
