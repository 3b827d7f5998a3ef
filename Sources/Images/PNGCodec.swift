internal import CPNGCodec

enum PNG {
    static func read(_ data: [UInt8], name: String, background: Colour?) throws(ImageRefusal) -> Picture {
        var message = [CChar](repeating: 0, count: Int(DCAE_PNG_MESSAGE_SIZE))
        var header = dcae_png_header()
        guard dcae_png_read_header(data, data.count, &header, &message) else {
            throw refusal(name, header, message)
        }
        let (width, height) = (Int(header.width), Int(header.height))
        guard Picture.isAllowed(width, height) else {
            throw ImageRefusal(name, .tooManyPixels(width: width, height: height))
        }
        // Deflate packs at most 1032 bytes into one, so that a short file has no way to mean a large picture.
        guard header.stored_bytes / 1032 <= UInt64(data.count) else {
            throw ImageRefusal(name, .tooFewBytes(width: width, height: height, bytes: data.count))
        }
        let bytes = Int(header.channels) * (header.bits == 16 ? 2 : 1)
        if let problem = Picture.refusal(width: width, height: height, bytesPerPixel: bytes, fileSize: data.count) {
            throw ImageRefusal(name, problem)
        }
        var wasTransparent = false
        let samples: Picture.Samples? =
            if header.bits == 16 {
                decode(data, &header, &message) { wasTransparent = put(opaque: $0, $1, on: background, 257) }
                    .map { .words($0) }
            } else {
                decode(data, &header, &message) { wasTransparent = put(opaque: $0, $1, on: background, 1) }
                    .map { .bytes($0) }
            }
        guard let samples else { throw refusal(name, header, message) }
        var picture = Picture(width: width, height: height, samples: samples)
        picture.hasLostTransparency = wasTransparent && background == nil
        return picture
    }

    /// The samples, three to a pixel, or nil with the reason in `header` and `message`.
    ///
    /// Pixels with transparency are decoded as four samples and made opaque where they are, in one allocation.
    private static func decode<Sample: FixedWidthInteger & UnsignedInteger>(
        _ data: [UInt8],
        _ header: inout dcae_png_header,
        _ message: inout [CChar],
        makeOpaque: (UnsafeMutableBufferPointer<Sample>, Int) -> Void
    ) -> [Sample]? {
        let pixels = Int(header.width) * Int(header.height)
        let channels = Int(header.channels)
        var done = false
        let samples = [Sample](unsafeUninitializedCapacity: pixels * channels) { target, filled in
            done = UnsafeMutableRawBufferPointer(target).withMemoryRebound(to: UInt8.self) { bytes in
                dcae_png_read_pixels(data, data.count, bytes.baseAddress, &header, &message)
            }
            if done && channels == 4 { makeOpaque(target, pixels) }
            filled = done ? pixels * 3 : 0
        }
        return done ? samples : nil
    }

    /// Puts pixels of four samples on a background, and closes the gaps that their opacity leaves; without a background their
    /// colours stay as they are stored.
    ///
    /// - Returns: whether any was transparent.
    static func put<Sample: FixedWidthInteger & UnsignedInteger>(
        opaque samples: UnsafeMutableBufferPointer<Sample>,
        _ pixels: Int,
        on background: Colour?,
        _ scale: UInt64
    ) -> Bool {
        var isTransparent = false
        guard let background else {
            for i in 0..<pixels {
                if samples[4 * i + 3] != Sample.max { isTransparent = true }
                samples[3 * i] = samples[4 * i]
                samples[3 * i + 1] = samples[4 * i + 1]
                samples[3 * i + 2] = samples[4 * i + 2]
            }
            return isTransparent
        }
        let whole = UInt64(Sample.max)
        let red = UInt64(background.red) * scale
        let green = UInt64(background.green) * scale
        let blue = UInt64(background.blue) * scale
        for i in 0..<pixels {
            let alpha = UInt64(samples[4 * i + 3])
            if alpha != whole { isTransparent = true }
            func over(_ front: Sample, _ back: UInt64) -> Sample {
                Sample(truncatingIfNeeded: (UInt64(front) * alpha + back * (whole - alpha) + whole / 2) / whole)
            }
            samples[3 * i] = over(samples[4 * i], red)
            samples[3 * i + 1] = over(samples[4 * i + 1], green)
            samples[3 * i + 2] = over(samples[4 * i + 2], blue)
        }
        return isTransparent
    }

    /// The bytes of a PNG file with 8 bits to a sample; the same picture gives the same bytes.
    static func write(_ picture: Picture, name: String) throws(ImageRefusal) -> [UInt8] {
        var message = [CChar](repeating: 0, count: Int(DCAE_PNG_MESSAGE_SIZE))
        var memory: UnsafeMutablePointer<UInt8>?
        var size = 0
        let (width, height) = (UInt32(picture.width), UInt32(picture.height))
        guard dcae_png_write_rgb(picture.bytes, width, height, &memory, &size, &message) else {
            throw ImageRefusal(name, .notEncoded(text(message)))
        }
        defer { dcae_png_free(memory) }
        return Array(UnsafeBufferPointer(start: memory, count: size))
    }

    private static func refusal(_ name: String, _ header: dcae_png_header, _ message: [CChar]) -> ImageRefusal {
        ImageRefusal(name, header.ends_early ? .endsEarly(.png) : .damaged(.png, text(message)))
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
