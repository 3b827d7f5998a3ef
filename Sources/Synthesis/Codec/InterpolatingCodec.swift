internal import ModelZoo

/// The convolutions of a decoder that upsamples by nearest neighbour: from latent values to the picture.
///
/// Such a network, away from the borders, makes a constant picture of a constant latent: nothing in it tells one column
/// from the next. So what a block holds besides its mean is predicted from the means of its neighbours, by the parabola
/// that has the same means, and of what the prediction misses the mean over a block and its neighbours is taken off. See
/// `InterpolationTree` for how the rest finds its place. That makes a grid of eight cells per block and side; from there
/// on each stage interpolates with the weights of a quadratic spline.
struct InterpolatingCodec {
    let design: CodecDesign
    private(set) var layers: [CodecLayer] = []
    private let tree: InterpolationTree
    private let levels: [(side: Int, channels: Int)]

    private var config: AutoencoderDCConfig { design.config }
    private var coder: NetworkDescription.Coder { design.network.decoder }
    private var planes: Int { design.config.inChannels }
    /// The constant's place among a level's values: so far back that no shortcut adds it to one of the picture's, as what
    /// is left when a large number is subtracted again is inexact.
    private var constantIndex: Int { 2 * planes }

    /// How much of each neighbour an interpolated value takes: from means of cells, those of a quadratic spline.
    static let spline = 0.25
    /// What the mean over three blocks takes off.
    static let rest = [-1.0 / 3, 2.0 / 3, -1.0 / 3]

    init(_ design: CodecDesign) {
        self.design = design
        levels = CodecDesign.levels(design.config.decoder)
        tree = InterpolationTree(Self.function(design), builds: design.builds)
        projectIn()
        let steps = coder.stages.reversed().compactMap(\.step)
        for (index, step) in steps.enumerated() { up(step, to: index + 1) }
        var kernel = CodecKernel(inputs: levels[levels.count - 1].channels)
        for plane in 0..<planes { design.addColours(to: &kernel, from: plane, plane: plane, factor: 1) { $0 } }
        layers.append(CodecLayer(convolution: coder.output.convolution, kernel: kernel))
    }

    // MARK: - The function of position

    /// The weight of a neighbour's mean in the parabola over a block that has the means of three blocks.
    static func parabola(_ tap: Int, at pixel: Int, block: Int) -> Double {
        let side = Double(block)
        let place = (Double(pixel) - (side - 1) / 2) / side
        let bend = place * place - (side * side - 1) / (12 * side * side)
        return tap == 0 ? 1 - bend : (Double(tap) * place + bend) / 2
    }

    /// The coefficient of a wave in that parabola.
    static func prediction(of wave: Wave, _ tap: Int, _ basis: CodecBasis) -> Double {
        let sum = (0..<basis.block).reduce(0) {
            $0 + basis.value(wave, at: $1) * parabola(tap, at: $1, block: basis.block)
        }
        return sum * basis.norm(wave) / Double(basis.block)
    }

    private static func function(_ design: CodecDesign) -> InterpolationTree.Taps {
        let basis = design.basis
        let cells = 1 << design.builds
        let width = basis.block / cells
        let frequencies = 1 + (basis.coefficients.joined().map { max($0.down, $0.across) }.max() ?? 0)
        return (0..<cells).map { cell in
            let pixels = (cell * width)..<((cell + 1) * width)
            func mean(_ value: (Int) -> Double) -> Double { pixels.reduce(0) { $0 + value($1) } / Double(width) }
            return (0..<frequencies).map { frequency in
                guard frequency > 0 else {
                    return (-1...1).map { tap in mean { parabola(tap, at: $0, block: basis.block) } }
                }
                let value = mean { basis.value(basis.final(frequency), at: $0) }
                return rest.map { $0 * value }
            }
        }
    }

    // MARK: - The convolutions

    /// The channels that hold a value at a level: as many as the next shortcut draws from for one channel, so that it adds
    /// the same at all positions; before the last norm a pair of opposites.
    private func targets(_ index: Int, _ level: Int) -> [(channel: Int, factor: Double)] {
        if level == levels.count - 1 { return design.targets(index, isLast: true) }
        let copies = Self.copies(levels, level)
        return (0..<copies).map { (base(level) + index * copies + $0, 1) }
    }

    /// The first channel of a level's values; at the latent's resolution they come last, as in `ShufflingCodec`.
    private func base(_ level: Int) -> Int {
        guard level == 0, levels.count > 1 else { return 0 }
        let side = tree.levels[0].count
        let count = design.builds > 0 ? planes * side * side : constantIndex + 1
        return levels[0].channels - count * Self.copies(levels, 0)
    }

    private func index(_ plane: Int, _ y: Int, _ x: Int, _ level: Int) -> Int {
        let count = tree.levels[level].count
        return (plane * count + y) * count + x
    }

