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
}
