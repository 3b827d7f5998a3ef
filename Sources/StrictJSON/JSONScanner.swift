package import TensorCore

/// One strict pass over a JSON text (RFC 8259), which checks it and makes its values.
///
/// It takes nothing that two programs could read as two different things: no duplicate keys, no NaN, no single quotes. A whole
/// number beyond 64 bits keeps its spelling, and is nobody's count.
package struct JSONScanner {
    /// A member of the outermost object.
    package struct Member {
        /// The key, unescaped.
        package let key: UTF8Name
        /// Where the key's opening quote is.
        package let keyOffset: Int
        package let value: JSONValue
        /// Whether `-0`, which is read as 0, occurs in it.
        package let hasNegativeZero: Bool
    }

    /// How deep arrays and objects may be nested.
    package static let depthLimit = 127

    /// The longest key that is read, in bytes of UTF-8; the longest tensor name that is known has fewer than 200.
    package static let keyLimit = 65_536

    /// How many values, arrays and objects with those in them, a text may have, and one member of the outermost object.
    ///
    /// A value takes a hundred bytes with what is around it: thirty million in a header of a hundred megabytes would take three
    /// gigabytes.
    package static let valueLimit = 3_000_000
    package static let memberValueLimit = 200_000

    private let bytes: UnsafeRawBufferPointer
    private let total: Int
    private let limit: Int
    private var values = 0
    /// The number of values before the current member of the outermost object.
    private var valuesBefore = 0
    private var position = 0
    private var depth = 0
    private var sawNegativeZero = false

    private init(_ bytes: UnsafeRawBufferPointer, total: Int, limit: Int) {
        self.bytes = bytes
        self.total = total
        self.limit = limit
    }

    /// Reads a whole text.
    ///
    /// - Parameter valueLimit: how many values it may have.
    /// - Throws: the first fault, with its offset.
    package static func value(_ bytes: UnsafeRawBufferPointer, valueLimit: Int) throws(JSONError) -> JSONValue {
        var scanner = JSONScanner(bytes, total: valueLimit, limit: valueLimit)
        return try scanner.scanDocument(visit: nil) ?? .null
    }

    /// Reads the members of a text's outermost object one by one, so that no more than one is in memory.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - valueLimit: how many values it may have.
    ///   - memberLimit: how many values one member of the outermost object, or the text if it is none, may have.
    ///   - visit: is given each member, and says whether to go on.
    /// - Returns: whether the outermost value is an object.
    /// - Throws: the first fault, with its offset.
    package static func scan(
        _ bytes: UnsafeRawBufferPointer,
        valueLimit: Int = valueLimit,
        memberLimit: Int = memberValueLimit,
        visit: (Member) -> Bool
    ) throws(JSONError) -> Bool {
        try withoutActuallyEscaping(visit) { visit throws(JSONError) in
            var scanner = JSONScanner(bytes, total: valueLimit, limit: memberLimit)
            return try scanner.scanDocument(visit: visit) == nil
        }
    }

    private typealias Visit = (Member) -> Bool

    /// - Returns: the value, or nil where `visit` was given what is in it.
    private mutating func scanDocument(visit: Visit?) throws(JSONError) -> JSONValue? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault(.byteOrderMark) }
        skipSpace()
        guard position < bytes.count else { throw fault(.empty) }
        let isVisited = visit != nil && bytes[position] == UInt8(ascii: "{")
        let value = try scanValue(visit: visit)
        guard let value else { return nil }
        skipSpace()
        if position < bytes.count { throw fault(.trailing) }
        return isVisited ? nil : value
    }

    private func fault(_ problem: JSONError.Problem) -> JSONError {
        JSONError(offset: position, problem: problem)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard position < bytes.count else { throw fault(.endsEarly(expected: what)) }
        guard bytes[position] == byte else { throw fault(.unexpected(found: bytes[position], expected: what)) }
        position += 1
    }

    private mutating func charge() throws(JSONError) {
        values += 1
        guard values - valuesBefore <= limit else { throw fault(.tooManyValues(limit: limit)) }
        guard values <= total else { throw fault(.tooManyValues(limit: total)) }
    }

    /// - Returns: the value; nil where `visit` wanted no more.
    private mutating func scanValue(visit: Visit?) throws(JSONError) -> JSONValue? {
        guard let visit, position < bytes.count, bytes[position] == UInt8(ascii: "{") else { return try scanValue() }
        try charge()
        return try scanMembers(visit: visit).map { .object($0) }
    }

    private mutating func scanValue() throws(JSONError) -> JSONValue {
        guard position < bytes.count else { throw fault(.endsEarly(expected: "a value")) }
        try charge()
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object(try scanMembers(visit: nil) ?? [])
        case UInt8(ascii: "["): return .array(try scanArray())
        case UInt8(ascii: "\""): return .string(try scanString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try scanNumber()
        case UInt8(ascii: "t"):
            try scanWord("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try scanWord("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try scanWord("null")
            return .null
        default: throw fault(.unexpected(found: bytes[position], expected: "a value"))
        }
    }

    private mutating func scanWord(_ word: StaticString) throws(JSONError) {
        for offset in 0..<word.utf8CodeUnitCount {
            try expect(word.utf8Start[offset], "'\(word)'")
        }
    }

    private mutating func descend() throws(JSONError) {
        depth += 1
        if depth > Self.depthLimit { throw fault(.tooDeep(limit: Self.depthLimit)) }
        position += 1
        skipSpace()
    }

    /// Reads the members of an object.
    ///
    /// - Parameter visit: is given the members one by one, instead of a list of all; nil for a list.
    /// - Returns: the list; nil where `visit` wanted no more.
    private mutating func scanMembers(visit: Visit?) throws(JSONError) -> [JSONValue.Member]? {
        try descend()
        var members: [JSONValue.Member] = []
        var keys = KeySet()
        if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return members
        }
        while true {
            skipSpace()
            let keyOffset = position
            guard position < bytes.count else { throw fault(.endsEarly(expected: "a key")) }
            guard bytes[position] == UInt8(ascii: "\"") else {
                throw fault(.unexpected(found: bytes[position], expected: "a key"))
            }
            let key = try scanString(limit: Self.keyLimit)
            if !keys.insert(UTF8Name(key)) { throw JSONError(offset: keyOffset, problem: .duplicateKey(key)) }
            skipSpace()
            try expect(UInt8(ascii: ":"), "':'")
            skipSpace()
            if visit != nil { (sawNegativeZero, valuesBefore) = (false, values) }
            let value = try scanValue()
            if let visit {
                let member = Member(
                    key: UTF8Name(key),
                    keyOffset: keyOffset,
                    value: value,
                    hasNegativeZero: sawNegativeZero
                )
                guard visit(member) else { return nil }
            } else {
                members.append(JSONValue.Member(key, value))
            }
            skipSpace()
            guard position < bytes.count else { throw fault(.endsEarly(expected: "',' or '}'")) }
            if bytes[position] == UInt8(ascii: "}") { break }
            try expect(UInt8(ascii: ","), "',' or '}'")
        }
        position += 1
        depth -= 1
        return members
    }

    private mutating func scanArray() throws(JSONError) -> [JSONValue] {
        try descend()
        var elements: [JSONValue] = []
        if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return elements
        }
        while true {
            skipSpace()
            elements.append(try scanValue())
            skipSpace()
            guard position < bytes.count else { throw fault(.endsEarly(expected: "',' or ']'")) }
            if bytes[position] == UInt8(ascii: "]") { break }
            try expect(UInt8(ascii: ","), "',' or ']'")
        }
        position += 1
        depth -= 1
        return elements
    }

    private mutating func scanNumber() throws(JSONError) -> JSONValue {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        let digits = skipDigits()
        if digits == 0 || (digits > 1 && bytes[firstDigit] == UInt8(ascii: "0")) { throw fault(.invalidNumber) }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            isInteger = false
            if skipDigits() == 0 { throw fault(.invalidNumber) }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            isInteger = false
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            if skipDigits() == 0 { throw fault(.invalidNumber) }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard isInteger else {
            // Never nil: the text is a number, if perhaps one that rounds to infinity or zero.
            let number = Double(text) ?? .nan
            return JSONWriter.double(number) == text ? .double(number) : .spelled(text, number)
        }
        if text == "-0" { sawNegativeZero = true }
        if let number = Int(text) { return .integer(number) }
        if let number = UInt64(text) { return .unsigned(number) }
        // As Python reads them; where a count is asked for, it is none.
        return .spelled(text, Double(text) ?? .nan)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        return position - start
    }
}

