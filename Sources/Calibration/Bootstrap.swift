internal import Synchronization
internal import TensorCore

/// How far a mean can be trusted, by resampling over pictures.
///
/// Values within a picture depend on each other, pictures do not: so whole pictures are drawn, with replacement, as many
/// as there are, and the spread of the results is that of the measurement (Efron's percentile bootstrap). The draws come
/// from a fixed seed: the same pictures give the same interval on every machine and with any number of threads.
package enum Bootstrap {
    /// How often pictures are drawn anew.
    package static let resampleCount = 2000
    /// The part of the resamples that lies within the interval.
    package static let confidence = 0.95
    private static let seed: UInt64 = 0xDCAE_5CA1E

    /// The root mean squares of all resamples, the least first.
    ///
    /// - Parameters:
    ///   - squares: of each picture, the sum of the squares of its values.
    ///   - valueCount: how many values each picture has.
    package static func rootMeanSquares(_ squares: [Double], valueCount: Int) -> [Double] {
        let total = Double(squares.count) * Double(valueCount)
        return resample(squares) { sum in (sum / total).squareRoot() }
    }

    /// The means of all resamples, the least first.
    package static func means(_ values: [Double]) -> [Double] {
        let count = Double(values.count)
        return resample(values) { sum in sum / count }
    }

    /// What follows from the sum of each resample, sorted; nothing of a single picture.
    private static func resample(_ values: [Double], _ figure: @escaping @Sendable (Double) -> Double) -> [Double] {
        guard values.count > 1 else { return [] }
        let results = Mutex([Double](repeating: 0, count: resampleCount))
        Workers.forEach(resampleCount) { index throws(Never) in
            var state = seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
            var sum = 0.0
            values.withUnsafeBufferPointer { values in
                let count = UInt64(values.count)
                for _ in 0..<values.count {
                    sum += values[Int(next(&state).multipliedFullWidth(by: count).high)]
                }
            }
            let result = figure(sum)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.sorted() }
    }

    /// The interval that leaves as many resamples out below as above; nil where there are none.
    package static func interval(_ sorted: [Double]) -> ClosedRange<Double>? {
        guard !sorted.isEmpty else { return nil }
        let cut = Int((Double(sorted.count) * (1 - confidence) / 2).rounded())
        return sorted[cut]...sorted[sorted.count - 1 - cut]
    }

    /// The next number of SplitMix64, after its state was mixed once more so that neighbouring seeds have nothing in common.
    private static func next(_ state: inout UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var x = state
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }
}
