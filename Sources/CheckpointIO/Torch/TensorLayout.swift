package import TensorCore

/// How a tensor lies in its storage: checked once, whatever the format that says it.
package struct TensorLayout: Sendable {
    /// The first element, counted from the storage's beginning; 0 where there is none.
    package let offset: Int
    /// In elements; nil where the elements follow each other in row-major order.
    package let strides: [Int]?

    /// The bytes that a view may make of few: `expand` repeats without storing, and a hostile view repeats without end.
    static let repetitionLimit = 64 << 20

    /// Checks that every element lies within a storage of so many.
    package init(
        shape: [Int],
        strides: [Int],
        offset: Int,
        dtype: DType,
        within count: Int
    ) throws(TensorFault) {
        guard shape.count == strides.count else { throw .rankMismatch(sizes: shape.count, strides: strides.count) }
        guard shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }), offset >= 0 else {
            throw .negative
        }
        let text = Shape(shape).description.escaped(limit: 60)
        guard let size = dtype.byteCount, let bytes = Shape(shape).byteCount(of: dtype) else { throw .tooLarge(text) }
        if bytes == 0 {
            self.offset = 0
            self.strides = nil
            return
        }
        var last = offset
        for (length, stride) in zip(shape, strides) {
            let (reach, tooFar) = (length - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflow) = last.addingReportingOverflow(reach)
            guard !tooFar, !overflow else { throw .tooLarge(text) }
            last = sum
        }
        guard last < count else { throw .beyondStorage(text, offset: offset, last: last, count: count) }
        guard bytes <= Self.repetitionLimit || bytes / 4 <= count * size else { throw .repeats(text, bytes: bytes) }
        self.offset = offset
        self.strides = Self.isContiguous(shape, strides) ? nil : strides
    }

    static func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            guard stride == expected else { return false }
            expected *= length
        }
        return true
    }
}

/// What can be wrong between a tensor and its storage.
package enum TensorFault: Fault, Equatable {
    case tooManyDimensions(Int, limit: Int)
    case rankMismatch(sizes: Int, strides: Int)
    case negative
    case tooLarge(String)
    case beyondStorage(String, offset: Int, last: Int, count: Int)
    case repeats(String, bytes: Int)

    package var kind: RefusalKind {
        switch self {
        case .repeats: .unsafeFile
        default: .damagedFile
        }
    }

    package var message: String {
        switch self {
        case .tooManyDimensions(let count, let limit): "it has \(count) dimensions; at most \(limit) are read"
        case .rankMismatch(let sizes, let strides): "it has \(sizes) sizes but \(strides) strides"
        case .negative: "its sizes, strides or offset are negative"
        case .tooLarge(let shape): "the size of shape \(shape) overflows 64 bits"
        case .beyondStorage(let shape, let offset, let last, let count):
            "shape \(shape) at \(offset) reaches element \(last) of a storage that has \(count)"
        case .repeats(let shape, let bytes): "shape \(shape) makes \(bytes) bytes by repeating a small storage"
        }
    }

    package var remedy: Words? {
        switch self {
        case .repeats: "save it with .contiguous()"
        default: "the file is damaged or was not written by torch.save"
        }
    }
}
