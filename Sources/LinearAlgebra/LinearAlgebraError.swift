internal import TensorCore

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

    package var description: String {
        switch self {
        case .notInstalled(let words):
            "OpenBLAS is needed for this and cannot be loaded (\(words.escaped(limit: 160))). \(Self.remedy)"
        case .unsuitable(let words):
            "the OpenBLAS that is here cannot be used: \(words.escaped(limit: 160)). \(Self.remedy)"
        case .notFinite: "a matrix holds NaN or infinity"
        case .tooLarge(let rows): "a matrix of \(rows) rows is larger than LAPACK takes"
        case .noConvergence: "the eigenvalues of a matrix were not found: the iteration does not converge"
        }
    }

    private static let remedy =
        "Install it (Debian and Ubuntu: libopenblas0, Fedora: openblas, macOS: brew install openblas), "
        + "or name its file in DCAE_OPENBLAS"
}
