import Inspection
import Testing

@Suite struct GlobTests {
    @Test(
        arguments: [
            ("*", "encoder.conv_in.weight", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("encoder.*", "encoder.conv_in.weight", true),
            ("encoder.*", "encoder.", true),
            ("encoder.*", "decoder.conv_in.weight", false),
            ("*.weight", "encoder.conv_in.weight", true),
            ("*.weight", "encoder.conv_in.weights", false),
            ("*attn*to_q*", "decoder.up_blocks.0.0.attn.to_q.weight", true),
            ("conv", "encoder.conv_in.weight", false),
            ("*conv*", "encoder.conv_in.weight", true),
            ("**.bias", "a.b.bias", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "a\u{1F600}c", true),
            ("a[bc]d", "abd", true),
            ("a[bc]d", "aed", false),
            ("a[0-3]", "a2", true),
            ("a[0-3]", "a4", false),
            ("a[3-0]", "a2", true),
            ("a[!0-3]", "a4", true),
            ("a[!0-3]", "a3", false),
            ("a[^b]", "ab", false),
            ("a[]x]", "a]", true),
            ("a[b-]", "a-", true),
            ("a[b", "a[b", true),
            ("[", "[", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a\\", "a\\", true),
            ("*ab", "aab", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1b2b3", false),
            // A name and its twin in another normal form are two names.
            ("\u{e9}", "e\u{301}", false),
        ] as [(String, String, Bool)]
    )
    func matchesWholeNames(pattern: String, name: String, isMatch: Bool) {
        #expect(Glob(pattern).matches(name) == isMatch)
        #expect([Glob("nothing"), Glob(pattern)].match(name) == isMatch)
    }

    /// With backtracking over every run this takes longer than the universe has.
    @Test func hostilePatternsDoNotBlowUp() {
        let name = String(repeating: "a", count: 20_000)
        #expect(!Glob(String(repeating: "a*", count: 50) + "b").matches(name))
        #expect(Glob(String(repeating: "*a", count: 50)).matches(name))
    }
}
