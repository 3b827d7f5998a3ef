internal import TensorCore

/// The number of batches that batch norm has seen: an I64, which naive casts make into something else.
enum BatchCounter {
    /// The whole number in some bytes of another dtype; nil where they hold NaN, a fraction, or more than an I64 can.
    static func value(of bytes: [UInt8], _ dtype: DType) -> Int64? {
        bytes.withUnsafeBytes { NumberFormat.wholeNumber($0, of: dtype) }.map(Int64.init)
    }
}
