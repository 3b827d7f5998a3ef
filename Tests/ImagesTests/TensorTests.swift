import Images
import Testing

@Suite("Pictures as tensors")
struct TensorTests {
    @Test("Samples become what torchvision makes of them, to the bit", arguments: Fixture.expected("planes"))
    func planes(_ line: [String]) throws {
        let picture: Picture
        if line[0] == "8" {
            picture = Picture(width: 1, height: 256, samples: .bytes((0...255).flatMap { [$0, $0, $0] }))
        } else {
            picture = Picture(width: 1, height: 65536, samples: .words((0...65535).flatMap { [$0, $0, $0] }))
        }
        let planes = picture.planes()
        let pixels = picture.height
        #expect(hash(Array(planes[..<pixels])) == line[1])
        #expect(planes[pixels..<(2 * pixels)] == planes[..<pixels].map { $0 }[...])
    }

    @Test("Red comes first, and the planes give the picture back")
    func roundtrip() throws {
        let picture = try Picture(file: Fixture.path("rgb8.png"))
        let planes = picture.planes()
        let corner = picture.colour(x: 1, y: 0)
        #expect(planes[1] == 2 * (Float(corner.red) / 255) - 1)
        #expect(planes[2 * 37 * 29 + 1] == 2 * (Float(corner.blue) / 255) - 1)
        #expect(Picture(planes: planes, width: 37, height: 29) == picture)
    }

    @Test("Values out of range are cut, rounded half up, and what is no number is black")
    func clamping() {
        let values: [Float] = [
            -1, 1, -7, 7, .nan, .infinity, -.infinity, 0, 0.99 / 127.5, -0.01 / 127.5, -0.999, 0.999,
        ]
        let picture = Picture(planes: values, width: 4, height: 1)
        var bytes = [UInt8](repeating: 0, count: 12)
        for i in 0..<4 {
            let colour = picture.colour(x: i, y: 0)
            (bytes[i], bytes[4 + i], bytes[8 + i]) = (colour.red, colour.green, colour.blue)
        }
        #expect(bytes == [0, 255, 0, 255, 0, 255, 0, 128, 128, 127, 0, 255])
    }

    @Test("16 bits go to 8 as Pillow takes them: the upper half")
    func narrowing() {
        let words: [UInt16] = [0, 128, 255, 65535, 65280, 65279]
        let picture = Picture(width: 2, height: 1, samples: .words(words))
        #expect(picture.inBytes.samples == .bytes([0, 0, 0, 255, 255, 254]))
        #expect(picture.colour(x: 1, y: 0) == Colour(red: 255, green: 255, blue: 254))
        // What was widened from a byte becomes that byte.
        for byte in UInt8.min...UInt8.max {
            let wide = Picture(width: 1, height: 1, samples: .words([UInt16](repeating: UInt16(byte) * 257, count: 3)))
            #expect(wide.bytes == [byte, byte, byte])
        }
    }
}
