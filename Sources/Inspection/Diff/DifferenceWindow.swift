internal import CKernels
internal import Libc
internal import Models
internal import TensorCore

/// Two tensors of as many elements, and how they can be compared.
struct TensorPair: Sendable {
    let a: ViewedTensor
    let b: ViewedTensor
    /// How their values become numbers; nil where one of the dtypes has elements that share bytes.
    let formats: (a: ElementFormat, b: ElementFormat)?
    /// The elements, or bytes where there are no formats.
    let count: Int
    /// The bytes of an element on each side.
    let sizes: (a: Int, b: Int)

    /// Nil where nothing but the dtypes can be compared: one shares bytes, or one alone is complex.
    init?(_ a: ViewedTensor, _ b: ViewedTensor) {
        let dtypes = (a.descriptor.dtype, b.descriptor.dtype)
        if let x = ElementFormat(dtypes.0), let y = ElementFormat(dtypes.1) {
            guard x.valuesPerElement == y.valuesPerElement else { return nil }
            formats = (x, y)
            sizes = (x.valueSize * x.valuesPerElement, y.valueSize * y.valuesPerElement)
        } else {
            guard dtypes.0 == dtypes.1 else { return nil }
            formats = nil
            sizes = (1, 1)
        }
        count = a.byteCount / sizes.a
        guard count == b.byteCount / sizes.b else { return nil }
        (self.a, self.b) = (a, b)
    }

    var hasOneDType: Bool { a.descriptor.dtype == b.descriptor.dtype }

    /// Whether one side can be made from the other by a cast that this program knows.
    var hasCasts: Bool {
        !hasOneDType && a.descriptor.dtype.isWeightFormat && b.descriptor.dtype.isWeightFormat
    }
}

/// Whether a cast of one side, rounded to nearest even, gives the bytes of the other.
package struct CastFinding: Sendable, Equatable {
    package private(set) var aGivesB = true
    package private(set) var bGivesA = true

    package init(aGivesB: Bool = true, bGivesA: Bool = true) {
        self.aGivesB = aGivesB
        self.bGivesA = bGivesA
    }

    static func += (total: inout CastFinding, next: CastFinding) {
        total.aGivesB = total.aGivesB && next.aGivesB
        total.bGivesA = total.bGivesA && next.bGivesA
    }
}

/// The memory in which one thread compares a window of two tensors, and the comparison itself.
struct DifferenceWindow {
    /// The elements that are measured at a time. Their sums are made by themselves and then added in order, so it decides
    /// the last bits of every result: the same whatever the number of threads and however the files are read.
    static let elements = 1 << 16

    let pair: TensorPair
    let tolerance: Tolerance?
    let instructionSet: InstructionSet
    private let wideA: Buffer
    private let wideB: Buffer
    private let middle: Buffer
    private let cast: Buffer

    init(_ pair: TensorPair, tolerance: Tolerance?, on instructionSet: InstructionSet) {
        self.pair = pair
        self.tolerance = tolerance
        self.instructionSet = instructionSet
        let values = min(Self.elements, pair.count) * 2
        let isMixed = pair.formats.map { max($0.a.precision, $0.b.precision) } == .f64
        let areWide = pair.formats.map { $0.a.isWide && $0.b.isWide } ?? true
        let wideSize = isMixed || !areWide ? values * 8 : 0
        wideA = Buffer(count: wideSize)
        wideB = Buffer(count: wideSize)
        middle = Buffer(count: isMixed ? values * 4 : 0)
        cast = Buffer(count: pair.hasCasts ? values * 4 : 0)
    }

