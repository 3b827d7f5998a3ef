/// Weights of given names and shapes from one formula, which Tests/Fixtures/quality/make.py has too.
package enum SeededWeights {
    /// The values of a tensor: by its name uniform around 0 with He's width, around 1, or small.
    package static func values(_ name: String, _ shape: [Int]) -> [Float] {
        let units = stream(name, shape.reduce(1, *))
        let fanIn = shape.dropFirst().reduce(1, *)
        let width = Float((6 / Double(fanIn)).squareRoot())
        let isHead = name.hasPrefix("lin")
        let isAroundOne = name.hasSuffix("bn.weight") || name.hasSuffix("running_var")
        return units.map { unit in
            if isHead { return unit }
            if shape.count == 4 { return (2 * unit - 1) * width }
            return isAroundOne ? 1 + 0.25 * (2 * unit - 1) : 0.1 * (2 * unit - 1)
        }
    }

    /// Numbers from 0 to 1, which follow from a name.
    package static func stream(_ name: String, _ count: Int) -> [Float] {
        let seed = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return (0..<count).map { index in
            var x = seed &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
            x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
            x ^= x >> 31
            return Float(x >> 40) / 16_777_216
        }
    }
}
