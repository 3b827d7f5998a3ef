import Foundation
import StrictJSON
import TestSupport
import Testing

/// The small validator of JSON Schema that outputs are held against: it must see what it is there to see.
@Suite struct JSONSchemaTests {
    private static func schema(_ text: String) throws -> JSONSchema {
        try JSONSchema(try JSONReader.read(Array(text.utf8)))
    }

    @Test(arguments: [
        #"{"type": "object", "maxProperties": 3}"#, #"{"properties": {"a": {"format": "uri"}}}"#,
        #"{"items": {"uniqueItems": true}}"#, #"{"$defs": {"a": {"dependentRequired": {}}}}"#,
        #"{"anyOf": [{"multipleOf": 2}]}"#, ##"{"$ref": "#/$defs/none"}"##, #"{"items": 3}"#,
    ])
    func whatIsNotKnownIsRefused(text: String) throws {
        #expect(throws: JSONSchema.Unreadable.self) { try Self.schema(text) }
    }

    @Test(arguments: [
        (#"{"type": "integer"}"#, "3", "3.5"), (#"{"type": ["string", "null"]}"#, "null", "1"),
        (#"{"type": "number"}"#, "3.5", "\"3.5\""), (#"{"type": "boolean"}"#, "true", "1"),
        (#"{"const": {"a": 1}}"#, #"{"a": 1}"#, #"{"a": 2}"#), (#"{"enum": ["a", null]}"#, "null", "\"b\""),
        (#"{"required": ["a"]}"#, #"{"a": null}"#, "{}"), (#"{"minimum": 0}"#, "0", "-1"),
        (#"{"minLength": 1}"#, "\"a\"", "\"\""), (#"{"minItems": 2}"#, "[1, 2]", "[1]"),
        (#"{"maxItems": 1}"#, "[1]", "[1, 2]"), (#"{"pattern": "^[0-9a-f]+$"}"#, "\"0af\"", "\"0ag\""),
        (#"{"items": {"type": "string"}}"#, #"["a"]"#, #"["a", 1]"#),
        (#"{"properties": {"a": {"type": "null"}}}"#, #"{"a": null, "b": 1}"#, #"{"a": 1}"#),
        (#"{"properties": {"a": true}, "additionalProperties": false}"#, #"{"a": 1}"#, #"{"b": 1}"#),
        (#"{"additionalProperties": {"type": "integer"}}"#, #"{"b": 1}"#, #"{"b": "1"}"#),
        (#"{"anyOf": [{"type": "null"}, {"minimum": 5}]}"#, "6", "4"),
        (#"{"allOf": [{"type": "integer"}, {"minimum": 5}]}"#, "6", "4"),
        (#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#, "1.5", "1"),
        (#"{"not": {"type": "null"}}"#, "1", "null"),
        (#"{"if": {"type": "integer"}, "then": {"minimum": 5}, "else": {"type": "string"}}"#, "6", "4"),
        (#"{"if": {"type": "integer"}, "then": {"minimum": 5}, "else": {"type": "string"}}"#, "\"a\"", "null"),
        (##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}"##, "\"a\"", "1"),
    ])
    func everyRule(schema: String, good: String, bad: String) throws {
        let schema = try Self.schema(schema)
        #expect(schema.faults(in: try JSONReader.read(Array(good.utf8))).isEmpty)
        #expect(!schema.faults(in: try JSONReader.read(Array(bad.utf8))).isEmpty)
    }

    /// The envelope cannot be loosened without a test that says so.
    @Test func theContractSeesWhatBreaksIt() throws {
        let contract = try Contract.schema.get()
        func faults(_ change: (inout [JSONValue.Member]) -> Void) throws -> [String] {
            let result = try Program.run(["picture", "-o", "/nonexistent/p.png", "--json"])
            var members = try #require(try result.document.members)
            change(&members)
            return contract.faults(in: .object(members))
        }
        func set(_ key: String, _ value: JSONValue) -> (inout [JSONValue.Member]) -> Void {
            { members in
                members.removeAll { $0.key == key }
                members.append(.init(key, value))
            }
        }
        #expect(try faults { _ in }.isEmpty)
        for key in ["schema", "command", "input", "ok", "result", "warnings", "error"] {
            #expect(try !faults { $0.removeAll { $0.key == key } }.isEmpty, "\(key) is needed")
        }
        #expect(try !faults(set("extra", 1)).isEmpty)
        #expect(try !faults(set("schema", "dcae/2")).isEmpty)
        #expect(try !faults(set("command", "paint")).isEmpty)
        #expect(try !faults(set("ok", true)).isEmpty, "ok has no error, and a result")
        #expect(try !faults(set("error", .null)).isEmpty, "what is not ok has an error")
        #expect(try !faults(set("input", "a")).isEmpty, "picture reads nothing")
        #expect(try !faults(set("result", ["outputs": "p.png"])).isEmpty, "outputs is a list")
        #expect(try !faults(set("warnings", [["kind": "odd", "message": "m"]])).isEmpty)
        #expect(!contract.faults(in: []).isEmpty, "never an array at the top")
    }
}