    private mutating func projectIn() {
        var kernel = CodecKernel(inputs: config.latentChannels)
        let nodes = tree.levels[0]
        let frequencies = (0..<planes).flatMap { plane in
            design.basis.coefficients[plane].map { (plane: plane, down: $0.down, across: $0.across) }
        }
        for (latent, place) in design.latentOrder.enumerated() {
            let frequency = frequencies[place]
            for place in 0..<(nodes.count * nodes.count) {
                let (y, x) = (place / nodes.count, place % nodes.count)
                let (down, across) = (nodes[y].taps[0][frequency.down], nodes[x].taps[0][frequency.across])
                for target in targets(index(frequency.plane, y, x, 0), 0) {
                    for tap in 0..<9 {
                        let weight = down[tap / 3] * across[tap % 3] * target.factor / design.latentGain
                        kernel.add(target.channel, latent, y: tap / 3 - 1, x: tap % 3 - 1, weight)
                    }
                }
            }
        }
        if design.builds == 0 { addConstant(to: &kernel, level: 0) }
        design.cancelInShortcut(in: &kernel, outputs: levels[0].channels)
        layers.append(CodecLayer(convolution: coder.input.convolution, kernel: kernel))
    }

    /// The constant starts with the grid's cells, and from there on goes the way of the picture: towards the borders, where
    /// convolutions see zeros, both fade alike, and the last norm divides the one by the other.
    private func addConstant(to kernel: inout CodecKernel, level: Int) {
        if level == levels.count - 1 {
            return design.addConstants(to: &kernel, after: planes, of: levels[level].channels) { [$0] }
        }
        for target in targets(constantIndex, level) { kernel.addBias(target.channel, CodecDesign.constant) }
    }

    private mutating func up(_ step: NetworkDescription.Step, to level: Int) {
        let (inputs, outputs) = (levels[level - 1].channels, levels[level].channels)
        var kernel = CodecKernel(inputs: inputs)
        func source(_ index: Int) -> Int { base(level - 1) + index * Self.copies(levels, level - 1) }
        if level <= design.builds {
            build(level, &kernel, source)
            if level == design.builds { addConstant(to: &kernel, level: level) }
        } else {
            interpolate(level, &kernel, source)
        }
        let repeats = 4 * outputs / inputs
        for output in 0..<outputs { kernel.add(output, 4 * output / repeats, -1) }
        layers.append(CodecLayer(convolution: step.convolution, kernel: kernel))
    }

    /// Puts the parts of each value of position at their places.
    private func build(_ level: Int, _ kernel: inout CodecKernel, _ source: (Int) -> Int) {
        let nodes = tree.levels[level]
        for place in 0..<(planes * nodes.count * nodes.count) {
            let (y, x) = (place / nodes.count % nodes.count, place % nodes.count)
            let plane = place / (nodes.count * nodes.count)
            for target in targets(place, level) {
                for row in nodes[y].sources {
                    for column in nodes[x].sources {
                        let input = source(index(plane, row.index, column.index, level - 1))
                        kernel.add(target.channel, input, y: row.tap, x: column.tap, target.factor)
                    }
                }
            }
        }
    }

    /// Interpolates the planes, and beside them the constant.
    private func interpolate(_ level: Int, _ kernel: inout CodecKernel, _ source: (Int) -> Int) {
        let weights = [Self.spline, 1 - 2 * Self.spline, Self.spline]
        var pairs = (0..<planes).flatMap { plane in targets(plane, level).map { (target: $0, input: source(plane)) } }
        if level == levels.count - 1 {
            let behind = (2 * planes)..<levels[level].channels
            pairs += behind.map { (($0, 1), source(constantIndex)) }
        } else {
            pairs += targets(constantIndex, level).map { ($0, source(constantIndex)) }
        }
        for pair in pairs {
            for tap in 0..<9 {
                let weight = weights[tap / 3] * weights[tap % 3] * pair.target.factor
                kernel.add(pair.target.channel, pair.input, y: tap / 3 - 1, x: tap % 3 - 1, weight)
            }
        }
    }

    // MARK: - What fits

    /// The channels that the shortcut after a level draws from for one of its result.
    private static func copies(_ levels: [(side: Int, channels: Int)], _ level: Int) -> Int {
        guard level < levels.count - 1 else { return 1 }
        return max(1, levels[level].channels / levels[level + 1].channels)
    }

    /// What the network lacks to interpolate with so many stages that tell positions apart.
    static func shortage(
        _ config: AutoencoderDCConfig,
        levels: [(side: Int, channels: Int)],
        builds: Int
    ) -> SynthesisFault.Shortage? {
        for (index, level) in levels.enumerated() {
            if index < levels.count - 1 {
                let repeats = 4 * levels[index + 1].channels / level.channels
                if repeats % 4 != 0 && 4 % repeats != 0 {
                    return .scatteredShortcut(from: level.channels, to: levels[index + 1].channels)
                }
            }
            let side = index < builds ? InterpolationTree.count(builds - index) : 1
            let needed =
                index == levels.count - 1
                ? 2 * config.inChannels + 1
                : (index < builds ? config.inChannels * side * side : 2 * config.inChannels + 1) * copies(levels, index)
            if needed > level.channels {
                return CodecDesign.lacks("decoder", config.decoder, index, level.channels, needed)
            }
        }
        return nil
    }
}
