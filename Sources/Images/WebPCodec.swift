internal import CWebP

enum WebP {
    static func read(_ data: [UInt8], name: String, background: Colour?) throws(ImageRefusal) -> Picture {
        var features = WebPBitstreamFeatures()
        let status = WebPGetFeatures(data, data.count, &features)
        guard status == VP8_STATUS_OK else {
            throw ImageRefusal(
                name,
                status == VP8_STATUS_NOT_ENOUGH_DATA ? .endsEarly(.webp) : .damaged(.webp, words(status))
            )
        }
        if features.has_animation != 0 { throw ImageRefusal(name, .animated(.webp)) }
        let (width, height) = (Int(features.width), Int(features.height))
        guard width > 0, height > 0, Picture.isAllowed(width, height) else {
            throw ImageRefusal(name, .tooManyPixels(width: width, height: height))
        }
        // The length that the container gives; libwebp itself may be content with less, and with what follows.
        guard declaredLength(data) <= data.count else { throw ImageRefusal(name, .endsEarly(.webp)) }
        let channels = features.has_alpha != 0 ? 4 : 3
        if let problem = Picture.refusal(width: width, height: height, bytesPerPixel: channels, fileSize: data.count) {
            throw ImageRefusal(name, problem)
        }
        var (done, wasTransparent) = (false, false)
        let samples = [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, filled in
            let stride = Int32(width * channels)
            if channels == 4 {
                done = WebPDecodeRGBAInto(data, data.count, target.baseAddress, target.count, stride) != nil
                if done { wasTransparent = PNG.put(opaque: target, width * height, on: background, 1) }
            } else {
                done = WebPDecodeRGBInto(data, data.count, target.baseAddress, target.count, stride) != nil
            }
            filled = done ? width * height * 3 : 0
        }
        guard done else { throw ImageRefusal(name, .damaged(.webp, "the pixels cannot be decoded")) }
        var picture = Picture(width: width, height: height, samples: .bytes(samples))
        picture.hasLostTransparency = wasTransparent && background == nil
        return picture
    }

    /// The length of the RIFF container with its header, which every WebP file states.
    private static func declaredLength(_ data: [UInt8]) -> Int {
        guard data.count >= 8 else { return 8 }
        return 8 + Int(data[4]) + Int(data[5]) << 8 + Int(data[6]) << 16 + Int(data[7]) << 24
    }

    private static func words(_ status: VP8StatusCode) -> String {
        switch status {
        case VP8_STATUS_OUT_OF_MEMORY: "out of memory"
        case VP8_STATUS_UNSUPPORTED_FEATURE: "it uses a feature that libwebp does not know"
        default: "libwebp finds an error in the bitstream"
        }
    }
}
