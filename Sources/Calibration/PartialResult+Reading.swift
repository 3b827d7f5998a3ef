package import CheckpointIO
internal import Inference
internal import ModelZoo
internal import StrictJSON
internal import TensorCore

extension PartialResult {
    /// The largest file that is read: two million pictures with long names take as much.
    private static let fileLimit = 1 << 30
    private static let valueLimit = 8_000_000

    /// Reads a file that `write(to:force:)` wrote.
    ///
    /// - Throws: `CalibrationFault.notPartial` for anything else.
    package static func read(_ path: String) throws(CheckpointError) -> PartialResult {
        func refuse(_ what: String) -> CheckpointError {
            CheckpointError(path, .file, CalibrationFault.notPartial(what))
        }
        let text = try InputFile(opening: path).contents(limit: fileLimit)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(text, valueLimit: valueLimit)
        } catch {
            throw CheckpointError(path, .byte(error.offset), CalibrationFault.notPartial(error.message))
        }
        guard value["format"]?.string == format else { throw refuse("its format is not \"\(format)\"") }
        guard value["version"]?.integer == version else { throw refuse("it is of another version") }
        do throws(Malformed) {
            return try PartialResult(value)
        } catch {
            throw refuse(error.what)
        }
    }

    private struct Malformed: Error {
        let what: String

        init(_ field: String) { what = "\(field) is missing or malformed" }
    }

    private init(_ value: JSONValue) throws(Malformed) {
        guard let configValue = value["config"], let config = (try? AutoencoderDCConfig.read(configValue))?.config
        else {
            throw Malformed("config")
        }
        guard let side = value["size"]?.integer, side > 0, side <= 1 << 20, side % config.spatialCompressionRatio == 0
        else { throw Malformed("size") }
        guard let fingerprint = value["fingerprint"]?.string, let count = value["set"]?["pictures"]?.integer,
            (1...(1 << 40)).contains(count), let digest = value["set"]?["digest"]?.string
        else { throw Malformed("fingerprint or set") }
        guard let shard = value["shard"]?.string.flatMap({ Shard($0) }) else { throw Malformed("shard") }
        self.init(
            subject: Subject(
                fingerprint: fingerprint,
                config: config,
                side: side,
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
        let keys = try Self.texts(pictures?["keys"], "pictures.keys")
        let sums = try Self.numbers(pictures?["sums"], "pictures.sums", count: keys.count)
        let squares = try Self.numbers(pictures?["squares"], "pictures.squares", count: keys.count)
        totals.pictures = keys.indices.map { .init(key: keys[$0], sum: sums[$0], squares: squares[$0]) }
        guard squares.allSatisfy({ $0 >= 0 }) else { throw Malformed("pictures.squares") }
        let odd = try Self.texts(value["unreadable"]?["keys"], "unreadable.keys")
        let reasons = try Self.texts(value["unreadable"]?["reasons"], "unreadable.reasons")
        guard reasons.count == odd.count else { throw Malformed("unreadable.reasons") }
        totals.unreadable = odd.indices.map { .init(key: odd[$0], reason: reasons[$0]) }
        guard Set((keys + odd).map { UTF8Name($0) }).count == keys.count + odd.count, doneCount <= shardPictureCount,
            value["complete"] == .bool(isComplete)
        else { throw Malformed("the list of pictures") }
    }

    private mutating func readChannels(_ value: JSONValue) throws(Malformed) {
        let count = subject.config.latentChannels
        let channels = value["channels"]
        let sums = try Self.texts(channels?["sums"], "channels.sums")
        let squares = try Self.texts(channels?["squares"], "channels.squares")
        guard sums.count == count, squares.count == count else { throw Malformed("channels.sums") }
        let isEmpty = totals.pictures.isEmpty
        let least = try Self.numbers(channels?["minima"], "channels.minima", count: isEmpty ? 0 : count)
        let largest = try Self.numbers(channels?["maxima"], "channels.maxima", count: isEmpty ? 0 : count)
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

    private static func texts(_ value: JSONValue?, _ field: String) throws(Malformed) -> [String] {
        let found = value?.array?.compactMap(\.string)
        guard let found, found.count == value?.array?.count else { throw Malformed(field) }
        return found
    }

    private static func numbers(_ value: JSONValue?, _ field: String, count: Int) throws(Malformed) -> [Double] {
        let found = value?.array?.compactMap(\.number).filter(\.isFinite)
        guard let found, found.count == value?.array?.count, found.count == count else { throw Malformed(field) }
        return found
    }
}
