internal import CKernels
package import TensorCore

/// Weights as a checkpoint holds them: [outputs, inputs, taps], F32, F16 or BF16, of any alignment.
package struct RawWeights {
    /// One tensor, or several below one another; none where only costs are asked for.
    package var parts: [UnsafeRawBufferPointer]
    package var dtype: DType
    /// The outputs and inputs in use: the first of those that are stored.
    package var outputs: Int
    package var inputs: Int
    package var taps: Int
    /// The inputs of an output that are stored; all of them in use but for partial latents.
    package var storedInputs: Int
    /// What keeps the bytes alive.
    package var owners: [AnyObject?]
    /// 0, or the outputs after which a gap up to a multiple of 16 follows.
    package var segment = 0

    /// Describes weights whose bytes are known to fit the shape.
    package init(
        parts: [UnsafeRawBufferPointer],
        dtype: DType,
        outputs: Int,
        inputs: Int,
        taps: Int,
        owners: [AnyObject?],
        segment: Int = 0
    ) {
        self.parts = parts
        self.dtype = dtype
        self.outputs = outputs
        self.inputs = inputs
        self.taps = taps
        self.owners = owners
        self.segment = segment
        storedInputs = inputs
    }

    var byteCount: Int { outputs * inputs * taps * dtype.bitCount / 8 }
    /// The outputs with the gaps between segments.
    var paddedOutputs: Int {
        segment == 0 ? outputs : outputs / segment * ((segment + 15) / 16 * 16)
    }
}

/// What is done to values one by one.
package enum ActivationKind: Sendable {
    case identity, relu, silu, gelu, mish

    var code: dcae_activation {
        switch self {
        case .identity: DCAE_IDENTITY
        case .relu: DCAE_RELU
        case .silu: DCAE_SILU
        case .gelu: DCAE_GELU
        case .mish: DCAE_MISH
        }
    }
}

/// What is done to a pixel's channels.
package enum NormKind {
    /// Nothing.
    case none
    /// Divided by their root mean square (eps inside the root), then scaled and shifted.
    case rms(scale: [Float], shift: [Float], eps: Float)
    /// Scaled and shifted: what is left of a batch norm with known statistics.
    case affine(scale: [Float], shift: [Float])
}

/// What is added to the result.
package enum Shortcut {
    case none
    /// The pixel itself.
    case same(Rows)
    /// The mean of so many consecutive channels.
    case average(Rows, Int)
    /// Each channel so many times.
    case `repeat`(Rows, Int)
    /// Pixel unshuffle, then the mean of so many consecutive channels.
    case down(Rows, Int)
    /// Each channel so many times, then pixel shuffle.
    case up(Rows, Int)

    var source: Rows? {
        switch self {
        case .none: nil
        case .same(let rows), .average(let rows, _), .repeat(let rows, _), .down(let rows, _), .up(let rows, _): rows
        }
    }

    var group: Int {
        switch self {
        case .none, .same: 1
        case .average(_, let group), .repeat(_, let group), .down(_, let group), .up(_, let group): group
        }
    }

    var code: dcae_shortcut {
        switch self {
        case .none: DCAE_NO_SHORTCUT
        case .same: DCAE_SAME
        case .average: DCAE_AVERAGE
        case .repeat: DCAE_REPEAT
        case .down: DCAE_DOWN
        case .up: DCAE_UP
        }
    }
}

/// How a convolution's pixels lie in its output.
package enum Resampling: Sendable {
    /// As they are.
    case none
    /// Nearest-neighbour doubling before the convolution.
    case interpolate
    /// Stride 2.
    case stride
    /// Four channels become a square of four pixels.
    case shuffle
    /// A square of four pixels becomes four channels.
    case unshuffle

    var code: dcae_shuffle {
        switch self {
        case .none, .interpolate, .stride: DCAE_NO_SHUFFLE
        case .shuffle: DCAE_SHUFFLE
        case .unshuffle: DCAE_UNSHUFFLE
        }
    }
}

/// A convolution, 1×1 or 3×3 with padding 1, and all that follows it up to the next product.
package struct ConvolutionSpec {
    package var name: String
    package var weights: RawWeights
    package var bias: [Float]?
    package var activation = ActivationKind.identity
    package var norm = NormKind.none
    package var shortcut = Shortcut.none
    package var resampling = Resampling.none

    /// A convolution with nothing after it.
    package init(name: String, weights: RawWeights, bias: [Float]? = nil) {
        self.name = name
        self.weights = weights
        self.bias = bias
    }
}
