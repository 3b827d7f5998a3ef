/// Prints JSON, to the byte as the programs do whose files ours must equal.
package enum JSONWriter {
    /// As Python's `json.dumps(value, indent=2)` prints it: ASCII alone, shortest floats, empty lists and objects inline.
    ///
    /// - Parameter sortKeys: whether members are put in the order of their keys, as `sort_keys=True` does.
    package static func pretty(_ value: JSONValue, sortKeys: Bool = false) -> String {
        var text = ""
        write(value, indent: 0, sortKeys: sortKeys, into: &text)
        return text
    }

    /// On one line, as `json.dumps(value)` prints it: `["relu", "silu"]`.
    package static func inline(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): return "[" + elements.map(inline).joined(separator: ", ") + "]"
        case .object(let members):
            let texts = members.map { member in inline(.string(member.key)) + ": " + inline(member.value) }
            return "{" + texts.joined(separator: ", ") + "}"
        default: return pretty(value)
        }
    }

    private static func write(_ value: JSONValue, indent: Int, sortKeys: Bool, into text: inout String) {
        let inner = "\n" + String(repeating: " ", count: indent + 2)
        let outer = "\n" + String(repeating: " ", count: indent)
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .unsigned(let number): text += String(number)
        case .double(let number): text += double(number)
        case .spelled(let spelling, _): text += spelling
        case .string(let string): quote(string, asciiOnly: true, into: &text)
        case .array(let elements):
            if elements.isEmpty { return text += "[]" }
            text += "["
            for (index, element) in elements.enumerated() {
                text += index == 0 ? inner : "," + inner
                write(element, indent: indent + 2, sortKeys: sortKeys, into: &text)
            }
            text += outer + "]"
        case .object(let members):
            if members.isEmpty { return text += "{}" }
            // Python sorts keys by code point, which is the order of their UTF-8 bytes.
            let ordered =
                sortKeys ? members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : members
            text += "{"
            for (index, member) in ordered.enumerated() {
                text += index == 0 ? inner : "," + inner
                quote(member.key, asciiOnly: true, into: &text)
                text += ": "
                write(member.value, indent: indent + 2, sortKeys: sortKeys, into: &text)
            }
            text += outer + "}"
        }
    }

    /// A number as Python's `repr` prints it. JSON has no word for NaN and infinity; null says that there is no value.
    package static func double(_ number: Double) -> String {
        number.isFinite ? number.description : "null"
    }

    /// Appends a string in quotes.
    ///
    /// - Parameter asciiOnly: escapes all beyond ASCII, as Python does by default; otherwise only what JSON asks for, as
    ///   serde_json does.
    package static func quote(_ string: String, asciiOnly: Bool, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case "\0"..<" ": text += escape(UInt16(scalar.value))
            case " "..<"\u{7F}": text.unicodeScalars.append(scalar)
            default:
                if asciiOnly {
                    for unit in UTF16.encode(scalar) ?? .init() { text += escape(unit) }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
