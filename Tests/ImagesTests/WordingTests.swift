import Images
import TensorCore
import Testing

@Suite("Wording")
struct WordingTests {
    // What the other tests bring about is checked there.
    @Test(
        "Refusals that are hard to bring about are worded too",
        arguments: [
            (
                .tooManyFiles(limit: 5),
                "it holds more than 5 files, or folders nested too deep: name a folder further down"
            ),
            (.tooLong(bytes: 9, limit: 8), "the file has 9 bytes; pictures may have at most 8"),
            (.notEncoded("no\nmemory"), "it cannot be written as PNG (no\\u{a}memory)"),
            (.unwritable("No space left on device"), "it cannot be written: No space left on device"),
            (
                .noMemory(width: 9, height: 8, bytes: 216),
                "the picture has 9x8 pixels, which take 216 bytes, more than the free memory: make it smaller"
            ),
        ] as [(ImageRefusal.Problem, String)]
    )
    func wording(_ problem: ImageRefusal.Problem, _ words: String) {
        #expect(ImageRefusal("a", problem).description == "a: \(words)")
    }
}
