/// A pattern for tensor names, which must match the whole name.
///
/// `*` stands for any run of characters, dots and none included, `?` for one character, `[abc]` and `[a-z]` for one of
/// several, `[!abc]` for one that is not among them, and a backslash takes away the meaning of what follows. A bracket that
/// is not closed stands for itself.
package struct Glob: Sendable {
    private enum Element {
        case anyRun
        case anyOne
        case one(Unicode.Scalar)
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .anyRun: false
            case .anyOne: true
            case .one(let wanted): scalar == wanted
            case .oneOf(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    /// The pattern as it was written.
    package let pattern: String
    private let elements: [Element]

    /// Reads a pattern; every text is one.
    package init(_ pattern: String) {
        self.pattern = pattern
        var elements: [Element] = []
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*":
                // Several in a row are one: each would only be one more way to match the same.
                if case .anyRun? = elements.last { continue }
                elements.append(.anyRun)
            case "?": elements.append(.anyOne)
            case "[": elements.append(Self.takeClass(&rest) ?? .one(scalar))
            case "\\": elements.append(.one(rest.popFirst() ?? scalar))
            default: elements.append(.one(scalar))
            }
        }
        self.elements = elements
    }

    /// Takes the rest of a class from after its bracket, or nothing where no bracket closes it.
    private static func takeClass(_ rest: inout Substring.UnicodeScalarView) -> Element? {
        var text = rest
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let negated = text.first == "!" || text.first == "^"
        if negated { text.removeFirst() }
        while let low = text.popFirst() {
            // A closing bracket that comes first is one of the characters.
            if low == "]", !ranges.isEmpty {
                rest = text
                return .oneOf(ranges, negated: negated)
            }
            let next = text.dropFirst().first
            if text.first == "-", let high = next, high != "]" {
                text = text.dropFirst(2)
                // Ends that are the wrong way round mean the same range.
                ranges.append(min(low, high)...max(low, high))
            } else {
                ranges.append(low...low)
            }
        }
        return nil
    }

    /// Whether the pattern matches a whole name.
    ///
    /// - Complexity: at most the length of the pattern times that of the name: of all runs, only the last is ever tried again.
    package func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var (element, position) = (0, 0)
        var (lastRun, resume): (Int?, Int) = (nil, 0)
        while position < scalars.count {
            if element < elements.count, case .anyRun = elements[element] {
                (lastRun, resume) = (element, position)
                element += 1
            } else if element < elements.count, elements[element].matches(scalars[position]) {
                element += 1
                position += 1
            } else if let run = lastRun {
                resume += 1
                (element, position) = (run + 1, resume)
            } else {
                return false
            }
        }
        if element < elements.count, case .anyRun = elements[element] { element += 1 }
        return element == elements.count
    }
}

extension [Glob] {
    /// Whether any of the patterns matches a name.
    package func match(_ name: String) -> Bool {
        contains { $0.matches(name) }
    }
}
