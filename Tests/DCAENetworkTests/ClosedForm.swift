import Foundation
import Images
import ModelZoo

/// What the codec of `dcae synthesize --weights interpretable` makes of a picture, computed from the pixels alone.
///
/// Nothing of the network is used here, nor of the code that makes the weights: no channels, stages or convolutions.
struct ClosedForm {
    /// The side of the blocks.
    var block: Int
    /// The coefficients kept of each plane, in the order of `frequencies`.
    var counts: [Int]
    /// Where the decoder interpolates: the cells along a block's side.
    var cells: Int?
    /// The sides of the blocks that the last norm sees as one: 1, or 2 where the last projection upsamples.
    var normed = 1
    /// The channels that the last norm sees.
    var channels: Int

    /// Planes of samples, nominally in -1...1.
    struct Planes {
        var count: Int
        var height: Int
        var width: Int
        var values: [Double]

        subscript(plane: Int, y: Int, x: Int) -> Double {
            get { values[(plane * height + y) * width + x] }
            set { values[(plane * height + y) * width + x] = newValue }
        }

        init(_ count: Int, _ height: Int, _ width: Int, _ values: [Double]? = nil) {
            (self.count, self.height, self.width) = (count, height, width)
            self.values = values ?? [Double](repeating: 0, count: count * height * width)
        }

        /// Samples outside are zero, as convolutions see them.
        func padded(_ plane: Int, _ y: Int, _ x: Int) -> Double {
            (0..<height).contains(y) && (0..<width).contains(x) ? self[plane, y, x] : 0
        }

        func mixed(_ matrix: [[Double]]) -> Planes {
            var result = Planes(matrix.count, height, width)
            for (row, factors) in matrix.enumerated() {
                for i in 0..<(height * width) {
                    result.values[row * height * width + i] = factors.indices.reduce(0) {
                        $0 + factors[$1] * values[$1 * height * width + i]
                    }
                }
            }
            return result
        }
    }

    func reconstruct(_ picture: Planes) -> Planes {
        let isColour = picture.count == 3
        let toLuma = [
            [0.299, 0.587, 0.114], [-0.168_735_891_647_855_5, -0.331_264_108_352_144_5, 0.5],
            [0.5, -0.418_687_589_158_345_2, -0.081_312_410_841_654_78],
        ]
        let fromLuma = [[1, 0, 1.402], [1, -0.344_136_286_201_022_2, -0.714_136_286_201_022_1], [1, 1.772, 0]]
        let planes = isColour ? picture.mixed(toLuma) : picture
        let kept = cells == nil ? projected(planes) : interpolated(planes)
        let normed = normalized(kept.planes, constants: kept.constants)
        return isColour ? normed.mixed(fromLuma) : normed
    }

    /// The first frequencies, down and across: by their sum, those nearer to an axis first.
    static func frequencies(_ count: Int, block: Int) -> [(Int, Int)] {
        let all = (0..<block).flatMap { down in (0..<block).map { (down, $0) } }
        let sorted = all.sorted { a, b in
            let keys = { (pair: (Int, Int)) in [pair.0 + pair.1, -max(pair.0, pair.1), pair.0] }
            return keys(a).lexicographicallyPrecedes(keys(b))
        }
        return Array(sorted.prefix(count))
    }

    func wave(_ frequency: Int, _ pixel: Int) -> Double {
        cos(Double.pi * Double(frequency * (2 * pixel + 1)) / Double(2 * block))
    }

    /// The coefficients of the cosine transform of each block, those along a side in a row.
    func transformed(_ planes: Planes, _ plane: Int) -> Planes {
        let (rows, columns) = (planes.height / block, planes.width / block)
        var result = Planes(block * block, rows, columns)
        let table = (0..<block).map { k in (0..<block).map { wave(k, $0) * (k == 0 ? 1 : 2) / Double(block) } }
        for row in 0..<rows {
            for column in 0..<columns {
                var across = [Double](repeating: 0, count: block * block)
                for y in 0..<block {
                    for l in 0..<block {
                        for x in 0..<block {
                            across[y * block + l] += table[l][x] * planes[plane, row * block + y, column * block + x]
                        }
                    }
                }
                for k in 0..<block {
                    for l in 0..<block {
                        result[k * block + l, row, column] = (0..<block).reduce(0) {
                            $0 + table[k][$1] * across[$1 * block + l]
                        }
                    }
                }
            }
        }
        return result
    }

    /// The projection of every block onto its lowest frequencies.
    private func projected(_ planes: Planes) -> (planes: Planes, constants: Planes?) {
        var result = planes
        for plane in 0..<planes.count {
            let values = transformed(planes, plane)
            let kept = Self.frequencies(counts[plane], block: block)
            let waves = kept.map { pair in
                (0..<(block * block)).map { wave(pair.0, $0 / block) * wave(pair.1, $0 % block) }
            }
            for y in 0..<planes.height {
                for x in 0..<planes.width {
                    result[plane, y, x] = kept.indices.reduce(0) {
                        let value = values[kept[$1].0 * block + kept[$1].1, y / block, x / block]
                        return $0 + value * waves[$1][y % block * block + x % block]
                    }
                }
            }
        }
        return (result, nil)
    }
}
