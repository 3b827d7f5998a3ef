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
        #expect(report == CastReport())
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
