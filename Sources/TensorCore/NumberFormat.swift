internal import CKernels

/// What a cast lost.
public struct CastReport: Sendable, Equatable {
    /// Finite values that became infinite: F16 ends at 65504.
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

/// Conversion between the formats that weights are stored in: F32, F16 and BF16.
///
/// Rounding is to nearest, ties to even, as `torch.Tensor.to` does. Buffers need no alignment.
public enum NumberFormat {
    /// Converts whole elements from one format into another.
    ///
    /// - Parameters:
    ///   - source: elements of type `from`.
    ///   - from: F32, F16 or BF16.
    ///   - target: room for as many elements of type `to`; apart from `source`.
    ///   - to: F32, F16 or BF16.
    /// - Returns: what was lost, or nil where either type is no weight format.
    @discardableResult
    public static func convert(
        _ source: UnsafeRawBufferPointer,
        from: DType,
        into target: UnsafeMutableRawBufferPointer,
        to: DType
    ) -> CastReport? {
        guard let size = from.byteCount, let room = to.byteCount else { return nil }
        let count = source.count / size
        precondition(target.count >= count * room, "the target has room for every element")
        guard count > 0, let input = source.baseAddress, let output = target.baseAddress else {
            return from.isWeightFormat && to.isWeightFormat ? CastReport() : nil
        }
        var lost = dcae_cast_report()
        switch (from, to) {
        case (.f32, .f32), (.f16, .f16), (.bf16, .bf16):
            output.copyMemory(from: input, byteCount: count * size)
        case (.f32, .bf16):
            dcae_f32_to_bf16(
                input.assumingMemoryBound(to: Float.self),
                output.assumingMemoryBound(to: UInt16.self),
                count
            )
        case (.f32, .f16):
            dcae_f32_to_f16(
                input.assumingMemoryBound(to: Float.self),
                output.assumingMemoryBound(to: UInt16.self),
                count,
                &lost
            )
        case (.bf16, .f32):
            dcae_bf16_to_f32(
                input.assumingMemoryBound(to: UInt16.self),
                output.assumingMemoryBound(to: Float.self),
                count
            )
        case (.f16, .f32):
            dcae_f16_to_f32(
                input.assumingMemoryBound(to: UInt16.self),
                output.assumingMemoryBound(to: Float.self),
                count
            )
        case (.f16, .bf16), (.bf16, .f16):
            return convertThroughF32(source, from: from, into: target, to: to)
        default:
            return nil
        }
        var report = CastReport()
        report.overflows = Int(lost.overflows)
        report.underflows = Int(lost.underflows)
        return report
    }

    /// F32 holds every F16 and every BF16 value, so going through it rounds once.
    private static func convertThroughF32(
        _ source: UnsafeRawBufferPointer,
        from: DType,
        into target: UnsafeMutableRawBufferPointer,
        to: DType
    ) -> CastReport? {
        var report = CastReport()
        withUnsafeTemporaryAllocation(byteCount: 4 * 4096, alignment: 64) { wide in
            var position = 0
            while position < source.count {
                let part = UnsafeRawBufferPointer(rebasing: source[position..<min(position + 2 * 4096, source.count)])
                let middle = UnsafeMutableRawBufferPointer(rebasing: wide[0..<(part.count * 2)])
                convert(part, from: from, into: middle, to: .f32)
                let output = UnsafeMutableRawBufferPointer(rebasing: target[position..<(position + part.count)])
                if let lost = convert(UnsafeRawBufferPointer(middle), from: .f32, into: output, to: to) {
                    report += lost
                }
                position += part.count
            }
        }
        return report
    }
}
