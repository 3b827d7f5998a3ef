internal import Evaluation
internal import Images
internal import Inference
internal import StrictJSON
internal import TensorCore

/// The roundtrips of many pictures: the figures of all, and the pixels of the worst.
struct RoundtripSet {
    /// As many as a person can look at.
    static let shownCount = 12

    /// Whether pixels are wanted at all, for a sheet or a page.
    let keepsPixels: Bool
    /// In the order of the pictures.
    private(set) var all: [PictureRoundtrip] = []
    /// Those that have their pixels, as places in `all`.
    private var kept: [Int] = []
    /// What was passed over, and why.
    var skipped: [any Refusal] = []

    init(keepsPixels: Bool) {
        self.keepsPixels = keepsPixels
    }

    mutating func add(_ made: [PictureRoundtrip]) {
        for roundtrip in made {
            all.append(keepsPixels ? roundtrip : roundtrip.withoutPixels)
            guard keepsPixels else { continue }
            kept.append(all.count - 1)
            guard kept.count > Self.shownCount, let best = kept.max(by: { psnr($0) < psnr($1) }) else { continue }
            all[best] = all[best].withoutPixels
            kept.removeAll { $0 == best }
        }
    }

    private func psnr(_ index: Int) -> Double { all[index].main.quality.psnr }

    /// What a sheet shows: all in their order, or of many the worst, the worst first.
    var shown: [PictureRoundtrip] {
        guard all.count > kept.count else { return kept.map { all[$0] } }
        return kept.sorted { psnr($0) < psnr($1) }.map { all[$0] }
    }

    /// One measure over all pictures.
    struct Summary {
        let name: String
        let digits: Int
        let estimate: MeanEstimate
        let median: Double
        let worst: (name: String, value: Double)
    }

    /// PSNR and SSIM over the pictures that did not come back identical; none of a single picture.
    var summaries: [Summary] {
        guard all.count > 1 else { return [] }
        let measures: [(String, Int, (PictureRoundtrip) -> Double?)] = [
            ("PSNR", 2, { $0.main.quality.psnr }), ("SSIM", 4, { $0.main.quality.ssim }),
        ]
        return measures.compactMap { name, digits, value in
            let found = all.compactMap { item in
                value(item).flatMap { $0.isFinite ? (name: item.name, value: $0) : nil }
            }.sorted { $0.value < $1.value }
            guard let worst = found.first, let estimate = MeanEstimate(found.map(\.value)) else { return nil }
            let middle = found.count / 2
            let median =
                found.count % 2 == 1 ? found[middle].value : (found[middle - 1].value + found[middle].value) / 2
            return Summary(name: name, digits: digits, estimate: estimate, median: median, worst: worst)
        }
    }

    /// The summaries for `--json`, by the name of the measure.
    var document: JSONValue {
        .object(
            summaries.map { summary in
                .init(
                    summary.name.lowercased(),
                    [
                        "mean": .double(summary.estimate.mean),
                        "interval": summary.estimate.interval.map {
                            [.double($0.lowerBound), .double($0.upperBound)]
                        } ?? .null,
                        "median": .double(summary.median),
                        "worst": ["input": .string(summary.worst.name), "value": .double(summary.worst.value)],
                    ]
                )
            }
        )
    }
}
