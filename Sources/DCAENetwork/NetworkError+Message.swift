internal import CheckpointIO
internal import ModelZoo
public import TensorCore

extension NetworkError {
    /// The whole message: one line, without a final full stop.
    public var description: String { line(Words.label) }

    /// The same, with options spelled as the one who shows it does.
    public func line(_ spelling: (Words.Option, String?) -> String) -> String {
        if case .source(let error) = self { return error.line(spelling) }
        let details = details
        let place = details.place.layer ?? details.place.tensor
        return (place.map { "\($0.escaped()): " } ?? "") + details.message.text(spelling)
            + (details.remedy.map { "; " + $0.text(spelling) } ?? "")
    }

    /// The same in parts.
    public var details: RefusalDetails {
        switch self {
        case .shape(let fault): return RefusalDetails(.wrongSize, Words(fault.message))
        case .configuration(let fault):
            return RefusalDetails(
                fault.kind,
                Words(fault.message),
                remedy: fault.remedy,
                candidates: fault.candidates
            )
        case .parameter(let name, let fault):
            return RefusalDetails(.wrongStructure, Words(fault.message), at: .tensor(name))
        case .source(let error): return error.details
        case .precision:
            return RefusalDetails(
                .unsupported,
                "this processor cannot multiply bf16; that needs AVX512-BF16",
                remedy: "use f32, which every processor can"
            )
        case .tiling(let fault): return RefusalDetails(.badOption, Words(fault.message))
        case .outOfRange(let value): return RefusalDetails(.outOfRange, Words(value.message), at: value.placed)
        case .outOfMemory(let bytes):
            return RefusalDetails(
                .outOfMemory,
                "out of memory: \((bytes + 999_999) / 1_000_000) MB more were needed",
                remedy: "try tiles, or a smaller image"
            )
        case .outputTooLarge(let sizes):
            let gigabytes = sizes.reduce(1, *) / 250_000_000
            return RefusalDetails(
                .outOfMemory,
                "an output of \(sizes) takes \(gigabytes) GB, more than the free memory"
            )
        case .stopped: return RefusalDetails(.stopped, "the work was stopped on request")
        }
    }
}

extension RefusalDetails.Place {
    fileprivate static func tensor(_ name: String) -> Self {
        var place = Self()
        place.tensor = name
        return place
    }
}

extension NetworkError.ShapeFault {
    fileprivate var message: String {
        switch self {
        case .sizes(let sizes): "a tensor has four positive sizes, not \(sizes)"
        case .values(let count, let sizes): "\(count) values do not fill a tensor of \(sizes)"
        case .imageChannels(let found, let expected):
            "an image of this network has \(expected) channels, not \(found)"
        case .latentChannels(let found, let expected):
            "a latent of this network has \(expected) channels, not \(found)"
        case .sides(let height, let width, let ratio):
            "an image of \(width)×\(height) has sides that are not multiples of \(ratio); use a width of "
                + "\(Self.near(width, ratio)) and a height of \(Self.near(height, ratio))"
        case .partialLatent(let asked, let channels):
            "\(asked) channels of a latent were requested; this network's have 1 to \(channels)"
        case .partialShortcut:
            "this network cannot use only some latent channels: its shortcut needs all of them; "
                + "DC-AE 1.5 can"
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
        case .shape(let found, let expected): "its shape is \(found), but the configuration asks for \(expected)"
        case .dtype(let dtype): "its dtype is \(dtype.rawValue), but only floats can be computed with"
        }
    }
}

extension NetworkError.TilingFault {
    fileprivate var message: String {
        switch self {
        case .noMultiple(let side, let tile, let stride, let ratio):
            "tile \(side) \(tile) and stride \(stride) must be multiples of \(ratio), the network's compression; "
                + "use for example \(max(ratio, (tile + ratio / 2) / ratio * ratio)) and "
                + "\(max(ratio, stride / ratio * ratio))"
        case .gaps(let side, let tile, let stride):
            "a stride of \(stride) leaves gaps between tiles of \(side) \(tile): use at most the tile's \(side)"
        }
    }
}

extension ValueOutOfRange {
    fileprivate var message: String {
        let what = value.isNaN ? "NaN" : value.isInfinite ? "\(value)" : "\(value), beyond the 65504 of F16,"
        switch place {
        case .input(let element): return "input: element \(element) is \(value)"
        case .parameter(_, let element): return "value \(element) of this parameter is \(what)"
        case .output(_, let channel, let row, let column):
            return "the first layer whose output holds \(what) (channel \(channel), row \(row), column \(column))"
        }
    }

    fileprivate var placed: RefusalDetails.Place {
        var found = RefusalDetails.Place()
        switch place {
        case .input: break
        case .parameter(let name, _): found.tensor = name
        case .output(let layer, _, _, _): found.layer = layer
        }
        return found
    }
}
