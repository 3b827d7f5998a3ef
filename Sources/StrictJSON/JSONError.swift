internal import TensorCore

/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Sendable, Equatable {
    /// The rule that the text breaks.
    public enum Problem: Sendable, Equatable {
        case empty
        case invalidUTF8
        case byteOrderMark
        case unexpected(found: UInt8, expected: String)
        case endsEarly(expected: String)
        case controlCharacter(UInt8)
        case invalidEscape
        case loneSurrogate
        case invalidNumber
        case duplicateKey(String)
        case keyTooLong(limit: Int)
        case tooDeep(limit: Int)
        case tooManyValues(limit: Int)
        case trailing
    }

    /// The byte of the text at which the fault was seen.
    public let offset: Int
    /// The rule that the text breaks.
    public let problem: Problem

    /// The fault in words, lower case and without a full stop.
    public var message: String {
        switch problem {
        case .empty: "the JSON text is empty"
        case .invalidUTF8: "invalid UTF-8"
        case .byteOrderMark: "the JSON text begins with a byte order mark"
        case .unexpected(let found, let expected): "found \(Self.show(found)) instead of \(expected)"
        case .endsEarly(let expected): "the JSON text ends before \(expected)"
        case .controlCharacter(let byte): "control character \(Self.show(byte)) in a string"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "lone surrogate in a string"
        case .invalidNumber: "a number that is not valid JSON"
        case .duplicateKey(let key): "the key \"\(key.escaped())\" occurs twice in one object"
        case .keyTooLong(let limit): "a key longer than \(limit) bytes"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooManyValues(let limit): "more than \(limit) values in one part of it"
        case .trailing: "something follows the end of the JSON value"
        }
    }

    private static func show(_ byte: UInt8) -> String {
        byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    }
}
