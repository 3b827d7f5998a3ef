package import TensorCore

/// Why linear algebra cannot be done.
package enum LinearAlgebraError: Refusal, Equatable {
    /// There is no OpenBLAS; in the loader's words.
    case notInstalled(String)
    /// There is one that cannot be used.
    case unsuitable(String)
    /// A matrix holds NaN or infinity.
    case notFinite
    /// A matrix has more rows than the library counts.
    case tooLarge(rows: Int)
    /// The eigenvalues of a matrix were not found.
    case noConvergence

    package var description: String { message + (remedy.map { "; " + $0 } ?? "") }

    package var details: RefusalDetails {
        let kind: RefusalKind =
            switch self {
            case .notInstalled, .unsuitable: .missingLibrary
            case .notFinite: .outOfRange
            case .tooLarge: .tooLarge
            case .noConvergence: .nothingMeasured
            }
        return RefusalDetails(kind, Words(message), remedy: remedy.map { Words($0) })
    }

    private var message: String {
        switch self {
        case .notInstalled(let words):
            "OpenBLAS is needed for this and cannot be loaded (\(words.escaped(limit: 160)))"
        case .unsuitable(let words):
            "this OpenBLAS cannot be used: \(words.escaped(limit: 160))"
        case .notFinite: "a matrix holds NaN or infinity"
        case .tooLarge(let rows): "a matrix of \(rows) rows is larger than LAPACK takes"
        case .noConvergence: "the eigenvalues of a matrix were not found: the iteration does not converge"
        }
    }

    private var remedy: String? {
        switch self {
        case .notInstalled, .unsuitable:
            "install it (Debian and Ubuntu: libopenblas0, Fedora: openblas, macOS: brew install openblas), "
                + "or name its file in DCAE_OPENBLAS"
        default: nil
        }
    }
}
