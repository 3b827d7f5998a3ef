import CheckpointIO
import Inspection
import TensorCore
import TestSupport
import Testing

@Suite struct ListingTests {
    private func checkpoint(_ folder: TemporaryFolder) throws -> Checkpoint {
        func floats(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        let path = try folder.write(
            "a.safetensors",
            tensors: [
                (.init(name: "net.10.weight", dtype: .f32, shape: [2, 1]), floats([1, -8])),
                (.init(name: "net.2.weight", dtype: .f32, shape: [1]), floats([.nan])),
                (.init(name: "net.2.bias", dtype: .f32, shape: [3]), floats([0, 2, 2])),
                (.init(name: "head.norm.scale", dtype: .f32, shape: [1, 1]), floats([4])),
                (.init(name: "count", dtype: .i64, shape: []), [5, 0, 0, 0, 0, 0, 0, 0]),
            ]
        )
        return try Checkpoint.open(path)
    }

    @Test(
        arguments: [
            (.name, ["count", "head.norm.scale", "net.10.weight", "net.2.bias", "net.2.weight"]),
            (.size, ["net.2.bias", "count", "net.10.weight", "head.norm.scale", "net.2.weight"]),
            (.values, ["net.2.bias", "net.10.weight", "count", "head.norm.scale", "net.2.weight"]),
            (.max, ["count", "head.norm.scale", "net.2.bias", "net.10.weight", "net.2.weight"]),
            (.magnitude, ["net.10.weight", "count", "head.norm.scale", "net.2.bias", "net.2.weight"]),
            (.nan, ["net.2.weight", "count", "head.norm.scale", "net.10.weight", "net.2.bias"]),
            (.zeros, ["net.2.bias", "count", "head.norm.scale", "net.10.weight", "net.2.weight"]),
        ] as [(SortKey, [String])]
    )
    func sorting(key: SortKey, names: [String]) throws {
        let folder = try TemporaryFolder()
        let listing = try TensorListing(scanning: try checkpoint(folder)).sorted(by: .name)
        #expect(listing.sorted(by: key).tensors.map(\.descriptor.name) == names)
    }

    @Test func filtersSelect() throws {
        let folder = try TemporaryFolder()
        let listing = TensorListing(try checkpoint(folder), matching: [Glob("net.*.weight"), Glob("count")])
        #expect(Set(listing.tensors.map(\.descriptor.name)) == ["net.10.weight", "net.2.weight", "count"])
        #expect(listing.tensors.allSatisfy { $0.statistics == nil })
    }

    @Test func theTree() throws {
        let folder = try TemporaryFolder()
        let tree = ModuleTree(TensorListing(try checkpoint(folder)))
        #expect(
            tree.rows.map { "\($0.guide)\($0.name) \($0.tensors) \($0.elements) \($0.bytes)" } == [
                "├─ count 1 1 8",
                "├─ head.norm.scale 1 1 4",
                "└─ net 3 6 24",
                "   ├─ 2 2 4 16",
                "   │  ├─ bias 1 3 12",
                "   │  └─ weight 1 1 4",
                "   └─ 10.weight 1 2 8",
            ]
        )
        #expect(tree.rows.map(\.path).suffix(2) == ["net.2.weight", "net.10.weight"])
        #expect(
            ModuleTree(TensorListing(try checkpoint(folder)), depth: 1).rows.map(\.path) == [
                "count", "head.norm.scale", "net",
            ]
        )
    }

    /// Parts that are numbers come before others: compared by value with some and as text with others, these would have no order.
    @Test func numbersAndTextsHaveOneOrder() throws {
        let tree = ModuleTree(
            TensorListing(try Checkpoint.open(Fixtures.path("reports/70-hostile/tree_order.safetensors")))
        )
        #expect(
            tree.rows.map { "\($0.guide)\($0.name)" }
                == ["m", "├─ 9", "│  ├─ a", "│  └─ b", "├─ 10", "└─ 1x"].map {
                    $0 == "m" ? "└─ m" : "   " + $0
                }
        )
        let folder = try TemporaryFolder()
        let names = ["1", "01", "1x", "x1", "10", "9", "99999999999999999999", "0x", "-1", ""].flatMap { a in
            ["", ".1", ".1x", ".9"].map { a + $0 }
        }
        for turn in 0..<20 {
            let order = names.indices.map { names[($0 * 7 + turn * 11) % names.count] }
            let path = try folder.write(
                "\(turn).safetensors",
                tensors: order.map { (.init(name: $0, dtype: .u8, shape: [1]), [1]) }
            )
            let rows = ModuleTree(TensorListing(try Checkpoint.open(path))).rows
            #expect(
                Set(rows.compactMap(\.tensor?.name)) == Set(names) && rows.count { $0.tensor != nil } == names.count
            )
        }
    }

    /// Names that nest without end, that are parts of others, and that are empty.
    @Test func oddNamesMakeTrees() throws {
        let folder = try TemporaryFolder()
        let names = ["a", "a.b", "a.", ".", "", "a.b.c", String(repeating: "x.", count: 500) + "y", "1.01", "1.1"]
        let path = try folder.write(
            "odd.safetensors",
            tensors: names.map { (.init(name: $0, dtype: .u8, shape: [1]), [1]) }
        )
        let tree = ModuleTree(TensorListing(try Checkpoint.open(path)))
        #expect(Set(tree.rows.compactMap(\.tensor?.name)) == Set(names))
        #expect(tree.rows.filter { $0.tensor != nil }.count == names.count)
        for row in tree.rows { if let tensor = row.tensor { #expect(row.path == tensor.name) } }
    }
}
