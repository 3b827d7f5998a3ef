import Images
import TestSupport
import Testing

/// ADM's crop, held against Pillow.
@Suite("ADM's crop") struct CropTests {
    private static let folder = Fixtures.path("reports/61-adm-crop")

    /// Pictures that people have, and what the original's code makes of them with Pillow.
    @Test(
        arguments: [
            ("141x141", 36), ("32x32", 32), ("50x37", 36), ("64x43", 64), ("74x50", 26), ("75x50", 16),
        ]
    )
    func report(name: String, side: Int) throws {
        let square = try Picture(file: "\(Self.folder)/\(name).png").centreSquare(side: side, crop: .adm, name: name)
        #expect(square == (try Picture(file: "\(Self.folder)/\(name).to\(side).png")))
    }

    /// Thirty random sizes, and tall ones in which Pillow 13 and those before it take the sides in another order
    /// (Tests/Fixtures/quality/make.py).
    @Test func pillowBeforeAndSince13() throws {
        let lines = try Fixtures.text(Fixtures.path("quality/crops.txt")).split(separator: "\n")
        var differing = 0
        for line in lines {
            let fields = line.split(separator: " ").map(String.init)
            let numbers = fields.prefix(4).compactMap { Int($0) }
            let picture = SeededPicture.make(numbers[0], numbers[1], seed: numbers[3], noise: 30)
            func square(_ order: ResampleOrder) throws -> String {
                hash(try picture.centreSquare(side: numbers[2], crop: .adm, name: "p", order: order))
            }
            #expect(try square(.pillow13) == fields[4], "\(line)")
            #expect(try square(.rowsFirst) == fields[5], "\(line)")
            if fields[4] != fields[5] { differing += 1 }
        }
        #expect(lines.count == 36 && differing == 6)
    }

    @Test func aPictureOfThatSizeStaysAsItIs() throws {
        let picture = SeededPicture.make(48, 48, seed: 1)
        #expect(try picture.centreSquare(side: 48, crop: .adm, name: "p") == picture)
    }

    @Test func longThreadsAreRefused() {
        let thread = Picture(width: 1, height: 60000, filledWith: .white)
        #expect(
            refusal { try thread.centreSquare(side: 256, crop: .adm, name: "thread.png") }
                == "thread.png: the picture has 256x15360000 pixels, more than the 268435456 that are allowed: make it smaller"
        )
    }
}
