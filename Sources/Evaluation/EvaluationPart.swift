package import Calibration
package import Inference
internal import Pages
package import StrictJSON
package import TensorCore

/// What was measured of a part of the pictures, one record for each: all figures follow from these, in the order of keys.
package struct EvaluationPart: MeasuredPart {
    /// What is measured.
    package let subject: EvaluationSubject
    package let shard: Shard
    /// The pictures that were measured.
    package var records: [PictureRecord] = []
    package var unreadable: [Unreadable] = []

    package init(subject: EvaluationSubject, shard: Shard) {
        self.subject = subject
        self.shard = shard
    }

    package var pictureCount: Int { subject.pictureCount }
    package var pictureKeys: [String] { records.map(\.key) }

    package var pictureFileDigests: [[String]] {
        records.map { [$0.digest] + $0.sides.map(\.digest).filter { !$0.isEmpty } }
    }

    /// What tells the pictures that were measured from others, whatever their names are.
    package var contentDigest: String? { PictureContents.digest(of: records.map { ($0.key, $0.digest) }) }

    package func difference(from other: EvaluationPart) -> String? { subject.difference(from: other.subject) }

    package var asWhole: EvaluationPart {
        var whole = EvaluationPart(subject: subject, shard: .whole)
        (whole.records, whole.unreadable) = (records, unreadable)
        return whole
    }

    package mutating func add(_ other: EvaluationPart) {
        records += other.records
        unreadable += other.unreadable
    }

    package mutating func forget(_ keys: Set<UTF8Name>) {
        records.removeAll { keys.contains(UTF8Name($0.key)) }
    }

    package mutating func sort() {
        records.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        unreadable.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    package static let command = "dcae eval"
    static let format = "dcae evaluation"
    /// 2: digests of files, and failures of single models.
    static let version = 2

    package var document: JSONValue {
        [
            "format": .string(Self.format), "version": .integer(Self.version), "complete": .bool(isComplete),
            "measured": subject.document, "shard": .string(shard.description),
            "pictures": [
                "keys": JSONValue(records.map(\.key)), "samples": JSONValue(records.map(\.sampleCount)),
                "sha256": JSONValue(records.map(\.digest)),
                "features": Self.features(subject.hasOwnFeatures ? records.map(\.features) : []),
            ],
            "sides": .array(subject.sides.indices.map(document)),
            "unreadable": unreadableDocument,
        ]
    }

    private func document(_ index: Int) -> JSONValue {
        let sides = records.map { $0.sides[index] }
        let hasLatents = !subject.sides[index].fingerprint.isEmpty
        let none = PictureRecord.Latent(count: 0, sum: 0, squares: 0)
        let latents = hasLatents ? sides.map { $0.latent ?? none } : []
        return [
            "failures": .array(sides.map { JSONValue($0.failure) }),
            "sha256": JSONValue(hasLatents ? [] : sides.map(\.digest)),
            "squared_errors": JSONValue(sides.map(\.squaredError)),
            "cast_errors": .array(sides.map { side in side.castError.map { .integer($0) } ?? .null }),
            "ssim": .array(sides.map { JSONValue($0.ssim) }),
            "ms_ssim": .array(sides.map { JSONValue($0.multiscaleSSIM) }),
            "lpips": .array(sides.map { JSONValue($0.lpips) }),
            "latent_counts": JSONValue(latents.map(\.count)),
            "latent_sums": .array(latents.map { .double($0.sum) }),
            "latent_squares": .array(latents.map { .double($0.squares) }),
            "features": Self.features(subject.hasFeatures ? sides.map(\.features) : []),
        ]
    }

    /// The bytes of single-precision numbers, the least first, in Base64: a text for each picture.
    private static func features(_ rows: [[Float]]) -> JSONValue {
        .array(
            rows.map { row in
                let words = row.map(\.bitPattern.littleEndian)
                return .string(Base64.encode(words.withUnsafeBytes { Array($0) }))
            }
        )
    }
}
