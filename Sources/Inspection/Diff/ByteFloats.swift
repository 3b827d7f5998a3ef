internal import TensorCore

/// The values of all bytes of an 8-bit float format, and their places in the order of numbers.
///
/// Sources: OCP 8-bit Floating Point Specification (E5M2, E4M3), OCP Microscaling Formats (E8M0), and for FNUZ
/// arXiv:2206.02915: no infinity, no negative zero, whose byte is NaN.
struct ByteFloats: Sendable {
    /// 256 values.
    let values: [Float]
    /// 256 places; `Int16.min` for NaN.
    let places: [Int16]

    private init(values: [Float], places: [Int16]) {
        (self.values, self.places) = (values, places)
    }

    private init(mantissaBits: Int, bias: Int, hasInfinity: Bool, isUnsignedZero: Bool) {
        var (values, places): ([Float], [Int16]) = ([], [])
        for byte in 0..<256 {
            let magnitude = byte & 0x7F
            let exponent = magnitude >> mantissaBits
            let mantissa = magnitude & (1 << mantissaBits - 1)
            let isLast = exponent == 0x7F >> mantissaBits
            let fraction = Float(mantissa) / Float(1 << mantissaBits)
            var value = exponent == 0 ? power(1 - bias) * fraction : power(exponent - bias) * (1 + fraction)
            if hasInfinity {
                if isLast { value = mantissa == 0 ? .infinity : .nan }
            } else if isUnsignedZero {
                if byte == 0x80 { value = .nan }
            } else if magnitude == 0x7F {
                value = .nan
            }
            values.append(byte < 0x80 || value.isNaN ? value : -value)
            places.append(value.isNaN ? .min : Int16(byte < 0x80 ? magnitude : -magnitude))
        }
        self.init(values: values, places: places)
    }

    private static let e5m2 = ByteFloats(mantissaBits: 2, bias: 15, hasInfinity: true, isUnsignedZero: false)
    private static let e4m3 = ByteFloats(mantissaBits: 3, bias: 7, hasInfinity: false, isUnsignedZero: false)
    private static let e5m2fnuz = ByteFloats(mantissaBits: 2, bias: 16, hasInfinity: false, isUnsignedZero: true)
    private static let e4m3fnuz = ByteFloats(mantissaBits: 3, bias: 8, hasInfinity: false, isUnsignedZero: true)
    /// Powers of two without sign: the scales of microscaling formats.
    private static let e8m0 = ByteFloats(
        values: (0..<256).map { $0 == 255 ? .nan : power($0 - 127) },
        places: (0..<256).map { $0 == 255 ? .min : Int16($0) }
    )

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

/// 2 to an exponent from -149 to 127.
private func power(_ exponent: Int) -> Float {
    exponent >= -126
        ? Float(bitPattern: UInt32(exponent + 127) << 23) : Float(bitPattern: UInt32(1) << UInt32(exponent + 149))
}
