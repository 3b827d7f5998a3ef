internal import CKernels

/// Floating-point formats of 4 to 8 bits, by the value of each of their bit patterns.
///
/// F8_E4M3 and F8_E5M2 are those of the Open Compute Project's "8-bit Floating Point Specification", the FNUZ formats those of
/// Noune et al., "8-bit Numerical Formats for Deep Neural Networks" (2022), the rest those of "Microscaling Formats (MX)".
package struct SmallFloat: Sendable {
    /// The patterns that stand for no finite number.
    private enum Special {
        case none
        /// As IEEE 754: the highest exponent is infinity, with a fraction NaN.
        case ieee
        /// All bits but the sign are one: NaN.
        case nanAtEnd
        /// The pattern that would be -0: NaN.
        case nanAtNegativeZero
    }

    /// The value of each bit pattern.
    package let table: [Float]
    /// The smallest number with an exponent of its own.
    package let smallestNormal: Double

    private init(exponentBits: Int, fractionBits: Int, bias: Int, _ special: Special) {
        let signBit = 1 << (exponentBits + fractionBits)
        table = (0..<(2 * signBit)).map { pattern in
            let magnitude = pattern & (signBit - 1)
            let (exponent, fraction) = (magnitude >> fractionBits, magnitude & (1 << fractionBits - 1))
            switch special {
            // As torch widens them: the sign stays, and so does the fraction, made quiet.
            case .nanAtEnd where magnitude == signBit - 1:
                return Float(bitPattern: (pattern == magnitude ? 0x7F80_0000 : 0xFF80_0000) | 0x70_0000)
            case .nanAtNegativeZero where pattern == signBit: return .nan
            case .ieee where exponent == 1 << exponentBits - 1:
                let infinity: Float = pattern == magnitude ? .infinity : -.infinity
                let payload = UInt32(fraction) << UInt32(23 - fractionBits) | 0x40_0000
                return fraction > 0 ? Float(bitPattern: infinity.bitPattern | payload) : infinity
            default: break
            }
            // Below the smallest normal number the exponent stays and the leading one is missing.
            let significand = Float(exponent > 0 ? fraction + 1 << fractionBits : fraction)
            let value = significand * Self.power(max(exponent, 1) - bias - fractionBits)
            return pattern == magnitude ? value : -value
        }
        smallestNormal = Double(Self.power(1 - bias))
    }

    private static func power(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }

    /// The format of a dtype; nil for what is no float of 4 to 8 bits, and for F8_E8M0, which has no smallest normal number.
    package static func of(_ dtype: DType) -> SmallFloat? {
        switch dtype {
        case .f8E5M2: e5m2
        case .f8E4M3: e4m3
        case .f8E5M2FNUZ: e5m2fnuz
        case .f8E4M3FNUZ: e4m3fnuz
        case .f4: e2m1
        case .f6E2M3: e2m3
        case .f6E3M2: e3m2
        default: nil
        }
    }

    package static let e5m2 = SmallFloat(exponentBits: 5, fractionBits: 2, bias: 15, .ieee)
    package static let e4m3 = SmallFloat(exponentBits: 4, fractionBits: 3, bias: 7, .nanAtEnd)
    package static let e5m2fnuz = SmallFloat(exponentBits: 5, fractionBits: 2, bias: 16, .nanAtNegativeZero)
    package static let e4m3fnuz = SmallFloat(exponentBits: 4, fractionBits: 3, bias: 8, .nanAtNegativeZero)
    static let e2m1 = SmallFloat(exponentBits: 2, fractionBits: 1, bias: 1, .none)
    static let e2m3 = SmallFloat(exponentBits: 2, fractionBits: 3, bias: 1, .none)
    static let e3m2 = SmallFloat(exponentBits: 3, fractionBits: 2, bias: 3, .none)
    /// F8_E8M0 is an exponent alone, without a sign and without zero.
    package static let e8m0: [Float] = (0..<256).map { $0 == 255 ? .nan : power($0 - 127) }
}

extension DType {
    /// How numbers are rounded to this type, where it is one of at most 16 bits that weights are stored in.
    var smallFormat: dcae_small_format? {
        switch self {
        case .f16: format(10, 15, sign: 0x8000, largest: 0x7BFF, overflow: 0x7C00, DCAE_NAN_PAYLOAD)
        case .bf16: format(7, 127, sign: 0x8000, largest: 0x7F7F, overflow: 0x7F80, DCAE_NAN_ONES)
        case .f8E4M3: format(3, 7, sign: 0x80, largest: 0x7E, overflow: 0, DCAE_NAN_SIGNED)
        case .f8E5M2: format(2, 15, sign: 0x80, largest: 0x7B, overflow: 0x7C, DCAE_NAN_SIGNED)
        case .f8E4M3FNUZ: format(3, 8, sign: 0x80, largest: 0x7F, overflow: 0, DCAE_NAN_ZERO)
        case .f8E5M2FNUZ: format(2, 16, sign: 0x80, largest: 0x7F, overflow: 0, DCAE_NAN_ZERO)
        default: nil
        }
    }

    private func format(
        _ fractionBits: Int32,
        _ bias: Int32,
        sign: UInt32,
        largest: UInt32,
        overflow: UInt32,
        _ nan: Int
    ) -> dcae_small_format {
        dcae_small_format(
            fraction_bits: fractionBits,
            bias: bias,
            sign: sign,
            largest: largest,
            overflow: overflow,
            nan: Int32(nan)
        )
    }
}
