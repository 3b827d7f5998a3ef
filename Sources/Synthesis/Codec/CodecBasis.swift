/// A function of one coordinate over a block: one side of a coefficient.
enum Wave: Hashable, Sendable {
    /// 1 on one pixel.
    case pixel(Int)
    /// A cosine of so many half periods over the codec's block, centred on the block it is taken over.
    case even(Int)
    /// A sine, likewise.
    case odd(Int)

    var isPixel: Bool {
        if case .pixel = self { true } else { false }
    }
}

/// What a channel holds at some resolution: a product of two waves on one plane, and for blocks larger than the codec's
/// which of their codec blocks it describes.
struct Atom: Hashable, Sendable {
    var plane: Int
    var row = 0
    var column = 0
    var y: Wave
    var x: Wave
}

/// The functions of the codec and how those over a block follow from those over its quarters.
///
/// The cosines of a block's low frequencies, cut in halves, are sums of a cosine and a sine of the same frequency centred
/// on each half, by the addition theorem; so two functions for each frequency carry a coefficient through all stages
/// exactly. Blocks with fewer pixels than that hold the pixels themselves.
struct CodecBasis: Sendable {
    /// The side of the blocks that are transformed.
    let block: Int
    /// The frequencies kept of each plane, down and across, lowest first.
    let coefficients: [[(down: Int, across: Int)]]
    let cosines: Cosines

    init(block: Int, counts: [Int]) {
        self.block = block
        cosines = Cosines(quarter: block)
        let limit = counts.max() ?? 0
        var all: [(down: Int, across: Int)] = []
        for sum in 0...(2 * (block - 1)) where all.count < limit {
            let steps = (max(0, sum - block + 1)...min(sum, block - 1))
            // Those along one axis first: pictures have more of them.
            all += steps.map { ($0, sum - $0) }.sorted {
                max($0.0, $0.1) > max($1.0, $1.1) || (max($0.0, $0.1) == max($1.0, $1.1) && $0.0 < $1.0)
            }
        }
        coefficients = counts.map { Array(all.prefix($0)) }
    }

    /// The functions over a block of a side, in the order of their channels.
    func atoms(_ side: Int) -> [Atom] {
        coefficients.indices.flatMap { plane in
            if side >= block {
                let parts = side / block
                return (0..<(parts * parts)).flatMap { part in
                    coefficients[plane].map {
                        Atom(
                            plane: plane,
                            row: part / parts,
                            column: part % parts,
                            y: final($0.down),
                            x: final($0.across)
                        )
                    }
                }
            }
            if side * side <= splitCount(plane) {
                return (0..<(side * side)).map { Atom(plane: plane, y: .pixel($0 / side), x: .pixel($0 % side)) }
            }
            return coefficients[plane].flatMap { pair in
                split(pair.down).flatMap { y in split(pair.across).map { Atom(plane: plane, y: y, x: $0) } }
            }
        }
    }

    /// The wave of a frequency over the codec's block: the basis of the cosine transform, up to the sign.
    func final(_ frequency: Int) -> Wave { frequency % 2 == 0 ? .even(frequency) : .odd(frequency) }

    private func split(_ frequency: Int) -> [Wave] {
        frequency == 0 ? [.even(0)] : [.even(frequency), .odd(frequency)]
    }

    private func splitCount(_ plane: Int) -> Int {
        coefficients[plane].reduce(0) { $0 + ($1.down == 0 ? 1 : 2) * ($1.across == 0 ? 1 : 2) }
    }

    /// The value of a wave over a block of a side at twice the distance from the block's centre.
    private func value(_ wave: Wave, twice distance: Int) -> Double {
        switch wave {
        case .pixel: 0
        case .even(let frequency): cosines.cos(frequency * distance)
        case .odd(let frequency): cosines.sin(frequency * distance)
        }
    }

    /// The value of a wave over the codec's block on a pixel.
    func value(_ wave: Wave, at pixel: Int) -> Double { value(wave, twice: 2 * pixel - block + 1) }

    /// How much of a half's wave is in a block's wave: in the block's wave, cut to that half, written as a sum of waves.
    ///
    /// - Parameters:
    ///   - side: the half's side.
    ///   - half: 0 for the first half, 1 for the second.
    private func link(_ wave: Wave, _ part: Wave, side: Int, half: Int) -> Double {
        let distance = half == 0 ? -side : side
        switch (wave, part) {
        case (.pixel(let place), .pixel(let inner)): return place == half * side + inner ? 1 : 0
        case (.even, .pixel(let inner)), (.odd, .pixel(let inner)):
            return value(wave, twice: 2 * (half * side + inner) - 2 * side + 1)
        case (.even(let a), .even(let b)), (.odd(let a), .odd(let b)):
            return a == b ? cosines.cos(a * distance) : 0
        case (.even(let a), .odd(let b)): return a == b ? -cosines.sin(a * distance) : 0
        case (.odd(let a), .even(let b)): return a == b ? cosines.sin(a * distance) : 0
        case (.pixel, _): return 0
        }
    }

    /// How much of a quarter's function is in a block's function.
    func link(_ whole: Atom, _ part: Atom, side: Int, quarter: (y: Int, x: Int)) -> Double {
        guard whole.plane == part.plane else { return 0 }
        if side >= block {
            let parts = side / block
            let isSame = whole.row == quarter.y * parts + part.row && whole.column == quarter.x * parts + part.column
            return isSame && whole.y == part.y && whole.x == part.x ? 1 : 0
        }
        let down = link(whole.y, part.y, side: side, half: quarter.y)
        return down == 0 ? 0 : down * link(whole.x, part.x, side: side, half: quarter.x)
    }

    /// How much of a quarter's value goes into a block's: means over blocks are formed step by step.
    func share(_ whole: Atom, _ part: Atom, side: Int) -> Double {
        if side >= block || whole.y.isPixel { return 1 }
        return part.y.isPixel ? 1 / Double(4 * side * side) : 0.25
    }

    /// The factor from the mean of the picture times a wave to the wave's coefficient.
    func norm(_ wave: Wave) -> Double { wave == .even(0) ? 1 : 2 }
}

/// The four quarters of a block, in the order of pixel (un)shuffle.
let quarters = [(y: 0, x: 0), (y: 0, x: 1), (y: 1, x: 0), (y: 1, x: 1)]
