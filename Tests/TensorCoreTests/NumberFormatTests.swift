import Foundation
import TensorCore
import Testing

@Suite struct NumberFormatTests {
    /// Every exponent with mantissas around the places where rounding turns over, in both signs.
    static let samples: [Float] = {
        var values: [Float] = [
            0, -0.0, 65504, 65519.996, 65520, 1e38, 5.9604645e-8, 2.9802322e-8, 2.9802326e-8, Float(bitPattern: 1),
        ]
        for exponent in UInt32(0)..<255 {
            for mantissa: UInt32 in [
                0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0x18000, 0x7FFFFF,
            ] {
                values.append(Float(bitPattern: exponent << 23 | mantissa))
            }
        }
        return values + values.map { -$0 }
    }()

    static func convert<To>(_ values: [Float], _ dtype: DType, as type: To.Type) -> ([To], CastReport?) {
        var report: CastReport?
        let result = [To](unsafeUninitializedCapacity: values.count) { target, count in
            values.withUnsafeBytes {
                report = NumberFormat.convert($0, from: .f32, into: UnsafeMutableRawBufferPointer(target), to: dtype)
            }
            count = values.count
        }
        return (result, report)
    }

    @Test func f16RoundsToNearestEvenAsTheProcessorDoes() {
        let (bits, report) = Self.convert(Self.samples, .f16, as: UInt16.self)
        #expect(bits == Self.samples.map { Float16($0).bitPattern })
        #expect(report?.overflows == Self.samples.count { abs($0) >= 65520 })
        #expect(report?.underflows == Self.samples.count { $0 != 0 && Float16($0) == 0 })
    }

    @Test func f16ShortRunsTakeTheScalarPathToTheSameBits() {
        for value in Self.samples {
            let (bits, _) = Self.convert([value], .f16, as: UInt16.self)
            #expect(bits[0] == Float16(value).bitPattern)
        }
    }

    @Test func bf16RoundsToNearestEven() {
        let (bits, report) = Self.convert(Self.samples, .bf16, as: UInt16.self)
        let expected = Self.samples.map { value -> UInt16 in
            // The two neighbours, and the one that is nearer; of two that are as near, the even one.
            let low = UInt16(value.bitPattern >> 16)
            let rest = value.bitPattern & 0xFFFF
            return rest > 0x8000 || (rest == 0x8000 && low & 1 == 1) ? low &+ 1 : low
        }
        #expect(bits == expected)
        // What rounds beyond the largest number is infinite, and what rounds below the smallest is 0: both are told.
        #expect(report?.overflows == zip(Self.samples, bits).count { $0.isFinite && $1 & 0x7FFF == 0x7F80 })
        #expect(report?.underflows == zip(Self.samples, bits).count { $0 != 0 && $1 & 0x7FFF == 0 })
        #expect(report?.overflows ?? 0 > 0 && report?.underflows ?? 0 > 0)
    }

