import Images
import TestSupport
import Testing

/// A part of a resized picture is computed alone, and is the part of the whole to the bit.
@Suite struct ResampleAreaTests {
    /// Sides of the new picture: both other, one kept, both kept; long and thin too.
    static let sizes = [(40, 30), (61, 30), (40, 47), (61, 47), (120, 94), (20, 400), (7, 5)]

    @Test(arguments: sizes, [ResampleFilter.bicubic, .lanczos, .box]) func aPartIsThatOfTheWhole(
        size: (width: Int, height: Int),
        filter: ResampleFilter
    ) {
        let bytes = Picture.landscape(width: 61, height: 47)
        let words = Picture(width: 61, height: 47, samples: .words(bytes.bytes.map { UInt16($0) * 256 + 77 }))
        for picture in [bytes, words] {
            for order in [ResampleOrder.pillow13, .rowsFirst] {
                func resized(_ area: PixelArea?) -> Picture {
                    picture.resized(toWidth: size.width, height: size.height, by: filter, order: order, area: area)
                }
                let whole = resized(nil)
                #expect(whole.width == size.width && whole.height == size.height)
                for area in [
                    PixelArea(x: 1, y: 2, width: size.width - 3, height: size.height - 3),
                    PixelArea(x: 0, y: 0, width: size.width, height: 1),
                    PixelArea(x: size.width - 1, y: 0, width: 1, height: size.height),
                ] {
                    #expect(resized(area) == whole.cropped(to: area))
                }
            }
        }
    }
}
