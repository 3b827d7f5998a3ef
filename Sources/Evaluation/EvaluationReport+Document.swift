internal import Calibration
package import StrictJSON

extension EvaluationReport {
    /// The report for `--json`. It names no path of a picture's folder and no part, so that the same pictures give the same
    /// bytes however they were measured.
    package var document: JSONValue {
        [
            "measured": part.subject.document,
            "confidence": ["level": .double(Bootstrap.confidence), "resamples": .integer(Bootstrap.resampleCount)],
            "pictures": .integer(part.records.count), "missing": .integer(missingCount),
            "unreadable": .array(
                part.unreadable.map { ["picture": .string($0.key), "reason": .string($0.reason)] }
            ),
            "models": .array(sides.map(Self.document)),
            "differences": .array(comparisons.map(document)),
            "notes": JSONValue(notes),
            "per_picture": .array(order.map(perPicture)),
        ]
    }

    private static func document(_ side: Side) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(side.label)), .init("variant", JSONValue(side.variant)),
        ]
        for measure in side.measures { members.append(.init(measure.measure.rawValue, document(measure))) }
        members.append(.init("rfid", JSONValue(side.rfid)))
        members.append(
            .init(
                "latent",
                side.latent.map { latent in
                    [
                        "values": .integer(latent.count), "mean": .double(latent.mean), "rms": .double(latent.rms),
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
            "pictures": .integer(summary.estimate?.count ?? 0), "mean": JSONValue(summary.estimate?.mean),
            "median": JSONValue(summary.median), "interval": pair(summary.estimate?.interval),
            "identical": .integer(summary.identicalCount), "undefined": .integer(summary.undefinedCount),
            "worst": .array(summary.worst.map { ["picture": .string($0.key), "value": .double($0.value)] }),
        ]
    }

    private func document(_ comparison: Comparison) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(comparison.label)), .init("against", .string(sides[0].label)),
        ]
        for difference in comparison.differences {
            members.append(
                .init(
                    difference.measure.rawValue,
                    [
                        "pictures": .integer(difference.estimate.count), "mean": .double(difference.estimate.mean),
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
            "picture": .string(record.key),
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
