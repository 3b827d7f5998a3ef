import TensorCore
import Testing

/// Sentences whose options are values.
@Suite struct WordsTests {
    @Test func theLibraryNamesItsParameters() {
        let words: Words = "choose one with \(.section), as \(.section, "ema")"
        #expect(words.description == "choose one with section:, as section: \"ema\"")
    }

    @Test func whoShowsThemSpellsThem() {
        let words: Words = "raise \(.maxShardSize) to \(512), " + "or add \(.overwrite)"
        let text = words.text { option, value in "<\(option.rawValue)\(value.map { "=\($0)" } ?? "")>" }
        #expect(text == "raise <maxShardSize> to 512, or add <overwrite>")
    }

    @Test func sentencesAreMadeOfSentences() {
        let inner: Words = "use \(.fit, "pad")"
        let outer: Words = "too small: \(inner)"
        #expect(outer.parts == [.text("too small: "), .text("use "), .option(.fit, value: "pad")])
    }
}
