import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

/// What people type, rightly or not, gets an answer.
@Suite struct MannersTests {
    static let sana = Fixtures.path("tiny/sana/diffusers")

    /// Every error begins alike, names what was meant, and belongs to its command; wrong usage is 64.
    @Test(
        arguments: [
            (["convrt", "x"], "dcae: error: there is no command \"convrt\"; did you mean convert?"),
            (["--verify"], "dcae: error: Unknown option '--verify'"),
            (["convert", "x", "-o", "y", "--foo"], "See 'dcae convert --help'"),
            (["convert", "x", "-o", "y", "--max-shard-size", "500"], "500 is 500 bytes: did you mean 500MB?"),
            (["convert", "x", "-o", "y", "--max-shard-size", "500"], "See 'dcae convert --help'"),
            (["roundtrip", "x", "--size", "64"], "--size, --limit and --stages are for pictures"),
            (["roundtrip", "x", "p.png", "--size", "0"], "--size must be from 1 to 16384"),
            (["show", "mix"], "\"mix\" can mean f32c32-mix"),
        ]
    )
    func wrongUsageIsAnswered(arguments: [String], words: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 64)
        #expect(result.error.hasPrefix("dcae: error: ") && result.error.contains(words), "\(result.error)")
    }

    /// A folder of pictures ends in a summary; what cannot be read is named and passed over.
    @Test func aFolderIsAReport() throws {
        let folder = try TemporaryFolder()
        try folder.write("p/broken.png", Array("no picture".utf8))
        for side in 1...15 {
            try Picture.landscape(width: 32 * side, height: 64).writePNG(to: folder("p/\(side).png"))
        }
        let arguments = ["roundtrip", Self.sana, folder("p"), "--size", "64"]
        let result = try Program.run(arguments + ["-o", folder("s.png")])
        #expect(result.status == 2)
        #expect(result.errorLines.count { $0.contains("broken.png") } == 1)
        #expect(result.errorLines.last == "dcae: 1 of 16 pictures was skipped")
        for words in ["PSNR of 15 pictures: mean ", ", median ", "SSIM of 15 pictures", "the worst first"] {
            #expect(result.output.contains(words), "\(result.output)")
        }
        // Stages are for one picture, or on request.
        #expect(!result.output.contains("encoder.down_blocks"))
        #expect(try Program.run(arguments + ["--stages"]).output.contains("encoder.down_blocks"))
        let some = try Program.run(arguments + ["--limit", "3", "--json"]).result
        #expect(some["pictures"]?.array?.count == 3 && some["summary"]?["psnr"]?["mean"]?.number != nil)
        // Twelve rows, not fifteen.
        let (all, few) = (try Picture(file: folder("s.png")), try Self.sheet(folder, ["--limit", "12"]))
        #expect(abs(all.size.height - few.size.height) < 64)
    }

    private static func sheet(_ folder: TemporaryFolder, _ more: [String]) throws -> Picture {
        let line = ["roundtrip", sana, folder("p"), "--size", "64", "-o", folder("few.png")]
        _ = try Program.run(line + more)
        return try Picture(file: folder("few.png"))
    }

    /// Pictures are arguments where they are measured, and --images still takes them.
    @Test func picturesAreArguments() throws {
        let folder = try TemporaryFolder()
        try folder.write("p/notes.txt", [])
        for side in 1...3 { try Picture.landscape(width: 64 * side, height: 64).writePNG(to: folder("p/\(side).png")) }
        for command in ["scale", "identify"] {
            let named = try Program.run([command, Self.sana, folder("p"), "--size", "64", "--json"])
            let option = try Program.run([command, Self.sana, "--images", folder("p"), "--size", "64", "--json"])
            #expect(named.status == 0 && named.output == option.output)
            #expect(named.output.contains("\"picture_count\": 3"))
        }
    }

    /// Variants and layouts complete: those of one's own registry too.
    @Test(arguments: ["bash", "zsh", "fish"]) func namesComplete(shell: String) throws {
        let script = try Program.run(["--generate-completion-script", shell]).output
        #expect(script.contains("dcae list --quiet") && script.contains("comfyui"))
        #expect(try Program.run(["list", "--quiet"]).output.contains("dc-ae-f32c32-sana-1.0\n"))
    }

    /// Tables and blocks of lines are made for the terminal; sentences, paths and digests go on as long as they are.
    @Test(
        arguments: [
            "list", "show sana-1.0", "show f32c128-1.5", "show ace-step", "tokens 1024x1024 1920x1080", "inspect SANA",
            "inspect SANA --stats", "roundtrip SANA p.png --stages",
            "bench SANA --size 64 --repeat 1",
            "bench SANA --size 64 --repeat 1 --layers", "bench SANA --size 64 --repeat 1 --roofline",
            "scale SANA photos --size 64", "eval SANA photos --size 64", "diff SANA SANA --brief",
        ],
        [80, 120]
    )
    func tablesFitTheTerminal(line: String, columns: Int) throws {
        let folder = try TemporaryFolder()
        try folder.write("photos/a.png", [])
        for path in ["p.png", "photos/a.png", "photos/b.png"] {
            try Picture.landscape(width: 64, height: 64).writePNG(to: folder(path), overwrite: true)
        }
        let arguments = line.split(separator: " ").map { $0 == "SANA" ? Self.sana : String($0) }
        let environment = ["COLUMNS": "\(columns)", "HF_HUB_OFFLINE": "1", "HF_HOME": folder("hub")]
        let result = try Program.run(arguments, environment: environment, in: folder.path)
        #expect(result.status == 0, "\(result.error)")
        let wide = result.output.replacing(Self.sana, with: "sana").split(separator: "\n").filter { $0.count > columns }
        #expect(wide.isEmpty, "\(wide)")
    }

    /// What a latent says of itself, and the table of its first channels, fit a terminal.
    @Test func latentsFitTheTerminal() throws {
        let folder = try TemporaryFolder()
        let (picture, latent) = (folder("p.png"), folder("l.safetensors"))
        try Picture.landscape(width: 64, height: 64).writePNG(to: picture)
        #expect(try Program.run(["encode", Self.sana, picture, "-o", latent, "--scaled"]).status == 0)
        for line in [
            ["inspect", "l.safetensors"],
            ["roundtrip", Fixtures.path("tiny/v15/diffusers"), "p.png", "--latent-channels", "8,16"],
        ] {
            let result = try Program.run(line, environment: ["COLUMNS": "80"], in: folder.path)
            #expect(result.status == 0)
            #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(result.output)")
        }
    }

    /// The manual page has every command, and none of its lines is taken for a macro.
    @Test func theManualHasEveryCommand() throws {
        let page = try Program.run(["manual"]).output
        for command in ["convert", "cache verify", "eval", "pull"] {
            #expect(page.contains(".SS dcae \(command)\n"))
        }
        let macros: Set<Substring> = [".TH", ".SH", ".SS", ".B", ".I", ".RI", ".nf", ".fi"]
        for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(macros.contains(line.prefix { $0 != " " }), "\(line)")
        }
    }

    /// The version stands alone on a line, with the commit that it was built from where the build knew one.
    @Test func theVersionNamesTheCommit() throws {
        let result = try Program.run(["--version"])
        #expect(result.status == 0)
        #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+( \([0-9a-f]{9}\+?\))?\n/) != nil, "\(result.output)")
        // A checkout, as the one that these tests are run from nearly always is, has one.
        let checkout = try Program.shell("git -C \"$1\" rev-parse --short=9 HEAD", [Fixtures.project])
        if checkout.status == 0 { #expect(result.output.contains("(")) }
    }
}
