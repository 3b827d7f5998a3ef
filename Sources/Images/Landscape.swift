internal import TensorCore

extension Picture {
    /// A picture to try things with: mountains over a lake, drawn anew in any size and always the same.
    ///
    /// It has what photographs have and codecs are judged by: slow gradients, soft and hard edges, fine texture, strong
    /// colours, small things and letters.
    ///
    /// - Parameters:
    ///   - width: the number of columns, at least 1.
    ///   - height: the number of rows, at least 1.
    /// - Returns: a picture of 8 bits.
    /// - Complexity: linear in the number of pixels, under a second for a megapixel.
    public static func landscape(width: Int, height: Int) -> Picture {
        precondition(width > 0 && height > 0 && isAllowed(width, height), "a picture has at least one pixel")
        let scene = Landscape(width: width, height: height)
        let bytes = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
            for y in 0..<height {
                for x in 0..<width {
                    let colour =
                        scene.colour(column: x, row: y).clamped(lowerBound: .zero, upperBound: .one) * 255 + 0.5
                    target[count] = UInt8(colour.x)
                    target[count + 1] = UInt8(colour.y)
                    target[count + 2] = UInt8(colour.z)
                    count += 3
                }
            }
        }
        var canvas = Canvas(Picture(width: width, height: height, samples: .bytes(bytes)))
        let size = (Float(min(width, height)) * 0.045).rounded()
        if size >= 6 {
            let text = Lettering("dcae  \(width)x\(height)", size: size)
            let (left, bottom, shadow) = (width - text.width - Int(size), height - Int(size), max(1, Int(size / 14)))
            canvas.write(text, x: left + shadow, baseline: bottom + shadow, colour: Colour(0x16_2A12))
            canvas.write(text, x: left, baseline: bottom, colour: Colour(0xFB_F6E6))
        }
        return canvas.picture
    }
}

/// The scene, in heights of the picture: v runs from 0 at the top to 1 at the bottom, u from the middle to the right.
private struct Landscape {
    typealias Light = SIMD3<Float>

    private let width: Int
    private let height: Int
    /// The side of a pixel.
    private let pixel: Float
    /// Where the far and the near mountains and the shore are in each column.
    private let far: [Float]
    private let near: [Float]
    private let shore: [Float]

    /// Where sun and balloon are; nearer to the middle where the picture is too narrow.
    private let sun: SIMD2<Float>
    private let flight: SIMD2<Float>