    /// Measured with PyTorch 2.15 on x86-64.
    @Test func nanBecomesWhatPyTorchWrites() {
        let nans = [0x7F80_0001, 0xFF80_0001, 0x7FC1_2345, 0xFFC1_2345, 0x7FFF_FFFF, 0x7FA0_0000].map {
            Float(bitPattern: UInt32($0))
        }
        for repeats in [1, 16] {
            let values = nans.flatMap { Array(repeating: $0, count: repeats) }
            #expect(Set(Self.convert(values, .bf16, as: UInt16.self).0) == [0xFFFF])
            #expect(
                Set(Self.convert(values, .f16, as: UInt16.self).0) == [0x7E00, 0xFE00, 0x7E09, 0xFE09, 0x7FFF, 0x7F00]
            )
        }
    }

    @Test(arguments: [DType.f16, .bf16]) func wideningKeepsEveryValue(dtype: DType) {
        let halves = (UInt16.min...UInt16.max).map { $0 }
        let wide = [Float](unsafeUninitializedCapacity: halves.count) { target, count in
            halves.withUnsafeBytes {
                _ = NumberFormat.convert($0, from: dtype, into: UnsafeMutableRawBufferPointer(target), to: .f32)
            }
            count = halves.count
        }
        for (half, value) in zip(halves, wide) {
            let expected = dtype == .f16 ? Float(Float16(bitPattern: half)) : Float(bitPattern: UInt32(half) << 16)
            #expect(value == expected || (value.isNaN && expected.isNaN))
        }
    }

    @Test func otherTypesAreLeftAlone() {
        var buffer = [UInt8](repeating: 0, count: 8)
        let result = buffer.withUnsafeMutableBytes { target in
            NumberFormat.convert(UnsafeRawBufferPointer(target), from: .i64, into: target, to: .f32)
        }
        #expect(result == nil)
    }

    @Test func floatsOfEightBitsAreExactWhenWidened() {
        // The definitions of the formats: F8_E4M3 ends at 448, F8_E5M2 is the upper byte of F16.
        for (dtype, byte, value) in [
            (DType.f8E4M3, 0x7E, 448), (.f8E4M3, 0x01, 0x1p-9), (.f8E4M3, 0x80, -0.0), (.f8E4M3FNUZ, 0x7F, 240),
            (.f8E5M2FNUZ, 0x01, 0x1p-17), (.f8E5M2FNUZ, 0xFF, -57344),
        ] as [(DType, UInt8, Float)] {
            let found = Self.widened([byte], dtype)[0]
            #expect(found == value && found.sign == value.sign, "\(dtype) \(byte)")
        }
        for byte in UInt8.min...UInt8.max {
            let half = Float(Float16(bitPattern: UInt16(byte) << 8))
            let found = Self.widened([byte], .f8E5M2)[0]
            #expect(found.bitPattern == half.bitPattern, "\(byte)")
        }
        // NaN keeps its sign and its fraction, as torch's float8_e4m3fn does.
        #expect(Self.widened([0x7F, 0xFF], .f8E4M3).map(\.bitPattern) == [0x7FF0_0000, 0xFFF0_0000])
        #expect(Self.widened([0x80], .f8E4M3FNUZ)[0].isNaN && Self.widened([0x80], .f8E5M2FNUZ)[0].isNaN)
    }

    static func widened(_ bytes: [UInt8], _ dtype: DType) -> [Float] {
        [Float](unsafeUninitializedCapacity: bytes.count) { target, count in
            bytes.withUnsafeBytes {
                _ = NumberFormat.convert($0, from: dtype, into: UnsafeMutableRawBufferPointer(target), to: .f32)
            }
            count = bytes.count
        }
    }

    /// A line for each value of Fixtures/casts/casts.txt, whose script says who rounded it.
    static let lines = ((try? String(contentsOfFile: fixture, encoding: .utf8)) ?? "").split(separator: "\n").map {
        $0.split(separator: " ")
    }
    private static let fixture =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        + "/Fixtures/casts/casts.txt"

    /// The bits of a value in another format.
    static func cast(_ bits: UInt64, from: DType, to: DType) -> UInt64 {
        let source = withUnsafeBytes(of: bits) { Array($0.prefix(from.byteCount ?? 8)) }
        var result: UInt64 = 0
        source.withUnsafeBytes { bytes in
            withUnsafeMutableBytes(of: &result) { _ = NumberFormat.convert(bytes, from: from, into: $0, to: to) }
        }
        return result
    }

    @Test func f64IsRoundedOnce() throws {
        #expect(Self.lines.count > 1000)
        for line in Self.lines {
            let value = try #require(UInt64(line[0], radix: 16))
            for (dtype, column) in zip(
                [DType.f32, .f16, .bf16, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ],
                line.dropFirst()
            )
            where column != "-" {
                let expected = try #require(UInt64(column, radix: 16))
                #expect(Self.cast(value, from: .f64, to: dtype) == expected, "\(line[0]) to \(dtype)")
                // What F32 holds goes the same way from there.
                let narrow = try #require(UInt64(line[1], radix: 16))
                if line[4] != "-", dtype != .f32 {
                    #expect(Self.cast(narrow, from: .f32, to: dtype) == expected, "\(line[1]) to \(dtype)")
                }
            }
        }
    }

    /// Every middle between two neighbours of a format, and the F64s next to it: what ml_dtypes cannot tell, as it rounds to F32 first.
    @Test(arguments: [DType.f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ])
    func neighboursDecide(dtype: DType) {
        let finite = Self.widened(Array(0...0x7F), dtype).enumerated().filter { $1.isFinite }
        for ((low, a), (high, b)) in zip(finite, finite.dropFirst()) {
            let middle = (Double(a) + Double(b)) / 2
            let even = UInt64(low % 2 == 0 ? low : high)
            #expect(Self.cast(middle.bitPattern, from: .f64, to: dtype) == even)
            #expect(Self.cast(middle.nextUp.bitPattern, from: .f64, to: dtype) == UInt64(high))
            #expect(Self.cast(middle.nextDown.bitPattern, from: .f64, to: dtype) == UInt64(low))
        }
    }

    @Test func whatAnEightBitFloatCannotHoldIsCounted() {
        let values: [Float] = [1, 448, 464, 465, -1e9, .infinity, .nan, 1e-4, 0, -0.0]
        for (dtype, bytes, overflows) in [
            (DType.f8E4M3, [0x38, 0x7E, 0x7E, 0x7F, 0xFF, 0x7F, 0x7F, 0, 0, 0x80], 3),
            (.f8E5M2, [0x3C, 0x5F, 0x5F, 0x5F, 0xFC, 0x7C, 0x7F, 0x07, 0, 0x80], 1),
            (.f8E4M3FNUZ, [0x40, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0], 5),
        ] as [(DType, [UInt8], Int)] {
            let (found, report) = Self.convert(values, dtype, as: UInt8.self)
            #expect(found == bytes, "\(dtype)")
            #expect(report?.overflows == overflows)
            #expect(report?.underflows == (dtype == .f8E5M2 ? 0 : 1))
        }
    }

    @Test func nanOfF64KeepsWhatFits() {
        let nan = UInt64(0xFFF1_2345_0000_0001)
        #expect(Self.cast(nan, from: .f64, to: .f32) == 0xFFC9_1A28 | 0x40_0000)
        #expect(Self.cast(nan, from: .f64, to: .f16) == 0xFE48)
        #expect(Self.cast(nan, from: .f64, to: .bf16) == 0xFFFF)
        #expect(Self.cast(nan, from: .f64, to: .f8E5M2) == 0xFF)
    }

    @Test func wholeNumbersAreReadFromAnyType() {
        func number<T>(_ value: T, _ dtype: DType) -> Int? {
            withUnsafeBytes(of: value) { NumberFormat.wholeNumber($0, of: dtype) }
        }
        #expect(number(Float(1e9), .f32) == 1_000_000_000)
        #expect(number(Float16(2048), .f16) == 2048)
        #expect(number(Double(0x1p62), .f64) == 1 << 62)
        #expect(number(Int32(-3), .i32) == -3)
        #expect(number(UInt64.max, .u64) == nil)
        #expect(
            number(Float(0.5), .f32) == nil && number(Float.nan, .f32) == nil && number(Float.infinity, .f32) == nil
        )
        #expect(number(UInt8(0x7E), .f8E4M3) == 448)
    }

    @Test func nonFiniteValuesOfOtherWidthsAreCounted() {
        let wide: [Double] = [1, .nan, .infinity, -.infinity, 0x1p1023]
        let count = wide.withUnsafeBytes { NumberFormat.countNonFinite($0, of: .f64) }
        #expect(count.nan == 1 && count.infinite == 2)
        let bytes: [UInt8] = [0x7C, 0xFC, 0x7D, 0, 0x7B]
        let small = bytes.withUnsafeBytes { NumberFormat.countNonFinite($0, of: .f8E5M2) }
        #expect(small.nan == 1 && small.infinite == 2)
        #expect(bytes.withUnsafeBytes { NumberFormat.countNonFinite($0, of: .f8E4M3) } == NonFiniteCount())
    }

    @Test func nonFiniteValuesAreCounted() {
        var values = [Float](repeating: 1, count: 10_000)
        values[0] = .nan
        values[5000] = .infinity
        values[9999] = -.infinity
        let count = values.withUnsafeBytes { NumberFormat.countNonFinite($0, of: .f32) }
        #expect(count.nan == 1 && count.infinite == 2)
    }

    @Test func seededValuesDependOnKeyAndIndexAlone() {
        func fill(_ start: Int, _ count: Int) -> [Float] {
            [Float](unsafeUninitializedCapacity: count) { target, initialized in
                NumberFormat.fillUniform(
                    UnsafeMutableBufferPointer(rebasing: target[0..<count]),
                    key: 0x1234_5678_9ABC_DEF0,
                    from: start,
                    center: 0.5,
                    halfWidth: 0.25
                )
                initialized = count
            }
        }
        let whole = fill(0, 1000)
        #expect(fill(0, 17) + fill(17, 983) == whole)
        #expect(whole.allSatisfy { (0.25..<0.75).contains($0) })
        let mean = whole.reduce(0, +) / 1000
        #expect(abs(mean - 0.5) < 0.02)
    }
}
