internal import Calibration
package import Images
package import Perception
internal import StrictJSON

/// What is measured, and with what: results are of one kind only where this is the same, but for the models.
package struct EvaluationSubject: Sendable, Equatable {
    /// A cast of a model's weights in memory, and what it lost.
    package struct Cast: Sendable, Equatable {
        /// The format, as `fp16`.
        package let format: String
        /// The weights that become infinite.
        package let overflows: Int
        /// Those that become zero.
        package let underflows: Int

        package init(format: String, overflows: Int, underflows: Int) {
            (self.format, self.overflows, self.underflows) = (format, overflows, underflows)
        }

        var document: JSONValue {
            [
                "format": .string(format), "overflows": .integer(overflows), "underflows": .integer(underflows),
            ]
        }
    }

    /// A model, or a folder of pictures that came back.
    package struct Side: Sendable, Equatable {
        /// What it is called.
        package let label: String
        /// The published variant that it is, where that is known.
        package let variant: String?
        /// The digest of the network's parameters; empty for a folder.
        package let fingerprint: String
        /// What products were computed in; empty for a folder.
        package let precision: String
        /// How its weights were cast in memory; nil where they are those of the files.
        package let cast: Cast?

        package init(label: String, variant: String?, fingerprint: String, precision: String, cast: Cast? = nil) {
            self.cast = cast
            self.label = label
            self.variant = variant
            self.fingerprint = fingerprint
            self.precision = precision
        }

        var document: JSONValue {
            [
                "name": .string(label), "variant": JSONValue(variant),
                "parameters_sha256": fingerprint.isEmpty ? .null : .string(fingerprint),
                "precision": precision.isEmpty ? .null : .string(precision),
                "cast": cast?.document ?? .null,
            ]
        }
    }

    /// The models or folders.
    package let sides: [Side]
    /// The side of the squares that pictures are made into; nil where they stay as they are.
    package let size: Int?
    /// How they are made into squares.
    package let crop: SquareCrop
    /// How many pictures there are in all parts.
    package let pictureCount: Int
    /// The SHA-256 of their keys, which all parts know before any picture is read.
    package let pictureDigest: String
    /// The files of weights that LPIPS and FID run with.
    package let weights: [WeightsIdentity]
    /// The digest of the statistics that FID is taken against; nil where they are those of the originals.
    package let referenceDigest: String?
    /// The program that measures.
    package let program: String

    /// The way of measuring, as docs/quality.md has it; another number means other figures.
    ///
    /// 2: the std of latents divides by the number of values, as that of `scale` does.
    static let protocolVersion = 2

    package init(
        sides: [Side],
        size: Int?,
        crop: SquareCrop,
        pictureCount: Int,
        pictureDigest: String,
        weights: [WeightsIdentity],
        referenceDigest: String?,
        program: String
    ) {
        self.sides = sides
        self.size = size
        self.crop = crop
        self.pictureCount = pictureCount
        self.pictureDigest = pictureDigest
        self.weights = weights
        self.referenceDigest = referenceDigest
        self.program = program
    }

    /// The same with other models.
    func with(_ sides: [Side]) -> EvaluationSubject {
        EvaluationSubject(
            sides: sides,
            size: size,
            crop: crop,
            pictureCount: pictureCount,
            pictureDigest: pictureDigest,
            weights: weights,
            referenceDigest: referenceDigest,
            program: program
        )
    }

    /// Whether LPIPS is measured.
    package var hasLPIPS: Bool { weights.contains { $0.network == ForeignNetwork.alexNet.rawValue } }
    /// Whether features for FID are measured.
    package var hasFeatures: Bool { weights.contains { $0.network == ForeignNetwork.inception.rawValue } }

    /// Whether features of the originals are measured, as no reference has them.
    package var hasOwnFeatures: Bool { hasFeatures && referenceDigest == nil }

    /// What our own files of statistics say of how they were made; nil where no features are measured.
    package func origin(pictureCount: Int) -> StatisticsOrigin? {
        weights.first { $0.network == ForeignNetwork.inception.rawValue }.map {
            StatisticsOrigin(size: size, crop: crop, pictureCount: pictureCount, weights: $0.sha256)
        }
    }

    /// How statistics that FID is taken against were made otherwise, in words; empty where they were not, or where nobody
    /// knows.
    package func differences(from reference: FeatureStatistics) -> [String] {
        guard let found = reference.origin, let own = origin(pictureCount: pictureCount) else { return [] }
        var words: [String] = []
        if found.size != own.size { words.append("at \(Self.text(found.size)) pixels, not \(Self.text(own.size))") }
        if own.size != nil, found.size != nil, found.crop != own.crop {
            words.append("of pictures cut in \(found.crop.possessive) way, not in \(own.crop.possessive)")
        }
        if found.weights != own.weights { words.append("with other weights of Inception") }
        if found.pictureCount != own.pictureCount {
            words.append("of \(found.pictureCount) pictures, not \(own.pictureCount)")
        }
        return words
    }

    /// How another subject differs, in words, but for its models; nil where the figures can be compared.
    package func differenceOfConditions(from other: EvaluationSubject) -> String? {
        if size != other.size {
            return "its pictures have another size (\(Self.text(size)), not \(Self.text(other.size)))"
        }
        if crop != other.crop {
            return "its pictures were cut in another way (\(crop.rawValue), not \(other.crop.rawValue))"
        }
        if pictureDigest != other.pictureDigest || pictureCount != other.pictureCount {
            return "it is of other pictures (a set of \(pictureCount), not this of \(other.pictureCount))"
        }
        if weights != other.weights {
            let words = weights.map(\.text).joined(separator: ", ")
            return "it was measured with other weights (\(words.isEmpty ? "none" : words))"
        }
        if referenceDigest != other.referenceDigest { return "its FID is against another reference" }
        if program != other.program {
            return "it was measured by another program (\(program), not \(other.program))"
        }
        return nil
    }

    /// How another subject differs, in words; nil where both are parts of one measurement.
    package func difference(from other: EvaluationSubject) -> String? {
        guard sides.count == other.sides.count else {
            return "it is of another number of models (\(sides.count), not \(other.sides.count))"
        }
        for (side, wanted) in zip(sides, other.sides) {
            if side.fingerprint != wanted.fingerprint || side.variant != wanted.variant {
                return "it is of another model"
            }
            if side.precision != wanted.precision {
                return "its model was computed in another way (\(side.precision), not \(wanted.precision))"
            }
        }
        if sides.contains(where: \.fingerprint.isEmpty), sides.map(\.label) != other.sides.map(\.label) {
            return "it is of another folder"
        }
        return differenceOfConditions(from: other)
    }

    private static func text(_ size: Int?) -> String { size.map { "\($0)" } ?? "their own" }

    /// What was measured, for `--json`.
    ///
    /// - Parameter contents: what tells the pictures that were measured from others.
    func report(contents: String?) -> JSONValue {
        [
            "protocol": .integer(Self.protocolVersion), "program": .string(program),
            "size": size.map { ["width": .integer($0), "height": .integer($0)] } ?? .null,
            "crop": .string(size == nil ? "none" : crop.rawValue),
            "picture_count": .integer(pictureCount), "pictures_sha256": JSONValue(contents),
            "weights": weightsDocument, "fid_reference_sha256": JSONValue(referenceDigest),
            "models": .array(
                sides.map { side in
                    [
                        "label": .string(side.label), "variant": JSONValue(side.variant),
                        "parameters_sha256": side.fingerprint.isEmpty ? .null : .string(side.fingerprint),
                        "precision": side.precision.isEmpty ? .null : .string(side.precision),
                        "cast": side.cast?.document ?? .null,
                    ]
                }
            ),
        ]
    }

    private var weightsDocument: JSONValue {
        .array(
            weights.map {
                [
                    "network": .string($0.network), "sha256": .string($0.sha256),
                    "published_file": JSONValue($0.published),
                ]
            }
        )
    }

    /// The note of what was measured, for the state of a run.
    var document: JSONValue {
        [
            "protocol": .integer(Self.protocolVersion), "program": .string(program),
            "models": .array(sides.map(\.document)),
            "size": size.map { .integer($0) } ?? .null, "crop": .string(size == nil ? "none" : crop.rawValue),
            "pictures": .integer(pictureCount), "names_sha256": .string(pictureDigest),
            "weights": weightsDocument,
            "fid_reference_sha256": JSONValue(referenceDigest),
        ]
    }
}
