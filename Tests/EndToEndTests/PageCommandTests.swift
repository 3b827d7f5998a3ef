import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing

/// The pages that commands write with `--html`, in a real browser where there is one.
@Suite struct PageCommandTests {
    private static let hostile = "<script>alert('x')</script>\"&\u{1B}\u{202E}"

    /// Two checkpoints with a hostile name each side, and a tensor of every relation.
    private static func workplace() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        func tensor(_ name: String, _ values: [Float], _ shape: Shape? = nil) -> (TensorDescriptor, [UInt8]) {
            let descriptor = TensorDescriptor(name: name, dtype: .f32, shape: shape ?? Shape([values.count]))
            return (descriptor, values.withUnsafeBytes { Array($0) })
        }
        try folder.write(
            "a<b>.safetensors",
            tensors: [
                tensor(hostile, [1, 2]), tensor("same", [1]), tensor("small", [1000, 1]), tensor("large", [1, 1]),
                tensor("gone", [7]), tensor("shaped", [1, 2]), tensor("bad", [.nan]),
            ]
        )
        try folder.write(
            "b.safetensors",
            tensors: [
                tensor(hostile, [1, 2.5]), tensor("same", [1]), tensor("small", [1000.1, 1]), tensor("large", [9, 1]),
                tensor("new", [8, 8]), tensor("shaped", [1, 2, 3]), tensor("bad", [1]),
            ]
        )
        return folder
    }

    private static func run(_ arguments: [String], _ folder: TemporaryFolder, status: Int32 = 0) throws {
        let result = try Program.run(arguments, in: folder.path)
        #expect(result.status == status, "\(arguments): \(result.error)")
    }

    private static func rows(_ visit: Browser.Visit) -> [String] {
        visit.matches("<tr id=\"t-[0-9]+\"[^>]*><th scope=\"row\">([^<]*)<")
    }

    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func aDiffIsShown() throws {
        let folder = try Self.workplace()
        try Self.run(["diff", "a<b>.safetensors", "b.safetensors", "--html", "d.html", "-q"], folder, status: 1)
        let page = try Browser.visit(folder("d.html"))
        #expect(page.trouble.isEmpty)
        #expect(page.matches("<h1>([^<]*)<")[0].hasPrefix("5 of 8 tensors differ, relative RMS "))
        #expect(page.matches("<dd>(a&lt;b&gt;.safetensors) ").count == 1)
        #expect(Self.rows(page).count == 8 && page.matches("(class=\"cell l[0-9xb]\" aria-label)").count == 8)
        #expect(page.matches("<a href=\"#(t-[0-9]+)\" class=\"cell").count == 8, "every cell leads to a row")
        #expect(!page.dom.contains("<script>alert") && page.dom.contains("&lt;script&gt;alert('x')&lt;/script&gt;"))
        #expect(!page.dom.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
        #expect(page.dom.contains("aria-label=\"large: changed, relative RMS 5.6569\""))
        // What has no number comes first, as it is the most that can differ; then by number.
        let order = Self.rows(page)
        #expect(order.first == "shaped" || order.first == "gone" || order.first == "new")
        #expect(order.last == "same")
        let sorted = try Browser.visit(folder("d.html"), fragment: "sort=table-tensors,4,descending")
        let byNumber = Self.rows(sorted)
        #expect(sorted.trouble.isEmpty && byNumber[0] == "large" && byNumber[1].hasPrefix("&lt;script&gt;"))
        #expect(byNumber[2] == "small" && byNumber.count == 8)
        let named = try Browser.visit(folder("d.html"), fragment: "sort=table-tensors,0,ascending")
        #expect(Self.rows(named) == Self.rows(named).sorted() && Self.rows(named).count == 8)
    }

    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func aNetworkIsMapped() throws {
        let folder = try TemporaryFolder()
        let sana = CommandTests.tiny("sana")
        try Self.run(["diff", sana.original, sana.diffusers, "--html", "d.html", "-q"], folder)
        try Self.run(["inspect", sana.original, "--html", "i.html", "-q"], folder)
        for (file, answer) in [
            ("d.html", "identical: all 156 tensors hold the same bytes"),
            ("i.html", "156 tensors, 1.06 MB: a DC-AE in the original layout, of no known variant"),
        ] {
            let page = try Browser.visit(folder(file))
            #expect(page.trouble.isEmpty)
            #expect(page.matches("<h1>([^<]*)<") == [answer])
            #expect(Self.rows(page).count == 156)
            let stages = page.matches("<h4>([a-z_.0-9]+) <")
            #expect(stages.first == "encoder.project_in" && stages.last == "decoder.project_out")
            #expect(stages.contains("encoder.stages.5") && stages.contains("decoder.stages.0"))
            #expect(page.dom.contains("<svg viewBox") == (file == "i.html"))
        }
    }

    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func aRoundtripCarriesItsPictures() throws {
        let folder = try TemporaryFolder()
        let sana = CommandTests.tiny("sana")
        try Self.run(["picture", "-o", "one<two>.png", "--size", "64x64", "-q"], folder)
        let arguments = ["roundtrip", sana.diffusers, "one<two>.png", "--reference", sana.diffusers, "-q"]
        try Self.run(arguments + ["--html", "r.html", "--threads", "1"], folder)
        try Self.run(arguments + ["--html", "s.html", "--threads", "2"], folder)
        #expect(try Fixtures.bytes(folder("r.html")) == Fixtures.bytes(folder("s.html")), "the same bytes each time")
        let page = try Browser.visit(folder("r.html"))
        #expect(page.trouble.isEmpty)
        #expect(page.matches("<h1>(PSNR [0-9.]+ dB, SSIM [0-9.-]+)<").count == 1)
        #expect(page.matches("(<img src=\"data:image/png;base64,iVBORw0KGgo)").count == 5)
        #expect(
            page.matches("alt=\"(Input of one&lt;two&gt;.png: [^\"]*)\"").count <= 1
                && page.dom.contains("alt=\"Input of one")
        )
        #expect(page.matches("<p class=\"also\">(Against [^<]*: identical)<").count == 1)
    }

    @Test func pagesAreTheSameEachTime() throws {
        let folder = try Self.workplace()
        for name in ["1.html", "2.html"] {
            try Self.run(["diff", "a<b>.safetensors", "b.safetensors", "--html", name, "-q"], folder, status: 1)
            try Self.run(["inspect", "b.safetensors", "--html", "i" + name, "-q"], folder)
        }
        #expect(try Fixtures.bytes(folder("1.html")) == Fixtures.bytes(folder("2.html")))
        #expect(try Fixtures.bytes(folder("i1.html")) == Fixtures.bytes(folder("i2.html")))
    }

    @Test func nothingIsOverwrittenUnasked() throws {
        let folder = try Self.workplace()
        try folder.write("there.html", Array("mine".utf8))
        let arguments = ["diff", "b.safetensors", "b.safetensors", "-q", "--html"]
        let refused = try Program.run(arguments + ["there.html"], in: folder.path)
        #expect(refused.status == 2)
        #expect(
            refused.error
                == "dcae: error: there.html: the output exists already; choose another target, or add --force to replace it\n"
        )
        #expect(try Fixtures.text(folder("there.html")) == "mine")
        let source = try Program.run(arguments + ["b.safetensors", "--force"], in: folder.path)
        #expect(source.status == 2 && source.error.contains("the output is the same file as the source"))
        #expect(try Program.run(arguments + ["there.html", "--force"], in: folder.path).status == 0)
        #expect(try Fixtures.text(folder("there.html")).hasPrefix("<!DOCTYPE html>"))
        #expect(folder.contents().allSatisfy { !$0.contains("dcae-") }, "nothing is left behind")
    }
}
