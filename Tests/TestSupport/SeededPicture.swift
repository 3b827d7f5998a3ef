package import Images

/// Pictures of integers alone, by the formula `picture` of Tests/Fixtures/quality/make.py.
package enum SeededPicture {
    /// A smooth picture with some edges.
    ///
    /// - Parameter noise: how far samples are shaken, at the most.
    package static func make(_ width: Int, _ height: Int, seed: Int, noise: Int = 0) -> Picture {
        var bytes = [UInt8](repeating: 0, count: width * height * 3)
        for channel in 0..<3 {
            let shake = noise > 0 ? SeededWeights.stream("noise\(seed)\(channel)", width * height) : []
            for y in 0..<height {
                for x in 0..<width {
                    let slope = x * (3 + channel) * 255 / width + y * (5 - channel) * 255 / height
                    let wave = (slope + x * y * (seed + 7) / (width + height)) % 512
                    let isInBox = (x / max(1, width / 5) + y / max(1, height / 7) + channel) % 3 == 0
                    var value = (wave < 256 ? wave : 511 - wave) + (isInBox ? 40 : 0) - 20
                    value = min(255, max(0, value))
                    if noise > 0 {
                        value += Int(shake[y * width + x] * Float(2 * noise + 1)) - noise
                        value = min(255, max(0, value))
                    }
                    bytes[(y * width + x) * 3 + channel] = UInt8(value)
                }
            }
        }
        return Picture(width: width, height: height, samples: .bytes(bytes))
    }
}
