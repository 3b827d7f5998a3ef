/// Smooth noise that is the same on every machine: integer hashes, and float32 additions and multiplications alone.
enum Noise {
    /// A number in 0..<1 that belongs to a cell of the plane.
    static func cell(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
        // The finaliser of MurmurHash3 over the three numbers.
        var h = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(bitPattern: y) &* 0x85EB_CA77 ^ seed &* 0xC2B2_AE3D
        h = (h ^ h >> 16) &* 0x85EB_CA6B
        h = (h ^ h >> 13) &* 0xC2B2_AE35
        h ^= h >> 16
        return Float(h >> 8) * 0x1p-24
    }

    /// Values of cells joined smoothly, 0...1.
    static func value(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let (column, row) = (Int32(left), Int32(top))
        let (a, b) = (ease(x - left), ease(y - top))
        let above = mix(cell(column, row, seed), cell(column &+ 1, row, seed), a)
        let below = mix(cell(column, row &+ 1, seed), cell(column &+ 1, row &+ 1, seed), a)
        return mix(above, below, b)
    }

    /// Noise of ever finer grain, each half as strong as the last, down to the given grain; 0...1, mostly near 0.5.
    static func fractal(_ x: Float, _ y: Float, _ seed: UInt32, finest: Float) -> Float {
        var (sum, weight, total, frequency) = (Float(0), Float(1), Float(0), Float(1))
        var octave: UInt32 = 0
        while octave < 9 && (octave == 0 || frequency <= finest) {
            sum +=
                weight * value(x * frequency + Float(octave) * 17, y * frequency + Float(octave) * 31, seed &+ octave)
            total += weight
            weight *= 0.5
            frequency *= 2
            octave += 1
        }
        return sum / total
    }

    /// 0 below one edge, 1 above the other, and smooth between.
    static func step(_ from: Float, _ to: Float, _ x: Float) -> Float {
        let t = max(0, min(1, (x - from) / (to - from)))
        return t * t * (3 - 2 * t)
    }

    static func mix(_ a: Float, _ b: Float, _ t: Float) -> Float {
        a + (b - a) * t
    }

    private static func ease(_ t: Float) -> Float {
        t * t * t * (t * (t * 6 - 15) + 10)
    }
}
