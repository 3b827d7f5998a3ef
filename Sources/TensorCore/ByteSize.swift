/// Sizes in bytes, as people write and read them.
package enum ByteSize {
    /// A number of bytes for people: `1.25 GB`.
    package static func show(_ bytes: Int) -> String {
        let units = ["B", "KB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let digits = value < 9.995 ? 100.0 : value < 99.95 ? 10 : 1
        let rounded = (value * digits).rounded() / digits
        let text = digits == 1 ? String(Int(rounded)) : "\(rounded)"
        return "\(text) \(units[unit])"
    }
}
