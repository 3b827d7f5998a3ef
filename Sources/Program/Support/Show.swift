internal import TensorCore

/// Numbers for people.
enum Show {
    /// `323.4 M`.
    static func millions(_ number: Int) -> String {
        let tenths = (Double(number) / 100_000).rounded() / 10
        return "\(tenths) M"
    }

    /// `0.4552`, or a dash where there is none.
    static func factor(_ factor: Double?) -> String {
        factor.map { "\($0)" } ?? "not published"
    }

    /// A number with so many significant digits, or more before the point, as `-0.02341`, `1.5` or `1.234e-05`; a dash where there is none.
    static func short(_ number: Double?, digits: Int = 4) -> String {
        guard let number else { return "-" }
        guard number.isFinite, number != 0 else { return number == 0 ? "0" : number.description }
        // Rounded from the shortest decimal digits, which are the number's own.
        let parts = number.magnitude.description.lowercased().split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var figures = mantissa.joined().utf8.map { Int($0) - 48 }
        var exponent = mantissa[0].utf8.count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let leading = figures.prefix { $0 == 0 }.count
        figures.removeFirst(leading)
        exponent -= leading
        // Digits before the point are the number's own, not zeros that stand for them.
        let digits = exponent < 7 ? max(digits, exponent + 1) : digits
        if figures.count > digits {
            let roundsUp = figures[digits] >= 5
            figures.removeSubrange(digits...)
            if roundsUp {
                var index = digits - 1
                while index >= 0, figures[index] == 9 { index -= 1 }
                if index < 0 {
                    (figures, exponent) = ([1], exponent + 1)
                } else {
                    figures[index] += 1
                    figures.removeSubrange((index + 1)...)
                }
            }
        }
        while figures.last == 0 { figures.removeLast() }
        let text = figures.map(String.init).joined()
        let sign = number < 0 ? "-" : ""
        switch exponent {
        case ..<(-4), 7...:
            let fraction = text.dropFirst().isEmpty ? "" : ".\(text.dropFirst())"
            let digits = String(exponent.magnitude)
            return
                "\(sign)\(text.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(digits.count < 2 ? "0" : "")\(digits)"
        case ..<0: return sign + "0." + String(repeating: "0", count: -exponent - 1) + text
        default:
            let padded = text + String(repeating: "0", count: max(0, exponent + 1 - text.count))
            let fraction = padded.dropFirst(exponent + 1)
            return sign + padded.prefix(exponent + 1) + (fraction.isEmpty ? "" : "." + fraction)
        }
    }
}

extension String {
    /// This text where it is no longer than `limit`, else its beginning, `…` and its end: of a tensor's name both tell.
    func middleShortened(to limit: Int) -> String {
        let scalars = unicodeScalars
        guard scalars.count > limit else { return self }
        let tail = (limit - 1) * 3 / 5
        return String(scalars.prefix(limit - 1 - tail)) + "…" + String(scalars.suffix(tail))
    }

    /// A name of a tensor where it is no longer than `limit`, else with its longest words left out, each as `…`: numbers and the
    /// first and last word, which tell one from another, stay whole. Other texts lose their middle.
    func nameShortened(to limit: Int) -> String {
        guard unicodeScalars.count > limit else { return self }
        var words = split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard words.count > 2, !contains("/"), !contains(" ") else { return middleShortened(to: limit) }
        let inner = (1..<(words.count - 1)).filter { Int(words[$0]) == nil }
        let longest = inner.sorted { words[$0].unicodeScalars.count > words[$1].unicodeScalars.count }
        for index in longest {
            words[index] = "…"
            let text = words.joined(separator: ".").replacing("….…", with: "…")
            if text.unicodeScalars.count <= limit { return text }
        }
        return words.joined(separator: ".").replacing("….…", with: "…").middleShortened(to: limit)
    }
}