    private static let horizon: Float = 0.6

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        let pixel = 1 / Float(height)
        self.pixel = pixel
        let reach = min(1, Float(width) * pixel / 0.76)
        sun = SIMD2(0.24 * reach, 0.3)
        flight = SIMD2(-0.27 * reach, 0.2)
        func line(_ base: Float, _ rise: Float, _ grain: Float, _ seed: UInt32) -> [Float] {
            (0..<width).map { column in
                let u = (Float(column) + 0.5 - Float(width) / 2) * pixel
                return base - rise * Noise.fractal(u * grain + 40, 0.5, seed, finest: 0.3 / (pixel * grain))
            }
        }
        far = line(0.68, 0.46, 2.3, 11)
        near = line(0.72, 0.3, 3.1, 29)
        shore = line(0.86, 0.1, 1.7, 47)
    }

    func colour(column: Int, row: Int) -> Light {
        let u = (Float(column) + 0.5 - Float(width) / 2) * pixel
        let v = (Float(row) + 0.5) * pixel
        var light: Light
        if v < Self.horizon {
            light = backdrop(u, v, column)
        } else {
            light = blend(water(u, v, column), meadow(u, v), cover(v - shore[column]))
        }
        light = boat(u, v, over: light)
        return balloon(u, v, over: light)
    }

    /// How much of a pixel lies within a shape whose edge is at a distance, positive inside.
    private func cover(_ distance: Float) -> Float {
        max(0, min(1, distance / pixel + 0.5))
    }

    private func blend(_ a: Light, _ b: Light, _ t: Float) -> Light {
        a + (b - a) * t
    }

    // MARK: Sky and mountains

    private func backdrop(_ u: Float, _ v: Float, _ column: Int) -> Light {
        var light = sky(u, v)
        light = blend(light, mountain(u, v, far[column], haze: 0.55, seed: 5), cover(v - far[column]))
        return blend(light, forest(u, v, near[column]), cover(v - near[column]))
    }

    private func sky(_ u: Float, _ v: Float) -> Light {
        let t = Noise.step(0, 0.62, v)
        var light = blend(Light(0.16, 0.36, 0.66), Light(0.98, 0.82, 0.62), t)
        let (dx, dy) = (u - sun.x, v - sun.y)
        let distance = (dx * dx + dy * dy).squareRoot()
        light += Light(0.5, 0.32, 0.12) * (0.012 / (0.02 + distance * distance * 1.6)) * 0.5
        light = blend(light, Light(1, 0.97, 0.86), cover(0.045 - distance))
        // Clouds are flat: noise runs slower across than up.
        let cloud = Noise.fractal(u * 2.2 + 9, v * 6.5, 3, finest: 0.2 / (pixel * 6.5))
        let thickness = Noise.step(0.5, 0.72, cloud) * (1 - Noise.step(0.42, 0.6, v))
        let lit = Noise.step(0.5, 0.8, cloud)
        return blend(light, blend(Light(1, 0.93, 0.86), Light(0.76, 0.72, 0.78), lit * 0.8), thickness * 0.85)
    }

    private func mountain(_ u: Float, _ v: Float, _ top: Float, haze: Float, seed: UInt32) -> Light {
        let finest = 0.3 / (pixel * 9)
        let here = Noise.fractal(u * 9, v * 9, seed, finest: finest)
        // Light falls from the right, where the sun is: slopes that rise to the left are in the shade.
        let beside = Noise.fractal((u + 0.012) * 9, (v - 0.006) * 9, seed, finest: finest)
        let slope = max(-1, min(1, (here - beside) * 9))
        let rock = blend(Light(0.28, 0.27, 0.34), Light(0.62, 0.52, 0.5), 0.5 + 0.5 * slope)
        let snow = blend(Light(0.6, 0.67, 0.8), Light(1, 0.97, 0.94), 0.55 + 0.5 * slope)
        let depth = v - top
        let snowLine = Noise.step(0.02, -0.05, depth - 0.09 + (here - 0.5) * 0.34 + (top - 0.42) * 0.6)
        let light = blend(rock, snow, snowLine)
        return blend(light, Light(0.86, 0.78, 0.74), haze * Noise.step(0.3, 0.62, v))
    }

    private func forest(_ u: Float, _ v: Float, _ top: Float) -> Light {
        let trees = Noise.fractal(u * 34, v * 22, 71, finest: 0.4 / (pixel * 34))
        let light = blend(Light(0.07, 0.17, 0.15), Light(0.3, 0.42, 0.2), Noise.step(0.3, 0.75, trees))
        return blend(light, Light(0.6, 0.62, 0.62), 0.35 * Noise.step(0.5, 0.62, v))
    }

    // MARK: Water and meadow

    private func water(_ u: Float, _ v: Float, _ column: Int) -> Light {
        let depth = v - Self.horizon
        // Ripples shrink towards the far shore.
        let ripple = Noise.fractal(u * 9, depth * 130 / (0.35 + depth * 3), 83, finest: 3) - 0.5
        let mirrored = max(0.02, Self.horizon - depth * 1.15 + ripple * (0.02 + depth * 0.5))
        let reflected = backdrop(u, mirrored, column)
        let light = blend(reflected * 0.86, Light(0.1, 0.24, 0.34), 0.22 + depth * 1.1)
        let glitter = Noise.step(0.16, 0.4, ripple) * Noise.step(0.2, 0, abs(u - sun.x))
        return light + Light(0.5, 0.38, 0.22) * glitter
    }

    private func meadow(_ u: Float, _ v: Float) -> Light {
        let near = Noise.step(0.74, 1, v)
        let patches = Noise.fractal(u * 5, v * 11, 97, finest: 8)
        let blades = Noise.fractal(u * 150, v * 38, 101, finest: 0.4 / (pixel * 150))
        var light = blend(Light(0.42, 0.5, 0.16), Light(0.14, 0.3, 0.1), near)
        light = blend(light, Light(0.62, 0.56, 0.22), Noise.step(0.5, 0.75, patches) * 0.7)
        light *= 0.62 + 0.76 * blades
        return flowers(u, v, over: light)
    }

    /// One flower at most in each cell of a grid, which is finer further away.
    private func flowers(_ u: Float, _ v: Float, over light: Light) -> Light {
        let border: Float = 0.875
        let grid: Float = v < border ? 48 : 28
        // Rows are counted from the border, so that no cell and no flower lies across it.
        let (x, y) = (u * grid, (v - border) * grid * 1.4)
        let (column, row) = (Int32(x.rounded(.down)), Int32(y.rounded(.down)))
        guard Noise.cell(column, row, 7) > 0.72 else { return light }
        let dx = x - Float(column) - 0.3 - 0.4 * Noise.cell(column, row, 8)
        let dy = (y - Float(row) - 0.3 - 0.4 * Noise.cell(column, row, 9)) / 1.4
        let distance = (dx * dx + dy * dy).squareRoot()
        let colours = [
            Light(0.93, 0.26, 0.2), Light(0.98, 0.86, 0.3), Light(0.96, 0.95, 0.98), Light(0.56, 0.36, 0.86),
        ]
        let colour = colours[Int(Noise.cell(column, row, 10) * 4)]
        let bloom = blend(light, colour, cover((0.17 - distance) / grid))
        return blend(bloom, Light(0.99, 0.8, 0.2), cover((0.055 - distance) / grid))
    }

    // MARK: Small things

    private func boat(_ u: Float, _ v: Float, over light: Light) -> Light {
        let (x, y) = (u + 0.13, v - 0.665)
        guard abs(x) < 0.08 && abs(y) < 0.13 else { return light }
        let mainsail = min(x + 0.002, -y - 0.008, (0.115 + y) * 0.42 - x)
        let jib = min(-0.004 - x, -y - 0.01, (0.1 + y) * 0.3 + x)
        let hull = min(y + 0.004, 0.014 - y, 0.052 - y * 1.4 - abs(x - 0.004))
        let mirror = min(y - 0.014, 0.05 - y, 0.03 - abs(x)) > 0 ? 0.3 * cover(0.06 - y) : Float(0)
        var result = blend(light, Light(0.86, 0.86, 0.84), mirror * (0.05 - y) * 20)
        result = blend(result, Light(0.97, 0.95, 0.9), cover(mainsail))
        result = blend(result, Light(0.86, 0.24, 0.18), cover(jib))
        return blend(result, Light(0.25, 0.13, 0.09), cover(hull))
    }

    private func balloon(_ u: Float, _ v: Float, over light: Light) -> Light {
        let radius: Float = 0.1
        let (x, y) = (u - flight.x, v - flight.y)
        guard abs(x) < radius * 1.2 && y > -radius * 1.2 && y < radius * 2 else { return light }
        var result = light
        // Ropes and basket first, the envelope over them.
        let rope = min(0.0012 - abs(abs(x) - 0.02 + (y - 0.11) * 0.12), y - 0.1, 0.165 - y)
        result = blend(result, Light(0.2, 0.15, 0.12), cover(rope))
        let basket = min(0.016 - abs(x), y - 0.163, 0.19 - y)
        result = blend(result, Light(0.45, 0.27, 0.13), cover(basket))
        let half: Float
        if y < 0.045 {
            half = max(0, radius * radius - y * y).squareRoot()
        } else {
            // Below the middle the envelope narrows in a straight line to its mouth.
            half = 0.0893 - (y - 0.045) * 0.92
        }
        let edge = min(half - abs(x), 0.117 - y)
        guard edge > -pixel && half > 0 else { return result }
        let across = max(-1, min(1, x / max(half, pixel)))
        // Gores look narrower towards the sides, as they turn away.
        let gore = Int(((across * (1.25 - 0.25 * across * across)) * 4 + 4.5).rounded(.down))
        let colours = [Light(0.87, 0.2, 0.17), Light(0.99, 0.93, 0.8), Light(0.1, 0.38, 0.66)]
        let band = y > 0.012 && y < 0.04
        let shade = 0.78 + 0.3 * (1 - (across - 0.35) * (across - 0.35)) - 0.12 * (1 - across)
        let cloth = (band ? Light(0.98, 0.72, 0.2) : colours[gore % 3]) * shade
        return blend(result, cloth, cover(edge))
    }
}
