package import Files
package import StrictJSON
internal import TensorCore

/// The fields of a file with what was measured of a part, read by type; each mistake names its field.
package struct PartFields {
    /// A field that is missing or not what it should be.
    package struct Malformed: Error {
        let what: String

        package init(_ field: String) { what = "\(field) is missing or malformed" }
    }

    /// The largest file that is read: two million pictures with long names take as much.
    private static let fileLimit = 1 << 30
    private static let valueLimit = 8_000_000

    /// Reads a file whose format and version are the expected ones.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - format: what its `format` is.
    ///   - version: what its `version` is.
    ///   - command: the command that writes such files.
    ///   - make: makes the part of the file's content.
    /// - Throws: `CalibrationFault.notPartial` for anything else.
    package static func read<Part>(
        _ path: String,
        format: String,
        version: Int,
        command: String,
        _ make: (JSONValue) throws(Malformed) -> Part
    ) throws(CheckpointError) -> Part {
        func refuse(_ what: String, _ place: CheckpointError.Place = .file) -> CheckpointError {
            CheckpointError(path, place, CalibrationFault.notPartial(what, command: command))
        }
        let text = try InputFile(opening: path).contents(limit: fileLimit)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(text, valueLimit: valueLimit)
        } catch {
            throw refuse(error.message, .byte(error.offset))
        }
        guard value["format"]?.string == format else { throw refuse("its format is not \"\(format)\"") }
        guard value["version"]?.integer == version else { throw refuse("it is of another version") }
        do throws(Malformed) {
            return try make(value)
        } catch {
            throw refuse(error.what)
        }
    }

    package static func texts(_ value: JSONValue?, _ field: String) throws(Malformed) -> [String] {
        let found = value?.array?.compactMap(\.string)
        guard let found, found.count == value?.array?.count else { throw Malformed(field) }
        return found
    }

    package static func numbers(_ value: JSONValue?, _ field: String, count: Int) throws(Malformed) -> [Double] {
        let found = value?.array?.compactMap(\.number).filter(\.isFinite)
        guard let found, found.count == value?.array?.count, found.count == count else { throw Malformed(field) }
        return found
    }

    /// The pictures that could not be measured.
    package static func unreadable(_ value: JSONValue) throws(Malformed) -> [Unreadable] {
        let keys = try texts(value["unreadable"]?["keys"], "unreadable.keys")
        let reasons = try texts(value["unreadable"]?["reasons"], "unreadable.reasons")
        guard reasons.count == keys.count else { throw Malformed("unreadable.reasons") }
        return keys.indices.map { Unreadable(key: keys[$0], reason: reasons[$0]) }
    }
}

extension MeasuredPart {
    /// Refuses lists of pictures that no run writes: with names that come twice, or more than there are.
    package func checkPictures(_ value: JSONValue) throws(PartFields.Malformed) {
        let keys = pictureKeys + unreadable.map(\.key)
        guard Set(keys.map { UTF8Name($0) }).count == keys.count, doneCount <= shardPictureCount,
            value["complete"] == .bool(isComplete)
        else { throw PartFields.Malformed("the list of pictures") }
    }

    /// The pictures that could not be measured, as the file has them.
    package var unreadableDocument: JSONValue {
        ["keys": JSONValue(unreadable.map(\.key)), "reasons": JSONValue(unreadable.map(\.reason))]
    }
}

extension Unreadable {
    /// The same as `--json` has every error.
    package var document: JSONValue {
        [
            "kind": .string(RefusalKind.unreadableInput.rawValue), "message": .string(reason),
            "place": ["path": .string(key)], "remedy": .null, "candidates": [],
        ]
    }
}
