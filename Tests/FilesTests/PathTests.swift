import Files
import TestSupport
import Testing

/// Names are bytes: any of them has one text, and the text leads back to it.
@Suite struct PathTests {
    @Test(
        arguments: [
            [], Array("plain.png".utf8), [0xFF], [0x61, 0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F, 0xBE, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF],
            Array("e\u{301} \u{e9} \u{1F600} \u{301}".utf8), (0x80...0xFF).map { $0 }, [0xF4, 0x8F, 0xBF],
        ] as [[UInt8]]
    )
    func bytesComeBack(bytes: [UInt8]) {
        let text = SystemText.text(bytes)
        #expect(SystemText.bytes(text) == bytes)
        #expect(SystemText.cString(text) == bytes.map { CChar(bitPattern: $0) } + [0])
    }

    @Test func textsOfUTF8AreThemselves() {
        #expect(SystemText.text(Array("é\u{301}".utf8)).utf8.elementsEqual("é\u{301}".utf8))
        #expect(SystemText.text([0xFF, 0x61]).unicodeScalars.map(\.value) == [0x10FFFF, 0x61])
    }

    @Test func aZeroByteLeadsNowhere() { #expect(SystemText.cString("a\0b") == [0]) }

    @Test(
        arguments: [
            ("a/b", "a", "b"), ("a", ".", "a"), ("/a", "/", "a"), ("/", "/", "/"), ("a/b//", "a", "b"),
            ("//", "/", "/"),
            ("a/\u{301}x.png", "a", "\u{301}x.png"), ("\u{301}/b", "\u{301}", "b"), ("a/b\u{301}/", "a", "b\u{301}"),
        ]
    )
    func pathsAreCutByBytes(path: String, parent: String, name: String) {
        #expect(Path.isSame(Path.parent(of: path), parent))
        #expect(Path.isSame(Path.name(of: path), name))
    }

    @Test func putTogetherAndTakenApart() {
        #expect(Path.isSame(Path.join("a/", "\u{301}x"), "a/\u{301}x"))
        #expect(Path.suffix(of: "a/\u{301}x", below: "a").map { Path.isSame($0, "\u{301}x") } == true)
        #expect(Path.suffix(of: "ab/x", below: "a") == nil)
        #expect(Path.withoutExtension("a.b/c") == "a.b/c")
        #expect(Path.withoutExtension("a/.png") == "a/.png")
        #expect(Path.withoutExtension("a/b.c.png") == "a/b.c")
        #expect(Path.hasEnding("X.PNG", ".png") && !Path.hasEnding("png", ".png"))
        #expect(Path.isHidden(".\u{301}x") && !Path.isHidden("x"))
        #expect(!Path.isSame("\u{e9}", "e\u{301}"))
    }
}
