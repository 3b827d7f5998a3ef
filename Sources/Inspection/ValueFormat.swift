internal import TensorCore

/// How the bytes of a tensor are numbers: which kernel sees them, and how they get there.
///
/// Booleans are 0 and 1, quantized numbers the integers that are stored, complex numbers two numbers each. 64-bit integers are
/// rounded to the nearest double. Numbers of 4 and 6 bits are taken from the lowest bits of their bytes first.
struct ValueFormat: Sendable {
    private enum Kind: Sendable {
        case numbers(ElementFormat)
        /// Values of so few bits that a table has them all.
        case table(bits: Int, [Float])
    }

    private let kind: Kind
    /// The values in one element: two in a complex number.
    let valuesPerElement: Int
    /// The smallest number that is held with full precision; 0 where all are.
    private let smallestNormal: Double

    private static let booleans: [Float] = (0..<256).map { $0 == 0 ? 0 : 1 }

    init(_ dtype: DType) {
        let format = ElementFormat(dtype)
        valuesPerElement = format?.valuesPerElement ?? 1
        let small = SmallFloat.of(dtype)
        switch dtype {
        case .bool: kind = .table(bits: 8, Self.booleans)
        default: kind = format.map(Kind.numbers) ?? .table(bits: dtype.bitCount, small?.table ?? [])
        }
        smallestNormal =
            switch format?.dtype {
            case .f32, .bf16: Double(Float.leastNormalMagnitude)
            case .f64: .leastNormalMagnitude
            case .f16: 0x1p-14
            default: small?.smallestNormal ?? 0
            }
    }

    /// The bytes of room that as many values take while they are counted, beside their own.
    func scratchSize(values: Int) -> Int {
        switch kind {
        case .numbers(let format) where format.isWide: 0
        case .numbers(let format): format.precision.rawValue * values
        case .table: 4 * values
        }
    }

    /// Adds whole elements to statistics.
    ///
    /// - Parameters:
    ///   - bytes: the elements, aligned to 64 bytes, with a byte of room behind them.
    ///   - values: the number of values in them.
    ///   - scratch: as much room as `scratchSize` says.
    func add(
        _ bytes: UnsafeMutableRawBufferPointer,
        values: Int,
        to statistics: inout PartialStatistics,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        guard let start = bytes.baseAddress else { return }
        switch kind {
        case .numbers(let format):
            // Values that are wide already stay where they are.
            let room = scratch.baseAddress ?? start
            let wide = format.widen(start, count: values, to: format.precision, in: room, middle: room)
            switch format.precision {
            case .f32:
                let numbers = UnsafeBufferPointer(start: wide.assumingMemoryBound(to: Float.self), count: values)
                statistics.add(numbers, smallestNormal: Float(smallestNormal))
            case .f64:
                let numbers = UnsafeBufferPointer(start: wide.assumingMemoryBound(to: Double.self), count: values)
                statistics.add(numbers, smallestNormal: smallestNormal)
            }
        case .table(let bits, let table):
            let target = scratch.bindMemory(to: Float.self)
            unpack(UnsafeRawBufferPointer(bytes), bits: bits, table, values, into: target)
            statistics.add(
                UnsafeBufferPointer(rebasing: target[0..<values]),
                smallestNormal: Float(smallestNormal)
            )
        }
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
