package import StrictJSON
internal import TensorCore

extension TensorStatistics {
    /// The statistics for `--json`; what no finite value gives is null.
    package var document: JSONValue {
        [
            "value_count": .integer(count), "nan": .integer(nan), "inf": .integer(infinite), "zeros": .integer(zeros),
            "subnormals": .integer(subnormals), "min": JSONValue(minimum), "max": JSONValue(maximum),
            "mean": JSONValue(mean), "std": JSONValue(standardDeviation), "rms": JSONValue(rms),
            "fp16_overflows": .integer(fp16.overflows), "fp16_underflows": .integer(fp16.underflows),
            "bf16_overflows": .integer(bf16.overflows), "bf16_underflows": .integer(bf16.underflows),
            "histogram": [
                "lowest_exponent": .integer(histogram.lowestExponent), "negative": JSONValue(histogram.negative),
                "positive": JSONValue(histogram.positive),
            ],
        ]
    }
}

extension ListedTensor {
    /// What is odd about the values, in a few words each, as `3 NaN` and `2 beyond fp16`; empty where nothing is.
    ///
    /// Whole numbers, as counters of batches, are never rounded to fp16: how large they are is not odd.
    package var remarks: [String] {
        guard let statistics else { return [] }
        let (fp16, bf16) = descriptor.dtype.isInteger ? (0, 0) : (statistics.fp16.overflows, statistics.bf16.overflows)
        let counts = [
            (statistics.nan, "NaN"), (statistics.infinite, "Inf"), (fp16, "beyond fp16"), (bf16, "beyond bf16"),
            (statistics.subnormals, "subnormal"),
        ]
        let isZero = statistics.zeros == statistics.count && statistics.count > 0
        return counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + (isZero ? ["all zero"] : [])
    }
}

/// What the statistics of many tensors come to. What fp16 and bf16 could not hold is counted among floating-point tensors
/// alone: others are never rounded to them.
package struct StatisticsSummary: Sendable {
    /// A tensor with values that a format could not hold.
    package struct Place: Sendable, Equatable {
        package let name: String
        package let count: Int
    }

    package let tensorCount: Int
    package let valueCount: Int
    package let nan: [Place]
    package let infinite: [Place]
    package let fp16Overflows: [Place]
    package let fp16Underflows: [Place]
    package let bf16Overflows: [Place]
    package let bf16Underflows: [Place]
    package let zeroCount: Int
    package let subnormalCount: Int
    /// The largest magnitude of a finite value.
    package let magnitude: Double?

    package init(_ listing: TensorListing) {
        func places(floating: Bool = false, _ count: (TensorStatistics) -> Int) -> [Place] {
            listing.tensors.compactMap { tensor in
                guard let found = tensor.statistics.map(count), found > 0,
                    !floating || !tensor.descriptor.dtype.isInteger
                else { return nil }
                return Place(name: tensor.descriptor.name, count: found)
            }
        }
        func sum(_ count: (TensorStatistics) -> Int) -> Int { Self.total(places(count)) }
        tensorCount = listing.tensors.count
        valueCount = sum(\.count)
        nan = places(\.nan)
        infinite = places(\.infinite)
        fp16Overflows = places(floating: true, \.fp16.overflows)
        fp16Underflows = places(floating: true, \.fp16.underflows)
        bf16Overflows = places(floating: true, \.bf16.overflows)
        bf16Underflows = places(floating: true, \.bf16.underflows)
        zeroCount = sum(\.zeros)
        subnormalCount = sum(\.subnormals)
        magnitude = listing.tensors.compactMap(\.statistics?.magnitude).max()
    }

    /// The values of all places.
    package static func total(_ places: [Place]) -> Int { places.reduce(0) { $0 + $1.count } }

    /// The summary for `--json`.
    package var document: JSONValue {
        func places(_ places: [Place]) -> JSONValue {
            .object([
                .init("value_count", .integer(Self.total(places))), .init("tensors", JSONValue(places.map(\.name))),
            ])
        }
        return [
            "tensor_count": .integer(tensorCount), "value_count": .integer(valueCount), "nan": places(nan),
            "inf": places(infinite), "zeros": .integer(zeroCount), "subnormals": .integer(subnormalCount),
            "magnitude": JSONValue(magnitude), "fp16_overflows": places(fp16Overflows),
            "fp16_underflows": places(fp16Underflows), "bf16_overflows": places(bf16Overflows),
            "bf16_underflows": places(bf16Underflows),
        ]
    }
}
