internal import CKernels

/// What a cast lost.
public struct CastReport: Sendable, Equatable {
    /// Finite values that became infinite: F16 ends at 65504. In a format without infinity, as F8_E4M3, what became NaN.
    public var overflows = 0
    /// Values other than zero that became zero: F16 begins at about 6e-8.
    public var underflows = 0

    /// A report of nothing lost.
    public init() {}

    /// Adds the counts of another part of the same cast.
    public static func += (lhs: inout CastReport, rhs: CastReport) {
        lhs.overflows += rhs.overflows
        lhs.underflows += rhs.underflows
    }
}

/// Conversion between the formats that weights are stored in: F64, F32, F16, BF16 and the floats of 8 bits.
///
/// Every value is rounded once, to nearest, ties to even, as `torch.Tensor.to` does (which rounds F64 twice on its way to BF16).
/// Widening is exact. Buffers need no alignment.
public enum NumberFormat {
    /// Converts whole elements from one format into another.
    ///
    /// What a float of 8 bits cannot hold becomes infinite in F8_E5M2 and NaN in the others, and is counted.
    ///
    /// - Parameters:
    ///   - source: elements of type `from`.
    ///   - from: a weight format.
    ///   - target: room for as many elements of type `to`; apart from `source`.
    ///   - to: a weight format.
    /// - Returns: what was lost, or nil if either type is not a weight format.
    @discardableResult
    public static func convert(
        _ source: UnsafeRawBufferPointer,
        from: DType,
        into target: UnsafeMutableRawBufferPointer,
        to: DType
    ) -> CastReport? {
        guard from.isWeightFormat, to.isWeightFormat, let size = from.byteCount, let room = to.byteCount else {
            return nil
        }
        let count = source.count / size
        precondition(target.count >= count * room, "the target has room for every element")
        guard count > 0, let input = source.baseAddress, let output = target.baseAddress else { return CastReport() }
        if from == to {
            output.copyMemory(from: input, byteCount: count * size)
            return CastReport()
        }
        var lost = dcae_cast_report()
        switch (from, to) {
        case (.f32, .f64):
            for index in 0..<count {
                let value = input.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                output.storeBytes(of: Double(value), toByteOffset: 8 * index, as: Double.self)
            }
        case (.f32, _): narrowF32(input, output, to, count, &lost)
        case (.f64, .f32): dcae_f64_to_f32(input, output, count, &lost)
        case (_, .f32) where from != .f64: widen(input, from, output, count)
        case (.f64, _):
            guard var format = to.smallFormat else { return nil }
            dcae_f64_to_small(input, output, count, &format, &lost)
        default: return convertThroughF32(source, from: from, into: target, to: to)
        }
        return CastReport(lost)
    }

    private static func narrowF32(
        _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer,
        _ to: DType,
        _ count: Int,
        _ lost: inout dcae_cast_report
    ) {
        let values = input.assumingMemoryBound(to: Float.self)
        switch to {
        case .f16: dcae_f32_to_f16(values, output.assumingMemoryBound(to: UInt16.self), count, &lost)
        case .bf16: dcae_f32_to_bf16(values, output.assumingMemoryBound(to: UInt16.self), count, &lost)
        default:
            guard var format = to.smallFormat else { return }
            dcae_f32_to_small(input, output, count, &format, &lost)
        }
    }

    /// F32 holds every value of the formats of at most 16 bits.
    private static func widen(
        _ input: UnsafeRawPointer,
        _ from: DType,
        _ output: UnsafeMutableRawPointer,
        _ count: Int
    ) {
        let values = output.assumingMemoryBound(to: Float.self)
        switch from {
        case .f16: dcae_f16_to_f32(input.assumingMemoryBound(to: UInt16.self), values, count)
        case .bf16: dcae_bf16_to_f32(input.assumingMemoryBound(to: UInt16.self), values, count)
        default:
            guard let table = SmallFloat.of(from)?.table else { return }
            dcae_widen_f8(input.assumingMemoryBound(to: UInt8.self), values, count, table)
        }
    }

    /// F32 holds every value of these formats, so going through it rounds once.
    private static func convertThroughF32(
        _ source: UnsafeRawBufferPointer,
        from: DType,
        into target: UnsafeMutableRawBufferPointer,
        to: DType
    ) -> CastReport? {
        guard let size = from.byteCount, let room = to.byteCount else { return nil }
        var report = CastReport()
        let (step, count) = (4096, source.count / size)
        withUnsafeTemporaryAllocation(byteCount: 4 * step, alignment: 64) { wide in
            for start in stride(from: 0, to: count, by: step) {
                let end = min(start + step, count)
                let part = UnsafeRawBufferPointer(rebasing: source[(start * size)..<(end * size)])
                let middle = UnsafeMutableRawBufferPointer(rebasing: wide[0..<((end - start) * 4)])
                convert(part, from: from, into: middle, to: .f32)
                let output = UnsafeMutableRawBufferPointer(rebasing: target[(start * room)..<(end * room)])
                if let lost = convert(UnsafeRawBufferPointer(middle), from: .f32, into: output, to: to) {
                    report += lost
                }
            }
        }
        return report
    }

    /// The whole number that an element is, whatever its type; nil where it is none, or beyond 64 bits.
    ///
    /// Batch counters are I64 in the networks that count, and F16 or F32 once somebody has cast all that a state dict holds.
    package static func wholeNumber(_ bytes: UnsafeRawBufferPointer, of dtype: DType) -> Int? {
        guard let size = dtype.byteCount, bytes.count == size else { return nil }
        switch dtype {
        case .bool, .u8: return Int(bytes[0])
        case .i8: return Int(Int8(bitPattern: bytes[0]))
        case .u16: return Int(bytes.loadUnaligned(as: UInt16.self))
        case .i16: return Int(bytes.loadUnaligned(as: Int16.self))
        case .u32: return Int(bytes.loadUnaligned(as: UInt32.self))
        case .i32: return Int(bytes.loadUnaligned(as: Int32.self))
        case .i64: return bytes.loadUnaligned(as: Int.self)
        case .u64: return Int(exactly: bytes.loadUnaligned(as: UInt64.self))
        case .f64: return Int(exactly: bytes.loadUnaligned(as: Double.self))
        default:
            var value: Float = 0
            let isFloat = withUnsafeMutableBytes(of: &value) { convert(bytes, from: dtype, into: $0, to: .f32) != nil }
            return isFloat ? Int(exactly: value) : nil
        }
    }
}

extension CastReport {
    fileprivate init(_ lost: dcae_cast_report) {
        overflows = Int(lost.overflows)
        underflows = Int(lost.underflows)
    }
}
