internal import CKernels
internal import TensorCore

extension dcae_plan {
    /// How a convolution is cut, which follows from its shape; by which kernels is told by `use`.
    ///
    /// - Parameter size: of its own output, before pixels are shuffled.
    init(_ spec: ConvolutionSpec, inputChannels: Int, size: (height: Int, width: Int)) {
        self.init()
        let pixels = size.height * size.width
        algorithm =
            if spec.weights.taps == 1 {
                DCAE_POINTWISE
            } else {
                switch spec.resampling {
                case .interpolate: DCAE_UPSAMPLE
                case .stride: pixels <= 16 ? DCAE_DIRECT : DCAE_HALVE
                // On a few pixels the weights' transform costs more than it saves.
                case .none, .shuffle, .unshuffle:
                    pixels <= 144 && spec.weights.inputs >= 128
                        ? DCAE_DIRECT : Self.winograd(size, outputs: spec.weights.outputs)
                }
            }
        (tile, points) =
            switch algorithm {
            case DCAE_WINOGRAD: (4, 36)
            case DCAE_WINOGRAD_6: (6, 64)
            case DCAE_UPSAMPLE: (2, 9)
            case DCAE_HALVE: (2, 25)
            default: (1, 1)
            }
        stride = spec.resampling == .stride ? 2 : 1
        k16 = Int32((algorithm == DCAE_DIRECT ? 9 : 1) * inputChannels / 16)
        outputs = Int32(spec.weights.paddedOutputs)
        tiles_x = (Int32(size.width) + tile - 1) / tile
    }

    /// Which of Winograd's algorithms has clearly fewer products: F(6×6, 3×3), but for what its tiles reach beyond the image, and
    /// where there are so few that reading its weights, which are more, costs what is won.
    ///
    /// Few outputs have few products to save; they are the network's last ones, to which no smaller error is added.
    private static func winograd(_ size: (height: Int, width: Int), outputs: Int) -> dcae_algorithm {
        func tiles(_ side: Int) -> Int { (size.height + side - 1) / side * ((size.width + side - 1) / side) }
        let isLarge = outputs > 16 && tiles(6) >= 256
        return isLarge && 10 * 64 * tiles(6) <= 9 * 36 * tiles(4) ? DCAE_WINOGRAD_6 : DCAE_WINOGRAD
    }

    /// The same for kernels whose products are of bf16 or not.
    func using(_ kernels: dcae_network_kernels, isBF16: Bool) -> dcae_plan {
        var plan = self
        plan.bf16 = isBF16 ? 1 : 0
        plan.panels = (outputs + kernels.panel_width - 1) / kernels.panel_width
        return plan
    }

    var isWinograd: Bool { algorithm == DCAE_WINOGRAD || algorithm == DCAE_WINOGRAD_6 }

    /// What profiles call the algorithm.
    var name: String {
        switch algorithm {
        case DCAE_WINOGRAD: "winograd F(4,3)"
        case DCAE_WINOGRAD_6: "winograd F(6,3)"
        case DCAE_UPSAMPLE: "upsample 9"
        case DCAE_HALVE: "halve 25"
        case DCAE_DIRECT: "direct"
        default: "product"
        }
    }
}

extension dcae_weight {
    /// The weights, whose bytes stay valid as long as `weights` is kept.
    init(_ weights: RawWeights) {
        self.init()
        parts = Int32(weights.parts.count)
        outputs = Int32(weights.outputs)
        inputs = Int32(weights.inputs)
        taps = Int32(weights.taps)
        row_elements = Int64(weights.storedInputs * weights.taps)
        segment = Int32(weights.segment)
        format = weights.dtype == .f32 ? DCAE_F32 : weights.dtype == .bf16 ? DCAE_BF16 : DCAE_F16
        let rowBytes = Int(row_elements) * weights.dtype.bitCount / 8
        withUnsafeMutableBytes(of: &part) { part in
            let part = part.assumingMemoryBound(to: UnsafeRawPointer?.self)
            for (index, bytes) in weights.parts.enumerated() { part[index] = bytes.baseAddress }
        }
        withUnsafeMutableBytes(of: &part_rows) { rows in
            let rows = rows.assumingMemoryBound(to: Int32.self)
            for (index, bytes) in weights.parts.enumerated() { rows[index] = Int32(bytes.count / max(1, rowBytes)) }
        }
    }
}

extension dcae_finish {
    /// What follows a convolution, less its numbers.
    init(_ spec: ConvolutionSpec) {
        self.init()
        activation = spec.activation.code
        switch spec.norm {
        case .none: norm = DCAE_NO_NORM
        case .rms(_, _, let eps): (norm, self.eps) = (DCAE_RMS_NORM, eps)
        case .affine: norm = DCAE_AFFINE
        }
        shuffle = spec.resampling.code
        permuted = spec.resampling == .shuffle && spec.weights.outputs / 4 % 16 == 0 ? 1 : 0
        shortcut = spec.shortcut.code
        group = Int32(spec.shortcut.group)
        is_whole_pixel =
            norm != DCAE_NO_NORM || shortcut != DCAE_NO_SHORTCUT || shuffle != DCAE_NO_SHUFFLE ? 1 : 0
        if let residual = spec.shortcut.source { self.residual = residual.view }
    }

    /// Takes bias, scale and shift, in the order of the product's outputs with zeros in between.
    ///
    /// - Parameters:
    ///   - base: 3 × width zeros.
    ///   - width: of all panels together.
    mutating func setConstants(_ spec: ConvolutionSpec, at base: UnsafeMutablePointer<Float>, width: Int) {
        let (outputs, segment) = (spec.weights.outputs, spec.weights.segment)
        let padded = (segment + 15) / 16 * 16
        if let values = spec.bias {
            for (index, value) in values.prefix(outputs).enumerated() {
                var place = index
                if segment > 0 { place = index / segment * padded + index % segment }
                if permuted != 0 { place = index % 4 * (outputs / 4) + index / 4 }
                base[place] = value
            }
            bias = UnsafePointer(base)
        }
        switch spec.norm {
        case .none: return
        case .rms(let scales, let shifts, _), .affine(let scales, let shifts):
            for (index, value) in scales.prefix(outputs).enumerated() { base[width + index] = value }
            for (index, value) in shifts.prefix(outputs).enumerated() { base[2 * width + index] = value }
        }
        scale = UnsafePointer(base + width)
        shift = UnsafePointer(base + 2 * width)
    }
}
