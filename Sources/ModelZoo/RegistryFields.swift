internal import StrictJSON
internal import TensorCore

/// The members of an object in a registry's entry, read by type; each fault names the field by its path.
struct RegistryFields {
    private let value: JSONValue
    private let place: String

    /// - Parameters:
    ///   - value: what should be an object.
    ///   - place: its path in the entry, as `digests[0]`; empty for the entry itself.
    ///   - known: the members that it may have; any other is an error.
    init(_ value: JSONValue, at place: String = "", known: [String]) throws(RegistryFault) {
        guard let members = value.members else {
            if place.isEmpty { throw .notObject(found: value.kind) }
            throw .wrongType(field: place, expected: "an object", found: value.kind)
        }
        self.value = value
        self.place = place.isEmpty ? "" : place + "."
        if let unknown = members.first(where: { !known.contains($0.key) })?.key {
            throw .unknownField(self.place + unknown, nearest: nearest(to: unknown, among: known))
        }
    }

    /// The path of a field in the entry.
    func path(_ field: String) -> String { place + field }

    /// The value of a field, or nil where it is missing.
    subscript(field: String) -> JSONValue? { value[field] }

    private func wrong(_ field: String, _ expected: String, _ found: JSONValue) -> RegistryFault {
        .wrongType(field: path(field), expected: expected, found: found.kind)
    }

    func optionalText(_ field: String) throws(RegistryFault) -> String? {
        guard let found = value[field] else { return nil }
        guard let text = found.string else { throw wrong(field, "a string", found) }
        return text
    }

    func text(_ field: String) throws(RegistryFault) -> String {
        guard let text = try optionalText(field) else { throw .missingField(path(field)) }
        return text
    }

    func texts(_ field: String) throws(RegistryFault) -> [String] {
        guard let found = value[field] else { return [] }
        let strings = found.array?.compactMap(\.string)
        guard let strings, strings.count == found.array?.count else { throw wrong(field, "a list of strings", found) }
        return strings
    }

    /// A number above 0, or of either sign where `isSigned`.
    func number(_ field: String, isSigned: Bool = false) throws(RegistryFault) -> Double? {
        guard let found = value[field] else { return nil }
        guard let number = found.number, number.isFinite, isSigned || number > 0 else {
            throw wrong(field, isSigned ? "a finite number" : "a number above 0", found)
        }
        return number
    }

    func count(_ field: String) throws(RegistryFault) -> Int? {
        guard let found = value[field] else { return nil }
        guard let count = found.integer, count > 0 else { throw wrong(field, "a whole number above 0", found) }
        return count
    }

    /// So many hexadecimal digits, lower case.
    func hexadecimal(_ field: String, digits: Int) throws(RegistryFault) -> String? {
        guard let text = try optionalText(field) else { return nil }
        let isRight =
            text.utf8.count == digits && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isRight else {
            throw .malformed(field: path(field), expected: "\(digits) hexadecimal digits in lower case", found: text)
        }
        return text
    }

    /// A layout by its name.
    func layout(_ text: String, _ field: String) throws(RegistryFault) -> Layout {
        guard let layout = Layout(rawValue: text) else {
            let known = Layout.allCases.map(\.rawValue).joined(separator: " or ")
            throw .malformed(field: path(field), expected: known, found: text)
        }
        return layout
    }

    /// The objects of a list.
    func objects(_ field: String, known: [String]) throws(RegistryFault) -> [RegistryFields] {
        guard let found = value[field] else { return [] }
        guard let elements = found.array else { throw wrong(field, "a list of objects", found) }
        var objects: [RegistryFields] = []
        for (index, element) in elements.enumerated() {
            objects.append(try RegistryFields(element, at: "\(path(field))[\(index)]", known: known))
        }
        return objects
    }

    func object(_ field: String, known: [String]) throws(RegistryFault) -> RegistryFields? {
        guard let found = value[field] else { return nil }
        return try RegistryFields(found, at: path(field), known: known)
    }
}
