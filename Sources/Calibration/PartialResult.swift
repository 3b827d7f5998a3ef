package import Files
package import Inference
package import ModelZoo
internal import StrictJSON

/// The totals of a part of a measurement, with all that tells whether other parts belong to it: one JSON file.
package struct PartialResult: Sendable, Equatable {
    /// What must be the same in all parts of a measurement.
    package struct Subject: Sendable, Equatable {
        /// The encoder's parameters, as `EncoderFingerprint` has it.
        package let fingerprint: String
        /// The configuration, with the scaling factor that the checkpoint is taken to have.
        package let config: AutoencoderDCConfig
        /// The side of the squares that pictures are made into.
        package let side: Int
        /// How many pictures there are in all parts.
        package let pictureCount: Int
        /// The SHA-256 of their keys.
        package let pictureDigest: String

        package init(
            fingerprint: String,
            config: AutoencoderDCConfig,
            side: Int,
            pictureCount: Int,
            pictureDigest: String
        ) {
            self.fingerprint = fingerprint
            self.config = config
            self.side = side
            self.pictureCount = pictureCount
            self.pictureDigest = pictureDigest
        }

        /// The values of one channel of one picture's latent.
        package var latentArea: Int {
            let latentSide = side / config.spatialCompressionRatio
            return latentSide * latentSide
        }

        /// How another subject differs, in words, as in `it was measured at 256 pixels, where the other was at 512`.
        func difference(from other: Subject) -> String? {
            if fingerprint != other.fingerprint { return "it is of another encoder" }
            if config != other.config { return "its checkpoint has another configuration or scaling factor" }
            if side != other.side { return "it was made with pictures of \(side) pixels, not \(other.side)," }
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

    /// The pictures that were measured or found to be unreadable.
    package var doneCount: Int { totals.pictures.count + totals.unreadable.count }

    /// The pictures of this part.
    package var shardPictureCount: Int { (subject.pictureCount - shard.index + shard.count) / shard.count }

    /// Whether no picture of this part is left.
    package var isComplete: Bool { doneCount >= shardPictureCount }

    static let format = "dcae latent statistics"
    static let version = 1

    /// Writes the file, in place of one that is there if need be.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - force: whether one that is there is replaced.
    ///   - isOwn: whether that is the state of the same run, which may be replaced though it was read.
    ///   - durability: whether it is on the disk before it takes its name.
    package func write(
        to path: String,
        force: Bool,
        isOwn: Bool = false,
        durability: Durability = .flushed
    ) throws(CheckpointError) {
        let text = JSONWriter.pretty(json) + "\n"
        try WholeFile.write(path, text, force: force, isOwn: isOwn, durability: durability)
    }

    private var json: JSONValue {
        let channels = totals.channels
        // JSON has no infinity; before the first picture there is neither a least nor a largest value.
        func bounds(_ values: [Double]) -> JSONValue {
            .array(totals.pictures.isEmpty ? [] : values.map { .double($0) })
        }
        return [
            "format": .string(Self.format), "version": .integer(Self.version), "complete": .bool(isComplete),
            "fingerprint": .string(subject.fingerprint), "config": subject.config.json,
            "size": .integer(subject.side),
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
            ],
            "unreadable": [
                "keys": JSONValue(totals.unreadable.map(\.key)), "reasons": JSONValue(totals.unreadable.map(\.reason)),
            ],
        ]
    }
}
