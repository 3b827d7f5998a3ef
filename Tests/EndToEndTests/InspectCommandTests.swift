import StrictJSON
import TensorCore
import TestSupport
import Testing

/// `dcae inspect` as a user meets it.
@Suite struct InspectCommandTests {
    private static let values = Fixtures.path("statistics/values.safetensors")

    private func inspect(_ arguments: [String], columns: Int? = nil) throws -> Program.Result {
        let width = columns.map { ["COLUMNS": String($0)] } ?? ["COLUMNS": ""]
        return try Program.run(["inspect"] + arguments, environment: width)
    }

    /// The tables to the letter, at widths that show different columns; Tests/Fixtures/statistics/table-WIDTH.txt.
    @Test(arguments: [80, 120, 200]) func statisticsFitTheTerminal(columns: Int) throws {
        let result = try inspect([Self.values, "--stats"], columns: columns)
        #expect(result.status == 0 && result.error.isEmpty)
        #expect(try result.output == Fixtures.text(Fixtures.path("statistics/table-\(columns).txt")))
    }

    @Test func statisticsAsJSON() throws {
        let document = try inspect([Self.values, "--stats", "--json"]).result
        #expect(document["statistics"]?["nan"]?["value_count"]?.integer ?? 0 > 0)
        let tensors = try #require(document["tensors"]?.array)
        let far = try #require(tensors.first { $0["name"] == "f32.far" }?["statistics"])
        #expect(far["value_count"] == 9001 && far["histogram"]?["lowest_exponent"] == 13)
        #expect(tensors.first { $0["name"] == "f32.nan" }?["statistics"]?["mean"] == .null)
    }

    @Test func listsAreFilteredAndSorted() throws {
        let path = Fixtures.path("tiny/sana/diffusers")
        func names(_ arguments: [String]) throws -> [String] {
            let lines = try inspect([path] + arguments).output.split(separator: "\n").dropFirst()
            return lines.compactMap { $0.split(separator: " ").first.map(String.init) }
        }
        let all = try names(["--tensors"])
        let some = try names(["--filter", "*conv_in.*", "--filter", "*.conv_out.bias"])
        #expect(
            Set(some) == [
                "encoder.conv_in.weight", "encoder.conv_in.bias", "encoder.conv_out.bias", "decoder.conv_in.weight",
                "decoder.conv_in.bias", "decoder.conv_out.bias",
            ]
        )
        #expect(try names(["--sort", "name"]) == all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let sizes = try inspect([path, "--sort", "size", "--json"])
        let bytes = try sizes.result["tensors"]?.array?.compactMap { $0["bytes"]?.integer }
        #expect(bytes?.count == all.count && bytes == bytes?.sorted(by: >))
        let nothing = try inspect([path, "--filter", "conv"])
        #expect(nothing.status == 0 && nothing.error == "dcae: note: no tensor name matches\n")
    }

    @Test func namesLoseTheirMiddle() throws {
        let result = try inspect([Fixtures.path("tiny/sana/diffusers"), "--tensors"], columns: 70)
        let lines = result.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= 70 } && lines.contains { $0.contains("…") })
        let piped = try inspect([Fixtures.path("tiny/sana/diffusers"), "--tensors"])
        #expect(!piped.output.contains("…"))
    }

    @Test func theTreeAddsUp() throws {
        let path = Fixtures.path("tiny/f32/diffusers")
        let document = try inspect([path, "--tree", "--json"]).result
        let rows = try #require(document["tree"]?.array)
        let top = rows.filter { $0["depth"] == 1 }
        #expect(top.map { $0["name"] } == ["decoder", "encoder"])
        for field in ["value_count", "bytes"] {
            #expect(top.compactMap { $0[field]?.integer }.reduce(0, +) == document[field]?.integer)
            let leaves = rows.filter { $0["dtype"] != nil }
            #expect(leaves.compactMap { $0[field]?.integer }.reduce(0, +) == document[field]?.integer)
        }
        let shallow = try inspect([path, "--depth", "1"]).output.split(separator: "\n")
        #expect(shallow.count == 4 && shallow[2].hasPrefix("├─ decoder ") && shallow[3].hasPrefix("└─ encoder "))
    }

    @Test func theSummaryIsTheDefault() throws {
        let result = try inspect([Fixtures.path("tiny/sana/diffusers")])
        #expect(result.status == 0 && result.output.contains("\n  format      safetensors\n"))
        #expect(result.output.contains("\nMODULE ") && !result.output.contains("TENSOR "))
    }

    /// What a terminal would obey does not reach it.
    @Test(arguments: [["--tensors"], ["--tree"], ["--stats"]]) func namesAreEscaped(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "a.safetensors",
            tensors: [(.init(name: "a\u{1B}[2J.b\n", dtype: .f32, shape: [1]), [0, 0, 192, 127])]
        )
        let result = try inspect([path] + arguments)
        #expect(result.status == 0 && !result.output.contains("\u{1B}") && result.output.contains("\\u{1b}[2J"))
    }

    @Test(
        arguments: [
            ["--sort", "mean"], ["--sort", "weight"], ["--depth", "0"], ["--depth", "x"],
        ]
    )
    func wrongUsage(arguments: [String]) throws {
        #expect(try inspect([Self.values] + arguments).status == 64)
    }

    @Test func aFileThatShrinksIsAnError() throws {
        let folder = try TemporaryFolder()
        let bytes = try Fixtures.bytes(Self.values)
        let path = try folder.write("short.safetensors", Array(bytes.dropLast(100)))
        let result = try inspect([path, "--stats"])
        #expect(result.status == 2 && result.output.isEmpty && result.errorLines.count == 1)
    }
}
