package import Images
package import Inference
package import ModelZoo
package import StrictJSON
package import TensorCore

/// The totals of a part of a measurement, with all that tells whether other parts belong to it: one JSON file.
package struct PartialResult: MeasuredPart {
    /// What must be the same in all parts of a measurement.
    package struct Subject: Sendable, Equatable {
        /// The encoder's parameters, as `EncoderFingerprint` has it.
        package let fingerprint: String
        /// The configuration, with the scaling factor that the checkpoint is taken to have.
        package let config: AutoencoderDCConfig
        /// The side of the squares that pictures are made into.
        package let side: Int
        /// How they are made into squares.
        package let crop: SquareCrop
        /// How many pictures there are in all parts.
        package let pictureCount: Int
        /// The SHA-256 of their keys.
        package let pictureDigest: String

        package init(
            fingerprint: String,
            config: AutoencoderDCConfig,
            side: Int,
            crop: SquareCrop,
            pictureCount: Int,
            pictureDigest: String
        ) {
            self.fingerprint = fingerprint
            self.config = config
            self.side = side
            self.crop = crop
            self.pictureCount = pictureCount
            self.pictureDigest = pictureDigest
        }

        /// The values of one channel of one picture's latent.
        package var latentArea: Int {
            let latentSide = side / config.spatialCompressionRatio
            return latentSide * latentSide
        }

        /// How another subject differs, in words that go on with `than` and the name of its file.
        func difference(from other: Subject) -> String? {
            if fingerprint != other.fingerprint { return "it is of another encoder" }
            if config != other.config { return "its checkpoint has another configuration or scaling factor" }
            if side != other.side { return "its pictures have another size (\(side), not \(other.side))" }
            if crop != other.crop {
                return "its pictures were cut in another way (\(crop.rawValue), not \(other.crop.rawValue))"
            }
            if pictureDigest != other.pictureDigest || pictureCount != other.pictureCount {
                return "it is of other pictures (a set of \(pictureCount), not this of \(other.pictureCount))"
            }
            return nil
        }
    }

    /// What is measured.
    package let subject: Subject
    /// Which part of the pictures this is.
    package let shard: Shard
    /// What was summed up so far.
    package var totals: LatentTotals

    package init(subject: Subject, shard: Shard) {
        self.subject = subject
        self.shard = shard
        totals = LatentTotals(channelCount: subject.config.latentChannels)
    }

    static let format = "dcae latent statistics"
    static let version = 1
    package static let command = "dcae scale"

    package var document: JSONValue {
        let channels = totals.channels
        // JSON has no infinity; before the first picture there is neither a least nor a largest value.
        func bounds(_ values: [Double]) -> JSONValue {
            .array(totals.pictures.isEmpty ? [] : values.map { .double($0) })
        }
        return [
            "format": .string(Self.format), "version": .integer(Self.version), "complete": .bool(isComplete),
            "fingerprint": .string(subject.fingerprint), "config": subject.config.json,
            "size": .integer(subject.side), "crop": .string(subject.crop.rawValue),
            "shard": .string(shard.description),
            "set": ["pictures": .integer(subject.pictureCount), "digest": .string(subject.pictureDigest)],
            "channels": [
                "sums": JSONValue(channels.map(\.sum.description)),
                "squares": JSONValue(channels.map(\.squares.description)),
                "minima": bounds(channels.map(\.minimum)), "maxima": bounds(channels.map(\.maximum)),
            ],
            "pictures": [
                "keys": JSONValue(totals.pictures.map(\.key)),
                "sums": .array(totals.pictures.map { .double($0.sum) }),
                "squares": .array(totals.pictures.map { .double($0.squares) }),
                "sha256": JSONValue(totals.pictures.map(\.digest)),
            ],
            "unreadable": unreadableDocument,
        ]
    }
}

extension PartialResult {
    package var pictureCount: Int { subject.pictureCount }
    package var pictureKeys: [String] { totals.pictures.map(\.key) }
    package var pictureFileDigests: [[String]] { totals.pictures.map { $0.digest.isEmpty ? [] : [$0.digest] } }

    package var unreadable: [Unreadable] {
        get { totals.unreadable }
        set { totals.unreadable = newValue }
    }

    package func difference(from other: PartialResult) -> String? { subject.difference(from: other.subject) }

    package var asWhole: PartialResult {
        var whole = PartialResult(subject: subject, shard: .whole)
        whole.totals = totals
        return whole
    }

    package mutating func add(_ other: PartialResult) { totals.add(other.totals) }

    /// The totals of channels say nothing of single pictures, so that all are forgotten with any.
    package mutating func forget(_ keys: Set<UTF8Name>) {
        guard totals.pictures.contains(where: { keys.contains(UTF8Name($0.key)) }) else { return }
        totals = LatentTotals(channelCount: subject.config.latentChannels)
    }

    package mutating func sort() { totals.sort() }
}

extension SquareCrop {
    /// Whose way it is, for messages.
    package var possessive: String { self == .adm ? "ADM's" : "torchvision's" }
}
