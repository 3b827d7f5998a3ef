/// A JSON value, members of objects in the order of the text.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent that fits Int.
    case integer(Int)
    /// A number written without fraction or exponent, above Int.max.
    case unsigned(UInt64)
    /// A number written with fraction or exponent.
    case double(Double)
    /// A number written otherwise than Python would write it, as `4.1407e-1`, with its spelling: it is written as it was read.
    case spelled(String, Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// The key, unescaped.
        public let key: String
        /// The value.
        public let value: JSONValue

        /// Makes a member.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a member, or nil where this is no object or has no such member.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// The text, or nil where this is no string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The whole number, or nil where this is none.
    public var integer: Int? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The number, whole or not, or nil where this is none.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .double(let number), .spelled(_, let number): number
        default: nil
        }
    }

    /// The elements, or nil where this is no array.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, or nil where this is no object.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// What kind of value this is, for messages: `null`, `true or false`, `a number`, `a string`, `a list`, `an object`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .unsigned, .double, .spelled: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue {
    /// Whether both are the same value, however a number is spelled.
    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.unsigned(let a), .unsigned(let b)): a == b
        case (.double(let a), .double(let b)), (.double(let a), .spelled(_, let b)),
            (.spelled(_, let a), .double(let b)), (.spelled(_, let a), .spelled(_, let b)):
            a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0, $1) })
    }

    /// A list of texts.
    public init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }

    /// A list of whole numbers.
    public init(_ numbers: [Int]) { self = .array(numbers.map { .integer($0) }) }

    /// A text, or null where there is none.
    public init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// A number, or null where there is none.
    public init(_ number: Double?) { self = number.map { .double($0) } ?? .null }
}
