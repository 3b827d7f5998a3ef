/// Expands deflated data (RFC 1951) into memory whose size is known: no input makes it write beyond that, or read beyond itself.
struct Inflate {
    /// What is wrong with the data.
    enum Mistake: Error {
        /// It ends before it is complete.
        case endsEarly
        /// No encoder writes this.
        case damaged
        /// It is more or less than the directory says.
        case otherSize
    }

    private let input: UnsafeBufferPointer<UInt8>
    private let output: UnsafeMutableBufferPointer<UInt8>
    private var position = 0
    private var written = 0
    /// Bits that were read and not used, the next one lowest.
    private var bits: UInt64 = 0
    private var bitCount = 0

    /// Expands all of the input, to exactly as many bytes as there is room for.
    static func expand(_ input: [UInt8], into output: UnsafeMutableBufferPointer<UInt8>) throws(Mistake) {
        var failure: Mistake?
        input.withUnsafeBufferPointer { input in
            var inflate = Inflate(input: input, output: output)
            do throws(Mistake) {
                try inflate.run()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private init(input: UnsafeBufferPointer<UInt8>, output: UnsafeMutableBufferPointer<UInt8>) {
        (self.input, self.output) = (input, output)
    }

    private mutating func run() throws(Mistake) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1: try expand(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let codes = try readCodes()
                try expand(codes.literals, codes.distances)
            default: throw .damaged
            }
        }
        guard written == output.count else { throw .otherSize }
    }

    // MARK: - Bits

    private mutating func refill() {
        while bitCount <= 56, position < input.count {
            bits |= UInt64(input[position]) << UInt64(bitCount)
            position += 1
            bitCount += 8
        }
    }

    private mutating func take(_ count: Int) throws(Mistake) -> Int {
        if bitCount < count { refill() }
        guard bitCount >= count else { throw .endsEarly }
        let value = Int(bits & (1 << UInt64(count) - 1))
        bits >>= UInt64(count)
        bitCount -= count
        return value
    }

    // MARK: - Codes

    /// What every 15 bits begin with: a symbol and the length of its code, or 0 where no code begins so.
    private typealias Table = [UInt16]
    private static let longest = 15

    private static func table(_ lengths: [UInt8]) throws(Mistake) -> Table {
        var counts = [Int](repeating: 0, count: longest + 1)
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var next = [Int](repeating: 0, count: longest + 2)
        for length in 1...longest { next[length + 1] = (next[length] + counts[length]) << 1 }
        guard next[longest + 1] <= 2 << longest else { throw .damaged }
        var table = Table(repeating: 0, count: 1 << longest)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            let width = Int(length)
            let code = next[width]
            next[width] += 1
            // Codes come with their first bit lowest.
            var index = 0
            for bit in 0..<width where code >> bit & 1 == 1 { index |= 1 << (width - 1 - bit) }
            while index < table.count {
                table[index] = UInt16(symbol << 4 | width)
                index += 1 << width
            }
        }
        return table
    }

    private static let fixedLiterals: Table =
        (try? table(
            [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112) + [UInt8](repeating: 7, count: 24)
                + [UInt8](repeating: 8, count: 8)
        )) ?? []
    private static let fixedDistances: Table = (try? table([UInt8](repeating: 5, count: 30))) ?? []

    private mutating func symbol(_ table: Table) throws(Mistake) -> Int {
        if bitCount < Self.longest { refill() }
        let entry = Int(table[Int(bits & (1 << UInt64(Self.longest) - 1))])
        let width = entry & 15
        guard width > 0 else { throw bitCount < Self.longest ? .endsEarly : .damaged }
        guard width <= bitCount else { throw .endsEarly }
        bits >>= UInt64(width)
        bitCount -= width
        return entry >> 4
    }

    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private mutating func readCodes() throws(Mistake) -> (literals: Table, distances: Table) {
        let (literalCount, distanceCount) = (try take(5) + 257, try take(5) + 1)
        let lengthCount = try take(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw .damaged }
        var lengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<lengthCount { lengths[Self.lengthOrder[index]] = UInt8(try take(3)) }
        let codes = try Self.table(lengths)
        var all: [UInt8] = []
        while all.count < literalCount + distanceCount {
            let symbol = try symbol(codes)
            switch symbol {
            case 0...15: all.append(UInt8(symbol))
            case 16:
                guard let last = all.last else { throw .damaged }
                all += [UInt8](repeating: last, count: try take(2) + 3)
            case 17: all += [UInt8](repeating: 0, count: try take(3) + 3)
            default: all += [UInt8](repeating: 0, count: try take(7) + 11)
            }
        }
        guard all.count == literalCount + distanceCount, all[256] > 0 else { throw .damaged }
        return (try Self.table(Array(all[..<literalCount])), try Self.table(Array(all[literalCount...])))
    }

    // MARK: - Data

    private mutating func copyStored() throws(Mistake) {
        // The rest of a byte is left out; whole bytes that were read ahead are given back.
        let rest = bitCount % 8
        bits >>= UInt64(rest)
        position -= (bitCount - rest) / 8
        (bits, bitCount) = (0, 0)
        let (length, inverse) = (try take(16), try take(16))
        guard length ^ inverse == 0xFFFF else { throw .damaged }
        position -= bitCount / 8
        (bits, bitCount) = (0, 0)
        guard length <= input.count - position else { throw .endsEarly }
        guard length <= output.count - written else { throw .otherSize }
        for index in 0..<length { output[written + index] = input[position + index] }
        position += length
        written += length
    }

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]

    private mutating func expand(_ literals: Table, _ distances: Table) throws(Mistake) {
        while true {
            let found = try symbol(literals)
            if found < 256 {
                guard written < output.count else { throw .otherSize }
                output[written] = UInt8(found)
                written += 1
                continue
            }
            if found == 256 { return }
            guard found - 257 < Self.lengthBases.count else { throw .damaged }
            let length = Self.lengthBases[found - 257] + (try take(Self.lengthBits[found - 257]))
            let code = try symbol(distances)
            guard code < Self.distanceBases.count else { throw .damaged }
            let distance = Self.distanceBases[code] + (try take(max(0, code / 2 - 1)))
            guard distance <= written else { throw .damaged }
            guard length <= output.count - written else { throw .otherSize }
            for _ in 0..<length {
                output[written] = output[written - distance]
                written += 1
            }
        }
    }
}
