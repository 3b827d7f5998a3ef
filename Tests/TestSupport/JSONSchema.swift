import Foundation
package import StrictJSON

/// A schema of JSON, as far as docs/dcae-1.schema.json needs the language: JSON Schema 2020-12, without what it does not use.
///
/// A keyword that is not known is an error, so that no rule of the schema is passed over.
package struct JSONSchema {
    /// A schema that cannot be read.
    package struct Unreadable: Error, CustomStringConvertible {
        package let description: String
    }

    private let root: JSONValue

    /// Reads a schema, and refuses keywords that are not known.
    package init(_ root: JSONValue) throws(Unreadable) {
        self.root = root
        try Self.check(root, at: "#")
        try checkReferences(root)
    }

    /// What breaks the schema, a line each: the place in the document and the rule; empty where nothing does.
    package func faults(in document: JSONValue) -> [String] { faults(document, root, "$") }

    // MARK: Keywords

    private static let schemas = ["items", "additionalProperties", "if", "then", "else", "not"]
    private static let schemaLists = ["anyOf", "allOf", "oneOf"]
    private static let schemaMaps = ["properties", "$defs"]
    private static let values = [
        "type", "enum", "const", "required", "minimum", "minLength", "minItems", "maxItems", "pattern", "$ref",
    ]
    private static let annotations = ["$schema", "$id", "title", "description"]

    private static func check(_ schema: JSONValue, at place: String) throws(Unreadable) {
        if case .bool = schema { return }
        guard let members = schema.members else { throw Unreadable(description: "\(place) is no schema") }
        for member in members {
            let inner = place + "/" + member.key
            if schemas.contains(member.key) {
                try check(member.value, at: inner)
            } else if schemaLists.contains(member.key), let list = member.value.array {
                for element in list { try check(element, at: inner) }
            } else if schemaMaps.contains(member.key), let map = member.value.members {
                for element in map { try check(element.value, at: inner + "/" + element.key) }
            } else if !values.contains(member.key), !annotations.contains(member.key) {
                throw Unreadable(description: "\(inner): this keyword is not known")
            }
        }
    }

    private func checkReferences(_ value: JSONValue) throws(Unreadable) {
        for element in value.array ?? [] { try checkReferences(element) }
        for member in value.members ?? [] {
            if member.key == "$ref", let name = member.value.string, resolve(name) == nil {
                throw Unreadable(description: "\(name) is not in the schema")
            }
            try checkReferences(member.value)
        }
    }

    private func resolve(_ reference: String) -> JSONValue? {
        let start = "#/$defs/"
        guard reference.hasPrefix(start) else { return nil }
        return root["$defs"]?[String(reference.dropFirst(start.count))]
    }

    // MARK: Documents

    private func faults(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
        if case .bool(let allowed) = schema { return allowed ? [] : ["\(place) must not be there"] }
        var found = (schema.members ?? []).flatMap { member in
            switch member.key {
            case "$ref":
                resolve(member.value.string ?? "").map { faults(value, $0, place) } ?? ["\(place): no such schema"]
            case "allOf": (member.value.array ?? []).flatMap { faults(value, $0, place) }
            case "anyOf": alternatives(value, member.value.array ?? [], place, atMost: .max)
            case "oneOf": alternatives(value, member.value.array ?? [], place, atMost: 1)
            case "not": faults(value, member.value, place).isEmpty ? ["\(place) is what it must not be"] : []
            default: simple(value, member, place)
            }
        }
        if let condition = schema["if"] {
            let branch = faults(value, condition, place).isEmpty ? schema["then"] : schema["else"]
            found += branch.map { faults(value, $0, place) } ?? []
        }
        return found + faultsOfMembers(value, schema, place)
    }

    private func alternatives(
        _ value: JSONValue,
        _ schemas: [JSONValue],
        _ place: String,
        atMost limit: Int
    ) -> [String] {
        let all = schemas.map { faults(value, $0, place) }
        let fitting = all.count(where: \.isEmpty)
        if fitting > limit { return ["\(place) fits \(fitting) alternatives"] }
        guard fitting == 0 else { return [] }
        // Of the alternatives that it fits not, what is wrong with the nearest.
        let nearest = all.min { $0.count < $1.count } ?? []
        return ["\(place) fits no alternative; of the nearest:"] + nearest
    }

    private func simple(_ value: JSONValue, _ member: JSONValue.Member, _ place: String) -> [String] {
        let rule = member.value
        let holds =
            switch member.key {
            case "type": (rule.array ?? [rule]).compactMap(\.string).contains { Self.isOfType($0, value) }
            case "enum": rule.array?.contains(value) ?? false
            case "const": rule == value
            case "required":
                value.members == nil || (rule.array ?? []).compactMap(\.string).allSatisfy { value[$0] != nil }
            case "minimum": value.number.map { $0 >= rule.number ?? 0 } ?? true
            case "minLength": value.string.map { $0.unicodeScalars.count >= rule.integer ?? 0 } ?? true
            case "minItems": value.array.map { $0.count >= rule.integer ?? 0 } ?? true
            case "maxItems": value.array.map { $0.count <= rule.integer ?? 0 } ?? true
            case "pattern":
                value.string.map { $0.range(of: rule.string ?? "", options: .regularExpression) != nil } ?? true
            default: true
            }
        if holds { return [] }
        let shown = JSONWriter.inline(value).prefix(120)
        return ["\(place): \(member.key) \(JSONWriter.inline(rule).prefix(400)) does not hold of \(shown)"]
    }

    private static func isOfType(_ name: String, _ value: JSONValue) -> Bool {
        switch (name, value) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object): true
        case ("number", .integer), ("number", .unsigned), ("number", .double), ("number", .spelled): true
        case ("integer", .integer), ("integer", .unsigned): true
        case ("integer", .double(let number)): number == number.rounded()
        default: false
        }
    }

    private func faultsOfMembers(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
        if let elements = value.array, let items = schema["items"] {
            return elements.enumerated().flatMap { faults($1, items, "\(place)[\($0)]") }
        }
        guard let members = value.members else { return [] }
        return members.flatMap { member in
            let inner = "\(place).\(member.key)"
            if let known = schema["properties"]?[member.key] { return faults(member.value, known, inner) }
            return schema["additionalProperties"].map { faults(member.value, $0, inner) } ?? []
        }
    }
}
