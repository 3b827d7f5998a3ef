internal import CheckpointIO
package import TensorCore

/// What can be wrong with what a caller of the library says.
package enum LibraryFault: Fault, Equatable {
    /// A number that is none of those which make sense: what is expected.
    case number(expected: String)
    /// A variant and a configuration at once.
    case variantAndConfig
    /// The task was cancelled.
    case stopped

    package var kind: RefusalKind {
        switch self {
        case .number, .variantAndConfig: .badOption
        case .stopped: .stopped
        }
    }

    package var message: String {
        switch self {
        case .number(let expected): "it must be \(expected)"
        case .variantAndConfig: "both a variant and a configuration were given"
        case .stopped: "the task was cancelled"
        }
    }

    package var remedy: Words? {
        switch self {
        case .variantAndConfig: "leave out \(.variant) or \(.config)"
        case .number, .stopped: nil
        }
    }
}
