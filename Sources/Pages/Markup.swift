internal import TensorCore

/// A piece of HTML. What is put into it by interpolation is escaped, so that no name from a file can become a tag:
/// `"<td>\(name)</td>"` is safe whatever the name.
package struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The HTML.
    package private(set) var text: String

    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Collects the parts of a literal.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ text: String) { self.text += Markup.escape(text) }
        package mutating func appendInterpolation(_ number: Int) { text += String(number) }
        package mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        package mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { text += part.text } }
    }

    package static func += (whole: inout Markup, part: Markup) { whole.text += part.text }

    /// The most characters of a text that a page shows: names in hostile files are long.
    private static let limit = 2000

    /// A text as HTML: control and format characters as `\u{…}`, and what has a meaning in HTML or in an attribute as entities.
    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.escaped(limit: limit).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A picture's source: the bytes of a PNG file in the page itself.
    package static func dataURI(png bytes: [UInt8]) -> Markup {
        Markup(stringLiteral: "data:image/png;base64," + Base64.encode(bytes))
    }
}

/// Base64 with padding (RFC 4648, section 4).
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes of a text that `encode` makes; nil for any other.
    package static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count % 4 == 0 else { return nil }
        let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var (group, count) = (0, 0)
        for digit in text.utf8.dropLast(padding) {
            guard let value = values[Int(digit)] else { return nil }
            (group, count) = (group << 6 | Int(value), count + 1)
            guard count == 4 else { continue }
            bytes += [UInt8(group >> 16), UInt8(group >> 8 & 255), UInt8(group & 255)]
            (group, count) = (0, 0)
        }
        // Two digits left make one byte, three make two; what is left of their bits is zero.
        if count == 2, group & 15 == 0 { bytes.append(UInt8(group >> 4)) }
        if count == 3, group & 3 == 0 { bytes += [UInt8(group >> 10), UInt8(group >> 2 & 255)] }
        return bytes.count == text.utf8.count / 4 * 3 - padding ? bytes : nil
    }

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The text of some bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { target in
            var position = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let count = min(3, bytes.count - start)
                var group = 0
                for offset in 0..<3 { group = group << 8 | (offset < count ? Int(bytes[start + offset]) : 0) }
                for digit in 0..<4 {
                    let isPadding = digit > count
                    target[position] = isPadding ? UInt8(ascii: "=") : digits[group >> (18 - 6 * digit) & 63]
                    position += 1
                }
            }
            return position
        }
    }
}
