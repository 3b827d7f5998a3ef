import Images
import Testing

@Suite("Writing pictures")
struct WritingTests {
    @Test("A written picture reads back the same, and its bytes do not change")
    func roundtrip() throws {
        let picture = try Picture(file: Fixture.path("rgb8.png"))
        try withTemporaryFolder { folder in
            let file = "\(folder)/a.png"
            try picture.writePNG(to: file)
            let copy = try Picture(file: file)
            #expect(copy == picture)
            let png = try picture.png()
            #expect(contents(file) == png)
            #expect(names(in: folder) == ["a.png"])
        }
    }

    @Test("A picture of 16 bits is written in 8")
    func words() throws {
        let picture = try Picture(file: Fixture.path("rgb16.png"))
        let copy = try Picture(data: try picture.png(), name: "f")
        #expect(copy == picture.inBytes)
    }

    @Test("Nothing is overwritten unless asked, and a failure leaves nothing behind")
    func refusals() throws {
        let picture = Picture(width: 2, height: 2, filledWith: .white)
        try withTemporaryFolder { folder in
            let file = "\(folder)/a.png"
            write([1], to: file)
            #expect(
                refusal { try picture.writePNG(to: file) } == "\(file): it exists already: use overwrite: to replace it"
            )
            #expect(contents(file) == [1])
            try picture.writePNG(to: file, overwrite: true)
            let copy = try Picture(file: file)
            #expect(copy == picture)
            #expect(
                refusal { try picture.writePNG(to: "\(folder)/no/a.png") }
                    == "\(folder)/no/a.png: it cannot be written: No such file or directory"
            )
            #expect(
                refusal { try picture.writePNG(to: folder, overwrite: true) }
                    == "\(folder): it cannot be written: Is a directory"
            )
            #expect(names(in: folder) == ["a.png"])
        }
    }
}
