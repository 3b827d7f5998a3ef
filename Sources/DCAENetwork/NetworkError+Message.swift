internal import CheckpointIO
internal import ModelZoo
public import TensorCore

extension NetworkError {
    /// The whole message: one line, without a final full stop.
    public var description: String { line(Words.label) }

    /// The same, with options spelled as the one who shows it does.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String {
        switch self {
        case .shape(let fault): fault.message
        case .configuration(let fault): fault.message + (fault.remedy.map { "; \($0.text(spelling))" } ?? "")
        case .parameter(let name, let fault): "\(name.escaped()): \(fault.message)"
        case .source(let error): error.line(spelling)
        case .precision:
            "this processor cannot multiply bf16, for which it needs AVX512-BF16; use f32, which every one can"
        case .tiling(let fault): fault.message
        case .outOfRange(let value): value.message
        case .outOfMemory(let bytes):
            "out of memory: \((bytes + 999_999) / 1_000_000) MB more were needed; try tiles, or a smaller image"
        case .outputTooLarge(let sizes):
            "an output of \(sizes) takes \(sizes.reduce(1, *) / 250_000_000) GB, more than the memory there is"
        case .stopped: "it was asked to stop"
        }
    }
}

extension NetworkError.ShapeFault {
    fileprivate var message: String {
        switch self {
        case .sizes(let sizes): "a tensor has four positive sizes, not \(sizes)"
        case .values(let count, let sizes): "\(count) values are no tensor of \(sizes)"
        case .imageChannels(let found, let expected):
            "an image of this network has \(expected) channels, not \(found)"
        case .latentChannels(let found, let expected):
            "a latent of this network has \(expected) channels, not \(found)"
        case .sides(let height, let width, let ratio):
            "an image of \(width)×\(height) has sides that are no multiples of \(ratio); near are a width of "
                + "\(Self.near(width, ratio)) and a height of \(Self.near(height, ratio))"
        case .partialLatent(let asked, let channels):
            "\(asked) channels of a latent are asked for; this network's has 1 to \(channels)"
        case .partialShortcut:
            "only all channels of the latent can be had: the network adds a shortcut that takes all of them, "
                + "which DC-AE 1.5, made for latents of fewer channels, does not"
        }
    }

    private static func near(_ size: Int, _ ratio: Int) -> String {
        let low = size / ratio * ratio
        return size == low ? "\(size)" : low == 0 ? "\(ratio)" : "\(low) or \(low + ratio)"
    }
}

extension NetworkError.ParameterFault {
    fileprivate var message: String {
        switch self {
        case .missing: "the checkpoint has no such parameter"
        case .shape(let found, let expected): "is shaped \(found) where the configuration asks for \(expected)"
        case .dtype(let dtype): "is \(dtype.rawValue), and only floats can be computed with"
        }
    }
}

extension NetworkError.TilingFault {
    fileprivate var message: String {
        switch self {
        case .noMultiple(let side, let tile, let stride, let ratio):
            "tile \(side) \(tile) and stride \(stride) must be multiples of \(ratio), the network's compression; "
                + "near are \(max(ratio, (tile + ratio / 2) / ratio * ratio)) and "
                + "\(max(ratio, stride / ratio * ratio))"
        case .gaps(let side, let tile, let stride):
            "a stride of \(stride) leaves gaps between tiles of \(side) \(tile): at most the tile's own \(side)"
        }
    }
}

extension ValueOutOfRange {
    fileprivate var message: String {
        let what = value.isNaN ? "NaN" : value.isInfinite ? "\(value)" : "\(value), beyond the 65504 of F16,"
        switch place {
        case .input(let element): return "input: element \(element) is \(value)"
        case .parameter(let name, let element):
            return "\(name.escaped()): value \(element) of this parameter is \(what)"
        case .output(let layer, let channel, let row, let column):
            return "\(layer.escaped()): the first layer whose output holds \(what) "
                + "(channel \(channel), row \(row), column \(column))"
        }
    }
}
