import DCAE
import TestSupport
import Testing

@Suite struct ExampleTests {
    /// The example of `AutoencoderDC(pretrained:)`, line for line but for the path.
    func example(_ folder: String) throws -> (
        image: FloatTensor, latent: FloatTensor, sample: FloatTensor, scaled: [Float]?
    ) {
        // begin
        let model = try AutoencoderDC(pretrained: folder)
        let ratio = model.spatialCompressionRatio  // F: 8, 32, 64 or 128

        // An image: [1, 3, H, W], planes of red, green and blue in -1...1, H and W multiples of F.
        let gradient = (0..<(3 * 4 * ratio * ratio)).map { 2 * Float($0 % ratio) / Float(ratio) - 1 }
        let image = try FloatTensor(batch: 1, channels: 3, height: 2 * ratio, width: 2 * ratio, values: gradient)

        let latent = try model.encode(image)  // [1, C, 2, 2], of about 1 / scalingFactor RMS
        let sample = try model.decode(latent)  // [1, 3, H, W], nominally in -1...1

        // What a diffusion model is trained on, if the checkpoint has a scaling factor.
        let scaled = model.config.scalingFactor.map { factor in latent.values.map { $0 * Float(factor) } }

        // An approximation for large images, as in diffusers; without tiles they are exact and take more memory.
        let tiles = Tiling(
            tileSampleMinHeight: 8 * ratio,
            tileSampleMinWidth: 8 * ratio,
            tileSampleStrideHeight: 6 * ratio,
            tileSampleStrideWidth: 6 * ratio
        )
        let tiled = try model.decode(latent, tiling: tiles)
        // end
        #expect(tiled == sample, "the image is no larger than a tile")
        return (image, latent, sample, scaled)
    }

    @Test(arguments: Fixtures.families)
    func exampleRuns(family: String) throws {
        let (image, latent, sample, scaled) = try example(Tiny.diffusers(family))
        #expect(scaled?.count == latent.values.count)
        #expect(Array(latent.dimensions.suffix(2)) == [2, 2])
        #expect(sample.dimensions == image.dimensions)
    }

    /// The documentation shows what is compiled here, but for blanks and the path.
    @Test func documentationShowsThisExample() throws {
        func squeezed(_ lines: some Sequence<Substring>) -> String {
            String(lines.joined().filter { !$0.isWhitespace })
        }
        let source = try Fixtures.text(Fixtures.project + "/Sources/DCAE/AutoencoderDC+Checkpoint.swift")
        let comment = source.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("///") }
            .map { $0.dropFirst(3) }
        let fences = comment.indices.filter { comment[$0].contains("```") }
        try #require(fences.count == 2)
        let shown = squeezed(comment[(fences[0] + 1)..<fences[1]])
        let test = try Fixtures.text(Fixtures.project + "/Tests/DCAETests/ExampleTests.swift")
        let lines = test.split(separator: "\n")
        let begin = try #require(lines.firstIndex { $0.hasSuffix("// begin") })
        let end = try #require(lines.firstIndex { $0.hasSuffix("// end") })
        let run = squeezed(lines[(begin + 1)..<end])
        #expect(shown.replacing("\"dc-ae-f32c32-sana-1.0-diffusers\"", with: "folder") == run)
    }
}
