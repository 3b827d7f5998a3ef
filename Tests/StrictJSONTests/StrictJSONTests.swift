import StrictJSON
import TensorCore
import Testing

@Suite struct JSONScannerTests {
    @Test(arguments: [
        ("", 0, "the JSON text is empty"),
        ("  ", 2, "the JSON text is empty"),
        ("\u{FEFF}{}", 0, "the JSON text begins with a byte order mark"),
        ("{", 1, "the JSON text ends before a key"),
        ("{\"a\":1,}", 7, "found '}' instead of a key"),
        ("[1,]", 3, "found ']' instead of a value"),
        ("{'a':1}", 1, "found ''' instead of a key"),
        ("{\"a\" 1}", 5, "found '1' instead of ':'"),
        ("{\"a\":1 \"b\":2}", 7, "found '\"' instead of ',' or '}'"),
        ("[1 2]", 3, "found '2' instead of ',' or ']'"),
        ("NaN", 0, "found 'N' instead of a value"),
        ("nul", 3, "the JSON text ends before 'null'"),
        ("01", 2, "a number that is not valid JSON"),
        ("1.", 2, "a number that is not valid JSON"),
        ("-", 1, "a number that is not valid JSON"),
        ("1e", 2, "a number that is not valid JSON"),
        ("+1", 0, "found '+' instead of a value"),
        ("0x10", 1, "something follows the end of the JSON value"),
        ("{\"a\":1,\"a\":2}", 7, "the key \"a\" occurs twice in one object"),
        ("{\"a\":1,\"\\u0061\":2}", 7, "the key \"a\" occurs twice in one object"),
        ("{\"x\":{\"b\":1,\"b\":2}}", 12, "the key \"b\" occurs twice in one object"),
        ("\"a\nb\"", 2, "control character byte 0xa in a string"),
        ("\"\\x\"", 1, "invalid escape in a string"),
        ("\"\\ud800\"", 1, "lone surrogate in a string"),
        ("\"\\udc00\\ud800\"", 1, "lone surrogate in a string"),
        ("\"abc", 4, "the JSON text ends before the string's closing quote"),
        ("{} {}", 3, "something follows the end of the JSON value"),
    ])
    func faultsAreFoundWhereTheyAre(text: String, offset: Int, message: String) {
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(error?.offset == offset)
        #expect(error?.message == message)
    }

    @Test(
        arguments: [
            [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0x80, 0x22],
            [0x22, 0xE0, 0x80, 0x80, 0x22], [0x22, 0xC3, 0x22],
        ] as [[UInt8]]
    )
    func badUTF8IsRefused(bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONReader.read(bytes) }
        #expect(error?.problem == .invalidUTF8)
    }

    @Test func nestingIsBounded() throws {
        let deep = { (levels: Int) in
            Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        }
        _ = try JSONReader.read(deep(127))
        let error = #expect(throws: JSONError.self) { try JSONReader.read(deep(128)) }
        #expect(error?.message == "nested deeper than 127 levels")
        #expect(throws: JSONError.self) { try JSONReader.read(deep(1_000_000)) }
    }

    @Test func keysAreBounded() throws {
        let text = { (length: Int) in Array(("{\"" + String(repeating: "k", count: length) + "\":1}").utf8) }
        _ = try JSONReader.read(text(65_536))
        let error = #expect(throws: JSONError.self) { try JSONReader.read(text(65_537)) }
        #expect(error?.message == "a key longer than 65536 bytes")
    }

    @Test func valuesAreRead() throws {
        let text = """
             {"a": [1, -2, 0.41407, 1e3, true, null], "\\u00e9\\ud83d\\ude00\\/": "x\\u0000y\\n", "big": 18446744073709551615,
              "min": -9223372036854775808, "empty": {}, "none": []}
            """
        let value = try JSONReader.read(Array(text.utf8))
        #expect(value["a"] == [1, -2, 0.41407, .double(1000), true, .null])
        #expect(value["é😀/"] == "x\0y\n")
        #expect(value["big"] == .unsigned(.max))
        #expect(value["min"] == .integer(.min))
        #expect(value["empty"] == .object([]))
        #expect(value["none"] == .array([]))
        // A NUL is a character like others, in keys too.
        let odd = try JSONReader.read(Array("{\"m\":{\"a\\u0000b\":\"\\u0000\"}}".utf8))
        #expect(odd["m"]?["a\0b"] == "\0")
        for (text, number) in [("-0", JSONValue.integer(0)), ("-0.0", .double(-0.0)), ("1e999", .double(.infinity))] {
            #expect(try JSONReader.read(Array(text.utf8)) == number)
        }
        for bare in ["1", "true", "\"x\"", "null", "-0.5"] { _ = try JSONReader.read(Array(bare.utf8)) }
    }
}

@Suite struct JSONMembersTests {
    private func members(_ text: String, stopAt: String? = nil) throws -> (
        isObject: Bool, keys: [String], values: [JSONValue]
    ) {
        var (keys, values) = ([String](), [JSONValue]())
        let bytes = Array(text.utf8)
        let isObject = try bytes.withUnsafeBytes { bytes in
            try JSONScanner.scan(bytes) { member in
                keys.append(member.key.string)
                values.append(member.value)
                return member.key.string != stopAt
            }
        }
        return (isObject, keys, values)
    }

    @Test func membersComeOneByOne() throws {
        let (isObject, keys, values) = try members(" {\"a\":[1,{\"b\":null}],\"c\\u0000\":\"x\"} ")
        #expect(isObject && keys == ["a", "c\0"] && values == [[1, ["b": .null]], "x"])
        #expect(try members("[1]").isObject == false)
        #expect(try members("{}").isObject)
    }

    @Test func noMoreIsReadThanIsWanted() throws {
        let (isObject, keys, _) = try members("{\"a\":1,\"b\":2, what is this", stopAt: "b")
        #expect(isObject && keys == ["a", "b"])
    }

    @Test func faultsAreThoseOfAWholeText() {
        for text in ["{\"a\":1,\"a\":2}", "{\"a\":1}x", "{\"a\":01}", "{"] {
            let whole = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
            let byParts = #expect(throws: JSONError.self) { try members(text) }
            #expect(whole == byParts)
        }
    }
}

@Suite struct JSONWriterTests {
    /// What Python 3.11's json.dumps(value, indent=2, sort_keys=True) prints.
    @Test func printsAsPythonDoes() {
        let value: JSONValue = [
            "b": [[], [5]], "a": "é\"\\\n\u{7F}😀/", "c": [0.41407, 1.0, 1e-6, 0.362], "d": .object([]),
            "e": [true, .null],
        ]
        let expected = """
            {
              "a": "\\u00e9\\"\\\\\\n\\u007f\\ud83d\\ude00/",
              "b": [
                [],
                [
                  5
                ]
              ],
              "c": [
                0.41407,
                1.0,
                1e-06,
                0.362
              ],
              "d": {},
              "e": [
                true,
                null
              ]
            }
            """
        #expect(JSONWriter.pretty(value, sortKeys: true) == expected)
        #expect(JSONWriter.inline(["relu", 1, ["x": []]]) == "[\"relu\", 1, {\"x\": []}]")
    }
}
