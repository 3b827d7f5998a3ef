import CheckpointIO
import Foundation
import Inspection
import ModelZoo
import Models
import TensorCore
import TestSupport
import Testing

@Suite struct ManifestTests {
    private func manifest(_ path: String, names: Manifest.Names = .diffusers, as dtype: DType? = nil) throws -> Manifest
    {
        try Manifest(of: OpenedModel(path, registry: Registry()), names: names, as: dtype)
    }

    private func tiny(_ family: String, _ file: String) throws -> Manifest {
        let folder = Fixtures.path("tiny/\(family)")
        let path = folder + "/diffusers/config.json"
        let hints = ModelHints(config: try AutoencoderDCConfig.read(file: path))
        return try Manifest(of: OpenedModel(folder + "/" + file, hints, registry: Registry()))
    }

    @Test(arguments: Fixtures.families) func bothLayoutsHaveOneManifest(family: String) throws {
        let (a, b) = (try tiny(family, "original.safetensors"), try tiny(family, "diffusers"))
        #expect(a.text == b.text && a.names == .diffusers && !a.entries.isEmpty)
        #expect(try Manifest(reading: Array(a.text.utf8)) == a)
    }

    /// A file of which every line is known.
    private func small(_ folder: TemporaryFolder) throws -> Manifest {
        let path = try folder.write(
            "small.safetensors",
            tensors: [
                (.init(name: "b", dtype: .f32, shape: [2]), Array(repeating: 0, count: 8)),
                (.init(name: "a\n\\", dtype: .u8, shape: []), [1]),
            ]
        )
        return try manifest(path)
    }

    @Test func theTextIsStable() throws {
        let folder = try TemporaryFolder()
        let manifest = try small(folder)
        let one = SHA256.digest([1]), zeros = SHA256.digest([UInt8](repeating: 0, count: 8))
        let lines = "\(one)  U8  []  a\\u{a}\\\\\n\(zeros)  F32  [2]  b\n"
        let content = SHA256.digest(Array(lines.utf8))
        #expect(manifest.text == "# dcae manifest 1\n# names stored\n# content sha256:\(content)\n" + lines)
        #expect(try Manifest(reading: Array(manifest.text.utf8)) == manifest)
    }

    /// Two names that would look alike are told apart.
    @Test func escapingKeepsNamesApart() {
        let names = ["a\n", "a\\u{a}", "a\\n", "a\\", "a\\\\", "\u{e9}", "e\u{301}", "a\u{202E}b"]
        #expect(Set(names.map { UTF8Name(Manifest.escape($0)) }).count == names.count)
        #expect(Manifest.escape("a\u{202E}b") == "a\\u{202e}b")
    }

    @Test func aCastIsThatOfTheConvertedFile() throws {
        let folder = try TemporaryFolder()
        let floats: [Float] = [1.001, -2.7, 65519, 3e-8]
        let halves = floats.map { Float16($0) }
        func write(_ name: String, _ dtype: DType, _ bytes: [UInt8]) throws -> String {
            try folder.write(
                name,
                tensors: [
                    (.init(name: "w", dtype: dtype, shape: [4]), bytes),
                    (.init(name: "n", dtype: .i64, shape: [1]), Array(repeating: 3, count: 8)),
                ]
            )
        }
        let wide = try write("wide.safetensors", .f32, floats.withUnsafeBytes { Array($0) })
        let narrow = try write("narrow.safetensors", .f16, halves.withUnsafeBytes { Array($0) })
        #expect(try manifest(wide, as: .f16).text == manifest(narrow).text)
        #expect(try manifest(wide).content != manifest(narrow).content)
        #expect(try manifest(wide, as: .bf16).text != manifest(narrow, as: .bf16).text, "rounded twice")
        let comparison = ManifestComparison(expected: try manifest(narrow), found: try manifest(wide))
        #expect(comparison.suggestedCast == .f16 && comparison.equalCount == 1)
        #expect(comparison.different.map(\.text) == ["F32 instead of F16"])
    }

    @Test func comparisonsNameWhatDiffers() throws {
        let folder = try TemporaryFolder()
        func write(_ name: String, _ tensors: [(String, Shape, [UInt8])]) throws -> Manifest {
            try manifest(
                folder.write(name, tensors: tensors.map { (.init(name: $0.0, dtype: .u8, shape: $0.1), $0.2) })
            )
        }
        let a = try write(
            "a",
            [("same", [2], [1, 2]), ("shape", [2], [1, 2]), ("value", [1], [1]), ("gone", [1], [1])]
        )
        let b = try write(
            "b",
            [("same", [2], [1, 2]), ("shape", [1, 2], [1, 2]), ("value", [1], [2]), ("new", [1], [1])]
        )
        let found = ManifestComparison(expected: a, found: b)
        #expect(!found.isEqual && found.equalCount == 1 && found.suggestedCast == nil)
        #expect(found.different.map(\.found.name) == ["shape", "value"])
        #expect(found.different.map(\.text) == ["shape [1, 2] instead of [2]", "other content"])
        #expect(found.missing.map(\.name) == ["gone"] && found.unexpected.map(\.name) == ["new"])
        #expect(ManifestComparison(expected: a, found: a).isEqual)
    }

