internal import TensorCore

/// The values of all bytes of an 8-bit float format, and their places in the order of numbers.
struct ByteFloats: Sendable {
    /// 256 values.
    let values: [Float]
    /// 256 places; `Int16.min` for NaN.
    let places: [Int16]

    /// - Parameter isSigned: whether the highest bit is a sign; otherwise bytes are in the order of their values.
    private init(_ values: [Float], isSigned: Bool = true) {
        self.values = values
        places = values.enumerated().map { byte, value in
            if value.isNaN { return .min }
            return Int16(isSigned && byte >= 0x80 ? 0x80 - byte : byte)
        }
    }

    private static let e5m2 = ByteFloats(SmallFloat.e5m2.table)
    private static let e4m3 = ByteFloats(SmallFloat.e4m3.table)
    private static let e5m2fnuz = ByteFloats(SmallFloat.e5m2fnuz.table)
    private static let e4m3fnuz = ByteFloats(SmallFloat.e4m3fnuz.table)
    private static let e8m0 = ByteFloats(SmallFloat.e8m0, isSigned: false)

    /// The table of one of the five formats.
    static func of(_ dtype: DType) -> ByteFloats {
        switch dtype {
        case .f8E5M2: e5m2
        case .f8E4M3: e4m3
        case .f8E5M2FNUZ: e5m2fnuz
        case .f8E4M3FNUZ: e4m3fnuz
        default: e8m0
        }
    }
}