extension JSONScanner {
    /// Reads a string.
    ///
    /// - Parameter limit: the most bytes that it may have.
    fileprivate mutating func scanString(limit: Int = .max) throws(JSONError) -> String {
        position += 1
        let start = position
        skipPlain()
        // Most strings are one run of plain ASCII.
        if position < bytes.count, bytes[position] == UInt8(ascii: "\""), position - start <= limit {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        guard position - start <= limit else { throw fault(.keyTooLong(limit: limit)) }
        var text = [UInt8](bytes[start..<position])
        while true {
            guard text.count <= limit else { throw fault(.keyTooLong(limit: limit)) }
            guard position < bytes.count else { throw fault(.endsEarly(expected: "the string's closing quote")) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                let scalar = try scanEscape()
                if let encoded = UTF8.encode(scalar) { text.append(contentsOf: encoded) }
            case 0..<0x20:
                throw fault(.controlCharacter(byte))
            case 0x20..<0x80:
                let start = position
                skipPlain()
                text.append(contentsOf: bytes[start..<position])
            default:
                let length = sequenceLength(at: position)
                guard length > 0 else { throw fault(.invalidUTF8) }
                text.append(contentsOf: bytes[position..<(position + length)])
                position += length
            }
        }
    }

    private mutating func skipPlain() {
        while position < bytes.count, isPlain(bytes[position]) { position += 1 }
    }

    private func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func scanEscape() throws(JSONError) -> Unicode.Scalar {
        guard position + 1 < bytes.count else { throw fault(.endsEarly(expected: "an escape")) }
        let letter = bytes[position + 1]
        let simple: Unicode.Scalar? =
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): Unicode.Scalar(letter)
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{C}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            default: nil
            }
        if let simple {
            position += 2
            return simple
        }
        guard letter == UInt8(ascii: "u"), let first = hexadecimal(at: position + 2) else {
            throw fault(.invalidEscape)
        }
        if let scalar = Unicode.Scalar(first) {
            position += 6
            return scalar
        }
        guard first < 0xDC00, position + 11 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"),
            bytes[position + 7] == UInt8(ascii: "u"), let second = hexadecimal(at: position + 8),
            (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault(.loneSurrogate) }
        position += 12
        return scalar
    }

    private func hexadecimal(at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[start..<(start + 4)] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: value = value << 4 | UInt32((byte | 0x20) - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// The length of the well-formed UTF-8 sequence here (no overlong form, no surrogate), or 0.
    private func sequenceLength(at start: Int) -> Int {
        func continues(_ index: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            index < bytes.count && range.contains(bytes[index])
        }
        switch bytes[start] {
        case 0xC2...0xDF:
            return continues(start + 1) ? 2 : 0
        case 0xE0...0xEF:
            let second: ClosedRange<UInt8> =
                bytes[start] == 0xE0 ? 0xA0...0xBF : bytes[start] == 0xED ? 0x80...0x9F : 0x80...0xBF
            return continues(start + 1, second) && continues(start + 2) ? 3 : 0
        case 0xF0...0xF4:
            let second: ClosedRange<UInt8> =
                bytes[start] == 0xF0 ? 0x90...0xBF : bytes[start] == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            return continues(start + 1, second) && continues(start + 2) && continues(start + 3) ? 4 : 0
        default:
            return 0
        }
    }
}

/// The keys of one object: most have few, a header has one for each tensor.
private struct KeySet {
    private var few: [UTF8Name] = []
    private var many: Set<UTF8Name> = []

    /// Adds a key; false where it is there already.
    mutating func insert(_ key: UTF8Name) -> Bool {
        if many.isEmpty, few.count < 8 {
            if few.contains(key) { return false }
            few.append(key)
            return true
        }
        if many.isEmpty { many = Set(few) }
        return many.insert(key).inserted
    }
}
