/// The one thing of EXIF that matters here: which way up the picture is.
enum Exif {
    /// The orientation that a PNG, JPEG or WebP file states, 1...8.
    static func orientation(of data: [UInt8]) -> Int? {
        let block: Range<Int>?
        switch data.first {
        case 0xFF: block = JPEGMarkers(data).exif
        case 0x89: block = pngBlock(data)
        default: block = webpBlock(data)
        }
        guard let block else { return nil }
        return orientation(block: data[block])
    }

    /// The orientation in a TIFF structure: byte order, 42, the offset of a directory of twelve-byte entries.
    static func orientation(block: ArraySlice<UInt8>) -> Int? {
        let start = block.startIndex
        guard block.count >= 8, block[start] == block[start + 1] else { return nil }
        let isLittle: Bool
        switch block[start] {
        case UInt8(ascii: "I"): isLittle = true
        case UInt8(ascii: "M"): isLittle = false
        default: return nil
        }
        func number(_ offset: Int, bytes: Int) -> Int? {
            guard offset >= 0, offset <= block.count - bytes else { return nil }
            let field = block[(start + offset)..<(start + offset + bytes)]
            return isLittle ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, bytes: 2) == 42, let directory = number(4, bytes: 4), let count = number(directory, bytes: 2)
        else { return nil }
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let tag = number(entry, bytes: 2) else { return nil }
            // 0x0112 is Orientation; 3 is SHORT, the only type it may have.
            if tag == 0x0112, number(entry + 2, bytes: 2) == 3, let value = number(entry + 8, bytes: 2) {
                return (1...8).contains(value) ? value : nil
            }
        }
        return nil
    }

    private static func pngBlock(_ data: [UInt8]) -> Range<Int>? {
        var position = 8
        while position + 12 <= data.count {
            let length = data[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            let payload = position + 8
            guard length <= data.count - payload - 4 else { return nil }
            if data[(position + 4)..<payload].elementsEqual("eXIf".utf8) { return payload..<(payload + length) }
            position = payload + length + 4
        }
        return nil
    }

    private static func webpBlock(_ data: [UInt8]) -> Range<Int>? {
        var position = 12
        while position + 8 <= data.count {
            let length = data[(position + 4)..<(position + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            let payload = position + 8
            guard length <= data.count - payload else { return nil }
            if data[position..<(position + 4)].elementsEqual("EXIF".utf8) {
                // Some writers keep the prefix of JPEG's segment.
                let prefix = data[payload..<(payload + length)].starts(with: Array("Exif\0\0".utf8)) ? 6 : 0
                return (payload + prefix)..<(payload + length)
            }
            position = payload + length + length & 1
        }
        return nil
    }
}
