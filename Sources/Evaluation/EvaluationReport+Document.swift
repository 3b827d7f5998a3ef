internal import Calibration
package import StrictJSON

extension EvaluationReport {
    /// The report for `--json`. It names no path of a picture's folder and no part, so that the same pictures give the same
    /// bytes however they were measured.
    package var document: JSONValue {
        [
            "measured": part.subject.report(contents: part.contentDigest),
            "confidence": ["level": .double(Bootstrap.confidence), "resamples": .integer(Bootstrap.resampleCount)],
            "picture_count": .integer(part.records.count), "missing_count": .integer(missingCount),
            "errors": .array(part.unreadable.map(\.document)),
            "models": .array(sides.map(Self.document)),
            "differences": .array(comparisons.map(document)),
            "pictures": .array(order.map(perPicture)),
        ]
    }

    private static func document(_ side: Side) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("label", .string(side.label)), .init("variant", JSONValue(side.variant)),
        ]
        members.append(.init("errors", .array(side.failures.map(\.document))))
        for measure in side.measures { members.append(.init(measure.measure.rawValue, document(measure))) }
        members.append(.init("psnr_against_uncast", side.againstUncast.map(document) ?? .null))
        members.append(.init("rfid", JSONValue(side.rfid)))
        members.append(
            .init(
                "latent",
                side.latent.map { latent in
                    [
                        "value_count": .integer(latent.count), "mean": .double(latent.mean), "rms": .double(latent.rms),
                        "std": .double(latent.std),
                    ]
                } ?? .null
            )
        )
        members.append(
            .init(
                "published",
                .array(
                    side.published.map { figure in
                        [
                            "figure": .string(figure.name), "published": .double(figure.published),
                            "measured": .double(figure.measured), "data": .string(figure.data),
                            "source": .string(figure.source),
                        ]
                    }
                )
            )
        )
        return .object(members)
    }

    private static func document(_ summary: MeasureSummary) -> JSONValue {
        [
            "picture_count": .integer(summary.estimate?.count ?? 0), "mean": JSONValue(summary.estimate?.mean),
            "median": JSONValue(summary.median), "interval": pair(summary.estimate?.interval),
            "identical_count": .integer(summary.identicalCount),
            "undefined_count": .integer(summary.undefinedCount),
            "worst": .array(summary.worst.map { ["input": .string($0.key), "value": .double($0.value)] }),
        ]
    }

    private func document(_ comparison: Comparison) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("label", .string(comparison.label)), .init("against", .string(sides[0].label)),
        ]
        for difference in comparison.differences {
            members.append(
                .init(
                    difference.measure.rawValue,
                    [
                        "picture_count": .integer(difference.estimate.count), "mean": .double(difference.estimate.mean),
                        "interval": Self.pair(difference.estimate.interval),
                        "verdict": .string(difference.verdict.rawValue),
                        "text": .string(difference.text(comparison.label)),
                    ]
                )
            )
        }
        return .object(members)
    }

    /// The records, the worst by the first model's PSNR first.
    var order: [PictureRecord] {
        guard !sides.isEmpty else { return part.records }
        return part.records.enumerated()
            .map { (offset: $0.offset, record: $0.element, psnr: $0.element.psnr(0)) }
            .sorted { $0.psnr != $1.psnr ? $0.psnr < $1.psnr : $0.offset < $1.offset }
            .map(\.record)
    }

    private func perPicture(_ record: PictureRecord) -> JSONValue {
        [
            "input": .string(record.key),
            "models": .array(
                record.sides.indices.map { side in
                    .object(
                        sides[side].measures.map { summary in
                            let value = summary.measure.value(record, side)
                            // JSON has no infinity: an identical picture has no PSNR there.
                            return .init(
                                summary.measure.rawValue,
                                JSONValue(value.flatMap { $0.isFinite ? $0 : nil })
                            )
                        }
                    )
                }
            ),
        ]
    }

    private static func pair(_ range: ClosedRange<Double>?) -> JSONValue {
        range.map { [.double($0.lowerBound), .double($0.upperBound)] } ?? .null
    }
}