    /// Measures as many elements, whose bytes are overwritten.
    ///
    /// - Parameters:
    ///   - a: the elements as they are stored; it may be the same memory as `b`.
    ///   - b: the elements as they are stored.
    ///   - start: the number of the first element.
    func measure(
        _ a: UnsafeMutableRawPointer,
        _ b: UnsafeMutableRawPointer,
        start: Int,
        count: Int
    ) -> ValueDifference? {
        guard let (left, right) = pair.formats else { return nil }
        let values = count * left.valuesPerElement
        let ulps = pair.hasOneDType ? left.ulps(a, b, count: values) : nil
        var exact: (differing: UInt64, first: Int)?
        if pair.hasOneDType, left.exceedsF64 {
            let words = (a.assumingMemoryBound(to: UInt64.self), b.assumingMemoryBound(to: UInt64.self))
            var first = 0
            exact = (dcae_count_unequal_64(words.0, words.1, values, &first), first)
        }
        let precision = max(left.precision, right.precision)
        let x = left.widen(a, count: values, to: precision, in: memory(wideA, a), middle: memory(middle, a))
        let y = right.widen(b, count: values, to: precision, in: memory(wideB, b), middle: memory(middle, b))
        let kernels = instructionSet.kernels.pointee.numbers
        var (sums, dropped, outside, first) =
            precision == .f32
            ? measure(Self.f32(kernels), x, y, values) : measure(Self.f64(kernels), x, y, values)
        if let exact { (sums.differing, first) = (exact.differing, exact.first) }
        return ValueDifference(
            sums,
            dropped,
            count: values,
            firstIndex: first < values ? start + first / left.valuesPerElement : nil,
            ulps: ulps,
            outsideCount: Int(outside)
        )
    }

    /// Memory that is empty is never touched; something must stand for its address.
    private func memory(_ buffer: Buffer, _ other: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        buffer.start ?? other
    }

    private typealias Measured = (sums: dcae_difference, dropped: dcae_nonfinite_pairs, outside: UInt64, first: Int)

    /// The kernels for one precision.
    private struct Kernels<Value> {
        typealias Values = UnsafeMutablePointer<Value>

        let difference: (Values, Values, Int, UnsafeMutablePointer<dcae_difference>) -> Void
        let first: (Values, Values, Int) -> Int
        let drop: (Values, Values, Int, UnsafeMutablePointer<dcae_nonfinite_pairs>) -> Void
        let outside: (Values, Values, Int, Double, Double) -> UInt64
    }

    private static func f32(_ kernels: dcae_number_kernels) -> Kernels<Float> {
        Kernels(
            difference: { kernels.difference_f32($0, $1, $2, $3) },
            first: { dcae_first_difference_f32($0, $1, $2) },
            drop: { dcae_drop_nonfinite_f32($0, $1, $2, $3) },
            outside: { kernels.count_outside_f32($0, $1, $2, $3, $4) }
        )
    }

    private static func f64(_ kernels: dcae_number_kernels) -> Kernels<Double> {
        Kernels(
            difference: { kernels.difference_f64($0, $1, $2, $3) },
            first: { dcae_first_difference_f64($0, $1, $2) },
            drop: { dcae_drop_nonfinite_f64($0, $1, $2, $3) },
            outside: { kernels.count_outside_f64($0, $1, $2, $3, $4) }
        )
    }

    private func measure<Value>(
        _ kernels: Kernels<Value>,
        _ a: UnsafeMutableRawPointer,
        _ b: UnsafeMutableRawPointer,
        _ count: Int
    ) -> Measured {
        let (x, y) = (a.assumingMemoryBound(to: Value.self), b.assumingMemoryBound(to: Value.self))
        var result = Measured(dcae_difference(), dcae_nonfinite_pairs(), 0, count)
        kernels.difference(x, y, count, &result.sums)
        let isFinite = (result.sums.a + result.sums.b).isFinite
        if !isFinite || result.sums.differing > 0 { result.first = kernels.first(x, y, count) }
        if !isFinite {
            kernels.drop(x, y, count, &result.dropped)
            kernels.difference(x, y, count, &result.sums)
        }
        if let tolerance { result.outside = kernels.outside(x, y, count, tolerance.relative, tolerance.absolute) }
        return result
    }

    /// Casts each side to the other's dtype and compares the bytes.
    func castFinding(_ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, count: Int) -> CastFinding {
        func gives(_ from: (UnsafeMutableRawPointer, DType), _ to: (UnsafeMutableRawPointer, DType)) -> Bool {
            let source = UnsafeRawBufferPointer(start: from.0, count: count * (from.1.byteCount ?? 0))
            let target = cast[0..<(count * (to.1.byteCount ?? 0))]
            guard NumberFormat.convert(source, from: from.1, into: target, to: to.1) != nil,
                let made = target.baseAddress
            else { return false }
            return memcmp(made, to.0, target.count) == 0
        }
        let (left, right) = ((a, pair.a.descriptor.dtype), (b, pair.b.descriptor.dtype))
        return CastFinding(aGivesB: gives(left, right), bGivesA: gives(right, left))
    }
}
