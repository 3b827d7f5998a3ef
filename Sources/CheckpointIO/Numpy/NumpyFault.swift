package import TensorCore

/// What can be wrong with an array of NumPy's.
package enum NumpyFault: Fault, Equatable {
    /// The header is not what NumPy writes: the place and what was expected.
    case header(String)
    case elementType(String)
    case length(shape: Shape, expected: Int, found: Int)
    case misnamed(String)

    package var kind: RefusalKind {
        switch self {
        case .header, .length: .damagedFile
        case .elementType: .unsupported
        case .misnamed: .unknownFormat
        }
    }

    package var message: String {
        switch self {
        case .header(let words): "NumPy does not write such arrays: \(words)"
        case .elementType(let type):
            "it holds elements of type '\(type.escaped(limit: 30))', which are not plain numbers"
        case .length(let shape, let expected, let found):
            "it has \(found) bytes, but an array of shape \(shape.description.escaped(limit: 60)) takes \(expected)"
        case .misnamed(let ending): "this is an archive of NumPy arrays, but its name ends in \(ending)"
        }
    }

    package var remedy: Words? {
        switch self {
        case .header, .length: "copy or download it again"
        case .elementType: "save it with .astype(numpy.float32)"
        case .misnamed: "call it .npz"
        }
    }
}
