import Images
import StrictJSON
import TestSupport
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

    /// To 1e-5, which is what single precision leaves torchmetrics; far nearer to it in double precision, but for constants
    /// that it has in single precision all the same: 10 / ln 10, and the exponents of MS-SSIM.
    @Test("PSNR, SSIM and MS-SSIM are torchmetrics'")
    func torchmetrics() throws {
        let cases = try #require(try Fixtures.json("quality/expected.json")["quality"]?.array)
        #expect(cases.count == 5)
        for expected in cases {
            func integer(_ name: String) throws -> Int { try #require(expected[name]?.integer) }
            let (width, height, seed) = (try integer("width"), try integer("height"), try integer("seed"))
            let original = SeededPicture.make(width, height, seed: seed)
            let picture = SeededPicture.make(width, height, seed: seed, noise: try integer("noise"))
            #expect(hash(picture) == expected["hash"]?.string)
            let quality = PictureQuality(of: picture, comparedTo: original, multiscale: true)
            func isNear(_ value: Double?, _ name: String, _ tolerance: Double) -> Bool {
                guard let wanted = expected[name]?.number else { return value == nil }
                return abs((value ?? .nan) - wanted) < tolerance
            }
            #expect(isNear(quality.psnr, "psnr", 1e-5))
            #expect(isNear(quality.ssim, "ssim", 1e-9) && isNear(quality.ssim, "ssim_f32", 1e-5))
            #expect(isNear(quality.multiscaleSSIM, "ms_ssim", 1e-7))
            #expect(isNear(quality.multiscaleSSIM, "ms_ssim_f32", 1e-5))
            #expect((quality.multiscaleSSIM == nil) == (min(width, height) < PictureQuality.leastMultiscaleSide))
        }
    }

    @Test("A picture smaller than the window has no SSIM")
    func small() {
        let picture = Picture(width: 5, height: 40, filledWith: .white)
        let quality = PictureQuality(of: picture, comparedTo: picture)
        #expect(quality.ssim == nil)
        #expect(quality.psnr == .infinity)
    }
}
