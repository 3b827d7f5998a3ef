package import TensorCore

/// Why a computation could not be done.
package enum KernelError: Refusal, Equatable {
    /// The system gave no more memory.
    case outOfMemory(bytes: Int)
    /// A value that is not finite, or too large for F16, appeared in the output of a layer.
    case outside(layer: String, value: Float, channel: Int, row: Int, column: Int)
    /// Who is told of the progress asked for the end.
    case stopped

    package var description: String {
        switch self {
        case .outOfMemory(let bytes): "out of memory: \(bytes / 1_000_000) MB more were needed"
        case .outside(let layer, let value, let channel, let row, let column):
            "\(layer): the first value out of range is \(value), in channel \(channel) at row \(row), column \(column)"
        case .stopped: "stopped"
        }
    }

    package var details: RefusalDetails {
        switch self {
        case .outOfMemory: return RefusalDetails(.outOfMemory, Words(description))
        case .outside(let layer, let value, let channel, let row, let column):
            var place = RefusalDetails.Place()
            place.layer = layer
            return RefusalDetails(
                .outOfRange,
                "the first value out of range is \(value), in channel \(channel) at row \(row), column \(column)",
                at: place
            )
        case .stopped: return RefusalDetails(.stopped, Words(description))
        }
    }
}
