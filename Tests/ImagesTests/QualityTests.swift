import Images
import Testing

@Suite("Quality")
struct QualityTests {
    @Test("PSNR and SSIM are those that numpy computes", arguments: Fixture.expected("quality"))
    func values(_ line: [String]) throws {
        let a = try Picture(file: Fixture.path(line[0]))
        let b = try Picture(file: Fixture.path(line[1]))
        let quality = PictureQuality(of: b, comparedTo: a)
        let numbers = try line[2...].map { try #require(Double($0)) }
        #expect(abs(quality.meanSquaredError - numbers[0]) < 1e-9)
        #expect(abs(quality.meanDifference - numbers[1]) < 1e-9)
        #expect(quality.largestDifference == Int(numbers[2]))
        #expect(quality.psnr == numbers[3] || abs(quality.psnr - numbers[3]) < 1e-9)
        #expect(abs((quality.ssim ?? 0) - numbers[4]) < 1e-9)
    }

    @Test("A picture smaller than the window has no SSIM")
    func small() {
        let picture = Picture(width: 10, height: 40, filledWith: .white)
        let quality = PictureQuality(of: picture, comparedTo: picture)
        #expect(quality.ssim == nil)
        #expect(quality.psnr == .infinity)
    }
}
