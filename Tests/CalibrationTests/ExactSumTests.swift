import Calibration
import Testing

@Suite struct ExactSumTests {
    /// Doubles of all sizes, from a fixed seed.
    private static func numbers(_ count: Int) -> [Double] {
        var state: UInt64 = 7
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(bitPattern: state ^ state >> 29)
            return value.isFinite && value.magnitude < 1e300 ? value : 1.5
        }
    }

    private static func sum(_ values: [Double]) -> ExactSum {
        var sum = ExactSum()
        for value in values { sum.add(value) }
        return sum
    }

    @Test(
        arguments: [
            ([], 0), ([1, 2, 3], 6), ([1e300, 1, -1e300], 1),
            ([1, 0x1p-53], 1), ([1, 0x1p-53, 0x1p-54], 1 + 0x1p-52), ([1, 0x1p-53, 0x1p-1074], 1 + 0x1p-52),
            ([-1, -0x1p-53, -0x1p-1074], -1 - 0x1p-52), ([0x1p-1074, 0x1p-1074], 0x1p-1073),
            ([.greatestFiniteMagnitude, .greatestFiniteMagnitude], .infinity), ([-5, 5], 0), ([-0.0], 0),
        ] as [([Double], Double)]
    )
    func sumsAreRoundedOnce(values: [Double], expected: Double) {
        #expect(Self.sum(values).value == expected)
    }

    /// 0.1 + 0.2 - 0.3 in doubles is 5.55e-17 by luck of rounding; the exact sum of the three doubles is 2.78e-17.
    @Test func whatRoundingLosesIsKept() {
        #expect(Self.sum([0.1, 0.2, -0.3]).value == 0x1p-55)
    }

    @Test func neitherOrderNorGroupingMatters() throws {
        let values = Self.numbers(2000)
        let whole = Self.sum(values)
        #expect(Self.sum(values.reversed()) == whole)
        #expect(Self.sum(values.reversed()).description == whole.description)
        for groups in [2, 7, 100] {
            var merged = ExactSum()
            for group in (0..<groups).reversed() {
                merged.add(Self.sum(stride(from: group, to: values.count, by: groups).map { values[$0] }))
            }
            #expect(merged == whole && merged.value == whole.value)
        }
        var cancelled = whole
        cancelled.add(Self.sum(values.map { -$0 }))
        #expect(cancelled == ExactSum() && cancelled.value == 0)
    }

    @Test func textHoldsEverything() throws {
        #expect(Self.sum([1]).description == "0x40000p-18")
        for values in [[], [1], [-0x1p-1074], [1e300, -1e-300], Self.numbers(50)] {
            let sum = Self.sum(values)
            let read = try #require(ExactSum(sum.description))
            #expect(read == sum)
        }
    }

    @Test(
        arguments: [
            "", "0", "0x", "0x1", "0xp0", "0x1p", "0x1p1", "0x01p-18", "0xgp-18", "0x1p-18 ", "+0x1p-18", "0x+1p-18",
            "--0x1p-18",
            "0x1p-1075", "0x1p4000", "0x0p-18", "-0x0p0", "0x1P-18", "0x100000000p-18", "0x1p-18p-18",
            "0x" + String(repeating: "f", count: 600) + "p-1074",
        ]
    )
    func otherTextIsRefused(text: String) {
        #expect(ExactSum(text) == nil)
    }
}
