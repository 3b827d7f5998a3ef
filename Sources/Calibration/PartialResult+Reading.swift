package import CheckpointIO
internal import Images
internal import Inference
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

extension PartialResult {
    /// Reads a file that `write(to:force:)` wrote.
    ///
    /// - Throws: `CalibrationFault.notPartial` for anything else.
    package static func read(_ path: String) throws(CheckpointError) -> PartialResult {
        try PartFields.read(path, format: format, version: version, command: command) { value throws(Malformed) in
            try PartialResult(value)
        }
    }

    private typealias Malformed = PartFields.Malformed

    private init(_ value: JSONValue) throws(Malformed) {
        guard let configValue = value["config"], let config = (try? AutoencoderDCConfig.read(configValue))?.config
        else {
            throw Malformed("config")
        }
        guard let side = value["size"]?.integer, side > 0, side <= 1 << 20, side % config.spatialCompressionRatio == 0
        else { throw Malformed("size") }
        // Before there was a choice, pictures were cut in torchvision's way.
        guard let crop = SquareCrop(rawValue: value["crop"]?.string ?? SquareCrop.torchvision.rawValue) else {
            throw Malformed("crop")
        }
        guard let fingerprint = value["fingerprint"]?.string, let count = value["set"]?["pictures"]?.integer,
            (1...(1 << 40)).contains(count), let digest = value["set"]?["digest"]?.string
        else { throw Malformed("fingerprint or set") }
        guard let shard = value["shard"]?.string.flatMap({ Shard($0) }) else { throw Malformed("shard") }
        self.init(
            subject: Subject(
                fingerprint: fingerprint,
                config: config,
                side: side,
                crop: crop,
                pictureCount: count,
                pictureDigest: digest
            ),
            shard: shard
        )
        try readPictures(value)
        try readChannels(value)
    }

    private mutating func readPictures(_ value: JSONValue) throws(Malformed) {
        let pictures = value["pictures"]
        let keys = try PartFields.texts(pictures?["keys"], "pictures.keys")
        let sums = try PartFields.numbers(pictures?["sums"], "pictures.sums", count: keys.count)
        let squares = try PartFields.numbers(pictures?["squares"], "pictures.squares", count: keys.count)
        // Version 0.2.0 kept no digests.
        let digests =
            try pictures?["sha256"].map { value throws(Malformed) in try PartFields.texts(value, "pictures.sha256") }
            ?? keys.map { _ in "" }
        guard digests.count == keys.count else { throw Malformed("pictures.sha256") }
        totals.pictures = keys.indices.map { index in
            .init(key: keys[index], digest: digests[index], sum: sums[index], squares: squares[index])
        }
        guard squares.allSatisfy({ $0 >= 0 }) else { throw Malformed("pictures.squares") }
        totals.unreadable = try PartFields.unreadable(value)
        try checkPictures(value)
    }

    private mutating func readChannels(_ value: JSONValue) throws(Malformed) {
        let count = subject.config.latentChannels
        let channels = value["channels"]
        let sums = try PartFields.texts(channels?["sums"], "channels.sums")
        let squares = try PartFields.texts(channels?["squares"], "channels.squares")
        guard sums.count == count, squares.count == count else { throw Malformed("channels.sums") }
        let isEmpty = totals.pictures.isEmpty
        let least = try PartFields.numbers(channels?["minima"], "channels.minima", count: isEmpty ? 0 : count)
        let largest = try PartFields.numbers(channels?["maxima"], "channels.maxima", count: isEmpty ? 0 : count)
        for index in 0..<count {
            guard let sum = ExactSum(sums[index]), let square = ExactSum(squares[index]), square.value >= 0,
                sum.value.isFinite, square.value.isFinite
            else { throw Malformed("channels.sums") }
            totals.channels[index].sum = sum
            totals.channels[index].squares = square
            guard !isEmpty else { continue }
            guard least[index] <= largest[index] else { throw Malformed("channels.minima") }
            (totals.channels[index].minimum, totals.channels[index].maximum) = (least[index], largest[index])
        }
    }
}