    /// What is wrong with a manifest, in one line that says which line and what to do.
    @Test(
        arguments: [
            (
                "# dcae manifest 1", "",
                "line 1: this is not a manifest: it does not begin with \"# dcae manifest 1\"; `dcae hash` makes one"
            ),
            (
                "# dcae manifest 1", "# dcae manifest 2",
                "line 1: \"2\" is an unknown version; use a newer dcae"
            ),
            ("names stored", "names other", "line 2: it is not \"# names diffusers\" or \"# names stored\"; REMAKE"),
            ("content sha256:", "content sha1:", "line 3: it is not \"# content sha256:\" and 64 digits; REMAKE"),
            ("  U8  ", "  U9  ", "line 4: unknown dtype \"U9\"; REMAKE"),
            (
                "  []  ", " [] ",
                "line 4: it is not a digest, a dtype, a shape and a name with two spaces between them; REMAKE"
            ),
            ("  []  ", "  [01]  ", "line 4: the shape is not written as [512,3,3,3]; REMAKE"),
            ("  []  ", "  [-1]  ", "line 4: the shape is not written as [512,3,3,3]; REMAKE"),
            ("  []  ", "  [99999999999999999999]  ", "line 4: the shape is not written as [512,3,3,3]; REMAKE"),
            ("  a\\u{a}", "  a\u{1B}[31m", "line 4: the name holds characters that manifests do not have; REMAKE"),
            ("  a\\u{a}", "  c", "line 5: the name comes before that of the line above; REMAKE"),
            ("  b\n", "  b", "the last line has no line end; REMAKE"),
            ("[2]  b\n", "[3]  b\n", "its content digest does not match its lines; REMAKE"),
            (
                "  b\n", "  b\n\n",
                "line 6: it is not a digest, a dtype, a shape and a name with two spaces between them; REMAKE"
            ),
        ] as [(String, String, String)]
    )
    func badManifests(part: String, replacement: String, message: String) throws {
        let folder = try TemporaryFolder()
        let text = try small(folder).text.replacingOccurrences(of: part, with: replacement)
        let path = try folder.write("m.txt", Array(text.utf8))
        let error = try #require(throws: CheckpointError.self) { try Manifest.read(file: path) }
        let remake = "the file was cut or edited; make it again with `dcae hash`"
        #expect(
            "\(error.fault.message)" + (error.fault.remedy.map { "; \($0)" } ?? "")
                == message.replacingOccurrences(of: "REMAKE", with: remake)
        )
        #expect(error.description.utf8.count < 300)
    }

    @Test func aDigestInCapitalsIsRefused() throws {
        let folder = try TemporaryFolder()
        var lines = try small(folder).text.split(separator: "\n").map(String.init)
        lines[3] = lines[3].prefix(64).uppercased() + lines[3].dropFirst(64)
        let text = lines.joined(separator: "\n") + "\n"
        let error = try #require(throws: ManifestFault.self) { try Manifest(reading: Array(text.utf8)) }
        #expect(error == .badTensor(line: 4, .digest))
    }

    @Test func everyBeginningOfAManifestIsRefused() throws {
        let folder = try TemporaryFolder()
        let bytes = Array(try small(folder).text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: ManifestFault.self) { try Manifest(reading: Array(bytes[..<count])) }
        }
        for bad: [UInt8] in [[0xFF, 0xFE], [0], Array("\u{FEFF}".utf8)] {
            #expect(throws: ManifestFault.self) { try Manifest(reading: bytes + bad + [10]) }
            #expect(throws: ManifestFault.self) { try Manifest(reading: bad + bytes) }
        }
    }

    /// Whatever is done to a manifest, it is refused or says what it says.
    @Test func damagedManifestsAreRefused() throws {
        let manifest = try tiny("lite", "diffusers")
        let bytes = Array(manifest.text.utf8)
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<300 {
            var damaged = bytes
            let place = random(bytes.count)
            switch random(3) {
            case 0: damaged[place] ^= UInt8(1 + random(255))
            case 1: damaged.remove(at: place)
            default: damaged.insert(UInt8(random(256)), at: place)
            }
            if damaged != bytes {
                #expect(throws: ManifestFault.self) { try Manifest(reading: damaged) }
            }
        }
    }

    /// The names of the nearest network would change when a nearer one becomes known.
    @Test func whatIsNotExactlyKnownKeepsItsNames() throws {
        let path = Fixtures.path("tiny/sana/original.safetensors")
        let model = try OpenedModel(path, registry: Registry())
        #expect(model.network == nil && model.nearestNetwork != nil)
        #expect(try Manifest(of: model, nearest: true).names == .diffusers)
        #expect(try manifest(path).names == .stored)
    }
}
