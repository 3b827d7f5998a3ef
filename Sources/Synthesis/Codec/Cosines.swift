/// Cosines and sines of multiples of a fraction of a right angle, the same bits on every machine.
///
/// Only additions, multiplications, divisions and square roots are used, which IEEE 754 rounds exactly; a C library's
/// `cos` may differ in the last bit from one machine to the next.
struct Cosines: Sendable {
    /// The steps in a right angle.
    let quarter: Int
    private let values: [Double]

    /// Tabulates the cosines of 0, π / (2 quarter), ... π / 2.
    ///
    /// - Parameter quarter: a power of two.
    init(quarter: Int) {
        self.quarter = quarter
        var values: [Double] = [1, 0]
        // The cosine and sine of the table's step.
        var (cosine, sine) = (0.0, 1.0)
        while values.count <= quarter {
            let half = ((1 + cosine) / 2).squareRoot()
            (cosine, sine) = (half, sine / (2 * half))
            let last = values.count - 1
            values = (0...(2 * last)).map { index in
                let i = index / 2
                return index % 2 == 0 ? values[i] : values[i] * cosine - values[last - i] * sine
            }
        }
        self.values = values
    }

    /// The cosine of so many steps.
    func cos(_ steps: Int) -> Double {
        let turn = 4 * quarter
        let first = ((steps % turn) + turn) % turn
        let folded = first > 2 * quarter ? turn - first : first
        return folded <= quarter ? values[folded] : -values[2 * quarter - folded]
    }

    /// The sine of so many steps.
    func sin(_ steps: Int) -> Double { cos(steps - quarter) }
}
