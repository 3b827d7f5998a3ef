internal import TensorCore

/// The number of batches that batch norm has seen: an I64, which naive casts make into something else.
enum BatchCounter {
    /// The whole number in some bytes of another dtype; 0 where it is none.
    static func value(of bytes: [UInt8], _ dtype: DType) -> Int64 {
        func load<T: BitwiseCopyable>(_ type: T.Type) -> T? {
            bytes.count < MemoryLayout<T>.size ? nil : bytes.withUnsafeBytes { $0.loadUnaligned(as: type) }
        }
        switch dtype {
        case .u8, .bool: return load(UInt8.self).map(Int64.init) ?? 0
        case .i8: return load(Int8.self).map(Int64.init) ?? 0
        case .u16: return load(UInt16.self).map(Int64.init) ?? 0
        case .i16: return load(Int16.self).map(Int64.init) ?? 0
        case .u32: return load(UInt32.self).map(Int64.init) ?? 0
        case .i32: return load(Int32.self).map(Int64.init) ?? 0
        case .u64: return load(UInt64.self).flatMap { Int64(exactly: $0) } ?? 0
        case .f64: return load(Double.self).flatMap { Int64(exactly: $0.rounded()) } ?? 0
        default:
            var value: Float = 0
            let isConverted = withUnsafeMutableBytes(of: &value) { target in
                bytes.withUnsafeBytes { source in
                    NumberFormat.convert(source, from: dtype, into: target, to: .f32) != nil
                }
            }
            return isConverted ? Int64(exactly: value.rounded()) ?? 0 : 0
        }
    }
}
