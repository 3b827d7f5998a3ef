/// A sum of doubles that loses nothing: a fixed-point number as wide as all doubles, as in Kulisch's long accumulator.
///
/// Addition of doubles rounds, so a sum of them depends on the order; this one does not. Pictures can be measured in any
/// order, on any number of machines, and the totals are the same to the last bit.
package struct ExactSum: Sendable {
    /// The value is the sum of `limbs[i]` times 2^(32 i - 1074). Between additions limbs may be out of 0..<2^32.
    private var limbs: [Int64]
    private var additions = 0

    /// 2098 bits of doubles, and 78 more for carries.
    private static let limbCount = 68
    private static let leastExponent = -1074
    /// A limb takes so many additions of less than 2^32 before it could overflow.
    private static let additionLimit = 1 << 30

    /// Zero.
    package init() {
        limbs = [Int64](repeating: 0, count: Self.limbCount)
    }

    /// Adds a finite number.
    package mutating func add(_ value: Double) {
        precondition(value.isFinite, "a sum of finite numbers")
        if value == 0 { return }
        let bits = value.bitPattern
        let exponent = Int(bits >> 52 & 0x7FF)
        let significand = exponent == 0 ? bits & (1 << 52 - 1) : bits & (1 << 52 - 1) | 1 << 52
        let position = max(exponent, 1) - 1
        let shifted = UInt128(significand) << UInt128(position % 32)
        let sign: Int64 = value < 0 ? -1 : 1
        let first = position / 32
        for part in 0..<3 {
            limbs[first + part] += sign * Int64(truncatingIfNeeded: shifted >> UInt128(32 * part) & 0xFFFF_FFFF)
        }
        additions += 1
        if additions >= Self.additionLimit { carry() }
    }

    /// Adds another sum.
    package mutating func add(_ other: ExactSum) {
        var other = other
        other.carry()
        carry()
        for index in limbs.indices { limbs[index] += other.limbs[index] }
        carry()
    }

    /// Brings all limbs but the last, which carries the sign, into 0..<2^32: the one form that a value has.
    private mutating func carry() {
        var rest: Int64 = 0
        for index in 0..<(Self.limbCount - 1) {
            let value = limbs[index] + rest
            limbs[index] = value & 0xFFFF_FFFF
            rest = value >> 32
        }
        limbs[Self.limbCount - 1] += rest
        additions = 0
    }

    /// The sign, and the limbs of the magnitude.
    private var magnitude: (isNegative: Bool, limbs: [Int64]) {
        var sum = self
        sum.carry()
        guard sum.limbs[Self.limbCount - 1] < 0 else { return (false, sum.limbs) }
        for index in sum.limbs.indices { sum.limbs[index].negate() }
        sum.carry()
        return (true, sum.limbs)
    }

    /// The nearest double; of two the even one.
    package var value: Double {
        let (isNegative, limbs) = magnitude
        guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
        let low = max(0, top - 3)
        var head: UInt128 = 0
        for limb in limbs[low...top].reversed() { head = head << 32 | UInt128(limb) }
        let isInexact = limbs[..<low].contains { $0 != 0 }
        // 64 bits with the last one set where anything was cut off round as the whole would.
        let surplus = max(0, 128 - head.leadingZeroBitCount - 64)
        var kept = UInt64(truncatingIfNeeded: head >> UInt128(surplus))
        if isInexact || head & (1 << UInt128(surplus) - 1) != 0 { kept |= 1 }
        let exponent = 32 * low + surplus + Self.leastExponent
        // In two steps, as 2^-1074 alone times 2^64 stays exact where a single factor would not be a double.
        let half = exponent / 2
        let number = Double(kept) * Self.power(half) * Self.power(exponent - half)
        return isNegative ? -number : number
    }

    private static func power(_ exponent: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: 1)
    }
}

extension ExactSum: Equatable {
    package static func == (a: ExactSum, b: ExactSum) -> Bool { a.magnitude == b.magnitude }
}

extension ExactSum: CustomStringConvertible {
    /// The value as a hexadecimal whole number times a power of two, as `-0x1f03p-146`: short, exact, and the same for
    /// the same value.
    package var description: String {
        let (isNegative, limbs) = magnitude
        guard let top = limbs.lastIndex(where: { $0 != 0 }), let low = limbs.firstIndex(where: { $0 != 0 }) else {
            return "0x0p0"
        }
        var text = (isNegative ? "-0x" : "0x") + String(limbs[top], radix: 16)
        for limb in limbs[low..<top].reversed() {
            let digits = String(limb, radix: 16)
            text += String(repeating: "0", count: 8 - digits.count) + digits
        }
        return text + "p\(32 * low + Self.leastExponent)"
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: String) {
        self.init()
        if text == "0x0p0" { return }
        let isNegative = text.hasPrefix("-")
        let body = text.dropFirst(isNegative ? 1 : 0)
        let parts = body.dropFirst(2).split(separator: "p", omittingEmptySubsequences: false)
        guard body.hasPrefix("0x"), parts.count == 2, let exponent = Int(parts[1]),
            (Self.leastExponent...4000).contains(exponent), (exponent - Self.leastExponent) % 32 == 0,
            (1...(8 * Self.limbCount)).contains(parts[0].utf8.count)
        else { return nil }
        let digits = Array(parts[0].utf8)
        var index = (exponent - Self.leastExponent) / 32
        var end = digits.count
        while end > 0 {
            let start = max(0, end - 8)
            let piece = String(decoding: digits[start..<end], as: UTF8.self)
            // The last limb is for the sign: a number that reaches into it is none that was written.
            guard let limb = UInt32(piece, radix: 16), index < Self.limbCount - 1
            else { return nil }
            limbs[index] = isNegative ? -Int64(limb) : Int64(limb)
            index += 1
            end = start
        }
        carry()
        guard description == text else { return nil }
    }
}
