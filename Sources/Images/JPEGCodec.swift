internal import CTurboJPEG

enum JPEG {
    static func read(_ data: [UInt8], name: String) throws(ImageRefusal) -> Picture {
        guard let decoder = tjInitDecompress() else { throw ImageRefusal(name, .damaged(.jpeg, "out of memory")) }
        defer { tjDestroy(decoder) }
        var (columns, rows, subsampling, colourSpace) = (Int32(0), Int32(0), Int32(0), Int32(0))
        let length = UInt(data.count)
        guard
            tjDecompressHeader3(decoder, data, length, &columns, &rows, &subsampling, &colourSpace) == 0,
            columns > 0, rows > 0
        else {
            throw refusal(data, name, String(cString: tjGetErrorStr2(decoder)))
        }
        let (width, height) = (Int(columns), Int(rows))
        guard Picture.isAllowed(width, height) else {
            throw ImageRefusal(name, .tooManyPixels(width: width, height: height))
        }
        // A block of 8x8 takes two bits at least, one in a progressive file: at most 512 pixels to a byte, and a few
        // times that where colours are subsampled. Arithmetic coding can take a hundredth of a bit.
        let pixelsPerByte = JPEGMarkers(data).isArithmetic ? 1 << 16 : 1 << 11
        guard width * height / pixelsPerByte <= data.count else {
            throw ImageRefusal(name, .tooFewBytes(width: width, height: height, bytes: data.count))
        }
        let isPrint = colourSpace == TJCS_CMYK.rawValue || colourSpace == TJCS_YCCK.rawValue
        let channels = isPrint ? 4 : 3
        if let problem = Picture.refusal(width: width, height: height, bytesPerPixel: channels, fileSize: data.count) {
            throw ImageRefusal(name, problem)
        }
        let format = isPrint ? TJPF_CMYK.rawValue : TJPF_RGB.rawValue
        var failure: String?
        let samples = [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, filled in
            // Refinement without end is the one way in which a progressive file can take unbounded time.
            let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
            func decode(_ data: [UInt8]) -> String? {
                let count = UInt(data.count)
                let result = tjDecompress2(decoder, data, count, target.baseAddress, columns, 0, rows, format, flags)
                guard result != 0 else { return nil }
                let words = String(cString: tjGetErrorStr2(decoder))
                return tjGetErrorCode(decoder) == TJERR_WARNING.rawValue && isHarmless(words) ? nil : words
            }
            failure = decode(data)
            // Where nothing but the end mark is missing, the picture is whole: with one, the decoder finds nothing wrong.
            if failure?.contains("remature end") == true, JPEGMarkers(data).isOneScan {
                failure = decode(data + [0xFF, 0xD9]).map { _ in failure ?? "" }
            }
            if failure == nil && isPrint { mix(target, width * height) }
            filled = failure == nil ? width * height * 3 : 0
        }
        if let failure { throw refusal(data, name, failure) }
        return Picture(width: width, height: height, samples: .bytes(samples))
    }

    /// Surplus bytes between segments lose no pixel; every other warning means that pixels were made up.
    private static func isHarmless(_ words: String) -> Bool {
        words.contains("extraneous bytes before marker")
    }

    /// Makes red, green and blue of cyan, magenta, yellow and black, which JPEG files hold inverted.
    ///
    /// Without a colour profile this is the mixture that PIL makes: each ink dims its colour, and black dims all.
    private static func mix(_ samples: UnsafeMutableBufferPointer<UInt8>, _ pixels: Int) {
        for i in 0..<pixels {
            let light = UInt32(samples[4 * i + 3])
            for channel in 0..<3 {
                let ink = 255 - UInt32(samples[4 * i + channel])
                samples[3 * i + channel] = UInt8(light - (ink * light + 127) / 255)
            }
        }
    }

    private static func refusal(_ data: [UInt8], _ name: String, _ words: String) -> ImageRefusal {
        let ends = ["remature end", "nput file is empty", "mage file ended"]
        if ends.contains(where: words.contains) || JPEGMarkers(data).endsEarly {
            return ImageRefusal(name, .endsEarly(.jpeg))
        }
        return ImageRefusal(name, .damaged(.jpeg, words))
    }
}

/// The segments of a JPEG file up to its first scan, as far as they can be followed.
struct JPEGMarkers {
    /// Whether the frame is coded arithmetically, which packs flat areas far tighter than Huffman codes.
    private(set) var isArithmetic = false
    /// Whether the data stops inside or before a segment that should be there.
    private(set) var endsEarly = false
    /// Where the payload of the EXIF segment lies.
    private(set) var exif: Range<Int>?
    /// Where the XMP packet lies.
    private(set) var xmp: Range<Int>?
    /// Whether the first scan holds all there is of all components, so that no other need follow.
    private(set) var isOneScan = false

    init(_ data: [UInt8]) {
        var position = 2
        var components: UInt8?
        while true {
            while position + 1 < data.count && data[position] == 0xFF && data[position + 1] == 0xFF { position += 1 }
            guard position + 3 < data.count else {
                endsEarly = true
                return
            }
            guard data[position] == 0xFF else { return }
            let marker = data[position + 1]
            if marker == 0xDA, position + 4 < data.count { isOneScan = data[position + 4] == components }
            if marker == 0xDA || marker == 0xD9 { return }
            let length = Int(data[position + 2]) << 8 | Int(data[position + 3])
            guard length >= 2 else { return }
            guard position + 2 + length <= data.count else {
                endsEarly = true
                return
            }
            let payload = (position + 4)..<(position + 2 + length)
            if marker >= 0xC9 && marker <= 0xCF && marker != 0xCC { isArithmetic = true }
            // A frame that is coded in one pass, by Huffman codes.
            if marker == 0xC0 || marker == 0xC1, payload.count > 5 { components = data[payload.lowerBound + 5] }
            let packet = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
            if marker == 0xE1 && xmp == nil && data[payload].starts(with: packet) {
                xmp = payload.dropFirst(packet.count)
            }
            if marker == 0xE1 && exif == nil && data[payload].starts(with: Array("Exif\0\0".utf8)) {
                exif = payload.dropFirst(6)
            }
            position = payload.upperBound
        }
    }
}
