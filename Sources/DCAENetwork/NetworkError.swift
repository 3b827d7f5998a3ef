internal import Kernels
public import TensorCore

/// Why the network could not be built or run.
public enum NetworkError: Refusal, Equatable {
    /// A tensor of sizes that the network cannot take.
    case shape(String)
    /// A configuration that describes no network.
    case configuration(String)
    /// A parameter whose shape or type does not fit the configuration.
    case parameter(name: String, String)
    /// A precision that this processor cannot compute in.
    case precision
    /// Tile sizes that cannot be used.
    case tiling(String)
    /// A value that is NaN or infinite, or beyond what F16 holds, in a parameter or a layer's output.
    case outOfRange(layer: String, String)
    /// The system gave no more memory.
    case outOfMemory(String)

    /// The whole message: one line, without a final full stop.
    public var description: String {
        switch self {
        case .shape(let what), .configuration(let what), .tiling(let what), .outOfMemory(let what): what
        case .precision:
            "this processor cannot multiply bf16, for which it needs AVX512-BF16; use f32, which every one can"
        case .parameter(let name, let what): "\(name.escaped()): \(what)"
        case .outOfRange(let layer, let what): "\(layer.escaped()): \(what)"
        }
    }

    /// The same in the words of this module's callers.
    init(_ error: KernelError) {
        switch error {
        case .outOfMemory(let bytes):
            self = .outOfMemory(
                "out of memory: \((bytes + 999_999) / 1_000_000) MB more were needed; try tiles, or a smaller image"
            )
        case .outside(let layer, let value, let channel, let row, let column, let isWeight):
            let what = value.isNaN ? "NaN" : value.isInfinite ? "\(value)" : "\(value), beyond the 65504 of F16,"
            self = .outOfRange(
                layer: layer,
                isWeight
                    ? "value \(channel) of this parameter is \(what)"
                    : "the first layer whose output holds \(what) (channel \(channel), row \(row), column \(column))"
            )
        }
    }
}
