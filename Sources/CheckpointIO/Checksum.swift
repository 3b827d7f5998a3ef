/// CRC-32 as zip archives have it (ISO 3309), eight bytes at a time.
struct CRC32 {
    private var state: UInt32 = .max

    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state = Self.tables.withUnsafeBufferPointer { tables in
            var (state, index) = (state, 0)
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(state)
                state = 0
                for place in 0..<8 {
                    state ^= tables[(7 - place) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * place)) & 255]
                }
                index += 8
            }
            while index < bytes.count {
                state = state >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])]
                index += 1
            }
            return state
        }
    }

    /// The checksum of what was added.
    var value: UInt32 { ~state }

    /// What each byte does to the checksum, followed by 0 to 7 zero bytes.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        for byte in UInt32(0)..<256 {
            var value = byte
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables.append(value)
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables.append(before >> 8 ^ tables[Int(before & 255)])
        }
        return tables
    }()
}
