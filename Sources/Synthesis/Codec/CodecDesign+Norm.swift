internal import ModelZoo

/// What both kinds of decoder share: their two ends.
extension CodecDesign {
    /// The stage whose channels the last norm sees.
    var normStage: Int { config.decoder.projectionResamples ? 1 : 0 }

    /// The channels that hold a value: itself, or before the last norm itself and its opposite.
    ///
    /// Of the two an activation passes what their difference makes whole again: relu(v) - relu(-v) = v, and likewise for
    /// silu and gelu, as σ(v) + σ(-v) = 1 and Φ(v) + Φ(-v) = 1.
    func targets(_ index: Int, isLast: Bool) -> [(channel: Int, factor: Double)] {
        isLast ? [(2 * index, 1), (2 * index + 1, -1)] : [(index, 1)]
    }

    /// Sets all channels behind those of the values to the constant.
    func addConstants(to kernel: inout CodecKernel, after count: Int, of channels: Int, rows: (Int) -> [Int]) {
        for channel in (2 * count)..<channels {
            for row in rows(channel) { kernel.addBias(row, Self.constant) }
        }
    }

    /// Subtracts what the shortcut of the decoder's first convolution will add.
    func cancelInShortcut(in kernel: inout CodecKernel, outputs: Int) {
        guard config.decoderInShortcut else { return }
        for output in 0..<outputs { kernel.add(output, output / (outputs / config.latentChannels), -1) }
    }

    /// Adds a value behind the last activation to the picture's channels.
    func addColours(to kernel: inout CodecKernel, from index: Int, plane: Int, factor: Double, row: (Int) -> Int) {
        for colour in 0..<config.inChannels {
            let share = factor * synthesis[colour][plane] * (passesShifted ? 0.5 : 1)
            kernel.add(row(colour), 2 * index, share)
            kernel.add(row(colour), 2 * index + 1, -share)
        }
    }

    /// Whether the activation passes a pair of opposite values only when both are well above zero.
    private var passesShifted: Bool { config.decoderConvActFn == .mish }

    /// The last norm: it divides by the root of the mean square, almost that of the constants, and multiplies by it again.
    func norm(values count: Int) -> (weight: SparseTensor, bias: SparseTensor) {
        let channels = config.decoder.projectionChannels
        let share = Double(channels - 2 * count) / Double(channels)
        let scale = Self.constant * share.squareRoot()
        var (weights, biases): ([Int: Double], [Int: Double]) = ([:], [:])
        for channel in 0..<(2 * count) {
            weights[channel] = scale
            // At 16 and more, mish is the identity in single precision.
            if passesShifted { biases[channel] = 24 }
        }
        return (SparseTensor(fill: 0, weights), SparseTensor(fill: 0, biases))
    }
}
