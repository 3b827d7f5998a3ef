import Images
import Testing

@Suite("Reading pictures")
struct ReadingTests {
    @Test("Every fixture has the pixels that PIL finds in it", arguments: Fixture.expected("read"))
    func fixture(_ line: [String]) throws {
        let picture = try Picture(file: Fixture.path(line[0]), background: .white)
        #expect("\(picture.width) \(picture.height) \(picture.bits)" == line[1...3].joined(separator: " "))
        #expect(hash(picture) == line[4])
    }

    @Test(
        "Pictures as people have them are what Pillow makes of them",
        arguments: String(decoding: Fixture.bytes("../reports/30-pictures/expected.txt"), as: UTF8.self).split(
            separator: "\n"
        )
        .map { $0.split(separator: " ").map(String.init) }
    )
    func asPillow(_ line: [String]) throws {
        let path = Fixture.path("../reports/30-pictures/" + line[0])
        guard line[1] != "refused" else {
            #expect(refusal { try Picture(file: path) }.hasPrefix(path))
            return
        }
        let picture = try Picture(file: path)
        #expect("\(picture.width) \(picture.height) \(hash(picture.bytes))" == line[1...3].joined(separator: " "))
    }

    @Test("What is left out of a transparent picture is known", arguments: [("rgba.png", true), ("two.png", false)])
    func transparency(_ name: String, _ isTransparent: Bool) throws {
        let path = Fixture.path("../reports/30-pictures/" + name)
        #expect(try Picture(file: path).hasLostTransparency == isTransparent)
        #expect(try !Picture(file: path, background: .black).hasLostTransparency)
    }

    @Test(
        "Transparent pictures show the background that is asked for",
        arguments: ["rgba8.png", "alpha-lossless.webp"]
    )
    func background(_ name: String) throws {
        let green = Colour(red: 10, green: 200, blue: 30)
        let picture = try Picture(file: Fixture.path(name), background: green)
        // The first pixel is transparent, the last opaque.
        #expect(picture.colour(x: 0, y: 0) == green)
        let onWhite = try Picture(file: Fixture.path(name), background: .white)
        #expect(picture.colour(x: 36, y: 28) == onWhite.colour(x: 36, y: 28))
    }

    @Test(
        "A file that stops anywhere is refused",
        arguments: [
            "rgb8.png", "interlaced16.png", "palette4.png", "420.jpg", "progressive.jpg", "cmyk.jpg", "lossy.webp",
            "lossless.webp", "alpha-lossy.webp",
        ]
    )
    func truncated(_ name: String) {
        let bytes = Fixture.bytes(name)
        // A JPEG file of one scan without its end mark of two bytes has all of its pixels.
        let needed = ["420.jpg", "cmyk.jpg"].contains(name) ? bytes.count - 2 : bytes.count
        for length in needed..<bytes.count {
            let picture = try? Picture(data: Array(bytes[..<length]), name: "f")
            #expect(picture == (try? Picture(data: bytes, name: "f")))
        }
        for length in 0..<needed {
            let words = refusal { try Picture(data: Array(bytes[..<length]), name: "f") }
            #expect(words.hasPrefix("f: "), "\(name) cut to \(length) of \(bytes.count) bytes: \(words)")
        }
    }

