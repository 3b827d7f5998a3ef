internal import TensorCore

/// How the bytes of a tensor are numbers: which kernel sees them, and how they get there.
///
/// Booleans are 0 and 1, quantized numbers the integers that are stored, complex numbers two numbers each. 64-bit integers are
/// rounded to the nearest double. Numbers of 4 and 6 bits are taken from the lowest bits of their bytes first.
struct ValueFormat: Sendable {
    private enum Kind: Sendable {
        case f32, f64
        case half(DType)
        case byte([Float])
        case packed(bits: Int, [Float])
        case i16, u16, i32, u32, i64, u64
    }

    private let kind: Kind
    /// The values in one element: two in a complex number.
    let valuesPerElement: Int
    /// The smallest number that is held with full precision; 0 where all are.
    private let smallestNormal: Double

    private static let booleans: [Float] = (0..<256).map { $0 == 0 ? 0 : 1 }
    private static let unsigned: [Float] = (0..<256).map { Float($0) }
    private static let signed: [Float] = (0..<256).map { Float(Int8(truncatingIfNeeded: $0)) }

    init(_ dtype: DType) {
        var (kind, values, normal) = (Kind.f32, 1, 0.0)
        switch dtype {
        case .f32: normal = Double(Float.leastNormalMagnitude)
        case .c64: (values, normal) = (2, Double(Float.leastNormalMagnitude))
        case .f64: (kind, normal) = (.f64, Double.leastNormalMagnitude)
        case .c128: (kind, values, normal) = (.f64, 2, Double.leastNormalMagnitude)
        case .f16: (kind, normal) = (.half(.f16), 0x1p-14)
        case .c32: (kind, values, normal) = (.half(.f16), 2, 0x1p-14)
        case .bf16: (kind, normal) = (.half(.bf16), Double(Float.leastNormalMagnitude))
        case .f8E5M2: (kind, normal) = (.byte(SmallFloat.e5m2.table), SmallFloat.e5m2.smallestNormal)
        case .f8E4M3: (kind, normal) = (.byte(SmallFloat.e4m3.table), SmallFloat.e4m3.smallestNormal)
        case .f8E5M2FNUZ: (kind, normal) = (.byte(SmallFloat.e5m2fnuz.table), SmallFloat.e5m2fnuz.smallestNormal)
        case .f8E4M3FNUZ: (kind, normal) = (.byte(SmallFloat.e4m3fnuz.table), SmallFloat.e4m3fnuz.smallestNormal)
        case .f8E8M0: kind = .byte(SmallFloat.e8m0)
        case .f4: (kind, normal) = (.packed(bits: 4, SmallFloat.e2m1.table), SmallFloat.e2m1.smallestNormal)
        case .f6E2M3: (kind, normal) = (.packed(bits: 6, SmallFloat.e2m3.table), SmallFloat.e2m3.smallestNormal)
        case .f6E3M2: (kind, normal) = (.packed(bits: 6, SmallFloat.e3m2.table), SmallFloat.e3m2.smallestNormal)
        case .bool: kind = .byte(Self.booleans)
        case .u8, .quint8: kind = .byte(Self.unsigned)
        case .i8, .qint8: kind = .byte(Self.signed)
        case .i16: kind = .i16
        case .u16: kind = .u16
        case .i32, .qint32: kind = .i32
        case .u32: kind = .u32
        case .i64: kind = .i64
        case .u64: kind = .u64
        }
        (self.kind, valuesPerElement, smallestNormal) = (kind, values, normal)
    }

    /// The bytes of room that as many values take while they are counted, beside their own.
    func scratchSize(values: Int) -> Int {
        switch kind {
        case .f32, .f64: 0
        case .half, .byte, .packed, .i16, .u16: 4 * values
        case .i32, .u32, .i64, .u64: 8 * values
        }
    }

    /// Adds whole elements to statistics.
    ///
    /// - Parameters:
    ///   - bytes: the elements, aligned to 64 bytes.
    ///   - values: the number of values in them.
    ///   - scratch: as much room as `scratchSize` says.
    func add(
        _ bytes: UnsafeRawBufferPointer,
        values: Int,
        to statistics: inout PartialStatistics,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        switch kind {
        case .f32: statistics.add(bytes.bindMemory(to: Float.self), smallestNormal: Float(smallestNormal))
        case .f64: statistics.add(bytes.bindMemory(to: Double.self), smallestNormal: smallestNormal)
        case .half(let dtype):
            NumberFormat.convert(bytes, from: dtype, into: scratch, to: .f32)
            statistics.add(floats(scratch, values), smallestNormal: Float(smallestNormal))
        case .byte(let table):
            let target = scratch.bindMemory(to: Float.self)
            for index in 0..<values { target[index] = table[Int(bytes[index])] }
            statistics.add(floats(scratch, values), smallestNormal: Float(smallestNormal))
        case .packed(let bits, let table):
            unpack(bytes, bits: bits, table, values, into: scratch.bindMemory(to: Float.self))
            statistics.add(floats(scratch, values), smallestNormal: Float(smallestNormal))
        case .i16: statistics.add(widen(bytes, Int16.self, values, scratch) { Float($0) }, smallestNormal: 0)
        case .u16: statistics.add(widen(bytes, UInt16.self, values, scratch) { Float($0) }, smallestNormal: 0)
        case .i32: statistics.add(widen(bytes, Int32.self, values, scratch) { Double($0) }, smallestNormal: 0)
        case .u32: statistics.add(widen(bytes, UInt32.self, values, scratch) { Double($0) }, smallestNormal: 0)
        case .i64: statistics.add(widen(bytes, Int64.self, values, scratch) { Double($0) }, smallestNormal: 0)
        case .u64: statistics.add(widen(bytes, UInt64.self, values, scratch) { Double($0) }, smallestNormal: 0)
        }
    }

    private func floats(_ scratch: UnsafeMutableRawBufferPointer, _ count: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: scratch.bindMemory(to: Float.self)[0..<count])
    }

    private func widen<Stored: BitwiseCopyable, Value: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer,
        _ type: Stored.Type,
        _ count: Int,
        _ scratch: UnsafeMutableRawBufferPointer,
        _ value: (Stored) -> Value
    ) -> UnsafeBufferPointer<Value> {
        let (source, target) = (bytes.bindMemory(to: type), scratch.bindMemory(to: Value.self))
        for index in 0..<count { target[index] = value(source[index]) }
        return UnsafeBufferPointer(rebasing: target[0..<count])
    }

    private func unpack(
        _ bytes: UnsafeRawBufferPointer,
        bits: Int,
        _ table: [Float],
        _ count: Int,
        into target: UnsafeMutableBufferPointer<Float>
    ) {
        for index in 0..<count {
            let (byte, shift) = (index * bits / 8, index * bits % 8)
            let high = shift + bits > 8 ? Int(bytes[byte + 1]) << 8 : 0
            target[index] = table[(Int(bytes[byte]) | high) >> shift & (1 << bits - 1)]
        }
    }
}
