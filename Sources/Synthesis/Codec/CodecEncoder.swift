internal import ModelZoo

/// The encoder's convolutions: from the picture to the coefficients of its blocks.
///
/// A block's functions are sums of its quarters', so each stage combines four positions of the one before: those that a
/// convolution of stride 2 sees with its last two rows and columns, and that a convolution before a pixel unshuffle sees
/// from the block's first position. Its output at the other three is made but never read, and neither is what shortcuts
/// leave in channels without a function; in channels with one, the convolution subtracts what the shortcut will add.
struct CodecEncoder {
    let design: CodecDesign
    private(set) var layers: [CodecLayer] = []
    /// Where each function's value is: the channels that sum to it, each with its factor.
    private var reading: [[(channel: Int, factor: Double)]]
    private var side = 1

    private var config: AutoencoderDCConfig { design.config }
    private var coder: NetworkDescription.Coder { design.network.encoder }

    init(_ design: CodecDesign) {
        self.design = design
        reading = design.analysis.map { $0.enumerated().map { ($0.offset, $0.element) } }
        projectIn()
        for step in coder.stages.compactMap(\.step) { down(step) }
        projectOut()
    }

    private mutating func projectIn() {
        if coder.input.resampling != .none { return down(coder.input) }
        var kernel = CodecKernel(inputs: config.inChannels)
        for (index, sources) in reading.enumerated() {
            for source in sources { kernel.add(index, source.channel, source.factor) }
        }
        layers.append(CodecLayer(convolution: coder.input.convolution, kernel: kernel))
        reading = reading.indices.map { [($0, 1)] }
    }

    private mutating func down(_ step: NetworkDescription.Step) {
        let (wholes, parts) = (design.basis.atoms(2 * side), design.basis.atoms(side))
        let spread = config.downsamplesByPixelUnshuffle ? 4 : 1
        var kernel = CodecKernel(inputs: step.convolution.inputs)
        for (row, whole) in wholes.enumerated() {
            for (index, part) in parts.enumerated() {
                for quarter in quarters {
                    let link = design.basis.link(whole, part, side: side, quarter: quarter)
                    if link == 0 { continue }
                    let factor = link * design.basis.share(whole, part, side: side)
                    for source in reading[index] {
                        kernel.add(row, source.channel, y: quarter.y, x: quarter.x, factor * source.factor)
                    }
                }
            }
            guard case .down(let group) = step.shortcut else { continue }
            for member in (row * spread * group)..<((row * spread + 1) * group) {
                let quarter = quarters[member % 4]
                kernel.add(row, member / 4, y: quarter.y, x: quarter.x, -1 / Double(group))
            }
        }
        layers.append(CodecLayer(convolution: step.convolution, kernel: kernel))
        reading = wholes.indices.map { [($0 * spread, 1)] }
        side *= 2
    }

    /// The latent: each coefficient in a channel; for an interpolating decoder, less what it will predict from the means
    /// of neighbouring blocks.
    private mutating func projectOut() {
        let inputs = coder.output.convolution.inputs
        let atoms = design.basis.atoms(side)
        let places = Dictionary(uniqueKeysWithValues: atoms.enumerated().map { ($0.element, $0.offset) })
        var kernel = CodecKernel(inputs: inputs)
        let terms = { [design] (wave: Wave) -> [(wave: Wave, tap: Int, factor: Double)] in
            let own = (wave, 0, design.basis.norm(wave))
            guard design.config.upsamplesByInterpolation, wave != .even(0) else { return [own] }
            return [own] + (-1...1).map { (.even(0), $0, -InterpolatingCodec.prediction(of: wave, $0, design.basis)) }
        }
        for (row, place) in design.latentOrder.enumerated() {
            let atom = atoms[place]
            for y in terms(atom.y) {
                for x in terms(atom.x) {
                    var source = atom
                    (source.y, source.x) = (y.wave, x.wave)
                    guard let place = places[source] else { continue }
                    let factor = y.factor * x.factor * design.latentGain
                    for channel in reading[place] {
                        kernel.add(row, channel.channel, y: y.tap, x: x.tap, factor * channel.factor)
                    }
                }
            }
        }
        if case .average(let group) = coder.output.shortcut {
            for input in 0..<inputs { kernel.add(input / group, input, -1 / Double(group)) }
        }
        layers.append(CodecLayer(convolution: coder.output.convolution, kernel: kernel))
    }
}
