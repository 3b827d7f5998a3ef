/// How many finite values have which magnitude and sign: exact counts in bins that are powers of two.
///
/// A value with 2^e <= |x| < 2^(e+1) is counted under the exponent e. The exponents are those of F32's normal numbers; what is
/// smaller than 2^-126 is counted under -127, what is 2^127 or larger under 127. Zeros are in no bin.
package struct ExponentHistogram: Sendable, Equatable {
    /// The exponent of the first bin of either sign; 0 where there is no bin.
    package let lowestExponent: Int
    /// The counts of negative values, by exponent, from `lowestExponent` on.
    package let negative: [Int]
    /// The counts of positive values, as many.
    package let positive: [Int]

    /// The exponent of the last bin.
    package var highestExponent: Int { lowestExponent + positive.count - 1 }

    /// Takes the bins that are in use from a table of 256 for positive values and 256 for negative ones.
    init(table: [UInt64]) {
        let half = table.count / 2
        let used = (0..<half).filter { table[$0] > 0 || table[half + $0] > 0 }
        guard let first = used.first, let last = used.last else {
            (lowestExponent, negative, positive) = (0, [], [])
            return
        }
        lowestExponent = first - 127
        positive = (first...last).map { Int(clamping: table[$0]) }
        negative = (first...last).map { Int(clamping: table[half + $0]) }
    }

    /// The histogram as a line of blocks: negative values to the left, positive ones to the right, the largest magnitudes
    /// outside, halving towards the middle, where all smaller ones are in one bin.
    ///
    /// - Parameter octaves: the bins on either side.
    package func sparkline(octaves: Int = 10) -> String {
        guard !positive.isEmpty else { return "" }
        func side(_ counts: [Int]) -> [Int] {
            let shown = Array(counts.reversed().prefix(octaves - 1))
            let rest = counts.dropLast(shown.count).reduce(0) { $0.addingReportingOverflow($1).partialValue }
            return shown + [rest] + Array(repeating: 0, count: octaves - 1 - shown.count)
        }
        let bins = side(negative) + side(positive).reversed()
        let most = bins.max() ?? 0
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(
            bins.map { count in
                guard count > 0, most > 0 else { return " " }
                return blocks[min(7, Int(Double(count) / Double(most) * 8))]
            }
        )
    }
}
