internal import CKernels

/// How the tiles of one step are shared out, and how much memory each share takes.
struct BlockPlan {
    /// Tiles that are computed together, block by block; every block but the last is a multiple of the kernels' rows.
    let blocks: [Range<Int>]
    /// The numbers of the blocks, the largest first: threads that take them in this order end nearly together.
    let order: [Int]
    /// The tiles of the largest block.
    let largest: Int
    let panels: Int

    private let points: Int
    /// Floats that one tile's terms take at one point.
    private let k: Int
    private let tileRows: Int
    private let panelWidth: Int
    private let tilePixels: Int
    private let tilesX: Int
    private let tilesInPairs: Bool

    /// The rows of the convolution's own output.
    private let rows: Range<Int>

    init(
        _ plan: dcae_plan,
        _ kernels: dcae_network_kernels,
        rows: Range<Int>,
        isUnshuffled: Bool,
        threads: Int
    ) {
        self.rows = rows
        points = Int(plan.points)
        k = Int(plan.k16) * (plan.bf16 != 0 ? 8 : 16)
        tileRows = Int(kernels.tile_rows)
        panelWidth = Int(kernels.panel_width)
        panels = Int(plan.panels)
        let tile = Int(plan.tile)
        tilePixels = tile * tile
        tilesX = Int(plan.tiles_x)
        tilesInPairs = tile == 1 && isUnshuffled
        let tiles = (rows.count + tile - 1) / tile * tilesX
        let groups = (tiles + tileRows - 1) / tileRows
        // A block's left operand is what the second-level cache should hold of it; its tiles are how often weights that
        // come from further away are used.
        let most =
            points > 1
            ? (plan.algorithm == DCAE_WINOGRAD_6 ? Tuning.largeTilesPerBlock : Tuning.tilesPerBlock) / tileRows
            : max(56 / tileRows, min(448 / tileRows, Tuning.pixelBlockBytes / (4 * k * tileRows)))
        var count = max(1, (groups + most - 1) / most)
        count = min(groups, (count + threads - 1) / threads * threads)
        let tileRows = tileRows
        blocks = (0..<count).map { index in
            let start = groups * index / count * tileRows
            let end = min(tiles, groups * (index + 1) / count * tileRows)
            return start..<end
        }
        largest = blocks.map(\.count).max() ?? 0
        order = blocks.enumerated().sorted { $0.element.count > $1.element.count }.map(\.offset)
    }

    /// A range of tiles as the kernels take it.
    func tiles(_ range: Range<Int>) -> dcae_tiles {
        dcae_tiles(
            y0: Int32(rows.lowerBound),
            y1: Int32(rows.upperBound),
            t0: Int32(range.lowerBound),
            t1: Int32(range.upperBound)
        )
    }

    private func padded(_ tiles: Int) -> Int { (tiles + tileRows - 1) / tileRows * tileRows }

    /// The left operand of so many tiles.
    ///
    /// The distance between points is that of `left_point` in gemm.inc.h.
    func leftFloats(of tiles: Int) -> Int {
        let floats = padded(tiles) * k
        return points > 1 ? points * ((floats / 1024 + 1) * 1024 + 144) : floats
    }

    /// The products of so many tiles.
    func productFloats(of tiles: Int) -> Int { padded(tiles) * points * panelWidth }

    /// The results of so many tiles, all channels.
    func resultFloats(of tiles: Int) -> Int { tiles * tilePixels * panels * panelWidth }

    /// The block after the last that is held in memory together with block `first`.
    func endOfShare(from first: Int) -> Int {
        // A share ends with a row where results are combined across rows.
        if tilesInPairs { return blocks.count }
        var bytes = 0
        for index in first..<blocks.count {
            bytes += 4 * (leftFloats(of: blocks[index].count) + resultFloats(of: blocks[index].count))
            if bytes > 128 << 20, index > first { return index }
        }
        return blocks.count
    }

    /// Ranges for the pass over finished pixels.
    func finishRanges(_ tiles: Range<Int>, threads: Int) -> [Range<Int>] {
        let unit = tilesInPairs ? 2 * tilesX : 1
        let units = tiles.count / unit
        let count = max(1, min(units, 4 * threads))
        return (0..<count).map { index in
            let end = index + 1 == count ? tiles.upperBound : tiles.lowerBound + units * (index + 1) / count * unit
            return (tiles.lowerBound + units * index / count * unit)..<end
        }
    }
}

/// Sizes found by measurement on a Zen 5 with 1 MB of second-level cache per core.
enum Tuning {
    static let tilesPerBlock = 56
    /// Of F(6×6, 3×3), whose tiles have nearly twice the terms.
    static let largeTilesPerBlock = 28
    static let pixelBlockBytes = 768 << 10
}
