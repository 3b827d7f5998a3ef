import Images
import Testing

@Suite("Fitting and resampling")
struct FittingTests {
    let picture: Picture

    init() throws {
        picture = try Picture(file: Fixture.path("rgb8.png"))
    }

    @Test("Resizing gives PIL's bytes", arguments: Fixture.expected("resize"))
    func resize(_ line: [String]) throws {
        let filter: ResampleFilter = line[0] == "bicubic" ? .bicubic : .lanczos
        let resized = picture.resized(
            toWidth: try #require(Int(line[1])),
            height: try #require(Int(line[2])),
            by: filter
        )
        #expect(hash(resized) == line[3])
    }

    @Test("The square in the middle is torchvision's", arguments: Fixture.expected("square"))
    func square(_ line: [String]) throws {
        #expect(
            hash(try picture.centreSquare(side: try #require(Int(line[0])), crop: .torchvision, name: "f")) == line[1]
        )
    }

    @Test("Resizing 16 bits gives what PIL makes of floating-point channels", arguments: Fixture.expected("resize16"))
    func resizeWords(_ line: [String]) throws {
        let filter: ResampleFilter = line[0] == "bicubic" ? .bicubic : .lanczos
        let wide = try Picture(file: Fixture.path("rgb16.png"))
        let resized = wide.resized(toWidth: try #require(Int(line[1])), height: try #require(Int(line[2])), by: filter)
        #expect(resized.bits == 16)
        #expect(hash(resized) == line[3])
    }

    @Test("Cropping keeps the middle, padding repeats the edge, resizing goes to the nearest multiple")
    func fits() throws {
        let crop = try picture.fitted(toMultipleOf: 8, by: .crop, name: "f")
        #expect(crop.picture == picture.cropped(to: PixelArea(x: 2, y: 2, width: 32, height: 24)))
        #expect(crop.content == PixelArea(x: 0, y: 0, width: 32, height: 24))

        let pad = try picture.fitted(toMultipleOf: 8, by: .pad, name: "f")
        #expect(pad.picture.size.description == "40x32")
        #expect(pad.content == PixelArea(x: 0, y: 0, width: 37, height: 29))
        #expect(pad.picture.cropped(to: pad.content) == picture)
        #expect(pad.picture.colour(x: 39, y: 3) == picture.colour(x: 36, y: 3))
        #expect(pad.picture.colour(x: 39, y: 31) == picture.colour(x: 36, y: 28))

        let resize = try picture.fitted(toMultipleOf: 8, by: .resize, name: "f")
        #expect(resize.picture == picture.resized(toWidth: 40, height: 32, by: .lanczos))
    }

    @Test("A picture that fits is left alone", arguments: Fit.allCases)
    func fitting(_ fit: Fit) throws {
        let whole = try picture.fitted(toMultipleOf: 1, by: fit, name: "f")
        #expect(whole.picture == picture)
        #expect(whole.content == PixelArea(x: 0, y: 0, width: 37, height: 29))
    }

    @Test("A picture that does not fit is refused with the sizes that would")
    func refusals() {
        #expect(
            refusal { try picture.fitted(toMultipleOf: 8, by: .exact, name: "cat.png") }
                == "cat.png: the picture has 37x29 pixels, but both sides must be multiples of 8: use fit: \"crop\" (32x24), "
                + "fit: \"pad\" (40x32), fit: \"resize\" (40x32)"
        )
        #expect(
            refusal { try picture.fitted(toMultipleOf: 64, by: .exact, name: "cat.png") }
                == "cat.png: the picture has 37x29 pixels, but both sides must be multiples of 64: use fit: \"pad\" (64x64), "
                + "fit: \"resize\" (64x64)"
        )
        #expect(
            refusal { try picture.fitted(toMultipleOf: 32, by: .crop, name: "cat.png") }
                == "cat.png: the picture has 37x29 pixels, too few to crop to a multiple of 32: use fit: \"pad\" or fit: \"resize\""
        )
        let thread = Picture(width: 1, height: 60000, filledWith: .white)
        #expect(
            refusal { try thread.centreSquare(side: 256, crop: .torchvision, name: "thread.png") }
                == "thread.png: the picture has 256x15360000 pixels, more than the 268435456 that are allowed: make it smaller"
        )
    }
}
