internal import Images
internal import ModelZoo

/// A figure that was published for a variant, and the one that was measured.
package struct PublishedComparison: Sendable, Equatable {
    /// What it is called.
    package let name: String
    package let published: Double
    package let measured: Double
    /// The mean that was measured, with how far it can be trusted; nil where the figure is no mean over pictures.
    package let estimate: MeanEstimate?
    /// The data set that it was published for.
    package let data: String
    /// Where it was published.
    package let source: String
    /// The digits to show.
    package let digits: Int
    package let unit: String

    /// All that was published for a variant and measured under the same conditions: ADM's crop, and the same size.
    static func all(
        _ side: EvaluationSubject.Side,
        _ subject: EvaluationSubject,
        _ measures: [MeasureSummary],
        _ latent: EvaluationReport.LatentFigures?,
        _ rfid: Double?,
        _ registry: Registry
    ) -> [PublishedComparison] {
        guard let name = side.variant, subject.crop == .adm, let size = subject.size,
            let variant = registry.variants.first(where: { $0.name == name })
        else { return [] }
        var found: [PublishedComparison] = []
        for quality in variant.quality where quality.pixels == size {
            func add(
                _ name: String,
                _ published: Double?,
                _ measured: Double?,
                _ estimate: MeanEstimate?,
                _ digits: Int,
                _ unit: String = ""
            ) {
                guard let published, let measured else { return }
                found.append(
                    PublishedComparison(
                        name: name,
                        published: published,
                        measured: measured,
                        estimate: estimate,
                        data: quality.data,
                        source: quality.source,
                        digits: digits,
                        unit: unit
                    )
                )
            }
            let figures: [(QualityMeasure, Double?)] = [
                (.psnr, quality.psnr), (.ssim, quality.ssim), (.lpips, quality.lpips),
            ]
            for (measure, published) in figures {
                let estimate = measures.first { $0.measure == measure }?.estimate
                add(measure.name, published, estimate?.mean, estimate, measure.digits, measure.unit)
            }
            add("rFID", quality.rFID, rfid, nil, 3)
            add("latent mean", quality.latentMean, latent?.mean, nil, 4)
            add("latent rms", quality.latentRMS, latent?.rms, nil, 4)
            add("latent std", quality.latentStandardDeviation, latent?.std, nil, 4)
        }
        return found
    }

    /// The sizes that figures of a variant were published at, where none is that of a measurement.
    static func otherSizes(_ side: EvaluationSubject.Side, _ subject: EvaluationSubject, _ registry: Registry) -> [Int]
    {
        guard let name = side.variant, let size = subject.size,
            let variant = registry.variants.first(where: { $0.name == name })
        else { return [] }
        let sizes = Set(variant.quality.map(\.pixels)).sorted()
        return sizes.contains(size) ? [] : sizes
    }
}