    @Test(
        "No changed byte makes the decoders trap or hang",
        arguments: [
            "interlaced16.png", "key8.png", "progressive.jpg", "orientation6.jpg", "alpha-lossy.webp", "turned.webp",
        ]
    )
    func changedBytes(_ name: String) {
        let bytes = Fixture.bytes(name)
        for position in bytes.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var changed = bytes
                changed[position] ^= change
                _ = refusal { try Picture(data: changed, name: "f") }
            }
        }
    }

    @Test("Messages name the file, what was found and what to do")
    func messages() {
        func words(_ bytes: [UInt8]) -> String {
            refusal { try Picture(data: bytes, name: "a.png") }
        }
        #expect(words([]) == "a.png: the file is empty, but a picture was expected")
        #expect(
            words(Array("GIF89a".utf8))
                == "a.png: this is a GIF picture, but a PNG, JPEG or WebP picture was expected: convert it to one of them"
        )
        #expect(words([1, 2, 0xAB]) == "a.png: this is not a PNG, JPEG or WebP picture: it starts with 01 02 ab")
        #expect(
            words(Array(Fixture.bytes("rgb8.png").dropLast(5)))
                == "a.png: the file ends before its PNG picture does: copy or download it again"
        )
        #expect(
            words(Array(Fixture.bytes("420.jpg").dropLast(200)))
                == "a.png: the file ends before its JPEG picture does: copy or download it again"
        )
        #expect(
            words(Array(Fixture.bytes("lossy.webp").dropLast(5)))
                == "a.png: the file ends before its WebP picture does: copy or download it again"
        )
        #expect(
            words(Fixture.bytes("animated.webp"))
                == "a.png: this is an animated WebP, but a still picture was expected: save one frame of it"
        )
        var damaged = Fixture.bytes("rgb8.png")
        // The checksum within the compressed data, which lies before the chunk's own.
        damaged[damaged.count - 17] ^= 1
        #expect(
            words(damaged)
                == "a.png: the PNG picture is damaged, or cannot be read (IDAT: incorrect data check): copy or download it again"
        )
    }

    @Test("A header that promises more than the file can hold is refused before memory is taken")
    func bombs() {
        func words(width: UInt32, height: UInt32) -> String {
            refusal { try Picture(data: png(width: width, height: height), name: "b.png") }
        }
        #expect(
            words(width: 100_000, height: 100_000)
                == "b.png: the picture has 100000x100000 pixels, more than the 268435456 that are allowed: make it smaller"
        )
        #expect(
            words(width: 16000, height: 16000)
                == "b.png: the picture claims 16000x16000 pixels, which its 45 bytes cannot hold: copy or download it again"
        )
        var jpeg = Fixture.bytes("420.jpg")
        let frame = (0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 } ?? 0
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x3E, 0x80, 0x3E, 0x80])
        #expect(
            refusal { try Picture(data: jpeg, name: "b.jpg") }
                == "b.jpg: the picture claims 16000x16000 pixels, which its \(jpeg.count) bytes cannot hold: copy or download it again"
        )
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
        #expect(
            refusal { try Picture(data: jpeg, name: "b.jpg") }
                == "b.jpg: the picture has 65500x65500 pixels, more than the 268435456 that are allowed: make it smaller"
        )
    }

    /// A PNG of black pixels that has a right header and no data.
    private func png(width: UInt32, height: UInt32) -> [UInt8] {
        func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(kind.utf8) + data
            var sum = UInt32.max
            for byte in body {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
            }
            return bigEndian(UInt32(data.count)) + body + bigEndian(~sum)
        }
        func bigEndian(_ value: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(value >> $0 & 255) }
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]) + chunk("IDAT", [])
    }

    @Test("Folders, pipes and names that are not there are refused, and nothing waits")
    func noFiles() {
        #expect(
            refusal { try Picture(file: "/tmp") }
                == "/tmp: this is a folder, but a file was expected: name a file in it"
        )
        #expect(
            refusal { try Picture(file: "/dev/zero") }
                == "/dev/zero: this is a device, pipe or socket, but a file was expected"
        )
        #expect(
            refusal { try Picture(file: "/no/such\u{1B}[2J.png") }
                == "/no/such\\u{1b}[2J.png: it cannot be read: No such file or directory"
        )
    }

    @Test("Folders give their pictures in the order of their bytes, folders in them too")
    func folders() throws {
        try withTemporaryFolder { folder in
            #expect(
                refusal { try PictureFolder.pictures(at: [folder]) }
                    == "\(folder): it holds no pictures: no name in it ends in .png, .jpg, .jpeg or .webp"
            )
            for name in ["b.PNG", "a.jpeg", "Z.webp", ".hidden.png", "notes.txt"] { write([], to: "\(folder)/\(name)") }
            let pictures = try PictureFolder.pictures(at: ["x.gif", folder])
            #expect(
                pictures == ["x.gif", "\(folder)/Z.webp", "\(folder)/a.jpeg", "\(folder)/b.PNG"]
            )
        }
    }
}
