internal import ModelZoo

/// The convolutions of a decoder that upsamples by pixel shuffle: from the coefficients of blocks to the picture.
///
/// A convolution before a pixel shuffle makes four channels for each of the result's, one for each position, so every
/// quarter of a block gets its own sum of the block's functions, and whatever the shortcut adds is subtracted beforehand.
struct ShufflingCodec {
    let design: CodecDesign
    private(set) var layers: [CodecLayer] = []
    private var side: Int
    /// The first channel of the values at the current resolution.
    private var base = 0

    private var config: AutoencoderDCConfig { design.config }
    private var coder: NetworkDescription.Coder { design.network.decoder }

    init(_ design: CodecDesign) {
        self.design = design
        side = design.config.spatialCompressionRatio
        projectIn()
        let steps = coder.stages.reversed().compactMap(\.step)
        for (index, step) in steps.enumerated() { up(step, isLast: index == steps.count - 1) }
        projectOut()
    }

    /// Its values lie in the last channels, to which the shortcut repeats the latent's highest frequencies: what it adds
    /// and is subtracted again is small, and rounding leaves little of it. The next shortcut adds nothing at all.
    private mutating func projectIn() {
        let outputs = coder.input.channels
        let isLast = coder.stages.allSatisfy { $0.step == nil }
        var kernel = CodecKernel(inputs: config.latentChannels)
        let count = design.basis.atoms(side).count
        if !isLast { base = outputs - count }
        for (latent, index) in design.latentOrder.enumerated() {
            for target in design.targets(index, isLast: isLast) {
                kernel.add(base + target.channel, latent, target.factor / design.latentGain)
            }
        }
        if isLast { design.addConstants(to: &kernel, after: count, of: outputs) { [$0] } }
        design.cancelInShortcut(in: &kernel, outputs: outputs)
        layers.append(CodecLayer(convolution: coder.input.convolution, kernel: kernel))
    }

    private mutating func up(_ step: NetworkDescription.Step, isLast: Bool) {
        let (inputs, outputs) = (step.convolution.inputs, step.channels)
        let (wholes, parts) = (design.basis.atoms(side), design.basis.atoms(side / 2))
        var kernel = CodecKernel(inputs: inputs)
        for (index, part) in parts.enumerated() {
            for (place, quarter) in quarters.enumerated() {
                for (source, whole) in wholes.enumerated() {
                    let link = design.basis.link(whole, part, side: side / 2, quarter: quarter)
                    if link == 0 { continue }
                    for target in design.targets(index, isLast: isLast) {
                        kernel.add(4 * target.channel + place, base + source, link * target.factor)
                    }
                }
            }
        }
        if isLast {
            design.addConstants(to: &kernel, after: parts.count, of: outputs) { channel in
                (0..<4).map { 4 * channel + $0 }
            }
        }
        let repeats = 4 * outputs / inputs
        for output in 0..<(4 * outputs) { kernel.add(output, output / repeats, -1) }
        layers.append(CodecLayer(convolution: step.convolution, kernel: kernel))
        side /= 2
        base = 0
    }

    private mutating func projectOut() {
        var kernel = CodecKernel(inputs: coder.output.convolution.inputs)
        let atoms = design.basis.atoms(side)
        guard side > 1 else {
            for (index, atom) in atoms.enumerated() {
                design.addColours(to: &kernel, from: index, plane: atom.plane, factor: 1) { $0 }
            }
            layers.append(CodecLayer(convolution: coder.output.convolution, kernel: kernel))
            return
        }
        let pixels = design.basis.atoms(1)
        for (index, atom) in atoms.enumerated() {
            for (place, quarter) in quarters.enumerated() {
                let link = design.basis.link(atom, pixels[atom.plane], side: 1, quarter: quarter)
                design.addColours(to: &kernel, from: index, plane: atom.plane, factor: link) { 4 * $0 + place }
            }
        }
        layers.append(CodecLayer(convolution: coder.output.convolution, kernel: kernel))
    }
}
