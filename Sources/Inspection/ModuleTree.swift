package import StrictJSON
package import TensorCore

/// The modules that tensors' names speak of, as a tree: in the order of names, with numbers by their value.
///
/// A module with a single part is one row with it, as `norm.weight`.
package struct ModuleTree: Sendable {
    /// A module with what is below it, or a tensor.
    package struct Row: Sendable {
        /// The part of the path that this row adds.
        package let name: String
        /// From the root.
        package let path: String
        /// 1 for the outermost.
        package let depth: Int
        /// For this row and the modules around it, outermost first: whether it is the last one of its siblings.
        package let isLast: [Bool]
        package let tensors: Int
        package let elements: Int
        package let bytes: Int
        /// The tensor, where this row is one.
        package let tensor: TensorDescriptor?

        /// The lines that lead to this row in a drawing of the tree.
        package var guide: String {
            guard let own = isLast.last else { return "" }
            return isLast.dropLast().map { $0 ? "   " : "│  " }.joined() + (own ? "└─ " : "├─ ")
        }
    }

    /// Every module before what is in it.
    package let rows: [Row]

    /// Names that go deeper have the rest of their parts in one.
    private static let depthLimit = 32

    /// - Parameter depth: the deepest row that is wanted; nil for all.
    package init(_ listing: TensorListing, depth: Int? = nil) {
        let items = listing.tensors.map { tensor in
            Item(
                tensor: tensor,
                parts: tensor.descriptor.name.utf8
                    .split(
                        separator: UInt8(ascii: "."),
                        maxSplits: Self.depthLimit - 1,
                        omittingEmptySubsequences: false
                    )
                    .map { Item.Part(Substring($0)) }
            )
        }
        var builder = Builder(items: items.sorted(by: Item.comesFirst), depth: depth ?? .max)
        builder.add(0..<items.count, from: 0, isLast: [], path: "")
        rows = builder.rows
    }

    /// The rows for `--json`.
    package var document: JSONValue {
        .array(
            rows.map { row in
                var members: [JSONValue.Member] = [
                    .init("name", .string(row.path)), .init("depth", .integer(row.depth)),
                    .init("tensor_count", .integer(row.tensors)), .init("value_count", .integer(row.elements)),
                    .init("bytes", .integer(row.bytes)),
                ]
                if let tensor = row.tensor {
                    members.append(.init("dtype", .string(tensor.dtype.rawValue)))
                    members.append(.init("shape", JSONValue(tensor.shape.dimensions)))
                }
                return .object(members)
            }
        )
    }
}

/// A tensor with its name cut at the dots.
private struct Item {
    let tensor: ListedTensor
    let parts: [Part]

    /// A part of a name. Numbers come before other parts, by their value, and all others in the order of their bytes: parts that
    /// are compared in two ways must not be mixed, or there is no order.
    struct Part: Comparable {
        let text: Substring
        private let number: Int?

        init(_ text: Substring) {
            self.text = text
            number = text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }

        static func == (a: Part, b: Part) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

        static func < (a: Part, b: Part) -> Bool {
            switch (a.number, b.number) {
            case (let m?, let n?) where m != n: m < n
            case (_?, nil): true
            case (nil, _?): false
            default: a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
            }
        }
    }

    static func comesFirst(_ a: Item, _ b: Item) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}

private struct Builder {
    let items: [Item]
    let depth: Int
    var rows: [ModuleTree.Row] = []

    /// Adds rows for items that have their first parts in common.
    mutating func add(_ range: Range<Int>, from first: Int, isLast: [Bool], path: String) {
        guard isLast.count < depth else { return }
        var start = range.lowerBound
        while start < range.upperBound {
            let part = items[start].parts[first]
            let isTensor = items[start].parts.count == first + 1
            var end = start + 1
            while !isTensor, end < range.upperBound, items[end].parts[first] == part { end += 1 }
            addModule(start..<end, from: first, isLast: isLast + [end == range.upperBound], path: path)
            start = end
        }
    }

    private mutating func addModule(_ range: Range<Int>, from first: Int, isLast: [Bool], path: String) {
        let (head, tail) = (items[range.lowerBound], items[range.upperBound - 1])
        // The items are sorted: what the first and the last have in common, all have.
        var last = first + 1
        while last < head.parts.count, last < tail.parts.count,
            head.parts[last] == tail.parts[last],
            range.count == 1 || last + 1 < min(head.parts.count, tail.parts.count)
        {
            last += 1
        }
        let name = head.parts[first..<last].map(\.text).joined(separator: ".")
        let path = path.isEmpty && first == 0 ? name : path + "." + name
        let isTensor = range.count == 1 && last == head.parts.count
        rows.append(
            ModuleTree.Row(
                name: name,
                path: path,
                depth: isLast.count,
                isLast: isLast,
                tensors: range.count,
                elements: range.reduce(0) { $0 + items[$1].tensor.elementCount },
                bytes: range.reduce(0) { $0 + items[$1].tensor.byteCount },
                tensor: isTensor ? head.tensor.descriptor : nil
            )
        )
        if !isTensor { add(range, from: last, isLast: isLast, path: path) }
    }
}
