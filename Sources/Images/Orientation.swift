/// Which way up a picture is: the one thing of EXIF and XMP that matters here.
///
/// As Pillow's `ImageOps.exif_transpose`: EXIF counts where it has the field at all, XMP's `tiff:Orientation` where it has not.
enum Orientation {
    /// What a PNG, JPEG or WebP file states, 1...8; 1 where it states nothing.
    static func of(_ data: [UInt8]) -> Int {
        let blocks: (exif: Range<Int>?, xmp: Range<Int>?)
        switch data.first {
        case 0xFF:
            let markers = JPEGMarkers(data)
            blocks = (markers.exif, markers.xmp)
        case 0x89: blocks = pngBlocks(data)
        default: blocks = webpBlocks(data)
        }
        let stated = blocks.exif.flatMap { exif(data[$0]) } ?? blocks.xmp.flatMap { xmp(data[$0]) } ?? 1
        return (1...8).contains(stated) ? stated : 1
    }

    /// The field of a TIFF structure: byte order, 42, the offset of a directory of twelve-byte entries. Nil where it is not there.
    static func exif(_ block: ArraySlice<UInt8>) -> Int? {
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
            // 0x0112 is Orientation; 3 is SHORT, the type that it should have, and 4 is LONG.
            switch (tag, number(entry + 2, bytes: 2)) {
            case (0x0112, 3): return number(entry + 8, bytes: 2)
            case (0x0112, 4): return number(entry + 8, bytes: 4)
            default: continue
            }
        }
        return nil
    }

    /// The digit of `tiff:Orientation="6"` or `<tiff:Orientation>6<`.
    static func xmp(_ block: ArraySlice<UInt8>) -> Int? {
        let name = Array("tiff:Orientation".utf8)
        var rest = block
        while let start = rest.firstIndex(of: name[0]) {
            let after = start + name.count
            guard after < block.endIndex else { return nil }
            rest = block[(start + 1)...]
            guard block[start..<after].elementsEqual(name) else { continue }
            var value = block[after...]
            if value.starts(with: Array("=\"".utf8)) {
                value = value.dropFirst(2)
            } else if value.first == UInt8(ascii: ">") {
                value = value.dropFirst()
            } else {
                continue
            }
            if let digit = value.first, (0x30...0x39).contains(digit) { return Int(digit) - 0x30 }
        }
        return nil
    }

    /// Some writers keep the prefix of JPEG's segment.
    private static func withoutPrefix(_ content: Range<Int>, of data: [UInt8]) -> Range<Int> {
        content.dropFirst(data[content].starts(with: Array("Exif\0\0".utf8)) ? 6 : 0)
    }

    private static func pngBlocks(_ data: [UInt8]) -> (exif: Range<Int>?, xmp: Range<Int>?) {
        var found: (exif: Range<Int>?, xmp: Range<Int>?)
        // The text of XMP, not compressed: its key, and two zeros that say so.
        let key = Array("XML:com.adobe.xmp\0\0\0".utf8)
        var position = 8
        while position + 12 <= data.count {
            let length = data[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            let payload = position + 8
            guard length <= data.count - payload - 4 else { break }
            let kind = data[(position + 4)..<payload]
            let content = payload..<(payload + length)
            if found.exif == nil, kind.elementsEqual("eXIf".utf8) { found.exif = withoutPrefix(content, of: data) }
            if found.xmp == nil, kind.elementsEqual("iTXt".utf8), data[content].starts(with: key) {
                found.xmp = content
            }
            position = payload + length + 4
        }
        return found
    }

    private static func webpBlocks(_ data: [UInt8]) -> (exif: Range<Int>?, xmp: Range<Int>?) {
        var found: (exif: Range<Int>?, xmp: Range<Int>?)
        var position = 12
        while position + 8 <= data.count {
            let length = data[(position + 4)..<(position + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            let payload = position + 8
            guard length <= data.count - payload else { break }
            let kind = data[position..<(position + 4)]
            let content = payload..<(payload + length)
            if found.exif == nil, kind.elementsEqual("EXIF".utf8) {
                found.exif = withoutPrefix(content, of: data)
            }
            if found.xmp == nil, kind.elementsEqual("XMP ".utf8) { found.xmp = content }
            position = payload + length + length & 1
        }
        return found
    }
}
