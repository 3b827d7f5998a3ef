/// How to cut an image that is larger than a tile into overlapping tiles.
///
/// Tiles change the result: attention sees one tile at a time. diffusers' `enable_tiling` does the same. Without
/// tiles, images of any size run exactly, in bands.
public struct Tiling: Sendable, Equatable {
    /// The height of a tile, in samples; images no larger than a tile are run whole.
    public let tileSampleMinHeight: Int
    /// The width of a tile, in samples.
    public let tileSampleMinWidth: Int
    /// The distance between the tops of two tiles, in samples.
    public let tileSampleStrideHeight: Int
    /// The distance between the left sides of two tiles, in samples.
    public let tileSampleStrideWidth: Int

    /// Tiles of a size and a distance; by default those of diffusers.
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

    /// Refuses sizes that a network of that compression cannot be run in.
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
                throw .tiling(.noMultiple(side: side, tile: tile, stride: stride, ratio: ratio))
            }
            guard stride <= tile else { throw .tiling(.gaps(side: side, tile: tile, stride: stride)) }
        }
    }

    /// The tiles of an input whose pixels are `unit` samples wide and high; nil where it is no larger than one.
    func grid(of input: FloatTensor, unit: Int) -> TileGrid? {
        let grid = TileGrid(
            tile: (tileSampleMinHeight / unit, tileSampleMinWidth / unit),
            stride: (tileSampleStrideHeight / unit, tileSampleStrideWidth / unit),
            size: (input.height, input.width)
        )
        return input.height > grid.tile.height || input.width > grid.tile.width ? grid : nil
    }
}

/// Tiles that lie over one input, in its pixels.
struct TileGrid {
    let tile: (height: Int, width: Int)
    let stride: (height: Int, width: Int)
    let size: (height: Int, width: Int)

    private var tops: StrideTo<Int> { Swift.stride(from: 0, to: size.height, by: stride.height) }
    private var lefts: StrideTo<Int> { Swift.stride(from: 0, to: size.width, by: stride.width) }

    /// How many there are.
    var count: Int { tops.underestimatedCount * lefts.underestimatedCount }

    /// Runs `body` on every tile of `input` and blends the results, in the reference's order of rounding.
    ///
    /// Source: `tiled_encode` and `tiled_decode` in diffusers/models/autoencoders/autoencoder_dc.py, version 0.42.1.
    ///
    /// - Parameters:
    ///   - channels: of the results.
    ///   - scale: from the input's sides to the results'.
    func run(
        _ input: FloatTensor,
        channels: Int,
        scale: (multiply: Int, divide: Int),
        _ body: (FloatTensor) throws(NetworkError) -> FloatTensor
    ) throws(NetworkError) -> FloatTensor {
        func scaled(_ size: Int) -> Int { size * scale.multiply / scale.divide }
        let blend = (height: scaled(tile.height - stride.height), width: scaled(tile.width - stride.width))
        let outStride = (height: scaled(stride.height), width: scaled(stride.width))
        var result = FloatTensor(zeros: [input.batch, channels, scaled(input.height), scaled(input.width)])
        var above: [FloatTensor] = []
        for y in tops {
            var row: [FloatTensor] = []
            for (j, x) in lefts.enumerated() {
                let rows = y..<min(y + tile.height, input.height)
                let columns = x..<min(x + tile.width, input.width)
                var piece = try body(input.cropped(rows: rows, columns: columns))
                // The reference blends in place: neighbours are blended ones, as these are.
                if y > 0 { piece.blendTop(with: above[j], over: blend.height) }
                if x > 0 { piece.blendLeft(with: row[j - 1], over: blend.width) }
                row.append(piece)
                result.paste(piece, top: scaled(y), left: scaled(x), atMost: outStride)
            }
            above = row
        }
        return result
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

    /// Takes the first rows and columns of a piece, as far as they lie inside.
    fileprivate mutating func paste(
        _ piece: FloatTensor,
        top: Int,
        left: Int,
        atMost most: (height: Int, width: Int)
    ) {
        let rows = min(piece.height, most.height, height - top)
        let columns = min(piece.width, most.width, width - left)
        for plane in 0..<(batch * channels) {
            for y in 0..<rows {
                let to = (plane * height + top + y) * width + left
                let from = (plane * piece.height + y) * piece.width
                for x in 0..<columns { values[to + x] = piece.values[from + x] }
            }
        }
    }
}
