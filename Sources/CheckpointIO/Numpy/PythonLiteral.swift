/// The part of Python's syntax that the header of an array is written in.
struct PythonLiteral {
    struct Fields {
        var type = ""
        var isFortranOrder = false
        var shape: [Int] = []
    }

    /// What was expected at which byte of the text.
    struct Mistake: Error {
        let offset: Int
        let expected: String
    }

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// A dictionary of the three keys in any order, each once, and nothing after it but spaces and line feeds.
    mutating func fields() throws(Mistake) -> Fields {
        var fields = Fields()
        var missing: Set = ["descr", "fortran_order", "shape"]
        try take("{")
        while !accept("}") {
            let start = position
            let key = try string()
            guard missing.remove(key) != nil else {
                throw mistake("one of 'descr', 'fortran_order' and 'shape', once", start)
            }
            try take(":")
            switch key {
            case "descr": fields.type = try type()
            case "fortran_order": fields.isFortranOrder = try boolean()
            default: fields.shape = try tuple()
            }
            if !accept(",") {
                try take("}")
                break
            }
        }
        guard missing.isEmpty else { throw mistake("'\(missing.sorted()[0])'", position) }
        skipSpace()
        guard position == text.count else { throw mistake("the end of the header", position) }
        return fields
    }

    private func mistake(_ expected: String, _ offset: Int) -> Mistake {
        Mistake(offset: offset, expected: expected)
    }

    private mutating func skipSpace() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
    }

    private mutating func accept(_ word: String) -> Bool {
        skipSpace()
        guard text[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func take(_ word: String) throws(Mistake) {
        guard accept(word) else { throw mistake("'\(word)'", position) }
    }

    private mutating func boolean() throws(Mistake) -> Bool {
        if accept("True") { return true }
        if accept("False") { return false }
        throw mistake("True or False", position)
    }

    /// A string of visible ASCII without escapes, in either quotes; a structured type, which is a list, is none.
    private mutating func string() throws(Mistake) -> String {
        let quote: UInt8
        if accept("'") {
            quote = 0x27
        } else if accept("\"") {
            quote = 0x22
        } else {
            throw mistake("a string", position)
        }
        let start = position
        while position < text.count, text[position] != quote {
            guard (0x20...0x7E).contains(text[position]), text[position] != 0x5C else {
                throw mistake("visible ASCII", position)
            }
            position += 1
        }
        guard position < text.count else { throw mistake("the end of the string", position) }
        position += 1
        return String(decoding: text[start..<(position - 1)], as: UTF8.self)
    }

    /// The name of a type, or a structure of one field, of which the name says what it is: `[('bfloat16', '<V2')]`.
    private mutating func type() throws(Mistake) -> String {
        guard accept("[") else { return try string() }
        let start = position
        try take("(")
        let name = try string()
        try take(",")
        guard try string() == "<V2", name == "bfloat16" else { throw mistake("a type of numbers", start) }
        try take(")")
        try take("]")
        return name
    }

    /// Numbers in parentheses; one alone is followed by a comma.
    private mutating func tuple() throws(Mistake) -> [Int] {
        var sizes: [Int] = []
        try take("(")
        while !accept(")") {
            sizes.append(try number())
            guard sizes.count <= 32 else { throw mistake("at most 32 sizes", position) }
            if !accept(",") {
                try take(")")
                guard sizes.count > 1 else { throw mistake("','", position - 1) }
                break
            }
        }
        return sizes
    }

    private mutating func number() throws(Mistake) -> Int {
        skipSpace()
        let start = position
        while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Int(digits), digits == "0" || !digits.hasPrefix("0") else { throw mistake("a size", start) }
        return value
    }
}
