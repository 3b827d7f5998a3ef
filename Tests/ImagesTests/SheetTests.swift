import Images
import Testing

@Suite("Drawn pictures")
struct SheetTests {
    @Test("The landscape is the same everywhere and every time")
    func landscape() {
        // A change here is a change of what every demonstration and benchmark sees.
        #expect(hash(Picture.landscape(width: 96, height: 64)) == "fa7d45207170909d")
        #expect(Picture.landscape(width: 96, height: 64) == Picture.landscape(width: 96, height: 64))
    }

    @Test("A landscape of any size is drawn", arguments: [(1, 1), (1, 300), (300, 1), (7, 5), (40, 200)])
    func sizes(_ width: Int, _ height: Int) {
        let picture = Picture.landscape(width: width, height: height)
        #expect(picture.size == PixelSize(width: width, height: height))
    }

    @Test("A sheet shows the pictures pixel for pixel, and how they differ")
    func roundtrip() throws {
        let original = Picture.landscape(width: 320, height: 320)
        let other = original.resized(toWidth: 40, height: 40, by: .bicubic).resized(
            toWidth: 320,
            height: 320,
            by: .bicubic
        )
        var sheet = ComparisonSheet(heading: "model", subheading: "detail")
        sheet.addRoundtrip(of: original, to: other, name: "landscape.png")
        let picture = try sheet.picture(name: "sheet.png")
        #expect(picture.size.description == "1048x477")
        func panel(_ index: Int) -> Picture {
            picture.cropped(to: PixelArea(x: 27 + 337 * index, y: 130, width: 320, height: 320))
        }
        #expect(panel(0) == original)
        #expect(panel(1) == other)
        #expect(panel(2) == ComparisonSheet.difference(of: other, and: original).picture)
        // Something is written above each panel.
        for index in 0..<3 {
            let caption = picture.cropped(to: PixelArea(x: 27 + 337 * index, y: 80, width: 320, height: 48))
            #expect(Set((0..<320).map { caption.colour(x: $0, y: 15) }).count > 3)
        }
    }

    @Test("Small pictures are enlarged by a whole factor, wide ones go below each other")
    func layouts() throws {
        let small = Picture.landscape(width: 64, height: 64)
        var sheet = ComparisonSheet(heading: "model", subheading: "detail")
        sheet.addRoundtrip(of: small, to: small, name: "a")
        #expect(try sheet.picture(name: "s").size == PixelSize(width: 1048, height: 477))

        let wide = Picture.landscape(width: 400, height: 100)
        var column = ComparisonSheet(heading: "model", subheading: "")
        column.addRoundtrip(of: wide, to: wide, name: "a")
        let size = try column.picture(name: "s").size
        #expect(size.width == 454 && size.height > 300)
    }

    @Test("Differences are amplified by a stated power of two, and by their measure")
    func difference() {
        let grey = Picture(width: 16, height: 16, filledWith: Colour(red: 100, green: 100, blue: 100))
        let near = Picture(width: 16, height: 16, filledWith: Colour(red: 103, green: 98, blue: 100))
        let panel = ComparisonSheet.difference(of: near, and: grey)
        #expect(panel.title == "Difference, 8x")
        #expect(panel.detail == "mean 1.67  ·  largest 3 of 255")
        #expect(panel.picture.colour(x: 0, y: 0) == Colour(red: 24, green: 16, blue: 0))
        #expect(ComparisonSheet.difference(of: grey, and: grey).detail == "mean 0.00  ·  largest 0 of 255")
    }

    @Test("Captions of any length and script are drawn, and a sheet without panels too")
    func captions() throws {
        let picture = Picture.landscape(width: 64, height: 64)
        var sheet = ComparisonSheet(heading: String(repeating: "W", count: 500), subheading: "日本語 🎈 \u{1B}")
        sheet.addRoundtrip(of: picture, to: picture, name: String(repeating: "name/", count: 100))
        #expect(try sheet.picture(name: "s").width == 1048)
        #expect(try ComparisonSheet(heading: "", subheading: "").picture(name: "s").width > 0)
    }

    @Test("A sheet that would be too large is refused")
    func large() {
        var sheet = ComparisonSheet(heading: "model", subheading: "")
        let tall = Picture(width: 20, height: 200_000, filledWith: .white)
        sheet.add([Panel](repeating: Panel(tall, title: "", detail: ""), count: 60))
        #expect(
            refusal { try sheet.picture(name: "s.png") }
                == "s.png: the picture has 5180x200510 pixels, more than the 268435456 that are allowed: make it smaller"
        )
    }

    private typealias Panel = ComparisonSheet.Panel
}
