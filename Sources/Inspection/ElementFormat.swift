internal import CKernels
internal import TensorCore

/// How the elements of a dtype become numbers that can be compared.
///
/// A complex number counts as two values. Quantized integers are compared as they are stored, without their scale.
struct ElementFormat: Sendable {
    /// The type in which values are compared: it holds every value of the dtype, but whole numbers of 64 bits, which are
    /// rounded as numpy's `astype(float64)` does.
    enum Precision: Int, Comparable {
        case f32 = 4
        case f64 = 8

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    /// The dtype of one value: of a complex dtype, that of its parts.
    let dtype: DType
    /// The values of an element: 2 of a complex number.
    let valuesPerElement: Int
    let precision: Precision

    /// Nil for the types whose elements share bytes (F4, F6): these are compared byte by byte.
    init?(_ dtype: DType) {
        switch dtype {
        case .f4, .f6E2M3, .f6E3M2: return nil
        case .c32: (self.dtype, valuesPerElement) = (.f16, 2)
        case .c64: (self.dtype, valuesPerElement) = (.f32, 2)
        case .c128: (self.dtype, valuesPerElement) = (.f64, 2)
        default: (self.dtype, valuesPerElement) = (dtype, 1)
        }
        switch self.dtype {
        case .f64, .i32, .u32, .qint32, .i64, .u64: precision = .f64
        default: precision = .f32
        }
    }

    /// The bytes of one value.
    var valueSize: Int { dtype.byteCount ?? 1 }

    /// Whether values are stored as they are compared.
    var isWide: Bool { dtype == .f32 || dtype == .f64 }

    /// Whether values are whole numbers of 64 bits, of which F64 does not tell all apart.
    var exceedsF64: Bool { dtype == .i64 || dtype == .u64 }

    /// The values as F32 or F64, where they are or in `wide`.
    ///
    /// - Parameters:
    ///   - raw: `count` values as they are stored.
    ///   - wanted: the precision, at least this format's own.
    ///   - wide: room for `count` values of 8 bytes.
    ///   - middle: room for `count` values of 4 bytes.
    func widen(
        _ raw: UnsafeMutableRawPointer,
        count: Int,
        to wanted: Precision,
        in wide: UnsafeMutableRawPointer,
        middle: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        if precision == .f64 { return doubles(raw, count, wide) }
        guard wanted == .f64 else { return floats(raw, count, wide) }
        let narrow = floats(raw, count, middle).assumingMemoryBound(to: Float.self)
        dcae_widen_f32(narrow, wide.assumingMemoryBound(to: Double.self), count)
        return wide
    }

    private func doubles(
        _ raw: UnsafeMutableRawPointer,
        _ count: Int,
        _ wide: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let target = wide.assumingMemoryBound(to: Double.self)
        switch dtype {
        case .i32, .qint32: dcae_widen_i32(raw.assumingMemoryBound(to: Int32.self), target, count)
        case .u32: dcae_widen_u32(raw.assumingMemoryBound(to: UInt32.self), target, count)
        case .i64: dcae_widen_i64(raw.assumingMemoryBound(to: Int64.self), target, count)
        case .u64: dcae_widen_u64(raw.assumingMemoryBound(to: UInt64.self), target, count)
        default: return raw
        }
        return wide
    }

    private func floats(
        _ raw: UnsafeMutableRawPointer,
        _ count: Int,
        _ wide: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let target = wide.assumingMemoryBound(to: Float.self)
        switch dtype {
        case .f16, .bf16:
            NumberFormat.convert(
                UnsafeRawBufferPointer(start: raw, count: count * 2),
                from: dtype,
                into: UnsafeMutableRawBufferPointer(start: wide, count: count * 4),
                to: .f32
            )
        case .f8E5M2, .f8E4M3, .f8E5M2FNUZ, .f8E4M3FNUZ, .f8E8M0:
            dcae_widen_f8(raw.assumingMemoryBound(to: UInt8.self), target, count, ByteFloats.of(dtype).values)
        case .bool, .u8, .quint8: dcae_widen_u8(raw.assumingMemoryBound(to: UInt8.self), target, count)
        case .i8, .qint8: dcae_widen_i8(raw.assumingMemoryBound(to: Int8.self), target, count)
        case .i16: dcae_widen_i16(raw.assumingMemoryBound(to: Int16.self), target, count)
        case .u16: dcae_widen_u16(raw.assumingMemoryBound(to: UInt16.self), target, count)
        default: return raw
        }
        return wide
    }

    /// The most steps from number to number between two arrays of this format; nil for whole numbers.
    func ulps(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> UInt64? {
        func words<Word>(_ type: Word.Type) -> (UnsafePointer<Word>, UnsafePointer<Word>) {
            (a.assumingMemoryBound(to: type), b.assumingMemoryBound(to: type))
        }
        switch dtype {
        case .f64:
            let (x, y) = words(UInt64.self)
            return dcae_ulp_64(x, y, count)
        case .f32:
            let (x, y) = words(UInt32.self)
            return UInt64(dcae_ulp_32(x, y, count))
        case .f16, .bf16:
            let (x, y) = words(UInt16.self)
            return UInt64(dcae_ulp_16(x, y, count, dtype == .f16 ? 0x7C00 : 0x7F80))
        case .f8E5M2, .f8E4M3, .f8E5M2FNUZ, .f8E4M3FNUZ, .f8E8M0:
            let (x, y) = words(UInt8.self)
            return UInt64(dcae_ulp_8(x, y, count, ByteFloats.of(dtype).places))
        default: return nil
        }
    }
}
