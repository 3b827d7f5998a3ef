internal import CKernels

/// How many values are not finite.
public struct NonFiniteCount: Sendable, Equatable {
    /// NaN values.
    public var nan = 0
    /// Infinite values of either sign.
    public var infinite = 0

    /// A count of none.
    public init() {}

    /// Adds the counts of another part.
    public static func += (lhs: inout NonFiniteCount, rhs: NonFiniteCount) {
        lhs.nan += rhs.nan
        lhs.infinite += rhs.infinite
    }
}

extension NumberFormat {
    /// Counts what is not finite among whole elements; nothing is, in a type that is not a weight format.
    public static func countNonFinite(_ bytes: UnsafeRawBufferPointer, of dtype: DType) -> NonFiniteCount {
        var nan: UInt64 = 0
        var infinite: UInt64 = 0
        if let start = bytes.baseAddress {
            switch dtype {
            case .f32: dcae_count_nonfinite_f32(start, bytes.count / 4, &nan, &infinite)
            case .f16: dcae_count_nonfinite_16(start, bytes.count / 2, 0x7C00, &nan, &infinite)
            case .bf16: dcae_count_nonfinite_16(start, bytes.count / 2, 0x7F80, &nan, &infinite)
            case .f64:
                for index in 0..<(bytes.count / 8) {
                    let magnitude = start.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self) & .max >> 1
                    if magnitude >= 0x7FF0_0000_0000_0000 {
                        if magnitude > 0x7FF0_0000_0000_0000 { nan += 1 } else { infinite += 1 }
                    }
                }
            case _ where dtype.isByteFloat:
                // A byte has so few values that they are counted first and looked at then.
                var counts = [UInt64](repeating: 0, count: 256)
                for byte in bytes { counts[Int(byte)] += 1 }
                for (value, count) in zip(SmallFloat.of(dtype)?.table ?? [], counts) {
                    if value.isNaN { nan += count }
                    if value.isInfinite { infinite += count }
                }
            default: break
            }
        }
        var result = NonFiniteCount()
        result.nan = Int(nan)
        result.infinite = Int(infinite)
        return result
    }

    /// Fills with seeded values, uniform in `center ± halfWidth`; the value of an index depends on the key and the index alone.
    package static func fillUniform(
        _ target: UnsafeMutableBufferPointer<Float>,
        key: UInt64,
        from start: Int,
        center: Float,
        halfWidth: Float
    ) {
        guard let base = target.baseAddress else { return }
        dcae_fill_uniform(base, target.count, key, UInt64(start), center, halfWidth)
    }
}
