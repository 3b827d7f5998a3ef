import TensorCore
import TestSupport
import Testing

@Suite struct ValueTests {
    @Test func shapesMultiplyWithoutTrapping() {
        #expect(Shape([]).elementCount == 1)
        #expect(Shape([128, 3, 3, 3]).byteCount(of: .f32) == 13824)
        #expect(Shape([Int.max, 2]).elementCount == nil)
        #expect(Shape([Int.max, 2, 0]).elementCount == nil, "a later 0 does not save an overflow")
        #expect(Shape([3]).byteCount(of: .f4) == nil)
        #expect(Shape([4]).byteCount(of: .f4) == 2)
    }

    @Test func dtypesSortAsTheSafetensorsWriterDoes() {
        let sorted = [DType.f32, .i64, .bf16, .f16, .u64, .bool].sorted()
        #expect(sorted == [.bool, .f16, .bf16, .f32, .i64, .u64])
        #expect(DType.allCases.count(where: \.isSafetensors) == 22)
    }

    @Test func namesAreComparedByTheirBytes() {
        #expect(UTF8Name("\u{E9}") != UTF8Name("e\u{301}"))
        #expect("\u{E9}" == "e\u{301}", "which is why there is UTF8Name")
        #expect(Set(["\u{212A}", "K"].map(UTF8Name.init)).count == 2)
        #expect(UTF8Name("op_list.10") < UTF8Name("op_list.2"))
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\u{1B}[31mb", "a\\u{1b}[31mb"), ("line\nbreak", "line\\u{a}break"),
        ("\u{202E}gnp", "\\u{202e}gnp"), ("größe", "größe"),
        (String(repeating: "x", count: 90), String(repeating: "x", count: 80) + "…"),
    ])
    func textIsMadeFitForATerminal(text: String, shown: String) {
        #expect(text.escaped() == shown)
    }

    @Test(arguments: [
        ("sana1.0", "sana-1.0"), ("f32c32-mx", "f32c32-mix"), ("LITE", "lite"), ("something else altogether", nil),
    ])
    func theNearestNameIsOffered(name: String, nearestName: String?) {
        #expect(nearest(to: name, among: ["sana-1.0", "f32c32-in", "f32c32-mix", "lite"]) == nearestName)
    }
}
