internal import Images
package import StrictJSON

extension ScaleReport {
    /// The report for `--json`. It names no path and no part, so that the same pictures give the same bytes however they
    /// were measured.
    package var document: JSONValue {
        let channels = statistics.channels
        return [
            "picture_count": .integer(statistics.pictureCount),
            "missing_count": .integer(missingCount),
            "errors": .array(result.totals.unreadable.map(\.document)),
            "size": ["width": .integer(result.subject.side), "height": .integer(result.subject.side)],
            "crop": .string(result.subject.crop.rawValue),
            "encoder_sha256": result.subject.fingerprint.isEmpty ? .null : .string(result.subject.fingerprint),
            "pictures_sha256": JSONValue(
                PictureContents.digest(of: result.totals.pictures.map { ($0.key, $0.digest) })
            ),
            "values_per_channel": .integer(statistics.valuesPerChannel),
            "mean": .double(statistics.mean), "std": .double(statistics.std), "rms": .double(statistics.rms),
            "min": .double(statistics.minimum), "max": .double(statistics.maximum),
            "scaling_factor": .double(statistics.factor),
            "inverse_std": JSONValue(statistics.inverseStd),
            "confidence": [
                "level": .double(Bootstrap.confidence), "resamples": .integer(statistics.resamples.count),
                "rms": Self.pair(statistics.rmsInterval), "scaling_factor": Self.pair(statistics.factorInterval),
            ],
            "stated_scaling_factor": JSONValue(statedFactor),
            "verdict": .string(verdict.outcome.rawValue), "reason": .string(verdict.reason),
            "variants": JSONValue(verdict.variants),
            "candidates": .array(verdict.candidates.map(Self.document)),
            "without_published_factor": JSONValue(verdict.unpublished),
            "latents_mean": .array(channels.map { .double($0.mean) }),
            "latents_std": .array(channels.map { .double($0.std) }),
            "latents_min": .array(channels.map { .double($0.minimum) }),
            "latents_max": .array(channels.map { .double($0.maximum) }),
        ]
    }

    private static func document(_ candidate: FactorVerdict.Candidate) -> JSONValue {
        [
            "variants": JSONValue(candidate.names), "scaling_factor": .double(candidate.factor),
            "ratio": .double(candidate.ratio), "band": pair(candidate.band), "support": JSONValue(candidate.support),
        ]
    }

    private static func pair(_ range: ClosedRange<Double>?) -> JSONValue {
        range.map { [.double($0.lowerBound), .double($0.upperBound)] } ?? .null
    }
}
