import CheckpointIO
import Foundation
import Images
import Perception
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `dcae eval`, run as people run it. No weights of other networks are looked for but those that a test makes.
@Suite struct EvalCommandTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")
    static let f32 = Fixtures.path("tiny/f32/diffusers")

    private static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Result {
        let result = try Program.run(
            ["eval"] + arguments,
            environment: ["TORCH_HOME": "/nonexistent"].merging(environment) { $1 }
        )
        #expect(!result.wasSignalled)
        return result
    }

    private static func writePictures(_ folder: TemporaryFolder, count: Int = 6) throws {
        for index in 0..<count {
            let key = "photos/\(index % 2 == 0 ? "below/" : "")p\(index).png"
            try folder.write(key, [])
            try SeededPicture.make(80 + index * 9, 70 + index * 5, seed: index).writePNG(
                to: folder(key),
                overwrite: true
            )
        }
    }

    private static func json(_ result: Program.Result) throws -> JSONValue {
        try #require(try result.result["evaluation"])
    }

    @Test func oneModel() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder)
        let command = [Self.sana, folder("photos"), "--size", "64"]
        let shown = try Self.run(command)
        #expect(shown.status == 0)
        #expect(shown.output.hasPrefix("6 pictures at 64x64, cut in ADM's way\n"))
        for word in ["PSNR, dB", "SSIM", "MS-SSIM      not defined", "latent rms", "worst PSNR"] {
            #expect(shown.output.contains(word), "\(word)")
        }
        #expect(
            shown.errorLines == [
                "dcae: note: LPIPS and rFID are skipped, because no weights were found: see --lpips-weights and --fid-weights",
                "dcae: note: MS-SSIM is not defined for 6 pictures with a side below 176 pixels",
            ]
        )
        let document = try Self.json(try Self.run(command + ["--json", "--threads", "1"]))
        let model = try #require(document["models"]?.array?.first)
        let psnr = try #require(model["psnr"]?["mean"]?.number)
        #expect(document["picture_count"] == 6 && document["measured"]?["crop"] == "adm" && model["rfid"] == .null)
        #expect(document["measured"]?["program"]?.string?.hasPrefix("dcae ") == true)
        #expect(document["pictures"]?.array?.count == 6 && model["psnr"]?["worst"]?.array?.count == 5)
        #expect(try Self.run(command + ["-q"]).output.hasPrefix("psnr \(psnr) ssim "))
    }

    /// 1, 3 and 50 parts give the bytes of one run, also of two models.
    @Test func partsGiveTheBytesOfOneRun() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder)
        let command = [Self.sana, Self.f32, folder("photos"), "--size", "64"]
        let whole = try Self.run(command + ["--json"])
        for count in [1, 3, 50] {
            let parts = folder("parts\(count)") + "/"
            for index in 1...count {
                let part = try Self.run(command + ["--shard", "\(index)/\(count)", "-o", parts, "-q"])
                #expect(part.status == 0 && part.error.isEmpty, "\(part.error)")
            }
            let files = folder.contents("parts\(count)").map { parts + $0 }
            #expect(files.count == count)
            let merged = try Self.run(["merge"] + files.reversed() + ["--json", "-o", folder("merged\(count).json")])
            #expect(try merged.measured == whole.measured && merged.status == 0)
        }
        #expect(try Fixtures.bytes(folder("merged3.json")) == Fixtures.bytes(folder("merged50.json")))
        let differences = try #require(try Self.json(whole)["differences"]?.array?.first)
        #expect(differences["psnr"]?["verdict"]?.string != nil && differences["against"]?.string == "sana/diffusers")
        // What a merge wrote is a finished result, which goes on without measuring anything.
        let again = try Self.run(command + ["-o", folder("merged3.json"), "--resume", "--json"])
        #expect(try again.measured == whole.measured && again.error.contains("6 of 6 pictures were measured before"))
        let some = try Self.run(["merge", folder("parts3/part-00001-of-00003.json")])
        #expect(some.status == 2 && some.error.contains("parts 2, 3 of 3 are missing"))
    }

    @Test func slurmSaysWhichPart() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 3)
        let command = [Self.sana, folder("photos"), "--size", "64", "-o", folder("parts") + "/"]
        let task = ["SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "0"]
        let result = try Self.run(command, environment: task)
        #expect(result.status == 0 && result.output.contains("(part 2/3, 1 pictures)"))
        #expect(folder.contents("parts") == ["part-00002-of-00003.json"])
    }

    /// Bad pictures are named, passed over and counted, and the exit code says so.
    @Test func badPicturesArePassedOver() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 2)
        try folder.write("photos/empty.png", [])
        let result = try Self.run([Self.sana, folder("photos"), "--size", "64"])
        #expect(result.status == 2)
        #expect(result.errorLines.last == "dcae: 1 of 3 pictures was skipped")
        #expect(result.errorLines.contains("dcae: warning: empty.png: the file is empty, but a picture was expected"))
        #expect(result.output.hasPrefix("2 pictures at 64x64, cut in ADM's way, 1 passed over\n"))
        let none = try Self.run([Self.sana, folder("photos/empty.png"), "--size", "64", "-q"])
        #expect(none.status == 2 && none.errorLines.count == 1 && none.output.isEmpty)
    }

    @Test func twoFoldersWithoutAModel() throws {
        let folder = try TemporaryFolder()
        for index in 0..<10 {
            for (name, noise) in [("a", 0), ("b", 4), ("c", 9)] {
                try folder.write("\(name)/p\(index).png", [])
                try SeededPicture.make(200, 180, seed: index, noise: noise)
                    .writePNG(to: folder("\(name)/p\(index).png"), overwrite: true)
            }
        }
        try folder.write("b/more.png", [0x89])
        let result = try Self.run(
            ["--pairs", folder("a"), folder("b"), folder("c"), "--html", folder("page.html"), "--worst", "1"]
        )
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("costs ") && result.output.contains("MS-SSIM"))
        #expect(result.error.contains("more.png belongs to no original"))
        let page = try Fixtures.text(folder("page.html"))
        #expect(page.components(separatedBy: "<img ").count == 6 && page.contains("Picture by picture"))
        try FileManager.default.removeItem(atPath: folder("b/p1.png"))
        let missing = try Self.run(["--pairs", folder("a"), folder("b"), "--json"])
        #expect(missing.status == 2)
        let document = try Self.json(missing)
        #expect(document["errors"]?.array?.first?["place"]?["path"] == "p1.png" && document["picture_count"] == 9)
        #expect(document["measured"]?["size"] == .null && document["measured"]?["crop"] == "none")
    }

    /// The weights of the other networks, and statistics that are made of the originals and then read.
    @Test func perceptualMeasures() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 3)
        func write(_ name: String, _ parameters: [(String, [Int])]) throws -> String {
            try folder.write(
                name,
                tensors: parameters.map { name, shape in
                    let values = SeededWeights.values(name, shape)
                    return (
                        TensorDescriptor(name: name, dtype: .f32, shape: Shape(shape)),
                        values.withUnsafeBytes { Array($0) }
                    )
                }
            )
        }
        let lpips =
            try ["--lpips-weights", write("w/a.safetensors", ForeignNetwork.alexNet.parameters)]
            + ["--lpips-weights", write("w/h.safetensors", ForeignNetwork.heads.parameters)]
        let inception = try write("inception.safetensors", ForeignNetwork.inception.parameters)
        let command = [Self.sana, folder("photos"), "--size", "64", "--json"] + lpips
        let reference = ["--fid-weights", inception, "--fid-reference", folder("ref.npz")]
        let made = try Self.run(command + reference)
        #expect(made.status == 0, "\(made.error)")
        let first = try Self.json(made)
        let model = try #require(first["models"]?.array?.first)
        #expect(model["lpips"]?["picture_count"] == 3 && (model["rfid"]?.number ?? 0) > 0)
        #expect(first["measured"]?["weights"]?.array?.count == 3 && first["measured"]?["fid_reference_sha256"] == .null)
        #expect(made.error.contains("AlexNet ") && made.error.contains("(not the published weights)"))
        let read = try Self.json(try Self.run(command + reference))
        let other = try #require(read["models"]?.array?.first)
        #expect(read["measured"]?["fid_reference_sha256"]?.string?.count == 64)
        let (a, b) = (try #require(model["rfid"]?.number), try #require(other["rfid"]?.number))
        #expect(abs(a / b - 1) < 1e-6, "\(a) \(b)")
        // A reference of pictures alone, and what cannot be.
        let alone = try Self.run([
            folder("photos"), "--size", "64", "--fid-weights", inception, "--fid-reference", folder("b.npz"),
        ])
        #expect(alone.status == 0 && alone.output.contains("wrote \(folder("b.npz"))"), "\(alone.error)")
        #expect(try Fixtures.bytes(folder("b.npz")) == Fixtures.bytes(folder("ref.npz")))
        let none = try Self.run([folder("photos"), "--size", "64"])
        #expect(none.status == 2 && none.error.contains("no model was named"))
        let without = try Self.run([Self.sana, folder("photos"), "--size", "64", "--fid-reference", folder("ref.npz")])
        #expect(without.status == 2 && without.error.contains("need Inception's weights"))
    }

    /// A picture becomes a square by ADM's crop wherever networks are evaluated, and by torchvision's where --fit is given.
    @Test(arguments: [("74x50", 26), ("141x141", 36), ("75x50", 16)])
    func encodeCutsAsTheOriginalDoes(name: String, side: Int) throws {
        let reports = Fixtures.path("reports/61-adm-crop")
        let folder = try TemporaryFolder()
        func encode(_ picture: String, _ more: [String]) throws -> [UInt8] {
            let output = folder("latent.npy")
            let result = try Program.run(
                ["encode", reports + "/identity-f2", picture, "-o", output, "--force", "-q"] + more
            )
            #expect(result.status == 0, "\(result.error)")
            return try Fixtures.bytes(output)
        }
        let wanted = try encode("\(reports)/\(name).to\(side).png", [])
        #expect(try encode("\(reports)/\(name).png", ["--size", "\(side)"]) == wanted)
        // A picture that is not halved first may be the same in both ways.
        let other = try encode("\(reports)/\(name).png", ["--size", "\(side)", "--fit", "crop"])
        #expect((other != wanted) == (name != "74x50"))
    }

    @Test(
        arguments: [
            ([], "Missing expected argument"), (["merge"], "Missing expected argument '<results> ...'"),
            (["compare", "a.json"], "compare takes two results or more"),
            (["m", "p", "--activations", "fp16"], "an option of `dcae roundtrip`"),
            (["--pairs", "a", "b", "--engine", "reference"], "--engine is for a model"),
            (["--pairs", "a", "b", "--precision", "bf16"], "--precision is for a model"),
            (["--pairs", "a", "b", "--variant", "x"], "--variant is for a model"),
            (["--pairs", "a", "b", "--fit", "crop"], "--fit cuts pictures to the squares of --size"),
            (["merge", "a.json", "--size", "64"], "merge takes results"),
            (["m", "p", "--shard", "1/8"], "--shard needs --output"),
            (["m", "p", "--resume"], "--resume goes on from"),
            (["--pairs", "a"], "--pairs takes a folder of originals"), (["m", "p", "--size", "0"], "--size must be"),
            (["m", "p", "--no-fid", "--fid-weights", "x"], "--no-fid excludes"),
            (["m", "p", "--allow-missing"], "--allow-missing is for merge"),
        ]
    )
    func wrongUsage(arguments: [String], words: String) throws {
        let result = try Self.run(arguments)
        #expect(result.status == 64 && result.error.contains(words), "\(result.error)")
    }

    @Test func refusals() throws {
        let folder = try TemporaryFolder()
        try Self.writePictures(folder, count: 1)
        try folder.write("there.html", [65])
        let table: [([String], String)] = [
            ([Self.sana, Self.f32], "no pictures are named after it; name a folder of pictures"),
            ([Self.sana, folder("phtoos")], "phtoos: there is no such file or folder"),
            (["--pairs", folder("photos"), folder("photos/below/p0.png")], "p0.png: this is a file, where a folder"),
            ([Self.sana, folder("photos"), "--size", "65"], "--size: 65 is no multiple of 32"),
            ([Self.sana, folder("photos"), "--html", folder("there.html")], "the output exists"),
            ([Self.sana, folder("photos"), "--fid-weights", folder("none.pth")], "none.pth"),
        ]
        for (arguments, words) in table {
            let result = try Self.run(arguments + ["-q"])
            #expect(result.status == 2 && result.error.contains(words), "\(result.error)")
            #expect(result.errorLines.count == 1 && result.output.isEmpty)
        }
        #expect(try Fixtures.bytes(folder("there.html")) == [65])
    }
}
