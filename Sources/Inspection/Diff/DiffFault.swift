internal import CheckpointIO
package import TensorCore

/// Why two paths cannot be compared.
package enum DiffFault: Fault, Equatable {
    case nothingSelected
    case configAgainstCheckpoint(String)

    package var kind: RefusalKind {
        switch self {
        case .nothingSelected: .noSuchTensor
        case .configAgainstCheckpoint: .badOption
        }
    }

    package var message: String {
        switch self {
        case .nothingSelected: "no tensor is selected on either side"
        case .configAgainstCheckpoint(let other):
            "this is a configuration, but \(other.clipped(toBytes: 80).escaped()) is a checkpoint"
        }
    }

    package var remedy: Words? {
        switch self {
        case .nothingSelected: "`dcae inspect` with \(.tensors) lists the names"
        case .configAgainstCheckpoint: "compare two of a kind"
        }
    }
}
