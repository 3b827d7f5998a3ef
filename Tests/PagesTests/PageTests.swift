import Foundation
import Pages
import TestSupport
import Testing

@Suite struct PageTests {
    private static let hostile = "</script><script>alert(1)</script>\" onload='x'\u{1B}\u{202E}&amp;"

    @Test func whatIsPutInIsEscaped() {
        let cell: Markup = "<td title=\"\(Self.hostile)\">\(Self.hostile)</td>"
        let safe =
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;\\u{1b}\\u{202e}&amp;amp;"
        #expect(cell.text == "<td title=\"\(safe)\">\(safe)</td>")
        let nested: Markup = "<tr>\([cell, cell])</tr>"
        #expect(nested.text == "<tr>\(cell.text)\(cell.text)</tr>", "markup is not escaped twice")
        let long: Markup = "\(String(repeating: "a", count: 5000))"
        #expect(long.text.count == 2001)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64IsThatOfTheRFC(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
    }

    private static func page() -> Page {
        var page = Page(command: "dcae test", title: hostile, answer: [hostile, "second"])
        page.facts = [("fact", "\(hostile)")]
        var table = PageTable(
            id: "t",
            caption: hostile,
            columns: [("Name", .text), ("Number", .number)],
            sortedColumn: 1,
            hasFilter: true
        )
        for (index, number) in [3.0, -1, .infinity, 0.5].enumerated() {
            table.add(id: "r-\(index)", [.text("row \(index) \(hostile)"), .number(number, "\(number)")])
        }
        table.add([.text("none"), .number(nil, "")])
        page.add("table", "Table", table.markup)
        let bins = (0..<3).map { PageHistogram.Bin("b\($0)", $0 * 5000) }
        page.add("histogram", "Histogram", PageHistogram(caption: "Counts", axis: "bins", bins: bins).markup)
        return page
    }

    @Test func pagesAreWholeAndTheSameEachTime() {
        let html = Self.page().html
        #expect(html == Self.page().html)
        #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">") && html.hasSuffix("</html>\n"))
        #expect(html.components(separatedBy: "<script").count == 2, "its own script alone")
        #expect(
            !html.contains("http:") && !html.contains("https:") && !html.contains(" style=")
                && !html.contains("@import")
        )
        #expect(html.contains("default-src &#39;none&#39;; style-src &#39;sha256-"))
        #expect(!html.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }

    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func aBrowserSortsItAndFetchesNothing() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("page.html", Array(Self.page().html.utf8))
        func names(_ visit: Browser.Visit) -> [String] {
            visit.matches("<th scope=\"row\"[^>]*>(row [0-9]|none)")
        }
        let plain = try Browser.visit(path)
        #expect(plain.trouble.isEmpty)
        #expect(plain.dom.contains("data-ready=\"yes\""), "the policy lets its script run")
        #expect(names(plain) == ["row 0", "row 1", "row 2", "row 3", "none"])
        #expect(plain.matches("<input id=\"(t-filter)\"") == ["t-filter"])
        #expect(!plain.dom.contains("<p class=\"filter\" hidden"), "the filter is shown where it works")
        let rising = try Browser.visit(path, fragment: "sort=t,1,ascending")
        #expect(names(rising) == ["none", "row 1", "row 3", "row 0", "row 2"])
        #expect(rising.matches("<th scope=\"col\" aria-sort=\"([a-z]+)\"") == ["none", "ascending"])
        let falling = try Browser.visit(path, fragment: "sort=t,1,descending")
        #expect(names(falling) == ["row 2", "row 0", "row 3", "row 1", "none"])
        let odd = try Browser.visit(path, fragment: "sort=x,9,ascending")
        #expect(odd.trouble.isEmpty && names(odd) == names(plain))
    }

    /// Otherwise the test above would show nothing.
    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func theBrowserSeesWhatAPageDoes() throws {
        let folder = try TemporaryFolder()
        let text = """
            <!DOCTYPE html><img src="http://one.invalid/x.png"><script src="https://two.invalid/y.js"></script>
            <script>throw new Error("three")</script>
            """
        let seen = try Browser.visit(try folder.write("page.html", Array(text.utf8))).trouble
        for what in ["http://one.invalid/x.png", "https://two.invalid/y.js", "three"] {
            #expect(seen.contains { $0.contains(what) }, "\(what)")
        }
    }

    /// What is injected in spite of everything is not run.
    @Test(.enabled(if: Browser.path != nil, Browser.missing)) func thePolicyHolds() throws {
        let folder = try TemporaryFolder()
        let injected = Self.page().html.replacingOccurrences(
            of: "</main>",
            with: "<img src=\"http://one.invalid/x.png\"><script>document.title = 'owned'</script></main>"
        )
        let visit = try Browser.visit(try folder.write("page.html", Array(injected.utf8)))
        #expect(visit.requests.isEmpty && visit.messages.count >= 2)
        #expect(!visit.dom.contains("<title>owned") && visit.dom.contains("data-ready=\"yes\""))
    }

    /// Contrast as WCAG 2 defines it: 4.5 at least for every text on what it stands on, in the light and in the dark.
    @Test func everyTextCanBeRead() throws {
        let blocks = Self.page().html.components(separatedBy: ":root {").dropFirst()
        func colours(_ block: String) throws -> [String: Double] {
            let expression = try NSRegularExpression(pattern: "--([a-z0-9]+): #([0-9a-f]{6})")
            let text = String(block.prefix { $0 != "}" })
            let whole = text as NSString
            var result: [String: Double] = [:]
            for match in expression.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
                let number = try #require(UInt32(whole.substring(with: match.range(at: 2)), radix: 16))
                let parts = [16, 8, 0].map { shift -> Double in
                    let part = Double(number >> UInt32(shift) & 255) / 255
                    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
                }
                result[whole.substring(with: match.range(at: 1))] =
                    0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
            }
            return result
        }
        let pairs = [
            ("ink", "ground"), ("ink", "card"), ("soft", "ground"), ("soft", "card"), ("link", "ground"),
            ("link", "card"),
            ("ink", "mark"), ("t0", "c0"), ("low", "c1"), ("low", "c2"), ("low", "c3"), ("low", "c4"), ("c5t", "c5"),
            ("high", "c6"), ("high", "c7"), ("tx", "cx"), ("tb", "cb"),
        ]
        for block in blocks.prefix(2) {
            let colours = try colours(block)
            for (text, ground) in pairs {
                let (x, y) = (try #require(colours[text]), try #require(colours[ground]))
                let contrast = (max(x, y) + 0.05) / (min(x, y) + 0.05)
                #expect(contrast >= 4.5, "\(text) on \(ground): \(contrast)")
            }
        }
    }
}
