extension Double {
    /// The number with so many digits after the point; halves go away from zero.
    package func fixed(_ places: Int) -> String {
        guard isFinite, magnitude < 1e12 else { return description }
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        let scaled = (magnitude * scale).rounded()
        guard scaled < 9e18 else { return description }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = self < 0 && scaled > 0 ? "-" : ""
        return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
    }
    /// Four places after the point, or of very small and large numbers three digits, as `1.23e-5`.
    package var brief: String {
        guard isFinite, self != 0 else { return self == 0 ? "0" : description }
        var (mantissa, exponent) = (magnitude, 0)
        while mantissa >= 9.995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 0.9995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        if (-2...3).contains(exponent) { return fixed(4) }
        return "\(self < 0 ? "-" : "")\(mantissa.fixed(2))e\(exponent)"
    }
}

extension Int {
    /// `323,356,460`.
    package var grouped: String {
        let digits = Array(String(magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + text
    }
}
