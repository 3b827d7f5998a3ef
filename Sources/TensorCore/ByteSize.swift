/// Sizes as users write them: decimal, as in diffusers' `max_shard_size`.
package enum ByteSize {
    /// Reads `5GB`, `300KB`, `1.5 GB`, `2GiB` or a number of bytes.
    ///
    /// - Returns: nil if it is not a size.
    package static func parse(_ text: String) -> Int? {
        let units: [(String, Double)] = [
            ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("TIB", 1_099_511_627_776),
            ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
        ]
        let upper = text.uppercased().filter { $0 != " " }
        for (suffix, factor) in units where upper.hasSuffix(suffix) {
            guard let number = Double(upper.dropLast(suffix.count)), number.isFinite, number > 0 else { break }
            guard let size = Int(exactly: (number * factor).rounded()), size > 0 else { break }
            return size
        }
        return nil
    }

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
