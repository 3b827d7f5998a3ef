/// How an image that is larger than a tile is cut into overlapping tiles.
///
/// Tiles change the result: attention sees one tile at a time. It is what diffusers' `enable_tiling` does; images of any
/// size can be run whole, in bands, without it.
public struct Tiling: Sendable, Equatable {
    /// The height of a tile, in samples; images no larger than a tile are run whole.
    public let tileSampleMinHeight: Int
    /// The width of a tile, in samples.
    public let tileSampleMinWidth: Int
    /// The distance between the tops of two tiles, in samples.
    public let tileSampleStrideHeight: Int
    /// The distance between the left sides of two tiles, in samples.
    public let tileSampleStrideWidth: Int

    /// Tiles of a size, at distances; by default those of diffusers.
    public init(
        tileSampleMinHeight: Int = 512,
        tileSampleMinWidth: Int = 512,
        tileSampleStrideHeight: Int = 448,
        tileSampleStrideWidth: Int = 448
    ) {
        self.tileSampleMinHeight = tileSampleMinHeight
        self.tileSampleMinWidth = tileSampleMinWidth
        self.tileSampleStrideHeight = tileSampleStrideHeight
        self.tileSampleStrideWidth = tileSampleStrideWidth
    }

    /// The same in latent pixels.
    ///
    /// diffusers divides and drops the remainder, and returns samples of a wrong size where there is one (448 / 128);
    /// here there must be none.
    func check(ratio: Int) throws(NetworkError) {
        let sides = [
            ("height", tileSampleMinHeight, tileSampleStrideHeight),
            ("width", tileSampleMinWidth, tileSampleStrideWidth),
        ]
        for (side, tile, stride) in sides {
            guard tile > 0, stride > 0, tile % ratio == 0, stride % ratio == 0 else {
                throw .tiling(
                    "tile \(side) \(tile) and stride \(stride) must be multiples of \(ratio), the network's compression; "
                        + "near are \(max(ratio, (tile + ratio / 2) / ratio * ratio)) and "
                        + "\(max(ratio, stride / ratio * ratio))"
                )
            }
            guard stride <= tile else {
                throw .tiling(
                    "a stride of \(stride) leaves gaps between tiles of \(side) \(tile): at most the tile's own \(side)"
                )
            }
        }
    }

    /// Runs `body` on every tile of `input` and blends the results, in the reference's order of rounding.
    ///
    /// Source: `tiled_encode` and `tiled_decode` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1.
    func run(
        _ input: FloatTensor,
        tile: (height: Int, width: Int),
        stride: (height: Int, width: Int),
        scale: (multiply: Int, divide: Int),
        _ body: (FloatTensor) throws -> FloatTensor
    ) throws -> FloatTensor {
        func scaled(_ size: Int) -> Int { size * scale.multiply / scale.divide }
        let blend = (height: scaled(tile.height - stride.height), width: scaled(tile.width - stride.width))
        let outStride = (height: scaled(stride.height), width: scaled(stride.width))
        var result: FloatTensor?
        var above: [FloatTensor] = []
        for (i, y) in Swift.stride(from: 0, to: input.height, by: stride.height).enumerated() {
            var row: [FloatTensor] = []
            for (j, x) in Swift.stride(from: 0, to: input.width, by: stride.width).enumerated() {
                let rows = y..<min(y + tile.height, input.height)
                let columns = x..<min(x + tile.width, input.width)
                var piece = try body(input.cropped(rows: rows, columns: columns))
                // The reference blends in place: neighbours are blended ones, as these are.
                if i > 0 { piece.blendTop(with: above[j], over: blend.height) }
                if j > 0 { piece.blendLeft(with: row[j - 1], over: blend.width) }
                row.append(piece)
                let whole =
                    result
                    ?? FloatTensor(
                        zeros: [input.batch, piece.channels, scaled(input.height), scaled(input.width)]
                    )
                result = nil
                result = piece.pasted(into: whole, top: scaled(y), left: scaled(x), atMost: outStride)
            }
            above = row
        }
        return result ?? FloatTensor(zeros: input.dimensions)
    }
}

extension FloatTensor {
    mutating func blendTop(with above: FloatTensor, over most: Int) {
        let extent = min(above.height, height, most)
        for plane in 0..<(batch * channels) {
            for y in 0..<extent {
                let weight = Double(y) / Double(extent)
                let (from, to) = (
                    (plane * above.height + above.height - extent + y) * above.width, (plane * height + y) * width
                )
                for x in 0..<width {
                    values[to + x] = above.values[from + x] * Float(1 - weight) + values[to + x] * Float(weight)
                }
            }
        }
    }

    mutating func blendLeft(with left: FloatTensor, over most: Int) {
        let extent = min(left.width, width, most)
        for line in 0..<(batch * channels * height) {
            for x in 0..<extent {
                let weight = Double(x) / Double(extent)
                let from = line * left.width + left.width - extent + x
                values[line * width + x] =
                    left.values[from] * Float(1 - weight) + values[line * width + x] * Float(weight)
            }
        }
    }

    fileprivate func pasted(
        into whole: FloatTensor,
        top: Int,
        left: Int,
        atMost most: (height: Int, width: Int)
    ) -> FloatTensor {
        var whole = whole
        let rows = min(height, most.height, whole.height - top)
        let columns = min(width, most.width, whole.width - left)
        for plane in 0..<(batch * channels) {
            for y in 0..<rows {
                let to = (plane * whole.height + top + y) * whole.width + left
                let from = (plane * height + y) * width
                for x in 0..<columns { whole.values[to + x] = values[from + x] }
            }
        }
        return whole
    }
}
