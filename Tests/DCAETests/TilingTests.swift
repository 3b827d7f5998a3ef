import DCAE
import TestSupport
import Testing

@Suite struct TilingTests {
    /// diffusers floors 448 / 128 and returns a sample of another size; here such tiles are refused.
    @Test func tilesMustBeMultiples() throws {
        let model = try AutoencoderDC(pretrained: Tiny.diffusers("f128"))
        let error = #expect(throws: NetworkError.self) { try model.check(Tiling()) }
        #expect(
            error?.description
                == "tile height 512 and stride 448 must be multiples of 128, the network's compression; use for example 512 and 384"
        )
        let zeros = [Float](repeating: 0, count: 3 << 14)
        let image = try FloatTensor(batch: 1, channels: 3, height: 128, width: 128, values: zeros)
        #expect(throws: try #require(error)) { try model.encode(image, tiling: Tiling()) }
    }

    /// At F128 tiles give samples of the right size, whatever remains at the edges.
    @Test(arguments: [(640, 256), (384, 512)])
    func sizesAreRightAtF128(height: Int, width: Int) throws {
        let model = try AutoencoderDC(pretrained: Tiny.diffusers("f128"))
        let tiling = Tiling(
            tileSampleMinHeight: 256,
            tileSampleMinWidth: 256,
            tileSampleStrideHeight: 128,
            tileSampleStrideWidth: 128
        )
        let values = (0..<(3 * height * width)).map { Float($0 % 255) / 128 - 1 }
        let image = try FloatTensor(batch: 1, channels: 3, height: height, width: width, values: values)
        let latent = try model.encode(image, tiling: tiling)
        #expect(latent.dimensions == [1, 32, height / 128, width / 128])
        #expect(try model.decode(latent, tiling: tiling).dimensions == image.dimensions)
    }
}
